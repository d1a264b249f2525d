"""Closing an account: nothing new begins, what is open can be finished (R16)."""

import pytest
from django.db import IntegrityError, transaction

from credits.grant_terms import GrantRefused
from customers.models import Account, Act
from customers.services import CustomerRefused, account_close
from invoices.drafts import DraftRefused
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    issue,
    pay,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def close(account: Account, now: str = "2026-09-01") -> Account:
    return account_close(account=account, reason="Left", **by_now(now))


def test_r16_an_account_is_closed_and_stays_on_record() -> None:
    closed = close(an_account())
    closed.refresh_from_db()
    assert closed.closed_at == at("2026-09-01")
    assert Act.objects.get(kind="account_close").reason == "Left"


def test_an_account_is_closed_once() -> None:
    account = an_account()
    close(account)
    with pytest.raises(CustomerRefused, match="closed already"):
        close(account, "2026-09-02")
    account.refresh_from_db()
    assert account.closed_at == at("2026-09-01")


def test_r13_the_same_token_closes_once() -> None:
    account, once = an_account(), by_now("2026-09-01")
    account_close(account=account, reason="Left", **once)
    account_close(account=account, reason="Left", **once)
    assert Act.objects.filter(kind="account_close").count() == 1


def test_a_closed_account_is_granted_no_credit() -> None:
    account = close(an_account())
    with pytest.raises(GrantRefused, match="This account is closed"):
        a_credit(account, "10.00")


def test_a_closed_account_gets_no_draft() -> None:
    account = close(an_account())
    with pytest.raises(DraftRefused, match="This account is closed"):
        a_draft(account, (an_item(), "10.00"))


def test_an_open_draft_of_a_closed_account_can_still_be_issued_and_paid() -> None:
    account = an_account()
    a_credit(account, "4.00")
    draft = a_draft(account, (an_item(), "10.00"))
    close(account)
    issued = issue(draft)
    assert (issued.total, issued.credited, issued.amount_due) == (1000, 400, 600)
    assert pay(issued).amount_due == 0


def test_credits_and_invoices_of_a_closed_account_can_still_be_voided() -> None:
    account = an_account()
    welcome = a_credit(account, "4.00")
    invoice = an_invoice(account, (an_item(), "10.00"))
    close(account)
    void(invoice)
    assert balance(welcome) == 400
    void_credit(welcome, "2026-09-11")
    assert balance(welcome) == 0


def test_r16_an_account_is_never_deleted() -> None:
    row = Account.objects.filter(pk=an_account().pk)
    with pytest.raises(IntegrityError, match="an account is closed, never deleted"), transaction.atomic():
        row._raw_delete("default")
    assert row.count() == 1
