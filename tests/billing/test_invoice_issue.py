"""Issuing: allocate in order, write the entries, number, freeze; twice is once (R3–R7)."""

from typing import Any

import pytest

from billing.issuing.drafts import issue_token
from billing.services import IssueRefused, invoice_issue, issue_facts
from credits.models import Category, Entry
from credits.projection import invoice_settle
from customers.acts import FactsChanged, TokenReused, fingerprint
from customers.models import Account, Act
from customers.services import account_edit, customer_edit
from invoices.drafts import invoice_discard
from invoices.models import Invoice, Item, Kind
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    an_account,
    an_item,
    at,
    balance,
    by_now,
    day,
    issue,
    ledger,
    paid_by_line,
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


def test_r7_an_issued_invoice_has_totals_number_and_dates(account: Account, item: Item) -> None:
    a_credit(account, "30.00")
    issued = issue(a_draft(account, (item, "100.00")), "2026-09-02")
    assert (issued.status, issued.number) == ("issued", "INV-2026-000001")
    assert (issued.total, issued.credited, issued.amount_due) == (10000, 3000, 7000)
    assert (issued.issue_date, issued.judged_on) == (day("2026-09-02"), day("2026-09-02"))
    assert issued.issued_at == at("2026-09-02")


def test_r7_one_entry_is_written_per_credit_and_line(account: Account) -> None:
    x, y = an_item("X"), an_item("Y")
    a_credit(account, "30.00", name="First", priority=1)
    a_credit(account, "30.00", name="Second", priority=2)
    issued = issue(a_draft(account, (x, "20.00"), (y, "25.00")))
    assert paid_by_line(issued) == [("First", "X", 2000), ("First", "Y", 1000), ("Second", "Y", 1500)]
    entries = Entry.objects.filter(kind="applied")
    assert {(e.value_date, e.booked_at, e.act.kind) for e in entries} == {
        (day("2026-09-01"), at("2026-09-01"), "invoice_issue")
    }


FIRST_AND_SECOND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a lower number", {"priority": 1}, {"priority": 2}),
    ("sooner expiry", {"expires_on": "2026-09-30"}, {"expires_on": "2026-10-01"}),
    ("any expiry before none", {"expires_on": "2199-12-31"}, {}),
    ("promotional before purchased", {}, {"category": Category.PURCHASED}),
    ("effective earlier", {"effective_from": "2026-08-01"}, {"effective_from": "2026-08-02"}),
    ("granted earlier", {"now": "2026-08-01 12:00"}, {"now": "2026-08-01 12:01"}),
    (
        "priority weighs more than all else",
        {"priority": 1, "category": Category.PURCHASED, "effective_from": "2026-08-02", "now": "2026-08-03"},
        {"priority": 2, "expires_on": "2026-09-30"},
    ),
    (
        "expiry weighs more than category",
        {"expires_on": "2026-09-30", "category": Category.PURCHASED},
        {"expires_on": "2026-10-31"},
    ),
]


@pytest.mark.parametrize("granted_first", ["first", "second"])
@pytest.mark.parametrize(
    ("first", "second"), [pytest.param(*terms, id=why) for why, *terms in FIRST_AND_SECOND]
)
def test_r4_the_credit_whose_turn_it_is_pays(
    account: Account, item: Item, first: dict[str, Any], second: dict[str, Any], granted_first: str
) -> None:
    grants = {"first": first, "second": second}
    for name in (granted_first, *(grants.keys() - {granted_first})):
        a_credit(account, "50.00", name=name, **grants[name])
    assert paid_by_line(issue(a_draft(account, (item, "50.00")))) == [("first", "API calls", 5000)]


def test_r4_of_twins_the_one_granted_first_pays(account: Account, item: Item) -> None:
    for name in ("older", "younger"):
        a_credit(account, "50.00", name=name)
    assert paid_by_line(issue(a_draft(account, (item, "50.00")))) == [("older", "API calls", 5000)]


