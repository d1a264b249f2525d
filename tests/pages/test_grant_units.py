"""Add Credits in free units: its fields, its sentences, its preview (R1, R11)."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Credit, Entry
from customers.models import Account, Act
from invoices.models import Item, Kind
from tests.factories import a_credit, a_draft, a_line, a_token, a_unit_credit, an_account, an_item
from tests.pages.reading import fields, rows, text
from tests.pages.test_grant_form import path

pytestmark = pytest.mark.django_db

MILLION = 10**6


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def api() -> Item:
    return an_item("API calls", unit="calls")


def typed(item: Item, **more: Any) -> dict[str, Any]:
    plain = {
        "name": "Free calls",
        "denomination": "units",
        "units": "1000",
        "unit_item": item.pk,
        "category": "promotional",
        "effective_from": "2026-08-01",
        "expires_on": "",
        "priority": "50",
        "reason": "Ticket 4711",
        "request_token": a_token(),
    }
    return plain | more


def test_r11_a_credit_of_units_pays_its_item_and_holds_no_money(
    web: Client, account: Account, api: Item
) -> None:
    answer = web.post(path(account), typed(api))
    credit = Credit.objects.with_balance().get()
    assert answer["Location"] == f"/credits/{credit.pk}/"
    assert (credit.amount, credit.units, credit.unit_item) == (0, 1000 * MILLION, api)
    assert (credit.balance, credit.applies_to) == (1000 * MILLION, "selected")
    assert credit.scope().items == frozenset({api.pk})
    granted = Entry.objects.get()
    assert (granted.kind, granted.amount, granted.units) == ("granted", 0, 1000 * MILLION)


def test_what_units_hide_is_neither_read_nor_refused(web: Client, account: Account, api: Item) -> None:
    seats = an_item("Seats", Kind.LICENSE)
    left_over = {
        "amount": "5,00",
        "applies_to": "everything",
        "kinds": ["license", "gift"],
        "items": [seats.pk, "999999"],
        "tags": ["no-such-tag"],
        "excluded_items": [api.pk, "abc"],
        "max_amount": "-1",
        "max_percent": "101",
    }
    assert web.post(path(account), typed(api, **left_over)).status_code == 302
    credit = Credit.objects.get()
    assert (credit.amount, credit.max_amount, credit.max_percent) == (0, None, None)
    assert [(row.role, row.item) for row in credit.scope_rows.all()] == [("item", api)]


@pytest.mark.parametrize("scope", [{"applies_to": "invoice"}, {"applies_to": "selected"}, {}])
def test_units_are_taken_whatever_scope_the_form_sends_along(
    web: Client, account: Account, api: Item, scope: dict[str, str]
) -> None:
    web.post(path(account), typed(api, **scope, items=[api.pk]))
    assert Credit.objects.get().scope().items == frozenset({api.pk})


def test_what_money_hides_is_neither_read_nor_refused(web: Client, account: Account, api: Item) -> None:
    money = {"denomination": "money", "amount": "50.00", "applies_to": "invoice"}
    web.post(path(account), typed(api, **money))
    credit = Credit.objects.get()
    assert (credit.amount, credit.units, credit.unit_item) == (5000, None, None)
    web.post(path(account), typed(api, **money, units="-1", unit_item="abc"))
    assert Credit.objects.count() == 2


@pytest.mark.parametrize("denomination", [{}, {"denomination": ""}])
def test_a_form_that_names_no_denomination_is_of_money(
    web: Client, account: Account, api: Item, denomination: dict[str, str]
) -> None:
    form = typed(api, amount="50.00", applies_to="invoice")
    del form["denomination"]
    web.post(path(account), form | denomination)
    assert (Credit.objects.get().amount, Credit.objects.get().units) == (5000, None)


GRAMMAR = {
    "": "This field is required.",
    "1,000": "Type the units in digits with a point before the decimals (6 at most)",
    "-5": "no sign",
    "1e3": "Type the units in digits",
    "１２": "Type the units in digits",
    "NaN": "Type the units in digits",
    "0.0000001": "6 at most",
    "0": "The units must not be zero.",
    "1000000000000.000001": "More than the limit of 1,000,000,000,000 units.",
    "9" * 41: "Ensure this value has at most 40 characters",
}


@pytest.mark.parametrize("units", GRAMMAR)
def test_r1_units_out_of_the_grammar_are_refused_in_words(
    web: Client, account: Account, api: Item, units: str
) -> None:
    form = typed(api, units=units)
    answer = web.post(path(account), form)
    assert GRAMMAR[units] in text(answer)
    assert not Credit.objects.exists()
    again = fields(answer)
    assert (again["denomination"], again["units"], again["unit_item"]) == ("units", units, str(api.pk))
    assert again["reason"] == "Ticket 4711"


@pytest.mark.parametrize(
    ("units", "kept"), [("0.000001", 1), (" 1000 ", 1000 * MILLION), ("1000000000000", 10**12 * MILLION)]
)
def test_r1_units_at_the_bounds_are_taken(
    web: Client, account: Account, api: Item, units: str, kept: int
) -> None:
    web.post(path(account), typed(api, units=units))
    assert Credit.objects.get().units == kept


@pytest.mark.parametrize("item", ["", "abc", "999999", str(2**63), "9" * 400, "seats"])
def test_free_units_are_units_of_a_usage_meter_that_is_there(
    web: Client, account: Account, api: Item, item: str
) -> None:
    seats = an_item("Seats", Kind.LICENSE)
    answer = web.post(path(account), typed(api, unit_item=seats.pk if item == "seats" else item))
    required = "This field is required."
    assert (required if item == "" else "That choice is not one of the available choices.") in text(answer)
    assert not Credit.objects.exists()


def test_the_list_of_items_to_grant_units_of_has_usage_meters_only(
    web: Client, account: Account, api: Item
) -> None:
    an_item("Seats", Kind.LICENSE)
    page = web.get(path(account)).content.decode()
    select = page[page.index('<select name="unit_item"') :].partition("</select>")[0]
    assert "API calls" in select
    assert "Seats" not in select


def test_the_units_are_repeated_as_they_were_understood(web: Client, account: Account, api: Item) -> None:
    assert "Understood as 1,000 API calls" in text(web.post(path(account), typed(api, name="")))
    assert "Understood as 0.5 units" in text(web.post(path(account), typed(api, units="0.5", unit_item="")))


def test_r13_the_same_form_twice_grants_its_units_once(web: Client, account: Account, api: Item) -> None:
    form = typed(api)
    assert web.post(path(account), form)["Location"] == web.post(path(account), form)["Location"]
    assert Act.objects.filter(kind="credit_grant").count() == 1
    assert "This request token was already used" in text(web.post(path(account), form | {"units": "999"}))


def previewed(web: Client, account: Account, form: dict[str, Any]) -> Any:
    return web.post(path(account), form, headers={"HX-Request": "true"})


def test_r11_the_preview_tells_units_and_the_money_they_are_worth(
    web: Client, account: Account, api: Item
) -> None:
    a_credit(account, "1.00", name="Money", priority=1)
    a_draft(account, a_line(api, "0.01", "260"), (an_item("Seats"), "5.00"))
    answer = previewed(web, account, typed(api))
    seen = text(answer)
    assert "A projection. 1,000 API calls understood. It would be the 1st of 2 credits to be used." in seen
    assert "260 of 1,000 API calls would be used, paying $2.60 of the open drafts; 740 would be left." in seen
    assert "260 API calls would be free. Amount due $6.60 now, $4.00 with it." in seen
    assert "API calls $2.60 – −$2.60 $0.00" in rows(answer)
    assert not Entry.objects.filter(kind="applied").exists()


def test_r11_the_preview_tells_what_other_units_it_would_spare(
    web: Client, account: Account, api: Item
) -> None:
    a_unit_credit(account, "200", api, name="Older calls")
    a_draft(account, a_line(api, "0.01", "260"))
    seen = text(previewed(web, account, typed(api, units="100", priority="1")))
    assert "100 of 100 API calls would be used, paying $1.00 of the open drafts; 0 would be left." in seen
    assert "Older calls: 200 API calls ($2.00) now, 160 API calls ($1.60) with it." in seen


def test_the_preview_says_why_units_would_pay_nothing(web: Client, account: Account, api: Item) -> None:
    a_draft(account, (an_item("Seats"), "5.00"))
    seen = text(previewed(web, account, typed(api)))
    assert "0 of 1,000 API calls would be used, paying $0.00 of the open drafts; 1,000 would be left." in seen
    assert "It would pay nothing here. No line of this invoice is in its scope." in seen


def test_the_live_preview_waits_for_the_units(web: Client, account: Account, api: Item) -> None:
    seen = text(previewed(web, account, typed(api, name="", units="", amount="50.00")))
    assert "Give it a name and an amount, or units," in seen
    seen = text(previewed(web, account, typed(api, units="1,000", amount="no amount")))
    assert "No projection yet. Free units: Type the units in digits" in seen
    assert "Amount:" not in seen
