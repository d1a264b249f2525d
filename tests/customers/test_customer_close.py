"""Closing a customer (R16)."""

import pytest
from django.db import IntegrityError, transaction

from customers.models import Act, Customer
from customers.services import CustomerRefused, account_close, account_open, customer_close
from tests.factories import a_customer, an_account, at, by_now

pytestmark = pytest.mark.django_db


def test_r16_a_customer_is_closed_and_stays_on_record() -> None:
    closed = customer_close(customer=a_customer(), reason="Left", **by_now("2026-02-01"))
    closed.refresh_from_db()
    assert closed.closed_at == at("2026-02-01")
    assert Act.objects.get(kind="customer_close").reason == "Left"


def test_an_open_account_keeps_its_customer_open() -> None:
    account = an_account()
    with pytest.raises(CustomerRefused, match="Close this customer's accounts first"):
        customer_close(customer=account.customer, reason="Left", **by_now("2026-02-01"))
    account.customer.refresh_from_db()
    assert account.customer.closed_at is None


def test_with_its_accounts_closed_the_customer_can_be_closed() -> None:
    account = an_account()
    account_close(account=account, reason="Left", **by_now("2026-02-01"))
    closed = customer_close(customer=account.customer, reason="Left", **by_now("2026-02-02"))
    assert closed.closed_at == at("2026-02-02")


def test_a_customer_is_closed_once() -> None:
    customer = a_customer()
    customer_close(customer=customer, reason="Left", **by_now("2026-02-01"))
    with pytest.raises(CustomerRefused, match="closed already"):
        customer_close(customer=customer, reason="Left", **by_now("2026-02-02"))
    customer.refresh_from_db()
    assert customer.closed_at == at("2026-02-01")


def test_r13_the_same_token_closes_once() -> None:
    customer, once = a_customer(), by_now("2026-02-01")
    customer_close(customer=customer, reason="Left", **once)
    assert customer_close(customer=customer, reason="Left", **once).closed_at == at("2026-02-01")
    assert Act.objects.filter(kind="customer_close").count() == 1


def test_a_closed_customer_opens_no_account() -> None:
    customer = a_customer()
    customer_close(customer=customer, reason="Left", **by_now("2026-02-01"))
    with pytest.raises(CustomerRefused, match="This customer is closed"):
        account_open(
            customer=customer,
            key="A-1",
            name="Main",
            currency="USD",
            time_zone="UTC",
            **by_now("2026-02-02"),
        )
    assert not customer.accounts.exists()


def test_r16_a_customer_is_never_deleted() -> None:
    row = Customer.objects.filter(pk=a_customer().pk)
    with pytest.raises(IntegrityError, match="a customer is closed, never deleted"), transaction.atomic():
        row._raw_delete("default")
    assert row.count() == 1