@pytest.mark.parametrize("x_first", [True, False], ids=["X above Y", "Y above X"])
def test_r5_no_later_credit_is_stranded(account: Account, x_first: bool) -> None:
    x, y = an_item("X"), an_item("Y")
    a_credit(account, "50.00", name="A", priority=1)
    a_credit(account, "50.00", name="B", priority=2, items=(x,))
    lines = [(x, "50.00"), (y, "50.00")]
    issued = issue(a_draft(account, *(lines if x_first else lines[::-1])))
    assert paid_by_line(issued) == [("A", "Y", 5000), ("B", "X", 5000)]
    assert issued.amount_due == 0


def test_r3_a_credit_pays_only_in_its_scope(account: Account, item: Item) -> None:
    seats, support = an_item("Seats", Kind.LICENSE), an_item("Support", Kind.ADD_ON)
    a_credit(account, "90.00", kinds=(Kind.LICENSE,), items=(item,))
    issued = issue(a_draft(account, (item, "10.00"), (seats, "20.00"), (support, "30.00")))
    assert paid_by_line(issued) == [("Welcome", "API calls", 1000), ("Welcome", "Seats", 2000)]
    assert issued.amount_due == 3000


def test_r6_the_day_of_issue_decides(account: Account, item: Item) -> None:
    a_credit(account, "30.00", expires_on="2026-08-31")
    assert issue(a_draft(account, (item, "10.00")), "2026-10-15").credited == 1000
    assert issue(a_draft(account, (item, "10.00")), "2026-10-16").credited == 0


def test_r7_a_period_that_is_not_over_is_not_issued(account: Account, item: Item) -> None:
    draft = a_draft(account, (item, "10.00"))
    with pytest.raises(IssueRefused, match="The period ends on 31 August 2026, and is not over yet"):
        issue(draft, "2026-08-31 23:59")
    assert issue(draft, "2026-09-01 00:00").status == "issued"


def test_r7_whether_a_period_is_over_is_judged_in_the_account_s_zone(item: Item) -> None:
    east = a_draft(an_account(time_zone="Pacific/Kiritimati"), (item, "10.00"))
    west = a_draft(an_account(time_zone="Pacific/Pago_Pago"), (item, "10.00"))
    with pytest.raises(IssueRefused):
        issue(east, "2026-08-31 09:59")
    assert issue(east, "2026-08-31 10:00").issue_date == day("2026-09-01")
    with pytest.raises(IssueRefused):
        issue(west, "2026-09-01 10:59")
    assert issue(west, "2026-09-01 11:00").issue_date == day("2026-09-01")


def test_r7_a_person_may_confirm_to_issue_before_the_end(account: Account, item: Item) -> None:
    issued = issue(a_draft(account, (item, "10.00")), "2026-08-10", before_end=True)
    assert (issued.status, issued.issue_date) == ("issued", day("2026-08-10"))


