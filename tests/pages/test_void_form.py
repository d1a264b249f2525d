"""Voiding a credit asks first, says what goes, and happens once (R8, R13)."""

import pytest
from django.test import Client

from credits.models import Credit, Entry, EntryKind
from customers.models import Account, Act
from invoices.models import Kind
from tests.factories import (
    a_credit,
    a_token,
    an_account,
    an_invoice,
    an_item,
    balance,
    ledger,
    paid_by_line,
    void_credit,
)
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def credit(account: Account) -> Credit:
    """50 dollars, of which 20 are used."""
    credit = a_credit(account, "50.00", name="Referral")
    an_invoice(account, (an_item(), "20.00"))
    return credit


def path(credit: Credit) -> str:
    return f"/credits/{credit.pk}/void/"


def voids(credit: Credit) -> int:
    return Entry.objects.filter(credit=credit, kind=EntryKind.VOIDED).count()


def test_r8_the_confirmation_shows_what_is_lost_and_what_stays(web: Client, credit: Credit) -> None:
    seen = text(web.get(path(credit)))
    assert "This cannot be undone." in seen
    assert "Lost $30.00 what is left of $50.00" in seen
    assert "Stays $20.00 what it already paid stays paid" in seen
    assert voids(credit) == 0


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_r8_a_void_without_a_reason_is_refused(web: Client, credit: Credit, reason: str) -> None:
    answer = sent(web, path(credit), reason=reason)
    assert "Say why: the reason is kept with the act." in text(answer)
    assert (voids(credit), balance(credit)) == (0, 3000)
    assert fields(answer)["request_token"]


def test_r8_a_reason_and_a_token_are_all_a_void_needs(web: Client, credit: Credit) -> None:
    answer = web.post(path(credit), {"reason": "Granted twice", "request_token": a_token()})
    assert answer["Location"] == f"/credits/{credit.pk}/"
    assert (voids(credit), balance(credit)) == (1, 0)
    assert Act.objects.get(kind="credit_void").reason == "Granted twice"


def test_r8_what_the_credit_paid_stays_paid(web: Client, account: Account, credit: Credit) -> None:
    sent(web, path(credit), reason="Granted twice")
    assert ledger(account) == [
        ("Referral", "granted", 5000),
        ("Referral", "applied", -2000),
        ("Referral", "voided", -3000),
    ]


def test_r13_a_void_without_its_token_is_refused_and_gets_one(web: Client, credit: Credit) -> None:
    answer = web.post(path(credit), {"reason": "Granted twice"})
    assert "This form had lost its token" in text(answer)
    assert voids(credit) == 0
    assert web.post(path(credit), fields(answer)).status_code == 302


def test_r13_a_confirmation_of_other_facts_is_shown_again_and_does_nothing(
    web: Client, account: Account, credit: Credit
) -> None:
    form = fields(web.get(path(credit))) | {"reason": "Granted twice"}
    used = an_invoice(account, (an_item("Support", Kind.ADD_ON), "5.00"))
    assert paid_by_line(used) == [("Referral", "Support", 500)]
    answer = web.post(path(credit), form)
    seen = text(answer)
    assert "Nothing was saved yet" in seen
    assert "Lost $25.00" in seen
    assert "Stays $25.00" in seen
    assert voids(credit) == 0
    again = fields(answer)
    assert again["reason"] == "Granted twice"
    assert again["shown"] != form["shown"]
    assert web.post(path(credit), again).status_code == 302
    assert (voids(credit), balance(credit)) == (1, 0)


def test_r13_a_forged_fingerprint_does_nothing(web: Client, credit: Credit) -> None:
    sent(web, path(credit), reason="Granted twice", shown="0" * 64)
    assert voids(credit) == 0


def test_r13_a_double_click_voids_once_and_shows_the_same_page(web: Client, credit: Credit) -> None:
    form = fields(web.get(path(credit))) | {"reason": "Granted twice"}
    first, second = web.post(path(credit), form), web.post(path(credit), form)
    assert first["Location"] == second["Location"] == f"/credits/{credit.pk}/"
    assert (voids(credit), Act.objects.filter(kind="credit_void").count()) == (1, 1)


def test_r13_the_form_sent_again_with_another_reason_is_refused_in_words(web: Client, credit: Credit) -> None:
    form = fields(web.get(path(credit))) | {"reason": "Granted twice"}
    web.post(path(credit), form)
    answer = web.post(path(credit), form | {"reason": "Another thought"})
    assert "This request token was already used for something else." in text(answer)
    assert voids(credit) == 1
    assert Act.objects.get(kind="credit_void").reason == "Granted twice"


def test_r8_two_operators_with_a_form_each_void_once(web: Client, credit: Credit) -> None:
    mine, theirs = fields(web.get(path(credit))), fields(web.get(path(credit)))
    assert web.post(path(credit), mine | {"reason": "Mine"}).status_code == 302
    assert "This credit was voided already." in text(web.post(path(credit), theirs | {"reason": "Theirs"}))
    assert voids(credit) == 1


def test_r8_a_voided_credit_offers_no_void_and_no_replacement(web: Client, credit: Credit) -> None:
    page = f"/credits/{credit.pk}/"
    assert f"{page}void/".encode() in web.get(page).content
    void_credit(credit, "2026-09-05")
    assert f"{page}void/".encode() not in web.get(page).content
    assert f"{page}replace/".encode() not in web.get(page).content
    seen = text(web.get(f"/accounts/{credit.account_id}/credits/"))
    assert "Voided" in seen


def test_r8_a_credit_with_nothing_left_is_voided_with_an_entry_of_zero(web: Client, account: Account) -> None:
    spent = a_credit(account, "10.00")
    an_invoice(account, (an_item(), "10.00"))
    assert "Lost $0.00" in text(web.get(path(spent)))
    sent(web, path(spent), reason="Tidy up")
    assert ledger(account)[-1] == ("Welcome", "voided", 0)


def test_r2_a_replacement_voids_the_rest_and_grants_another_once(web: Client, credit: Credit) -> None:
    page = f"/credits/{credit.pk}/replace/"
    form = fields(web.get(page)) | {"reason": "Wrong priority", "priority": "5", "denomination": "money"}
    assert (form["name"], form["amount"]) == ("Referral", "30.00")
    first, second = web.post(page, form), web.post(page, form)
    new = Credit.objects.get(replaces=credit)
    assert first["Location"] == second["Location"] == f"/credits/{new.pk}/"
    assert (new.amount, new.priority, balance(credit), voids(credit)) == (3000, 5, 0, 1)
    assert "Replaces Referral" in text(web.get(f"/credits/{new.pk}/"))
    assert "Replaced by Referral" in text(web.get(f"/credits/{credit.pk}/"))


def test_a_reason_is_shown_as_text_and_never_as_markup(web: Client, credit: Credit) -> None:
    sent(web, path(credit), reason="<script>alert(1)</script>{{ 7|add:7 }}")
    page = web.get(f"/credits/{credit.pk}/").content
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in page
    assert b"<script>alert" not in page
