"""Correcting an invoice: voided, and its replacement drafted and judged on the original's day (R9)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.services import InvoiceVoidRefused, invoice_correct
from credits.models import Credit
from customers.models import Account, Act
from invoices.drafts import DraftLine, invoice_discard, invoice_edit
from invoices.models import Invoice, Item, Line
from tests.factories import (
    a_credit,
    a_draft,
    a_line,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    correct,
    day,
    expire,
    issue,
    ledger,
    pay,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db

AFTER_THE_GRACE = "2026-12-01"


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


@pytest.fixture
def welcome(account: Account) -> Credit:
    """50.00 that expire on 31 August."""
    return a_credit(account, "50.00", expires_on="2026-08-31")


def kinds_and_amounts(account: Account) -> list[tuple[str, int]]:
    return [(kind, amount) for _, kind, amount in ledger(account)]


def test_r9_the_original_is_void_and_its_replacement_is_a_draft(account: Account, item: Item) -> None:
    original = an_invoice(account, (item, "30.00"))
    replacement = correct(original)
    original.refresh_from_db()
    assert (original.status, replacement.status, replacement.source) == ("void", "draft", "correction")
    assert (replacement.corrects, replacement.number, replacement.total) == (original, None, None)
    assert (replacement.period_start, replacement.period_end) == (day("2026-08-01"), day("2026-09-01"))
    assert replacement.judged_on == day("2026-09-01")


def test_r9_its_lines_are_copied_as_they_were(account: Account, item: Item) -> None:
    original = an_invoice(account, a_line(item, "9.99", "3", description="August"), (item, "-5.00"))
    replacement = correct(original)

    def figures(invoice: Invoice) -> list[object]:
        facts = "position item kind name unit description quantity unit_price exact_amount currency amount"
        return list(invoice.lines.order_by("position").values(*facts.split(), "first_day", "last_day"))

    assert figures(replacement) == figures(original)
    assert [line.amount for line in replacement.lines.order_by("position")] == [2997, -500]
    assert Line.objects.count() == 4


def test_r9_the_lines_can_be_edited_before_it_is_issued(
    account: Account, item: Item, welcome: Credit
) -> None:
    """30.00 were billed; 20.00 are right. The credit pays 20.00 and keeps 30.00."""
    replacement = correct(an_invoice(account, (item, "30.00")))
    line = replacement.lines.get()
    typed = DraftLine(line.item, "", line.quantity, line.unit_price, kept=line)
    invoice_edit(
        invoice=replacement,
        period_start=replacement.period_start,
        period_end=replacement.period_end,
        lines=[replace(typed, unit_price=Decimal("20.00"))],
        **by_now("2026-09-11"),
    )
    issued = issue(replacement, "2026-09-12")
    assert (issued.total, issued.credited, balance(welcome)) == (2000, 2000, 3000)
    assert (issued.number, issued.issue_date) == ("INV-2026-000002", day("2026-09-12"))


def test_r9_the_replacement_is_judged_on_the_original_s_day(
    account: Account, item: Item, welcome: Credit
) -> None:
    """In December the credit is long gone, but on 1 September it could pay; a newer one could not."""
    original = an_invoice(account, (item, "30.00"))
    later = a_credit(account, "50.00", name="Later", effective_from="2026-10-01", now="2026-10-01")
    issued = issue(correct(original, AFTER_THE_GRACE), AFTER_THE_GRACE)
    assert (issued.credited, balance(welcome), balance(later)) == (3000, 2000, 5000)
    assert (issued.issue_date, issued.judged_on) == (day("2026-12-01"), day("2026-09-01"))


def test_r9_a_correction_of_a_correction_is_judged_on_the_first_one_s_day(
    account: Account, item: Item, welcome: Credit
) -> None:
    second = issue(correct(an_invoice(account, (item, "30.00")), AFTER_THE_GRACE), AFTER_THE_GRACE)
    third = issue(correct(second, "2027-02-01"), "2027-02-01")
    assert (third.judged_on, third.credited, balance(welcome)) == (day("2026-09-01"), 3000, 2000)


def test_r9_money_of_an_expired_credit_is_held_for_the_correction(
    account: Account, item: Item, welcome: Credit
) -> None:
    replacement = correct(an_invoice(account, (item, "30.00")), AFTER_THE_GRACE)
    assert balance(welcome) == 5000
    assert expire(account, AFTER_THE_GRACE) == []
    assert issue(replacement, "2026-12-02").credited == 3000


def test_r10_what_the_correction_leaves_is_booked_after_it_is_issued(
    account: Account, item: Item, welcome: Credit
) -> None:
    replacement = correct(an_invoice(account, (item, "30.00")), AFTER_THE_GRACE)
    issue(replacement, "2026-12-02")
    expire(account, "2026-12-02")
    assert kinds_and_amounts(account) == [
        ("granted", 5000),
        ("applied", -3000),
        ("reversed", 3000),
        ("applied", -3000),
        ("expired", -2000),
    ]


def test_r10_what_was_held_is_booked_after_the_correction_is_discarded(
    account: Account, item: Item, welcome: Credit
) -> None:
    replacement = correct(an_invoice(account, (item, "30.00")), AFTER_THE_GRACE)
    invoice_discard(invoice=replacement, **by_now("2026-12-02"))
    assert [entry.amount for entry in expire(account, "2026-12-02")] == [-5000]
    assert balance(welcome) == 0


def test_r10_a_credit_that_was_gone_on_the_original_s_day_is_not_held(account: Account, item: Item) -> None:
    gone = a_credit(account, "50.00", expires_on="2026-06-30", effective_from="2026-06-01", now="2026-06-01")
    correct(an_invoice(account, (item, "30.00")), "2026-09-10")
    assert [entry.credit for entry in expire(account, "2026-09-10")] == [gone]


def test_r9_expiry_booked_before_stays_booked_and_only_the_money_of_the_invoice_is_free(
    account: Account, item: Item, welcome: Credit
) -> None:
    original = an_invoice(account, (item, "30.00"))
    expire(account, "2026-10-16")
    replacement = correct(original, AFTER_THE_GRACE)
    assert balance(welcome) == 3000
    assert issue(replacement, AFTER_THE_GRACE).credited == 3000


def test_r8_money_of_a_voided_credit_is_not_held(account: Account, item: Item, welcome: Credit) -> None:
    original = an_invoice(account, (item, "30.00"))
    void_credit(welcome, "2026-09-02")
    issued = issue(correct(original), "2026-09-11")
    assert (issued.credited, balance(welcome)) == (0, 0)
    assert kinds_and_amounts(account)[-2:] == [("reversed", 3000), ("voided", -3000)]


def test_r9_the_correction_takes_the_money_that_came_back_to_the_credit(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    replacement = correct(an_invoice(account, (item, "30.00")))
    issue(replacement, "2026-09-11")
    assert issue(a_draft(account, (item, "10.00")), "2026-09-12").credited == 0
    assert balance(credit) == 0


def test_r9_what_cannot_be_voided_cannot_be_corrected(account: Account, item: Item) -> None:
    draft, paid, gone = (a_draft(account, (item, "1.00")) for _ in range(3))
    pay(issue(paid))
    void(issue(gone))
    for invoice, sentence in (
        (draft, "discarded, not voided"),
        (paid, "paid invoice"),
        (gone, "voided already"),
    ):
        with pytest.raises(InvoiceVoidRefused, match=sentence):
            correct(invoice, "2026-09-20")
    assert Invoice.objects.count() == 3


def test_r9_a_correction_needs_a_reason(account: Account, item: Item) -> None:
    invoice = an_invoice(account, (item, "1.00"))
    with pytest.raises(InvoiceVoidRefused, match="needs a reason"):
        invoice_correct(invoice=invoice, reason=" ", **by_now("2026-09-10"))
    assert Invoice.objects.get().status == "issued"


def test_r13_the_same_token_corrects_once(account: Account, item: Item) -> None:
    invoice, once = an_invoice(account, (item, "1.00")), by_now("2026-09-10")
    first = invoice_correct(invoice=invoice, reason="Wrong", **once)
    assert invoice_correct(invoice=invoice, reason="Wrong", **once) == first
    assert Invoice.objects.count() == 2


def test_r13_a_token_whose_draft_was_discarded_says_so(account: Account, item: Item) -> None:
    invoice, once = an_invoice(account, (item, "1.00")), by_now("2026-09-10")
    replacement = invoice_correct(invoice=invoice, reason="Wrong", **once)
    invoice_discard(invoice=replacement, **by_now("2026-09-11"))
    with pytest.raises(InvoiceVoidRefused, match="was discarded since"):
        invoice_correct(invoice=invoice, reason="Wrong", **once)


def test_r14_one_record_tells_of_both(account: Account, item: Item) -> None:
    original = an_invoice(account, (item, "1.00"))
    replacement = correct(original)
    record = Act.objects.get(kind="invoice_correct")
    assert (record.subject, record.details) == (f"invoice:{original.pk}", {"replacement": replacement.pk})
    assert not Act.objects.filter(kind="invoice_void").exists()
