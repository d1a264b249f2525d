"""Add Credits: its fields, its sentences, its preview, and that it counts once (R1, R3, R13)."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Credit
from customers.models import Account, Act
from invoices.models import Item, Kind
from tests.factories import (
    a_token,
    an_account,
    an_item,
    day,
)
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/credits/add/"


def typed(**more: Any) -> dict[str, Any]:
    plain = {
        "name": "Sorry for the outage",
        "denomination": "money",
        "amount": "50.00",
        "category": "promotional",
        "effective_from": "2026-08-01",
        "expires_on": "",
        "priority": "50",
        "applies_to": "invoice",
        "reason": "Ticket 4711",
        "request_token": a_token(),
    }
    return plain | more


def test_every_field_of_the_form_reaches_the_credit(web: Client, account: Account, item: Item) -> None:
    other = an_item("Support", Kind.ADD_ON)
    answer = web.post(
        path(account),
        typed(
            category="purchased",
            expires_on="2026-12-31",
            priority="7",
            applies_to="selected",
            kinds=["fixed_fee", "license"],
            items=[item.pk],
            excluded_items=[other.pk],
        ),
    )
    credit = Credit.objects.get()
    assert answer["Location"] == f"/credits/{credit.pk}/"
    assert (credit.name, credit.amount, credit.currency) == ("Sorry for the outage", 5000, "USD")
    assert (credit.category, credit.priority, credit.reason) == ("purchased", 7, "Ticket 4711")
    assert (credit.effective_from, credit.expires_on) == (day("2026-08-01"), day("2026-12-31"))
    scope = credit.scope()
    assert (scope.whole_invoice, scope.kinds) == (False, frozenset({"fixed_fee", "license"}))
    assert (scope.items, scope.excluded_items) == (frozenset({item.pk}), frozenset({other.pk}))


def test_the_act_is_the_operators_and_comes_from_their_address(web: Client, account: Account) -> None:
    web.post(path(account), typed(), REMOTE_ADDR="192.0.2.44")
    record = Act.objects.get(kind="credit_grant")
    assert (record.actor_name, record.origin, record.reason) == (
        "olivia",
        "page, from 192.0.2.44",
        "Ticket 4711",
    )


def test_what_a_form_cannot_say_is_not_taken_from_it(web: Client, account: Account) -> None:
    other = an_account(name="Another", currency="EUR")
    smuggled = {
        "account": other.pk,
        "currency": "EUR",
        "balance": "1",
        "created_at": "2020-01-01",
        "id": "999",
    }
    web.post(path(account), typed(**smuggled))
    credit = Credit.objects.with_balance().get()
    assert (credit.account_id, credit.currency, credit.balance) == (account.pk, "USD", 5000)
    assert credit.pk != 999


GRAMMAR = {
    "": "This field is required.",
    "5,00": "Type the amount in digits with a point before the decimals, such as 1234.50",
    "1,000.00": "no sign, spaces, commas or other characters",
    "5_0": "Type the amount in digits",
    "-5": "no sign",
    "+5": "no sign",
    "1e2": "Type the amount in digits",
    "5.": "Type the amount in digits",
    ".5": "Type the amount in digits",
    "١٢": "Type the amount in digits",
    "１２": "Type the amount in digits",
    "$5": "Type the amount in digits",
    "NaN": "Type the amount in digits",
    "5\u200b": "Type the amount in digits",
    "5\u00a05": "Type the amount in digits",
    "1.005": "USD has 2 decimals, not more.",
    "0": "The amount must not be zero.",
    "0.00": "The amount must not be zero.",
    "100000000.01": "The amount is above the limit of 100,000,000 USD.",
    "9" * 40: "The amount is above the limit",
    "9" * 41: "Ensure this value has at most 40 characters",
}


@pytest.mark.parametrize("amount", GRAMMAR)
def test_r1_an_amount_out_of_the_grammar_is_refused_in_words(
    web: Client, account: Account, amount: str
) -> None:
    answer = web.post(path(account), typed(amount=amount))
    assert GRAMMAR[amount] in text(answer)
    assert not Credit.objects.exists()


@pytest.mark.parametrize(("currency", "amount", "minor"), [("JPY", "500", 500), ("BHD", "1.234", 1234)])
def test_r1_the_currency_says_how_many_decimals(web: Client, currency: str, amount: str, minor: int) -> None:
    account = an_account(currency=currency)
    web.post(path(account), typed(amount=f" {amount} "))
    assert Credit.objects.get().amount == minor


SENTENCES: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": ""}, "This field is required."),
    "name of spaces": ({"name": "   "}, "This field is required."),
    "long name": ({"name": "x" * 201}, "Ensure this value has at most 200 characters"),
    "denomination": ({"denomination": "gold"}, "Select a valid choice. gold is not one"),
    "category": ({"category": "stolen"}, "Select a valid choice. stolen is not one"),
    "date": ({"effective_from": "31.08.2026"}, "Enter a valid date."),
    "no such day": ({"effective_from": "2026-02-30"}, "Enter a valid date."),
    "far day": ({"expires_on": "9999-12-31"}, "A day lies between the years 2000 and 2200."),
    "order of days": ({"expires_on": "2026-07-31"}, "A credit cannot expire before it takes effect."),
    "over already": ({"expires_on": "2026-08-31"}, "The last day of this credit is over already."),
    "priority 0": ({"priority": "0"}, "Ensure this value is greater than or equal to 1."),
    "priority 101": ({"priority": "101"}, "Ensure this value is less than or equal to 100."),
    "nothing selected": ({"applies_to": "selected"}, "Choose at least one kind, item or tag below."),
    "unknown kind": ({"applies_to": "selected", "kinds": ["gift"]}, "gift is not one of the available"),
    "unknown item": ({"applies_to": "selected", "items": ["999999"]}, "999999 is not one of the available"),
    "no token": ({"request_token": ""}, "This form had lost its token; it has a new one now."),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_r1_whatever_is_refused_is_refused_with_a_sentence_and_the_form_stays_filled(
    web: Client, account: Account, case: str
) -> None:
    wrong, sentence = SENTENCES[case]
    form = typed(**wrong)
    answer = web.post(path(account), form)
    assert sentence in text(answer)
    assert not Credit.objects.exists()
    again = fields(answer)
    kept = {name: value for name, value in form.items() if name not in ("kinds", "items", "category", *wrong)}
    assert {name: again[name] for name in kept} == kept
    assert again["request_token"]


def test_a_refused_form_keeps_what_was_ticked(web: Client, account: Account, item: Item) -> None:
    other = an_item("Support", Kind.ADD_ON)
    ticks = {"applies_to": "selected", "kinds": ["license", "add_on"], "items": [str(item.pk), str(other.pk)]}
    again = fields(web.post(path(account), typed(name="", category="purchased", **ticks)))
    assert (again["applies_to"], again["category"]) == ("selected", "purchased")
    assert set(again["kinds"]) == {"license", "add_on"}
    assert set(again["items"]) == {str(item.pk), str(other.pk)}
    assert "excluded_items" not in again


def test_an_item_cannot_be_chosen_and_left_out(web: Client, account: Account, item: Item) -> None:
    both = {"applies_to": "selected", "items": [item.pk], "excluded_items": [item.pk]}
    assert "Both chosen and excluded: API calls." in text(web.post(path(account), typed(**both)))


def test_what_stayed_ticked_below_the_whole_invoice_is_not_meant(
    web: Client, account: Account, item: Item
) -> None:
    web.post(path(account), typed(applies_to="invoice", items=[item.pk], kinds=["license"]))
    assert Credit.objects.get().scope().whole_invoice
    assert not Credit.objects.get().scope_rows.exists()


def test_a_closed_account_is_granted_nothing(web: Client, account: Account) -> None:
    sent(web, f"/accounts/{account.pk}/close/", reason="They left")
    assert "This account is closed: no credit can be granted." in text(web.post(path(account), typed()))


def test_the_amount_is_repeated_as_it_was_understood(web: Client, account: Account) -> None:
    answer = web.post(path(account), typed(amount="1234.5", name=""))
    assert "Understood as $1,234.50" in text(answer)
