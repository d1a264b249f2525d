"""Issuing, paying, voiding and correcting an invoice by its forms: asked first, done once (R7, R9, R13)."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from credits.models import Entry
from customers.models import Account, Act
from invoices.models import Invoice, Item
from tests.factories import (
    a_credit,
    a_draft,
    a_token,
    an_account,
    an_invoice,
    an_item,
    balance,
    ledger,
    paid_by_line,
    void_credit,
)
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def api() -> Item:
    return an_item("API calls")


def page(invoice: Invoice, act: str = "") -> str:
    return f"/invoices/{invoice.pk}/{act}"


def status(invoice: Invoice) -> str:
    return Invoice.objects.get(pk=invoice.pk).status


def test_r7_the_confirmation_shows_what_will_be_applied_and_issuing_applies_it(
    web: Client, account: Account, api: Item
) -> None:
    a_credit(account, "20.00", name="Welcome")
    draft = a_draft(account, (api, "50.00"))
    seen = text(web.get(page(draft, "issue/")))
    assert "would be paid by Welcome −$20.00" in seen
    assert "Issue for $30.00" in seen
    assert sent(web, page(draft, "issue/"))["Location"] == page(draft)
    issued = Invoice.objects.get()
    assert (issued.number, issued.amount_due) == ("INV-2026-000001", 3000)
    assert paid_by_line(issued) == [("Welcome", "API calls", 2000)]


def test_r7_a_period_that_is_not_over_needs_the_tick(web: Client, account: Account, api: Item) -> None:
    draft = a_draft(account, (api, "50.00"), start="2026-09-01", end="2026-10-01")
    assert "The period is not over. Its last day is 30 Sep 2026." in text(web.get(page(draft, "issue/")))
    answer = sent(web, page(draft, "issue/"))
    assert (
        "The period ends on 30 September 2026, and is not over yet. Confirm that you issue it before."
        in text(answer)
    )
    assert status(draft) == "draft"
    assert web.post(page(draft, "issue/"), fields(answer) | {"before_end": "on"}).status_code == 302
    assert status(draft) == "issued"


@pytest.mark.parametrize(("moment", "over"), [("2026-10-01 03:59", False), ("2026-10-01 04:00", True)])
def test_r7_a_period_is_over_in_the_accounts_zone(
    web: Client, operator: User, api: Item, clock: Callable[[str], None], moment: str, over: bool
) -> None:
    draft = a_draft(
        an_account(time_zone="America/New_York"), (api, "50.00"), start="2026-09-01", end="2026-10-01"
    )
    clock(moment)
    web.force_login(operator)  # the session of three weeks ago is over
    assert ("The period is not over." in text(web.get(page(draft, "issue/")))) is not over
    sent(web, page(draft, "issue/"))
    assert (status(draft) == "issued") is over


def test_r7_issuing_before_an_earlier_draft_is_warned_of(web: Client, account: Account, api: Item) -> None:
    earlier = a_draft(account, (api, "1.00"), start="2026-07-01", end="2026-08-01")
    seen = text(web.get(page(a_draft(account, (api, "50.00")), "issue/")))
    assert f"Earlier drafts are open. Draft {earlier.pk} would come first in a billing run." in seen


def test_r13_issuing_what_was_not_shown_is_not_done(web: Client, account: Account, api: Item) -> None:
    draft = a_draft(account, (api, "50.00"))
    form = fields(web.get(page(draft, "issue/")))
    a_credit(account, "20.00", name="Welcome", now="2026-09-10")
    answer = web.post(page(draft, "issue/"), form)
    assert "Nothing was saved yet" in text(answer)
    assert "Issue for $30.00" in text(answer)
    assert status(draft) == "draft"
    assert web.post(page(draft, "issue/"), fields(answer)).status_code == 302
    assert status(draft) == "issued"


@pytest.mark.parametrize("same_form", [True, False])
def test_r7_issuing_twice_is_issuing_once(web: Client, account: Account, api: Item, same_form: bool) -> None:
    a_credit(account, "20.00", name="Welcome")
    draft = a_draft(account, (api, "50.00"))
    mine, theirs = fields(web.get(page(draft, "issue/"))), fields(web.get(page(draft, "issue/")))
    first = web.post(page(draft, "issue/"), mine)
    second = web.post(page(draft, "issue/"), mine if same_form else theirs)
    assert first["Location"] == second["Location"] == page(draft)
    assert [kind for _, kind, _ in ledger(account)] == ["granted", "applied"]
    assert Act.objects.filter(kind="invoice_issue").count() == 1
    assert web.get(page(draft, "issue/"))["Location"] == page(draft)


def test_r7_a_draft_discarded_meanwhile_is_not_issued(web: Client, account: Account, api: Item) -> None:
    draft = a_draft(account, (api, "50.00"))
    form = fields(web.get(page(draft, "issue/")))
    sent(web, page(draft, "discard/"))
    assert web.post(page(draft, "issue/"), form).status_code == 404


def test_r9_voiding_shows_and_puts_back_what_credits_paid(web: Client, account: Account, api: Item) -> None:
    credit = a_credit(account, "20.00", name="Welcome")
    invoice = an_invoice(account, (api, "50.00"))
    seen = text(web.get(page(invoice, "void/")))
    assert "This cannot be undone." in seen
    assert "Goes back to Amount Welcome $20.00" in seen
    assert sent(web, page(invoice, "void/"), reason="Wrong customer")["Location"] == page(invoice)
    assert (status(invoice), balance(credit)) == ("void", 2000)


def test_r9_money_that_goes_back_to_a_voided_credit_is_closed_and_the_page_says_so(
    web: Client, account: Account, api: Item
) -> None:
    credit = a_credit(account, "80.00", name="Welcome")
    invoice = an_invoice(account, (api, "50.00"))
    void_credit(credit, "2026-09-05")
    seen = text(web.get(page(invoice, "void/")))
    assert "Welcome closed again at once: the credit is voided $50.00" in seen
    sent(web, page(invoice, "void/"), reason="Wrong customer")
    assert balance(credit) == 0
    assert [kind for _, kind, _ in ledger(account)] == ["granted", "applied", "voided", "reversed", "voided"]


@pytest.mark.parametrize("act", ["void/", "correct/"])
def test_r9_undoing_an_invoice_needs_a_reason(web: Client, account: Account, api: Item, act: str) -> None:
    invoice = an_invoice(account, (api, "50.00"))
    assert "Say why: the reason is kept with the act." in text(sent(web, page(invoice, act), reason=" "))
    assert status(invoice) == "issued"


@pytest.mark.parametrize("act", ["void/", "correct/"])
def test_r13_undoing_twice_is_undoing_once(web: Client, account: Account, api: Item, act: str) -> None:
    a_credit(account, "20.00", name="Welcome")
    invoice = an_invoice(account, (api, "50.00"))
    form = fields(web.get(page(invoice, act))) | {"reason": "A wrong line"}
    first, second = web.post(page(invoice, act), form), web.post(page(invoice, act), form)
    assert first["Location"] == second["Location"]
    assert [kind for _, kind, _ in ledger(account)] == ["granted", "applied", "reversed"]
    assert Invoice.objects.count() == (2 if act == "correct/" else 1)
    assert web.post(page(invoice, act), form | {"request_token": a_token()}).status_code == 200
    assert Invoice.objects.count() == (2 if act == "correct/" else 1)


@pytest.mark.parametrize("act", ["void/", "correct/"])
def test_r13_undoing_other_facts_than_shown_is_not_done(
    web: Client, account: Account, api: Item, act: str
) -> None:
    credit = a_credit(account, "80.00", name="Welcome")
    invoice = an_invoice(account, (api, "50.00"))
    form = fields(web.get(page(invoice, act))) | {"reason": "A wrong line"}
    void_credit(credit, "2026-09-05")
    answer = web.post(page(invoice, act), form)
    assert "closed again at once" in text(answer)
    assert (status(invoice), Entry.objects.filter(kind="reversed").count()) == ("issued", 0)
    assert web.post(page(invoice, act), fields(answer)).status_code == 302


def test_r9_correcting_leads_to_a_draft_with_the_lines_copied(
    web: Client, account: Account, api: Item
) -> None:
    invoice = an_invoice(account, (api, "50.00"))
    answer = sent(web, page(invoice, "correct/"), reason="A wrong line")
    draft = Invoice.objects.get(corrects=invoice)
    assert answer["Location"] == page(draft)
    assert (status(invoice), draft.status, draft.lines.get().amount) == ("void", "draft", 5000)


def test_r7_a_payment_is_recorded_once_with_day_and_reference(
    web: Client, account: Account, api: Item
) -> None:
    invoice = an_invoice(account, (api, "50.00"))
    form = fields(web.get(page(invoice, "pay/"))) | {"paid_on": "2026-09-08", "reference": "bank line 7"}
    first, second = web.post(page(invoice, "pay/"), form), web.post(page(invoice, "pay/"), form)
    assert first["Location"] == second["Location"] == page(invoice)
    paid = Invoice.objects.get()
    assert (paid.status, str(paid.paid_on), paid.payment_reference) == ("paid", "2026-09-08", "bank line 7")
    assert Act.objects.filter(kind="invoice_pay").count() == 1


@pytest.mark.parametrize("day", ["2026-08-31", "2026-09-11", "2026-13-01", ""])
def test_r7_a_payment_lies_between_issue_and_today(
    web: Client, account: Account, api: Item, day: str
) -> None:
    invoice = an_invoice(account, (api, "50.00"))
    seen = text(sent(web, page(invoice, "pay/"), paid_on=day))
    sentences = ("The day of payment lies between", "Enter a valid date.", "This field is required.")
    assert any(sentence in seen for sentence in sentences)
    assert status(invoice) == "issued"


WRONG = {
    "pay a draft": ("draft", "pay/", "Only an issued invoice can be paid; this one is draft."),
    "void a draft": ("draft", "void/", "A draft is discarded, not voided."),
    "correct a draft": ("draft", "correct/", "A draft is discarded, not voided."),
    "void a paid one": ("paid", "void/", "A paid invoice is not voided."),
    "correct a paid one": ("paid", "correct/", "A paid invoice is not voided."),
    "pay it again": ("paid", "pay/", "Only an issued invoice can be paid; this one is paid."),
}


@pytest.mark.parametrize("case", WRONG)
def test_r7_an_act_out_of_its_turn_is_refused_in_words(
    web: Client, account: Account, api: Item, case: str
) -> None:
    state, act, sentence = WRONG[case]
    invoice = a_draft(account, (api, "50.00"))
    if state == "paid":
        sent(web, page(invoice, "issue/"))
        sent(web, page(invoice, "pay/"))
    assert status(invoice) == state
    opened = web.get(page(invoice, act), follow=True)
    assert opened.redirect_chain == [(page(invoice), 302)]
    assert f"this one is {state}" in text(opened)
    form = {"request_token": "late", "reason": "Why not", "paid_on": "2026-09-10"}
    assert sentence in text(web.post(page(invoice, act), form))
    assert status(invoice) == state
