"""Two sales at the same moment (R7, R13). PostgreSQL only; SQLite lets one writer in at a time."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.services import invoice_void
from credits.models import Category, Credit, Entry
from credits.selling import credit_sell
from customers.acts import account_lock
from customers.models import Account, Act
from invoices.models import Invoice, Item, Kind
from invoices.numbering import numbers_take
from tests.billing.sessions import free, waiting_for, wrote
from tests.billing.test_at_once import at_once
from tests.factories import (
    a_sale,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    ledger,
    sale_of,
    terms,
)
from tests.forging import past_the_model

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def sell(account: Account, told: dict[str, Any]) -> Credit:
    promise = terms(account, "100.00", category=Category.PURCHASED, price_paid=8000)
    return credit_sell(account=account, terms=promise, reason="", **told)


def test_r13_the_same_token_twice_at_once_sells_once() -> None:
    account, once = an_account(), by_now("2026-09-01")
    answers = at_once(lambda: account_lock(account.pk), *[lambda: sell(account, once)] * 2)
    assert answers == [Credit.objects.get()] * 2
    assert (Invoice.objects.count(), Entry.objects.count()) == (1, 1)
    assert Act.objects.filter(kind="credit_sell").count() == 1


def test_of_two_who_need_the_item_first_one_makes_it_and_both_sell() -> None:
    """Both wait for somebody who was making it, and then thought better of it."""
    told = [(an_account(), by_now("2026-09-01")) for _ in range(2)]

    def make() -> None:
        Item.objects.create(key="prepaid-credit", name="X", kind=Kind.FIXED_FEE, created_at=at("2026-09-01"))

    answers = at_once(make, *(lambda one=one: sell(*one) for one in told))
    assert {credit.account for credit in answers} == {account for account, _ in told}
    assert Item.objects.get().name == "Prepaid credit"
    numbers = Invoice.objects.order_by("series_number").values_list("series_number", flat=True)
    assert list(numbers) == [1, 2]


def test_r7_a_sale_that_waits_for_its_number_holds_the_account_and_has_written_all_else() -> None:
    account = an_account()
    with waiting_for(lambda: numbers_take(2026, 1), lambda: sell(account, by_now("2026-09-01"))) as session:
        assert not free("customers_account", account.pk)
        assert "invoices_series" in session.statements[-1]
        assert len([sql for sql in wrote(session.statements) if "INTO credits_entry" in sql]) == 1
    assert session.error is None


def test_r8_the_invoice_is_voided_while_the_credit_is_used_and_nothing_is_lost_or_doubled() -> None:
    account, item = an_account(), an_item()
    credit = a_sale(account, "100.00", "80.00")
    told = by_now("2026-09-01")
    at_once(
        lambda: account_lock(account.pk),
        lambda: invoice_void(invoice=sale_of(credit), reason="Wrong", **told),
        lambda: an_invoice(account, (item, "30.00")),
    )
    assert balance(credit) == 0
    assert ledger(account)[-1][1] == "voided"
    assert sale_of(credit).status == "void"


def test_past_the_acts_nothing_is_sold_on_an_invoice_that_is_being_voided() -> None:
    """A credit by SQL waits for who voids the invoice, and is refused then."""
    credit = a_sale(an_account(), "100.00", "80.00")
    more = Credit.objects.get(pk=credit.pk)
    more.pk, more.replaces_id = None, credit.pk

    def insert() -> None:
        with transaction.atomic():
            past_the_model(Credit).bulk_create([more])

    def void() -> None:
        invoice_void(invoice=sale_of(credit), reason="Wrong", **by_now("2026-09-01"))

    with waiting_for(void, insert, keep=True) as session:
        pass
    assert isinstance(session.error, IntegrityError)
    assert "on a line of a purchase invoice" in str(session.error)
