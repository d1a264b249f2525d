"""Selling a credit: granted and billed as one act, on an invoice whose line no credit can pay (R7, R13)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from credits.grant_terms import GrantRefused
from credits.models import Category, Credit, Entry
from credits.projection import drafts_project
from credits.selling import credit_sell
from credits.services import credit_grant
from customers.acts import TokenReused
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Invoice, Item, Kind, Series
from tests.factories import (
    a_credit,
    a_draft,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    issue,
    ledger,
    pay,
    sale_of,
    terms,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def promise(account: Account, amount: str = "100.00", **more: Any) -> Any:
    return terms(account, amount, **{"category": Category.PURCHASED, "price_paid": 8000, **more})


def test_a_sale_grants_the_credit_and_issues_its_invoice_in_one_act(account: Account) -> None:
    sold = credit_sell(account=account, terms=promise(account), reason="Order 12", **by_now("2026-08-01"))
    credit = Credit.objects.with_balance().get()
    assert credit == sold
    assert (credit.amount, credit.price_paid, credit.category) == (10000, 8000, "purchased")
    assert (credit.balance, credit.usable_once_paid, credit.unpaid) == (10000, False, False)
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.number, invoice.source) == ("issued", "INV-2026-000001", "purchase")
    assert (invoice.total, invoice.credited, invoice.amount_due) == (8000, 0, 8000)
    assert (credit.bought_on, sale_of(credit)) == (invoice.number, invoice)
    record = Act.objects.get(account=account, kind="credit_sell")
    assert (record.subject, record.reason) == (f"credit:{credit.pk}", "Order 12")
    assert record.details == {"invoice": invoice.pk}
    assert [entry.act for entry in Entry.objects.all()] == [record]
    assert not Act.objects.filter(kind__in=("credit_grant", "invoice_draft", "invoice_issue")).exists()


def test_its_invoice_has_one_line_over_the_price_that_no_credit_can_pay(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", name="Annual pack")
    line = sale_of(credit).lines.get()
    assert (line, line.creditable, line.position) == (credit.purchase_line, False, 1)
    assert (line.quantity, line.unit_price) == (Decimal(1), Decimal(80))
    assert (line.amount, line.currency) == (8000, "USD")
    assert (line.name, line.description, line.exact_amount) == ("Prepaid credit", "Annual pack", "")
    assert (line.kind, line.item.key, line.item.kind) == ("fixed_fee", "prepaid-credit", "fixed_fee")


@pytest.mark.parametrize(
    ("zone", "today"), [("UTC", "2026-12-31"), ("Pacific/Kiritimati", "2027-01-01")], ids=["UTC", "ahead"]
)
def test_r7_it_is_for_today_in_the_account_s_zone_and_numbered_in_that_year(zone: str, today: str) -> None:
    account = an_account(time_zone=zone)
    invoice = sale_of(a_sale(account, "10.00", "9.00", now="2026-12-31 23:30"))
    assert (invoice.period_start, invoice.last_day) == (day(today), day(today))
    assert (invoice.issue_date, invoice.judged_on, invoice.issued_at) == (
        day(today),
        day(today),
        at("2026-12-31 23:30"),
    )
    line = invoice.lines.get()
    assert (line.first_day, line.last_day) == (day(today), day(today))
    assert invoice.number == f"INV-{today[:4]}-000001"
    assert (invoice.customer_name, invoice.account_name) == (account.customer.name, account.name)


@pytest.mark.parametrize(
    ("currency", "price", "minor", "unit_price"),
    [("JPY", "500", 500, 500), ("KWD", "1.234", 1234, "1.234")],
)
def test_r1_the_price_is_in_the_account_s_currency(
    currency: str, price: str, minor: int, unit_price: Any
) -> None:
    line = a_sale(an_account(currency=currency), "1000", price).purchase_line
    assert line is not None
    assert (line.amount, str(line.unit_price), line.currency) == (minor, str(unit_price), currency)


def test_the_item_is_made_when_it_is_needed_first_and_taken_as_it_is_after(account: Account) -> None:
    assert not Item.objects.exists()
    a_sale(account, "10.00", "9.00")
    Item.objects.filter(key="prepaid-credit").update(name="Guthaben")
    assert sale_of(a_sale(account, "10.00", "9.00")).lines.get().name == "Guthaben"
    assert Item.objects.count() == 1


def test_free_units_are_sold_too(account: Account) -> None:
    calls = an_item("API calls", unit="call")
    units = {"amount": 0, "units": 1000 * 10**6, "unit_item": calls, "price_paid": 2500}
    of_calls = replace(promise(account, items=(calls,)), **units)
    credit = credit_sell(account=account, terms=of_calls, reason="", **by_now("2026-08-01"))
    assert (credit.size, credit.price_paid, sale_of(credit).total) == (1000 * 10**6, 2500, 2500)


def test_it_can_be_used_at_once_unless_it_is_to_wait(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00")
    invoice = an_invoice(account, (an_item(), "30.00"))
    assert (invoice.credited, balance(credit)) == (3000, 7000)


def test_no_credit_ever_pays_what_sells_one(account: Account) -> None:
    rich = a_credit(account, "500.00", kinds=(Kind.FIXED_FEE,))
    sold = a_sale(account, "100.00", "80.00")
    assert (sale_of(sold).credited, balance(rich), balance(sold)) == (0, 50000, 10000)


def test_a_credit_that_waits_pays_nothing_until_its_invoice_is_paid(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    assert Credit.objects.with_balance().get().unpaid
    item = an_item()
    before = an_invoice(account, (item, "30.00"))
    assert (before.credited, balance(credit)) == (0, 10000)
    [outcome] = Act.objects.get(kind="invoice_issue").details["outcomes"]
    assert outcome[1] == "not_paid_yet"
    pay(sale_of(credit), "2026-09-05")
    assert not Credit.objects.with_balance().get().unpaid
    after = an_invoice(account, (item, "30.00"), now="2026-09-06")
    assert (after.credited, balance(credit)) == (3000, 7000)


def test_payment_frees_it_without_another_entry_or_act(account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    before = ledger(account), Act.objects.count()
    pay(sale_of(credit), "2026-08-01")
    assert (ledger(account), Act.objects.count()) == (before[0], before[1] + 1)


def test_a_projection_leaves_a_waiting_credit_alone_and_the_next_one_pays(account: Account) -> None:
    waiting = a_sale(account, "100.00", "80.00", waits=True, priority=1)
    other = a_credit(account, "20.00")
    draft = a_draft(account, (an_item(), "30.00"))
    [projection] = drafts_project(account, today=day("2026-09-01"))
    assert [(p.credit, p.amount) for p in projection.settlement.payments] == [(other.pk, 2000)]
    pay(sale_of(waiting), "2026-08-02")
    assert issue(draft).credited == 3000
    assert (balance(waiting), balance(other)) == (7000, 2000)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a promotional credit": ({"category": Category.PROMOTIONAL, "price_paid": None}, "Only a purchased"),
    "a promotional credit with a price": ({"category": Category.PROMOTIONAL}, "Only a purchased"),
    "no price": ({"price_paid": None}, "Say the price paid"),
    "a price of zero": ({"price_paid": 0}, "nothing to bill"),
    "a price below zero": ({"price_paid": -1}, "never one below zero"),
    "a price above the limit": ({"price_paid": 10**10 + 1}, "has a price"),
    "terms no credit can have": ({"name": " "}, "needs a name"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_sold_is_refused_and_leaves_nothing(account: Account, what: str) -> None:
    more, sentence = REFUSED[what]
    with pytest.raises(GrantRefused, match=sentence):
        credit_sell(account=account, terms=promise(account, **more), reason="", **by_now("2026-08-01"))
    left = Credit.objects, Invoice.objects, Item.objects, Entry.objects, Series.objects
    assert [rows.exists() for rows in left] == [False] * 5


def test_a_closed_account_is_sold_nothing(account: Account) -> None:
    account_close(account=account, reason="Left", **by_now("2026-07-01"))
    with pytest.raises(GrantRefused, match="closed"):
        a_sale(account, "10.00", "9.00")


def test_the_largest_price_is_billed_to_the_cent(account: Account) -> None:
    invoice = sale_of(a_sale(account, "100000000", "99999999.99"))
    assert (invoice.total, str(invoice.lines.get().unit_price.normalize())) == (9999999999, "99999999.99")


def test_a_purchased_credit_is_granted_without_an_invoice_too(account: Account) -> None:
    credit = credit_grant(account=account, terms=promise(account), reason="", **by_now("2026-08-01"))
    assert (credit.price_paid, credit.purchase_line, Invoice.objects.exists()) == (8000, None, False)


def test_r13_the_same_token_sells_once(account: Account) -> None:
    once = by_now("2026-08-01")
    first = credit_sell(account=account, terms=promise(account), reason="", **once)
    again = credit_sell(account=account, terms=promise(account), reason="", **once)
    assert first == again == Credit.objects.get()
    assert (Invoice.objects.count(), Entry.objects.count()) == (1, 1)
    assert Act.objects.filter(kind="credit_sell").count() == 1


@pytest.mark.parametrize("more", [{"usable_once_paid": True}, {"reason": "Another"}], ids=str)
def test_r13_the_same_token_for_something_else_is_refused(account: Account, more: dict[str, Any]) -> None:
    once = by_now("2026-08-01")
    credit_sell(account=account, terms=promise(account), reason="", **once)
    with pytest.raises(TokenReused):
        credit_sell(account=account, terms=promise(account), **{"reason": "", **more}, **once)
    with pytest.raises(TokenReused):
        credit_grant(account=account, terms=promise(account), reason="", **once)


def test_r7_sales_and_other_invoices_share_one_series_without_gaps(account: Account) -> None:
    a_sale(account, "10.00", "9.00")
    with pytest.raises(GrantRefused):
        a_sale(account, "10.00", "9.00", name="")
    an_invoice(account, (an_item(), "1.00"))
    a_sale(account, "10.00", "9.00", now="2026-09-02")
    numbers = Invoice.objects.order_by("series_number").values_list("series_number", "source")
    assert list(numbers) == [(1, "purchase"), (2, "operator"), (3, "purchase")]