def test_r7_issuing_twice_is_the_same_as_once(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    draft = a_draft(account, (item, "10.00"))
    first = issue(draft)
    again = issue(draft, "2026-09-20")
    assert (again.number, again.issue_date) == (first.number, day("2026-09-01"))
    assert balance(credit) == 2000
    assert Act.objects.filter(kind="invoice_issue").count() == 1


def test_r13_the_same_token_issues_once_also_for_a_run(account: Account, item: Item) -> None:
    draft = a_draft(account, (item, "10.00"))
    told: dict[str, Any] = {"by": a_command(), "now": at("2026-09-01"), "token": issue_token(draft.pk)}
    assert invoice_issue(invoice=draft, **told) == invoice_issue(invoice=draft, **told)
    assert Act.objects.filter(kind="invoice_issue").count() == 1


def test_r13_a_token_that_issued_one_invoice_issues_no_other(account: Account, item: Item) -> None:
    first, other = a_draft(account, (item, "10.00")), a_draft(account, (item, "10.00"))
    told: dict[str, Any] = {"by": a_command(), "now": at("2026-09-01"), "token": "once"}
    invoice_issue(invoice=first, **told)
    with pytest.raises(TokenReused):
        invoice_issue(invoice=other, **told)
    assert Invoice.objects.get(pk=other.pk).is_draft


def test_r7_a_paid_invoice_stays_paid_when_it_is_issued_again(account: Account, item: Item) -> None:
    invoice = issue(a_draft(account, (item, "10.00")))
    pay(invoice)
    assert issue(invoice, "2026-09-20").status == "paid"


def test_r9_a_void_invoice_is_not_issued_again(account: Account, item: Item) -> None:
    invoice = issue(a_draft(account, (item, "10.00")))
    void(invoice)
    with pytest.raises(IssueRefused, match="INV-2026-000001 was voided"):
        issue(invoice, "2026-09-20")


def test_a_discarded_draft_is_not_issued(account: Account, item: Item) -> None:
    draft = a_draft(account, (item, "10.00"))
    invoice_discard(invoice=Invoice.objects.get(), **by_now("2026-09-01"))
    with pytest.raises(IssueRefused, match="This draft was discarded"):
        issue(draft)


def test_r7_names_are_frozen_with_the_invoice(account: Account, item: Item) -> None:
    invoice = issue(a_draft(account, (item, "10.00")))
    customer_edit(customer=account.customer, name="Jardani", email="", **by_now("2026-09-02"))
    account_edit(account=account, name="Laboratory", **by_now("2026-09-02"))
    invoice.refresh_from_db()
    assert (invoice.customer_name, invoice.account_name) == ("John Wick", "Main")


def test_r7_a_draft_bears_the_names_of_the_day_it_is_issued(account: Account, item: Item) -> None:
    draft = a_draft(account, (item, "10.00"))
    account_edit(account=account, name="Laboratory", **by_now("2026-09-01"))
    assert issue(draft, "2026-09-02").account_name == "Laboratory"


def shown_for(draft: Invoice, account: Account) -> str:
    return fingerprint(issue_facts(draft, invoice_settle(draft, account, day("2026-09-01"))))


def test_r13_what_was_shown_is_what_is_issued(account: Account, item: Item) -> None:
    a_credit(account, "30.00")
    draft = a_draft(account, (item, "10.00"))
    assert issue(draft, shown=shown_for(draft, account)).credited == 1000


def test_r13_a_confirmation_of_other_facts_is_refused(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    draft = a_draft(account, (item, "10.00"))
    shown = shown_for(draft, account)
    void_credit(credit, "2026-09-01")
    with pytest.raises(FactsChanged):
        issue(draft, shown=shown)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not Act.objects.filter(kind="invoice_issue").exists()


def test_r12_a_total_of_zero_or_less_takes_no_credit(account: Account, item: Item) -> None:
    credit = a_credit(account, "30.00")
    nothing = issue(a_draft(account, (item, "10.00"), (item, "-10.00")))
    owed = issue(a_draft(account, (item, "10.00"), (item, "-25.00")))
    assert (nothing.total, nothing.credited, nothing.amount_due) == (0, 0, 0)
    assert (owed.total, owed.credited, owed.amount_due) == (-1500, 0, -1500)
    assert balance(credit) == 3000


def test_r14_the_record_says_what_each_credit_was_used_for_or_why_not(account: Account, item: Item) -> None:
    used = a_credit(account, "30.00", priority=1)
    unused = a_credit(account, "30.00", priority=2)
    invoice = issue(a_draft(account, (item, "10.00")))
    record = Act.objects.get(kind="invoice_issue")
    assert (record.subject, record.account) == (f"invoice:{invoice.pk}", account)
    assert record.details["outcomes"] == [[used.pk, "used", 1000], [unused.pk, "nothing_left_to_pay", 0]]


def test_r15_credits_of_other_accounts_pay_nothing(account: Account, item: Item) -> None:
    a_credit(an_account(account.customer, currency="EUR"), "30.00")
    assert issue(a_draft(account, (item, "10.00"))).credited == 0
    assert ledger(account) == []
