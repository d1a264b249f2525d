"""Renaming an account; everything else of it stays."""

import pytest
from django.db import IntegrityError, transaction

from customers.models import Account, Act
from customers.services import account_edit
from tests.factories import a_customer, an_account, an_invoice, an_item, by_now

pytestmark = pytest.mark.django_db


def test_an_account_is_renamed_and_its_history_keeps_the_earlier_name() -> None:
    account = an_account(name="Main")
    assert account_edit(account=account, name="Laboratory", **by_now("2026-02-01")).name == "Laboratory"
    assert [row.name for row in account.history.order_by("history_id")] == ["Main", "Laboratory"]


def test_r7_an_issued_invoice_keeps_the_account_s_name() -> None:
    account = an_account(name="Main")
    invoice = an_invoice(account, (an_item(), "10.00"))
    account_edit(account=account, name="Laboratory", **by_now("2026-09-02"))
    invoice.refresh_from_db()
    assert invoice.account_name == "Main"


def test_r13_the_same_token_renames_once() -> None:
    account, once = an_account(), by_now("2026-02-01")
    account_edit(account=account, name="Laboratory", **once)
    account_edit(account=account, name="Library", **by_now("2026-02-02"))
    assert account_edit(account=account, name="Laboratory", **once).name == "Library"
    assert Act.objects.filter(kind="account_edit").count() == 2


@pytest.mark.parametrize(
    ("field", "value"), [("currency", "EUR"), ("key", "other"), ("time_zone", "Asia/Tokyo")]
)
def test_r3_currency_key_and_zone_never_change_not_even_by_sql(field: str, value: str) -> None:
    account = an_account()
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**{field: value})
    before = getattr(account, field)
    account.refresh_from_db()
    assert getattr(account, field) == before


def test_an_account_never_moves_to_another_customer() -> None:
    account, other = an_account(), a_customer("Winston Scott")
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(customer=other)
    account.refresh_from_db()
    assert account.customer.name == "John Wick"
