"""Pages of prices: lists, a list's prices by their state, a new price with an example, an account's list."""

from typing import Any

import pytest
from django.test import Client

from invoices import price_views
from invoices.models import AccountPriceList, Item, Price, PriceList
from tests.factories import a_token, an_account, an_item, issue
from tests.invoices.prices import GRADUATED, a_plan, a_price, a_price_list, a_rated_draft, uses
from tests.pages.reading import fields, rows, sent, text

pytestmark = pytest.mark.django_db

REFUSED = "Nothing was saved yet"


@pytest.fixture
def prices() -> PriceList:
    return a_price_list()


@pytest.fixture
def item() -> Item:
    return an_item("API calls", unit="call")


def typed(item: Item, *tiers: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A form as sent, a tier being up to, price and fee."""
    form: dict[str, Any] = {
        "item": item.pk,
        "effective_from": "2026-10-01",
        "scheme": "graduated" if tiers else "per_unit",
        "quantity": "1500",
        "request_token": a_token(),
        "tiers-TOTAL_FORMS": str(len(tiers)),
        "tiers-INITIAL_FORMS": "0",
    }
    for place, (up_to, price, fee) in enumerate(tiers):
        form |= {f"tiers-{place}-up_to": up_to, f"tiers-{place}-unit_price": price}
        form[f"tiers-{place}-flat_fee"] = fee
    return form | more


def path(prices: PriceList) -> str:
    return f"/prices/{prices.pk}/add/"


def test_without_a_list_the_page_says_what_lists_are_for(web: Client) -> None:
    assert "No price list yet" in text(web.get("/prices/"))


def test_lists_are_shown_with_how_many_items_they_price(web: Client, prices: PriceList, item: Item) -> None:
    a_price(prices, item)
    a_price(prices, item, since="2026-09-01")
    a_price(prices, an_item())
    a_price_list("Yen", currency="JPY", default=False)
    assert [row.split() for row in rows(web.get("/prices/"))[1:]] == [
        ["Yen", PriceList.objects.get(name="Yen").key, "JPY", "Accounts", "it", "is", "chosen", "for", "0"],
        ["Standard", prices.key, "USD", "Default", "2"],
    ]


def test_a_list_is_added_and_edited(web: Client) -> None:
    answer = sent(web, "/prices/add/", key="standard", name="Standard", currency="USD", is_default="on")
    prices = PriceList.objects.get()
    assert answer["Location"] == f"/prices/{prices.pk}/"
    form = fields(web.get(f"/prices/{prices.pk}/edit/"))
    assert "is_default" not in form, "a default stays the default"
    web.post(f"/prices/{prices.pk}/edit/", form | {"name": "List of 2026"})
    prices.refresh_from_db()
    assert (prices.name, prices.is_default) == ("List of 2026", True)
    page = text(web.get(f"/prices/{prices.pk}/"))
    assert "List of 2026 Default" in page
    assert "olivia edited price list" in page


def test_a_list_refused_comes_back_filled(web: Client, prices: PriceList) -> None:
    answer = sent(web, "/prices/add/", key="b", name="Second", currency="USD", is_default="on")
    assert "is the default of USD, and stays it" in text(answer)
    assert (fields(answer)["name"], fields(answer)["is_default"]) == ("Second", "on")


def test_a_list_shows_current_coming_and_past_prices(web: Client, prices: PriceList, item: Item) -> None:
    a_price(prices, item, a_plan("per_unit", ("", "0.0004")), "2026-08-01")
    a_price(prices, item, GRADUATED, "2026-09-10")
    a_price(prices, item, a_plan("package", ("", "3", "1"), size="1000"), "2026-11-01")
    key, tools = item.key, "New price"
    coming = f"API calls {key} Packages $3.00 per package of 1,000 call and a fee of $1.00"
    current = f"API calls {key} Graduated tiers first 1,000 at $0.002 above 1,000 at $0.001"
    past = f"API calls {key} Per unit $0.0004 per call"
    wanted = {
        "coming": f"{coming} Coming from 1 Nov 2026 {tools}",
        "current": f"{current} Current 10 Sep 2026 – 31 Oct 2026",
        "past": f"{past} Past 1 Aug 2026 – 9 Sep 2026",
    }
    address = f"/prices/{prices.pk}/"
    assert rows(web.get(address))[1:] == list(wanted.values())
    for state, row in wanted.items():
        assert rows(web.get(f"{address}?state={state}&q=api"))[1:] == [row]
    assert "No price found" in text(web.get(f"{address}?q=seats"))
    assert f"added a price of API calls to price list {prices.pk}" in text(web.get(address))


def test_a_list_names_the_accounts_it_is_chosen_for(web: Client, prices: PriceList) -> None:
    special = a_price_list("Special", default=False)
    stays, left, comes, again = (an_account(name=name) for name in ("Stays", "Left", "Comes", "Again"))
    for account, since in ((stays, "2026-08-01"), (left, "2026-08-01"), (comes, "2027-01-01")):
        uses(account, special, since)
    uses(left, None, "2026-09-01")
    uses(stays, None, "2026-10-01")
    for choice in (prices, special, special):
        uses(again, choice, "2026-08-15")
    page = web.get(f"/prices/{special.pk}/")
    chosen = ["Again John Wick 15 Aug 2026", "Comes John Wick 1 Jan 2027", "Stays John Wick 1 Aug 2026"]
    assert [row for row in rows(page) if "John Wick" in row] == chosen
    assert "It is chosen for none." not in text(page)
    assert "Again" not in text(web.get(f"/prices/{prices.pk}/"))


def test_a_list_chosen_for_many_accounts_names_the_latest(
    web: Client, prices: PriceList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_views, "MOST_CHOICES", 2)
    for name in ("First", "Second", "Third"):
        uses(an_account(name=name), prices)
    page = text(web.get(f"/prices/{prices.pk}/"))
    assert "the latest choice first: 2 of them. Others in USD use it as the default." in page
    assert "Third" in page
    assert "First" not in page
    assert "It is chosen for none." in text(web.get(f"/prices/{a_price_list('Own', default=False).pk}/"))


SCHEMES: dict[str, tuple[dict[str, str], str]] = {
    "per_unit": ({"unit_price": "0.0004"}, "per_unit 0.0004"),
    "package": ({"unit_price": "3", "flat_fee": "0.5", "package_size": "1000"}, "package 1000 3+0.5"),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_price_without_tiers_is_added(web: Client, prices: PriceList, item: Item, scheme: str) -> None:
    more, kept = SCHEMES[scheme]
    answer = web.post(path(prices), typed(item, scheme=scheme, **more))
    assert answer["Location"] == f"/prices/{prices.pk}/"
    plan = Price.objects.get().plan
    size = f" {plan.package_size:f}".rstrip("0").rstrip(".") if plan.package_size else ""
    fee = f"+{plan.tiers[0].flat_fee}" if plan.tiers[0].flat_fee else ""
    assert f"{plan.scheme}{'' if not size else ' 1000'} {plan.tiers[0].unit_price}{fee}" == kept


@pytest.mark.parametrize("scheme", ["graduated", "volume"])
def test_a_price_of_tiers_is_added_and_empty_rows_are_left_out(
    web: Client, prices: PriceList, item: Item, scheme: str
) -> None:
    form = typed(item, ("1000", "0.002", ""), ("", "", ""), ("", "0.001", ""), scheme=scheme)
    assert web.post(path(prices), form).status_code == 302
    plan = Price.objects.get().plan
    assert (plan.scheme, plan.tiers) == (scheme, GRADUATED.tiers)


def test_what_the_scheme_does_not_use_is_ignored(web: Client, prices: PriceList, item: Item) -> None:
    rubbish = {"unit_price": "x", "flat_fee": "y", "package_size": "z"}
    form = typed(item, ("1000", "0.002", ""), ("", "0.001", ""), **rubbish)
    assert web.post(path(prices), form).status_code == 302
    form = typed(item, ("x", "y", "z"), scheme="per_unit", unit_price="1", effective_from="2026-10-02")
    assert web.post(path(prices), form | {"package_size": "z"}).status_code == 302
    assert [price.scheme for price in Price.objects.order_by("effective_from")] == ["graduated", "per_unit"]


FORMS: dict[str, tuple[tuple[tuple[str, str, str], ...], dict[str, str], str]] = {
    "no price": ((), {"unit_price": ""}, "Type the price; 0 for free."),
    "a comma": ((), {"unit_price": "1,5"}, "no spaces, commas or other characters"),
    "a price below zero": ((), {"unit_price": "-1"}, "A price and a fee are zero or more."),
    "no package size": ((), {"scheme": "package", "unit_price": "1"}, "Say how many units a package holds."),
    "packages of nothing": (
        (),
        {"scheme": "package", "unit_price": "1", "package_size": "0"},
        "A package holds more than zero units.",
    ),
    "no tiers": ((("", "", ""),), {}, "A price has 1 to 50 tiers."),
    "tiers that fall": (
        (("10", "1", ""), ("5", "1", ""), ("", "1", "")),
        {},
        "Tier 2: its upper bound lies above 10, where it begins.",
    ),
    "a last tier with an end": ((("10", "1", ""),), {}, "The last tier is open: it has no upper bound."),
    "a tier without a price": (
        (("10", "", ""), ("", "1", "")),
        {},
        "Type the price of this tier; 0 for free.",
    ),
    "a bound in letters": ((("ten", "1", ""), ("", "1", "")), {}, "Type a number in digits"),
    "no such scheme": ((), {"scheme": "sliding", "unit_price": "1"}, "Select a valid choice"),
    "no such item": ((), {"item": "999999", "unit_price": "1"}, "Choose an item."),
    "an item in letters": ((), {"item": "x", "unit_price": "1"}, "Choose an item."),
    "no day": ((), {"effective_from": "", "unit_price": "1"}, "This field is required."),
    "a day far ahead": (
        (),
        {"effective_from": "2300-01-01", "unit_price": "1"},
        "between the years 2000 and 2200",
    ),
    "no form at all": ((), {"tiers-TOTAL_FORMS": "x", "scheme": "volume"}, "ManagementForm"),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_price_is_refused_in_words_and_the_form_comes_back_filled(
    web: Client, prices: PriceList, item: Item, case: str
) -> None:
    tiers, more, sentence = FORMS[case]
    form = typed(item, *tiers) | more
    answer = web.post(path(prices), form)
    page = text(answer)
    assert sentence in page
    again = fields(answer)
    assert again["effective_from"] == form["effective_from"]
    assert [again.get(f"tiers-{place}-up_to") for place in range(len(tiers))] == [tier[0] for tier in tiers]
    assert not Price.objects.exists()


@pytest.mark.parametrize(("scheme", "told"), [("graduated", True), ("per_unit", False)])
def test_what_is_wrong_in_the_rows_is_announced_on_top_unless_they_do_not_count(
    web: Client, prices: PriceList, item: Item, scheme: str, told: bool
) -> None:
    answer = web.post(path(prices), typed(item, ("ten", "1", ""), ("", "1", "")) | {"scheme": scheme})
    assert ("What is wrong in the rows below is said beside them." in text(answer)) is told


def test_the_price_asked_for_is_not_called_optional(web: Client, prices: PriceList) -> None:
    seen = text(web.get(path(prices)))
    assert "Price Up to 12 decimals" in seen
    assert "Fee (optional) Due once" in seen


def test_a_second_price_for_one_day_takes_the_place_of_the_first_once_that_is_confirmed(
    web: Client, prices: PriceList, item: Item
) -> None:
    typo = a_price(prices, item, a_plan("per_unit", ("", "5")), since="2026-10-01")
    assert "replaces" not in web.get(path(prices)).content.decode()
    answer = web.post(path(prices), typed(item, unit_price="0.5"))
    assert REFUSED in text(answer)
    assert "Replace the price that begins on that day $5.00 per call" in text(answer)
    form = fields(answer)
    assert (form["unit_price"], "replaces" in form) == ("0.5", False)
    assert web.post(path(prices), form).status_code == 200, "it has to be ticked"
    form = form | {"replaces": str(typo.pk)}
    assert [web.post(path(prices), form).status_code for _ in range(2)] == [302, 302]
    key = item.key
    assert "olivia replaced the price of API calls on" in text(web.get(f"/prices/{prices.pk}/"))
    assert rows(web.get(f"/prices/{prices.pk}/"))[1:] == [
        f"API calls {key} Per unit $0.50 per call Coming from 1 Oct 2026 New price",
        f"API calls {key} Per unit $5.00 per call Replaced never; it was for 1 Oct 2026",
    ]
    assert len(rows(web.get(f"/prices/{prices.pk}/?state=replaced"))) == 2
    assert len(rows(web.get(f"/prices/{prices.pk}/?state=coming"))) == 2


@pytest.mark.parametrize("replaces", ["0", "-1", "abc", "9" * 40])
def test_a_price_that_is_not_the_one_shown_is_not_replaced(
    web: Client, prices: PriceList, item: Item, replaces: str
) -> None:
    a_price(prices, item, since="2026-10-01")
    answer = web.post(path(prices), typed(item, unit_price="0.5", replaces=replaces))
    assert (answer.status_code, Price.objects.count()) == (200, 1)


def test_a_price_that_an_issued_invoice_was_rated_by_is_not_offered_to_be_replaced(
    web: Client, prices: PriceList, item: Item
) -> None:
    a_price(prices, item, since="2026-08-01")
    invoice = issue(a_rated_draft(an_account(), item, "1000"))
    answer = web.post(path(prices), typed(item, unit_price="0.5", effective_from="2026-08-01"))
    assert f"invoice {invoice} was rated by it, so it stays" in text(answer)
    assert "Replace the price" not in text(answer)


EXAMPLES: dict[str, tuple[dict[str, str], str]] = {
    "per unit": ({"unit_price": "0.0015"}, "1,500 would cost 1,500 at $0.0015 = $2.25 $2.25 in all"),
    "zero": ({"unit_price": "1", "quantity": "0"}, "0 would cost nothing used $0.00 in all"),
    "no item yet": ({"unit_price": "1", "item": "", "effective_from": ""}, "1,500 would cost"),
    "no quantity": ({"unit_price": "1", "quantity": ""}, "No example yet."),
    "a price in letters": ({"unit_price": "x"}, "No example yet. Price: Type a number in digits"),
    "too much": (
        {"unit_price": "999999999999999", "quantity": "999999999"},
        "more than an invoice can hold",
    ),
}


@pytest.mark.parametrize("how", ["button", "script"])
@pytest.mark.parametrize("case", EXAMPLES)
def test_an_example_is_reckoned_before_anything_is_saved(
    web: Client, prices: PriceList, item: Item, case: str, how: str
) -> None:
    more, words = EXAMPLES[case]
    form = typed(item) | more
    if how == "button":
        answer = web.post(path(prices), form | {"preview": "1"})
        assert 'name="request_token"' in answer.content.decode()
    else:
        answer = web.post(path(prices), form, headers={"HX-Request": "true"})
        assert "<form" not in answer.content.decode()
    assert words in text(answer)
    assert not Price.objects.exists()


@pytest.mark.parametrize("plan", [GRADUATED, a_plan("package", ("", "3", "1"), size="1000")])
def test_a_new_price_begins_from_the_one_before(
    web: Client, prices: PriceList, item: Item, plan: Any
) -> None:
    a_price(prices, item, plan)
    form = fields(web.get(f"{path(prices)}?item={item.pk}"))
    assert (form["item"], form["effective_from"]) == (str(item.pk), "2026-09-10")
    assert web.post(path(prices), form).status_code == 302
    assert Price.objects.get(effective_from="2026-09-10").plan == plan


@pytest.mark.parametrize("asked", ["x", "999999", "-1", "9" * 30, "٣"])
def test_a_page_asked_for_no_item_shows_an_empty_form(web: Client, prices: PriceList, asked: str) -> None:
    assert fields(web.get(path(prices), {"item": asked}))["scheme"] == "per_unit"


def test_an_account_s_page_says_which_list_it_uses_and_sets_another(web: Client, prices: PriceList) -> None:
    account, own = an_account(), a_price_list("Special", default=False)
    a_price_list("Yen", currency="JPY")
    address = f"/accounts/{account.pk}/prices/"
    page = web.get(address)
    assert "Today the account uses Standard, the default of USD" in text(page)
    assert "Yen" not in text(page)
    assert "The account never had a list of its own." in text(page)
    answer = web.post(address, fields(page) | {"price_list": own.pk})
    assert answer["Location"] == address
    page = web.get(address)
    assert "Today the account uses Special" in text(page)
    assert fields(page)["price_list"] == str(own.pk)
    assert rows(page)[1:] == ["Special 10 Sep 2026 10 Sep 2026, 12:00"]
    web.post(address, fields(page) | {"price_list": "", "effective_from": "2026-09-01"})
    assert "Today the account uses Special" in text(web.get(address))
    assert "set the price list of account" in text(web.get(f"/accounts/{account.pk}/"))


def test_an_account_without_any_list_is_told_so(web: Client) -> None:
    answer = web.get(f"/accounts/{an_account().pk}/prices/")
    assert "USD has no default, and none was chosen" in text(answer)


CHOICES = {
    "a list in another currency": ({"price_list": "{yen}"}, "Choose a list in the account’s currency."),
    "no list": ({"price_list": "x"}, "Choose a list in the account’s currency."),
    "no day": ({"effective_from": ""}, "This field is required."),
    "a day long past": ({"effective_from": "1999-01-01"}, "between the years 2000 and 2200"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_choice_is_refused_in_words(web: Client, prices: PriceList, case: str) -> None:
    more, sentence = CHOICES[case]
    yen, account = a_price_list("Yen", currency="JPY"), an_account()
    typed = {name: value.format(yen=yen.pk) for name, value in more.items()}
    answer = sent(web, f"/accounts/{account.pk}/prices/", **typed)
    assert sentence in text(answer)
    assert not AccountPriceList.objects.exists()


def test_an_invoice_says_how_a_rated_line_came_about_as_a_draft_and_issued(
    web: Client, prices: PriceList, item: Item
) -> None:
    account = an_account()
    a_price(prices, item, GRADUATED)
    draft = a_rated_draft(account, item, "1505")
    words = (
        "How this amount came about first 1,000 at $0.002 = $2.00 next 505 at $0.001 = $0.505 "
        f"exactly $2.505, rounded to $2.50 By the price list “{prices.key}”, its price from 1 Aug 2026 on."
    )
    assert words in text(web.get(f"/invoices/{draft.pk}/"))
    issued = issue(draft)
    assert words in text(web.get(f"/invoices/{issued.pk}/"))
    assert "10 Sep" not in words


def test_an_edited_draft_keeps_how_a_line_came_about_until_its_figures_change(
    web: Client, prices: PriceList, item: Item
) -> None:
    account = an_account()
    a_price(prices, item, GRADUATED)
    draft = a_rated_draft(account, item, "1505")
    address = f"/invoices/{draft.pk}/edit/"
    before = draft.lines.values("pricing", "exact_amount", "amount").get()
    sent(web, address, **{"lines-0-description": "In all"})
    assert draft.lines.values("pricing", "exact_amount", "amount").get() == before
    sent(web, address, **{"lines-0-quantity": "1000"})
    changed = draft.lines.values("pricing", "exact_amount").get()
    assert changed == {"pricing": {}, "exact_amount": ""}


def test_an_account_that_uses_a_list_is_not_shown_another_s_choices(web: Client, prices: PriceList) -> None:
    uses(an_account(), prices)
    assert "never had a list" in text(web.get(f"/accounts/{an_account().pk}/prices/"))
