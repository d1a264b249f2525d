"""Voiding an issued invoice: money goes back to the credits it came from (R9)."""

import pytest

from billing.services import InvoiceVoidRefused, credits_returned, invoice_issue, invoice_void, void_facts
from credits.models import Entry
from customers.acts import FactsChanged, fingerprint
from customers.models import Account, Act
from invoices.models import Invoice, Item
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    expire,
    ledger,
    pay,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def test_r9_each_applied_amount_goes_back_to_its_credit(account: Account, item: Item) -> None:
    first = a_credit(account, "30.00", name="First", priority=1)
    second = a_credit(account, "30.00", name="Second", priority=2)
    void(an_invoice(account, (item, "40.00")))
    assert (balance(first), balance(second)) == (3000, 3000)
    assert ledger(account)[2:] == [
        ("First", "applied", -3000),
        ("Second", "applied", -1000),
        ("First", "reversed", 3000),
        ("Second", "reversed", 1000),
    ]


def test_r9_the_reversal_is_of_the_day_of_the_void(account: Account, item: Item) -> None:
    a_credit(account, "30.00")
    void(an_invoice(account, (item, "40.00")), "2026-09-10")
    back = Entry.objects.get(kind="reversed")
    assert (back.value_date, back.booked_at, back.act.kind) == (
        day("2026-09-10"),
        at("2026-09-10"),
        "invoice_void",
    )


def test_r9_a_void_invoice_keeps_number_totals_and_lines_and_nothing_is_due(
    account: Account, item: Item
) -> None:
    a_credit(account, "30.00")
    invoice = an_invoice(account, (item, "40.00"))
    voided = void(invoice)
    assert (voided.status, voided.number, voided.amount_due) == ("void", invoice.number, 0)
    assert (voided.total, voided.credited) == (4000, 3000)
    assert [line.amount for line in voided.lines.all()] == [4000]


def test_r9_the_usage_behind_it_is_free_to_be_billed_again(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    void(an_invoice(account, (item, "40.00")))
    again = an_invoice(account, (item, "25.00"), now="2026-09-11")
    assert (again.credited, balance(credit)) == (2500, 500)


def test_r9_money_of_a_voided_credit_is_closed_again_in_the_same_act(account: Account, item: Item) -> None:
    credit = a_credit(account, "50.00")
    invoice = an_invoice(account, (item, "30.00"))
    void_credit(credit, "2026-09-02")
    void(invoice)
    assert ledger(account)[1:] == [
        ("Welcome", "applied", -3000),
        ("Welcome", "voided", -2000),
        ("Welcome", "reversed", 3000),
        ("Welcome", "voided", -3000),
    ]
    back, closed = Entry.objects.order_by("number")[3:]
    assert (back.act, closed.invoice) == (closed.act, invoice)
    assert balance(credit) == 0


@pytest.mark.parametrize(
    ("voided_on", "left"),
    [("2026-10-15", 5000), ("2026-10-16", 2000)],
    ids=["last day of the grace", "the day after"],
)
def test_r9_money_of_a_credit_past_its_grace_is_closed_again(
    account: Account, item: Item, voided_on: str, left: int
) -> None:
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    invoice = an_invoice(account, (item, "30.00"))
    void(invoice, voided_on)
    assert balance(credit) == left
    assert Entry.objects.filter(kind="expired").count() == (1 if left == 2000 else 0)


def test_r9_whose_expiry_was_booked_before_gets_nothing_to_keep(account: Account, item: Item) -> None:
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    invoice = an_invoice(account, (item, "30.00"))
    expire(account, "2026-10-16")
    void(invoice, "2026-12-01")
    assert balance(credit) == 0
    assert [(kind, amount) for _, kind, amount in ledger(account)[2:]] == [
        ("expired", -2000),
        ("reversed", 3000),
        ("expired", -3000),
    ]


def test_r9_the_page_says_beforehand_what_goes_back_and_what_is_closed(account: Account, item: Item) -> None:
    gone = a_credit(account, "10.00", name="Gone", priority=1, expires_on="2026-08-31")
    voided = a_credit(account, "10.00", name="Voided", priority=2)
    alive = a_credit(account, "10.00", name="Alive", priority=3)
    invoice = an_invoice(account, (item, "30.00"))
    void_credit(voided, "2026-09-02")
    found = [
        (back.credit, back.amount, back.closed_as) for back in credits_returned(invoice, day("2026-10-16"))
    ]
    assert found == [(gone, 1000, "expired"), (voided, 1000, "voided"), (alive, 1000, "")]


def test_r9_a_paid_invoice_is_not_voided(account: Account, item: Item) -> None:
    invoice = an_invoice(account, (item, "30.00"))
    pay(invoice)
    with pytest.raises(InvoiceVoidRefused, match="A paid invoice is not voided"):
        void(invoice, "2026-09-20")


def test_a_draft_is_discarded_not_voided(account: Account, item: Item) -> None:
    with pytest.raises(InvoiceVoidRefused, match="discarded, not voided"):
        void(a_draft(account, (item, "30.00")))


def test_r9_an_invoice_is_voided_once(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    invoice = an_invoice(account, (item, "30.00"))
    void(invoice)
    with pytest.raises(InvoiceVoidRefused, match="voided already"):
        void(invoice, "2026-09-11")
    assert balance(credit) == 3000


@pytest.mark.parametrize("reason", ["", "  "])
def test_r9_a_void_needs_a_reason_and_keeps_it(account: Account, item: Item, reason: str) -> None:
    invoice = an_invoice(account, (item, "30.00"))
    with pytest.raises(InvoiceVoidRefused, match="needs a reason"):
        invoice_void(invoice=invoice, reason=reason, **by_now("2026-09-10"))
    invoice_void(invoice=invoice, reason="Wrong customer", **by_now("2026-09-10"))
    assert Act.objects.get(kind="invoice_void").reason == "Wrong customer"


def test_r13_the_same_token_voids_once(account: Account, item: Item) -> None:
    credit, once = a_credit(account, "50.00"), by_now("2026-09-10")
    invoice = an_invoice(account, (item, "30.00"))
    invoice_void(invoice=invoice, reason="Wrong", **once)
    assert invoice_void(invoice=invoice, reason="Wrong", **once).status == "void"
    assert balance(credit) == 5000


def test_r13_the_token_that_issued_a_now_void_invoice_shows_it_as_it_is(account: Account, item: Item) -> None:
    draft, once = a_draft(account, (item, "30.00")), by_now("2026-09-01")
    void(invoice_issue(invoice=draft, **once))
    assert invoice_issue(invoice=draft, **once).status == "void"


def test_r13_a_confirmation_of_other_facts_is_refused(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    invoice = an_invoice(account, (item, "20.00"))
    shown = fingerprint(void_facts(invoice, day("2026-09-10")))
    void_credit(credit, "2026-09-05")
    with pytest.raises(FactsChanged):
        invoice_void(invoice=invoice, reason="Wrong", shown=shown, **by_now("2026-09-10"))
    assert Invoice.objects.get().status == "issued"
    shown = fingerprint(void_facts(invoice, day("2026-09-10")))
    assert invoice_void(invoice=invoice, reason="Wrong", shown=shown, **by_now("2026-09-10")).status == "void"
