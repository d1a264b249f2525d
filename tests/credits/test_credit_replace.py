"""Replacing a credit: void the rest, grant another, link the two, in one act (R2)."""

from typing import Any

import pytest

from credits.grant_terms import GrantRefused
from credits.models import Category, Credit
from credits.services import VoidRefused, credit_replace
from customers.models import Account, Act
from invoices.models import Kind
from tests.factories import (
    a_credit,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    ledger,
    pay,
    sale_of,
    terms,
    void_credit,
)

pytestmark = pytest.mark.django_db


def replaced(
    account: Account, credit: Credit, amount: str, now: str = "2026-08-10", **promise: Any
) -> Credit:
    return credit_replace(
        credit=credit,
        terms=terms(account, amount, name="Better", **promise),
        reason="The amount was wrong",
        **by_now(now),
    )


def test_r2_the_old_credit_is_voided_and_the_new_one_granted_in_one_act() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    new = replaced(account, old, "60.00")
    assert ledger(account) == [
        ("Welcome", "granted", 5000),
        ("Welcome", "voided", -5000),
        ("Better", "granted", 6000),
    ]
    record = Act.objects.get(kind="credit_replace")
    assert (record.subject, record.reason) == (f"credit:{new.pk}", "The amount was wrong")
    assert not Act.objects.filter(kind="credit_void").exists()


def test_r2_the_new_credit_names_the_one_it_replaces() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    assert Credit.objects.get(pk=replaced(account, old, "60.00").pk).replaces == old


def test_r2_what_the_old_one_paid_stays_paid_and_only_its_rest_is_voided() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    invoice = an_invoice(account, (an_item(), "30.00"))
    new = replaced(account, old, "25.00", now="2026-09-02")
    invoice.refresh_from_db()
    assert (invoice.credited, balance(old), balance(new)) == (3000, 0, 2500)
    assert ("Welcome", "voided", -2000) in ledger(account)


def test_r3_the_replacement_may_have_another_scope() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    new = replaced(account, old, "50.00", kinds=(Kind.LICENSE,))
    assert new.scope().kinds == {"license"}
    assert (
        an_invoice(account, (an_item("Seats", Kind.LICENSE), "10.00"), (an_item(), "10.00")).credited == 1000
    )


def test_r2_terms_that_are_refused_leave_the_old_credit_alone() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    with pytest.raises(GrantRefused):
        replaced(account, old, "60.00", priority=101)
    assert ledger(account) == [("Welcome", "granted", 5000)]


def test_r8_a_voided_credit_is_not_replaced() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    void_credit(old, "2026-08-05")
    with pytest.raises(VoidRefused, match="voided already"):
        replaced(account, old, "60.00")


def test_r2_a_credit_is_replaced_once_but_its_replacement_can_be_replaced() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    second = replaced(account, old, "60.00")
    with pytest.raises(VoidRefused):
        replaced(account, old, "70.00")
    third = replaced(account, second, "70.00")
    assert [balance(credit) for credit in (old, second, third)] == [0, 0, 7000]


def test_r8_a_replacement_needs_a_reason() -> None:
    account = an_account()
    old = a_credit(account, "50.00")
    with pytest.raises(VoidRefused, match="needs a reason"):
        credit_replace(credit=old, terms=terms(account, "60.00"), reason=" ", **by_now("2026-08-10"))
    assert balance(old) == 5000


def test_r13_the_same_token_replaces_once() -> None:
    account, once = an_account(), by_now("2026-08-10")
    old = a_credit(account, "50.00")
    first = credit_replace(credit=old, terms=terms(account, "60.00"), reason="Wrong", **once)
    assert credit_replace(credit=old, terms=terms(account, "60.00"), reason="Wrong", **once) == first
    assert len(ledger(account)) == 3


def test_what_was_bought_on_an_invoice_stays_bought_on_it_and_waits_for_it() -> None:
    account = an_account()
    old = a_sale(account, "100.00", "80.00", waits=True)
    new = replaced(account, old, "60.00", category=Category.PURCHASED, price_paid=4800)
    assert (new.purchase_line, new.usable_once_paid, new.price_paid) == (old.purchase_line, True, 4800)
    assert Credit.objects.with_balance().get(pk=new.pk).bought_on == "INV-2026-000001"
    pay(sale_of(old))
    assert not Credit.objects.with_balance().get(pk=new.pk).unpaid


def test_what_was_bought_on_an_invoice_does_not_become_promotional() -> None:
    account = an_account()
    old = a_sale(account, "100.00", "80.00")
    with pytest.raises(GrantRefused, match="sold on an invoice is replaced by a purchased one"):
        replaced(account, old, "60.00")
    assert balance(old) == 10000


def test_what_was_bought_elsewhere_may() -> None:
    account = an_account()
    old = a_credit(account, "100.00", category=Category.PURCHASED, price_paid=8000)
    new = replaced(account, old, "60.00")
    assert (new.category, new.price_paid, new.purchase_line) == ("promotional", None, None)
