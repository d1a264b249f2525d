"""R8 at the database: a credit that was voided never pays again, even where money has come back to it."""

import pytest
from django.db import IntegrityError, transaction

from credits.ledger import Posting, entries_write
from credits.models import Credit, Entry, EntryKind
from customers.acts import account_lock
from invoices.models import Invoice, Status
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    day,
    void_credit,
)

pytestmark = pytest.mark.django_db

TODAY = day("2026-09-03")


def post(credit: Credit, *postings: Posting) -> None:
    account = account_lock(credit.account_id)
    act = Entry.objects.filter(account=account, kind=EntryKind.GRANTED).get().act
    entries_write(account, act, postings, now=at("2026-09-03"))


def a_voided_credit_with_money() -> Credit:
    """No act leaves one behind: the money came back past the acts, and nobody closed it again."""
    account = an_account()
    credit = a_credit(account, "50.00")
    invoice = an_invoice(account, (an_item(), "30.00"))
    void_credit(credit, "2026-09-02")
    Invoice.objects.filter(pk=invoice.pk).update(status=Status.VOID)
    paid = Entry.objects.get(kind=EntryKind.APPLIED)
    post(credit, Posting(credit.pk, EntryKind.REVERSED, 3000, TODAY, invoice.pk, paid.line_id, paid.pk))
    assert balance(credit) == 3000
    return credit


def test_r8_the_database_refuses_a_payment_by_a_voided_credit() -> None:
    credit = a_voided_credit_with_money()
    line = a_draft(credit.account, (an_item(), "10.00")).lines.get()
    payment = Posting(credit.pk, EntryKind.APPLIED, -1000, TODAY, line.invoice_id, line.pk)
    with pytest.raises(IntegrityError, match="a voided credit pays nothing"), transaction.atomic():
        post(credit, payment)
    assert balance(credit) == 3000


def test_r8_the_database_refuses_a_void_that_leaves_something() -> None:
    credit = a_voided_credit_with_money()
    with pytest.raises(IntegrityError, match="voiding a credit leaves nothing"), transaction.atomic():
        post(credit, Posting(credit.pk, EntryKind.VOIDED, -2999, TODAY))
    post(credit, Posting(credit.pk, EntryKind.VOIDED, -3000, TODAY))
    assert balance(credit) == 0
