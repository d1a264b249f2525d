"""Erasing a person: names and contacts go, money facts stay whole (R16)."""

import pytest

from credits.models import Credit, Entry
from customers.models import Account, Act, Customer
from customers.services import (
    CustomerRefused,
    account_close,
    account_edit,
    customer_close,
    customer_edit,
    customer_erase,
)
from invoices.models import Invoice, Line
from tests.factories import a_credit, a_customer, an_account, an_invoice, an_item, at, by_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def leaving() -> Customer:
    """John Wick: renamed once, with an account renamed once, an invoice and a credit; closed."""
    customer = a_customer("Jardani Jovonovich", email="jardani@example.com")
    customer = customer_edit(
        customer=customer, name="John Wick", email="john@example.com", **by_now("2026-02-01")
    )
    account = an_account(customer, name="Wick at home")
    account_edit(account=account, name="Wick at work", **by_now("2026-02-02"))
    a_credit(account, "30.00")
    an_invoice(account, (an_item(), "100.00"))
    account_close(account=account, reason="Left", **by_now("2026-10-01"))
    return customer_close(customer=customer, reason="Left", **by_now("2026-10-02"))


def erase(customer: Customer) -> Customer:
    return customer_erase(customer=customer, reason="The person asked", **by_now("2026-10-03"))


def test_r16_names_and_contact_become_a_placeholder(leaving: Customer) -> None:
    erase(leaving)
    customer, account = Customer.objects.get(), Account.objects.get()
    assert (customer.name, customer.email) == (f"Erased customer {customer.pk}", "")
    assert customer.erased_at == at("2026-10-03")
    assert account.name == f"Erased account {account.pk}"


def test_r16_both_histories_forget_the_names_too(leaving: Customer) -> None:
    erase(leaving)
    account = Account.objects.get()
    assert set(leaving.history.values_list("name", "email")) == {(f"Erased customer {leaving.pk}", "")}
    assert set(account.history.values_list("name", flat=True)) == {f"Erased account {account.pk}"}
    assert (leaving.history.count(), account.history.count()) == (4, 4)


def test_r16_the_law_keeps_the_names_on_an_issued_invoice(leaving: Customer) -> None:
    erase(leaving)
    invoice = Invoice.objects.get()
    assert (invoice.customer_name, invoice.account_name) == ("John Wick", "Wick at work")


def test_r16_money_facts_stay_whole(leaving: Customer) -> None:
    def facts() -> list[object]:
        return [
            list(Credit.objects.values()),
            list(Entry.objects.values()),
            list(Invoice.objects.values()),
            list(Line.objects.values()),
            list(Account.objects.values("key", "currency", "time_zone", "customer_id", "closed_at")),
        ]

    before = facts()
    erase(leaving)
    assert facts() == before
    assert [entry.amount for entry in Entry.objects.order_by("number")] == [3000, -3000]
    assert Invoice.objects.get().amount_due == 7000


def test_r16_the_erasure_is_on_record_without_the_name(leaving: Customer) -> None:
    erase(leaving)
    record = Act.objects.get(kind="customer_erase")
    assert (record.subject, record.reason) == (f"customer:{leaving.pk}", "The person asked")
    assert not [act for act in Act.objects.all() if "Wick" in repr([act.subject, act.reason, act.details])]


def test_r16_an_open_customer_is_not_erased() -> None:
    customer = a_customer("John Wick")
    with pytest.raises(CustomerRefused, match="Only a closed customer"):
        erase(customer)
    customer.refresh_from_db()
    assert customer.name == "John Wick"


def test_r16_a_customer_is_erased_once(leaving: Customer) -> None:
    erase(leaving)
    with pytest.raises(CustomerRefused, match="erased already"):
        erase(leaving)


def test_r13_the_same_token_erases_once(leaving: Customer) -> None:
    once = by_now("2026-10-03")
    customer_erase(customer=leaving, reason="Asked", **once)
    customer_erase(customer=leaving, reason="Asked", **once)
    assert Act.objects.filter(kind="customer_erase").count() == 1


def test_r16_an_account_of_an_erased_customer_keeps_its_placeholder(leaving: Customer) -> None:
    erase(leaving)
    account = Account.objects.get()
    with pytest.raises(CustomerRefused, match="was erased"):
        account_edit(account=account, name="Wick at work", **by_now("2026-10-04"))
    account.refresh_from_db()
    assert account.name == f"Erased account {account.pk}"


def test_r16_another_customer_is_left_alone(leaving: Customer) -> None:
    other = an_account(a_customer("Winston Scott", email="winston@example.com"), name="Continental")
    erase(leaving)
    other.customer.refresh_from_db()
    other.refresh_from_db()
    assert (other.customer.name, other.customer.email) == ("Winston Scott", "winston@example.com")
    assert other.name == "Continental"
