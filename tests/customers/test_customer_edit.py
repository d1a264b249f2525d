"""Changing a customer's name and contact."""

import pytest

from customers.acts import TokenReused
from customers.models import Act
from customers.services import CustomerRefused, customer_close, customer_edit, customer_erase
from tests.factories import a_customer, an_account, an_invoice, an_item, by_now

pytestmark = pytest.mark.django_db


def test_name_and_contact_change_and_the_key_stays() -> None:
    customer = a_customer("John Wick", email="john@example.com")
    edited = customer_edit(
        customer=customer, name="Jardani Jovonovich", email="jardani@example.com", **by_now("2026-02-01")
    )
    assert (edited.name, edited.email) == ("Jardani Jovonovich", "jardani@example.com")
    assert edited.key == customer.key


def test_the_history_keeps_the_earlier_name() -> None:
    customer = a_customer("John Wick")
    customer_edit(customer=customer, name="Jardani Jovonovich", email="", **by_now("2026-02-01"))
    assert [row.name for row in customer.history.order_by("history_id")] == [
        "John Wick",
        "Jardani Jovonovich",
    ]


def test_r7_an_issued_invoice_keeps_the_name_it_was_issued_with() -> None:
    customer = a_customer("John Wick")
    invoice = an_invoice(an_account(customer), (an_item(), "10.00"))
    customer_edit(customer=customer, name="Jardani Jovonovich", email="", **by_now("2026-09-02"))
    invoice.refresh_from_db()
    assert invoice.customer_name == "John Wick"


def test_r13_the_same_token_changes_once_and_a_later_change_stays() -> None:
    customer, once = a_customer("John Wick"), by_now("2026-02-01")
    customer_edit(customer=customer, name="Second", email="", **once)
    customer_edit(customer=customer, name="Third", email="", **by_now("2026-02-02"))
    again = customer_edit(customer=customer, name="Second", email="", **once)
    assert again.name == "Third"
    assert Act.objects.filter(kind="customer_edit").count() == 2


def test_r13_a_token_names_the_customer_it_was_for() -> None:
    once = by_now("2026-02-01")
    customer_edit(customer=a_customer(), name="Second", email="", **once)
    with pytest.raises(TokenReused):
        customer_edit(customer=a_customer(), name="Second", email="", **once)


def test_r16_the_names_of_an_erased_customer_stay_a_placeholder() -> None:
    customer = a_customer("John Wick")
    customer_close(customer=customer, reason="Left", **by_now("2026-02-01"))
    customer_erase(customer=customer, reason="Asked to", **by_now("2026-02-02"))
    with pytest.raises(CustomerRefused, match="was erased"):
        customer_edit(customer=customer, name="John Wick", email="", **by_now("2026-02-03"))
    customer.refresh_from_db()
    assert customer.name == f"Erased customer {customer.pk}"
