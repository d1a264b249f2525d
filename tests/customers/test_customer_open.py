"""Opening a customer."""

import pytest

from customers.models import Act, Customer
from customers.services import CustomerRefused, customer_open
from tests.factories import at, by_now

pytestmark = pytest.mark.django_db


def test_a_customer_is_opened_with_key_name_and_contact() -> None:
    opened = customer_open(key="C-1", name="John Wick", email="john@example.com", **by_now("2026-01-02"))
    found = Customer.objects.get()
    assert found == opened
    assert (found.key, found.name, found.email) == ("C-1", "John Wick", "john@example.com")
    assert found.created_at == at("2026-01-02")
    assert (found.closed_at, found.erased_at) == (None, None)


def test_a_key_is_borne_by_one_customer_only() -> None:
    customer_open(key="C-1", name="John Wick", email="", **by_now("2026-01-02"))
    with pytest.raises(CustomerRefused, match="Another customer already has the key “C-1”"):
        customer_open(key="C-1", name="Winston Scott", email="", **by_now("2026-01-03"))
    assert Customer.objects.get().name == "John Wick"


def test_r13_two_customers_may_bear_one_name_under_two_tokens() -> None:
    first = customer_open(key="C-1", name="John Wick", email="", **by_now("2026-01-02"))
    second = customer_open(key="C-2", name="John Wick", email="", **by_now("2026-01-02"))
    assert first.pk != second.pk


def test_r13_the_same_token_opens_one_customer() -> None:
    once = by_now("2026-01-02")
    first = customer_open(key="C-1", name="John Wick", email="", **once)
    again = customer_open(key="C-1", name="John Wick", email="", **once)
    assert again == first
    assert Customer.objects.count() == 1


def test_r14_the_record_of_the_act_does_not_carry_the_name() -> None:
    opened = customer_open(key="C-1", name="John Wick", email="john@example.com", **by_now("2026-01-02"))
    record = Act.objects.get()
    assert (record.kind, record.subject) == ("customer_open", f"customer:{opened.pk}")
    assert "Wick" not in repr([record.details, record.reason, record.subject, record.fingerprint])


def test_the_history_begins_with_the_opening() -> None:
    opened = customer_open(key="C-1", name="John Wick", email="", **by_now("2026-01-02"))
    assert [(row.history_type, row.name) for row in opened.history.all()] == [("+", "John Wick")]
