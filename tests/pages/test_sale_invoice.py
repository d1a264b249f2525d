"""The invoice a credit was bought on: its page, voiding it, and why it is not corrected (R9, R13)."""

from dataclasses import replace

import pytest
from django.test import Client

from credits.models import Category, Credit, Entry
from credits.selling import credit_sell
from customers.models import Account
from invoices.models import Invoice
from invoices.units import PARTS
from tests.factories import (
    a_line,
    a_sale,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    pay,
    sale_of,
    terms,
    void_credit,
)
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def credit(account: Account) -> Credit:
    """Bought for 80 dollars, 100 of them granted and 30 used."""
    credit = a_sale(account, "100.00", "80.00", name="Annual pack")
    an_invoice(account, (an_item(), "30.00"))
    return credit


def path(credit: Credit, act: str = "") -> str:
    return f"/invoices/{sale_of(credit).pk}/{act}"


def test_its_page_names_what_it_sells_and_who_sold_it(web: Client, credit: Credit) -> None:
    answer = web.get(path(credit))
    seen = text(answer)
    assert "It sells Annual pack, and no credit can pay it." in seen
    assert "Prepaid credit Annual pack" in seen
    assert "sold credit" in seen
    assert f"/credits/{credit.pk}/".encode() in answer.content
    assert path(credit, "correct/").encode() not in answer.content
    assert path(credit, "void/").encode() in answer.content


def test_the_confirmation_shows_what_is_lost_and_what_stays_paid(web: Client, credit: Credit) -> None:
    seen = text(web.get(path(credit, "void/")))
    assert "Voided with it Lost Stays paid" in seen
    assert "Annual pack Bought for $80.00 (20 % off) $70.00 $30.00" in seen
    assert "To sell on other terms, sell again afterwards." in seen


def test_free_units_are_lost_in_units(web: Client, account: Account) -> None:
    calls = an_item("API calls")
    promise = replace(
        terms(account, "1.00", items=(calls,), category=Category.PURCHASED, price_paid=2500),
        amount=0,
        units=1000 * PARTS,
        unit_item=calls,
    )
    credit = credit_sell(account=account, terms=promise, reason="", **by_now("2026-08-01"))
    an_invoice(account, a_line(calls, "0.05", "260"))
    assert "Bought for $25.00 740 API calls 260 API calls" in text(web.get(path(credit, "void/")))
    sent(web, path(credit, "void/"), reason="Order cancelled")
    assert (sale_of(credit).status, balance(credit)) == ("void", 0)


def test_it_is_voided_with_what_is_left_of_the_credit(web: Client, credit: Credit) -> None:
    answer = sent(web, path(credit, "void/"), reason="Order cancelled")
    assert answer["Location"] == path(credit)
    assert (sale_of(credit).status, balance(credit)) == ("void", 0)
    seen = text(web.get(path(credit)))
    assert "What was left of the credit it sold was voided with it; the number stays taken." in seen
    assert "Voided" in text(web.get(f"/credits/{credit.pk}/"))


def test_r13_a_confirmation_of_other_facts_is_shown_again(
    web: Client, account: Account, credit: Credit
) -> None:
    form = fields(web.get(path(credit, "void/"))) | {"reason": "Order cancelled"}
    an_invoice(account, (an_item("Support"), "20.00"))
    answer = web.post(path(credit, "void/"), form)
    assert "$50.00 $50.00" in text(answer)
    assert (sale_of(credit).status, balance(credit)) == ("issued", 5000)
    assert web.post(path(credit, "void/"), fields(answer)).status_code == 302
    assert (sale_of(credit).status, balance(credit)) == ("void", 0)


def test_r13_a_double_click_voids_once(web: Client, credit: Credit) -> None:
    form = fields(web.get(path(credit, "void/"))) | {"reason": "Order cancelled"}
    first, second = web.post(path(credit, "void/"), form), web.post(path(credit, "void/"), form)
    assert first["Location"] == second["Location"] == path(credit)
    assert Entry.objects.filter(kind="voided").count() == 1


def test_with_the_credit_voided_before_nothing_more_is_lost(web: Client, credit: Credit) -> None:
    void_credit(credit, "2026-09-02")
    assert "was voided before: nothing more is lost." in text(web.get(path(credit, "void/")))


def test_r9_it_is_not_corrected_and_says_why(web: Client, credit: Credit) -> None:
    why = "Invoice INV-2026-000001 sells a credit, and is not corrected: void it, and sell the credit again."
    opened = web.get(path(credit, "correct/"), follow=True)
    assert opened.redirect_chain == [(path(credit), 302)]
    assert why in text(opened)
    form = {"request_token": "late", "reason": "Why not"}
    assert why in text(web.post(path(credit, "correct/"), form))
    assert (sale_of(credit).status, Invoice.objects.filter(status="draft").exists()) == ("issued", False)


def test_r9_paid_it_stays(web: Client, credit: Credit) -> None:
    pay(sale_of(credit), "2026-09-02")
    form = {"request_token": "late", "reason": "Why not"}
    assert "A paid invoice is not voided." in text(web.post(path(credit, "void/"), form))
    assert balance(credit) == 7000
