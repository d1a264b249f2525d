"""R15: currencies never mix, at each place that keeps them apart. The settlement's own: `test_settlement`."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from credits.models import Credit, Entry, EntryKind
from customers.models import Account
from invoices.models import Invoice, Line, Source
from invoices.usage_file import usage_read
from invoices.usage_import import ImportRefused, usage_import
from tests.factories import a_credit, a_draft, an_account, an_item, at, balance, by_now, day, expire

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def applied(credit: Credit, line: Line, **facts: Any) -> Entry:
    """An entry as an issue would write it, but for the facts given."""
    granted = Entry.objects.get(credit=credit, kind=EntryKind.GRANTED)
    plain = {field.attname: getattr(granted, field.attname) for field in Entry._meta.fields}
    payment = {"id": None, "number": granted.number + 1, "kind": EntryKind.APPLIED, "amount": -100}
    place = {"invoice_id": line.invoice_id, "line_id": line.pk}
    return Entry(**{**plain, **payment, **place, **facts})


def a_charge(account: Account) -> Line:
    return a_draft(account, (an_item(), "10.00")).lines.get()


def test_r15_the_database_refuses_an_entry_in_another_currency_than_its_credit(account: Account) -> None:
    credit = a_credit(account, "50.00")
    entry = applied(credit, a_charge(account), currency="EUR", invoice_id=None, line_id=None)
    entry.kind = EntryKind.EXPIRED
    with pytest.raises(IntegrityError, match="the currency of its credit"), transaction.atomic():
        entry.save()
    entry.currency = "USD"
    entry.save()
    assert balance(credit) == 4900


def test_r15_the_database_refuses_a_credit_on_a_line_in_another_currency(account: Account) -> None:
    credit, line = a_credit(account, "50.00"), a_charge(account)
    for currency in ("EUR", "USD"):
        Line.objects.filter(pk=line.pk).update(currency=currency)
        with transaction.atomic():
            if currency == "EUR":
                with pytest.raises(IntegrityError, match="the currency and the invoice of its line"):
                    applied(credit, line).save()
                transaction.set_rollback(True)
            else:
                applied(credit, line).save()
    assert balance(credit) == 4900


def test_r15_the_database_refuses_a_credit_in_another_currency_than_its_account(account: Account) -> None:
    facts = {
        field.attname: getattr(a_credit(account, "50.00"), field.attname) for field in Credit._meta.fields
    }
    with pytest.raises(IntegrityError, match="the currency of its account"), transaction.atomic():
        Credit.objects.create(**{**facts, "id": None, "currency": "EUR"})
    Credit.objects.create(**{**facts, "id": None})
    assert {credit.currency for credit in Credit.objects.all()} == {"USD"}


def test_r15_the_database_refuses_an_invoice_in_another_currency_than_its_account(account: Account) -> None:
    facts: dict[str, Any] = {
        "account": account,
        "period_start": day("2026-08-01"),
        "period_end": day("2026-09-01"),
        "source": Source.OPERATOR,
        "created_at": at("2026-09-01"),
    }
    with pytest.raises(IntegrityError, match="has the currency of its account"), transaction.atomic():
        Invoice.objects.create(**facts, currency="EUR")
    Invoice.objects.create(**facts, currency="USD")
    with pytest.raises(IntegrityError, match="currency and account of an invoice"), transaction.atomic():
        Invoice.objects.update(currency="EUR")
    assert Invoice.objects.get().currency == "USD"


def test_r15_the_database_refuses_to_change_an_account_s_currency(account: Account) -> None:
    with (
        pytest.raises(IntegrityError, match="the currency, key, zone"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE customers_account SET currency = 'EUR' WHERE id = %s", [account.pk])
    account.refresh_from_db()
    assert account.currency == "USD"


def test_r15_a_usage_file_in_another_currency_is_refused_in_words_and_books_nothing(account: Account) -> None:
    period: dict[str, Any] = {"period_start": day("2026-08-01"), "period_end": day("2026-09-01")}
    file = (
        "customer,account,currency,item,unit,first_day,last_day,quantity,amount\n",
        f"{account.customer.key},{account.key},EUR,calls,call,2026-08-01,2026-08-31,3,12.34\n",
    )
    usage = usage_read(file, **period, currencies=["USD", "EUR"])
    with pytest.raises(ImportRefused, match=r"is billed in USD; the file charges it in EUR\.$"):
        usage_import(usage=usage, digest="0" * 64, **period, **by_now("2026-09-01"))
    assert not Invoice.objects.exists()


def test_r15_what_expires_is_booked_in_the_account_s_currency() -> None:
    account = an_account(currency="JPY")
    a_credit(account, "500", expires_on="2026-08-31")
    assert [(entry.currency, entry.amount) for entry in expire(account, "2026-10-16")] == [("JPY", -500)]
