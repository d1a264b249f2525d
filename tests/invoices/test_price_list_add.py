"""Adding a price list, and editing it."""

from typing import Any

import pytest

from customers.acts import TokenReused
from customers.models import Act
from invoices.models import PriceList
from invoices.price_services import PriceListRefused, price_list_add, price_list_edit
from tests.factories import by_now

pytestmark = pytest.mark.django_db

NEW: dict[str, Any] = {"key": "standard-usd", "name": "Standard", "currency": "USD", "is_default": True}


def added(**more: Any) -> PriceList:
    return price_list_add(**{**NEW, **by_now("2026-07-01"), **more})


def edited(price_list: PriceList, name: str = "Renamed", *, is_default: bool = True) -> PriceList:
    return price_list_edit(price_list=price_list, name=name, is_default=is_default, **by_now("2026-07-02"))


def test_a_list_is_added_and_leaves_a_record() -> None:
    prices = added()
    assert (prices.key, prices.name, prices.currency, prices.is_default) == tuple(NEW.values())
    record = Act.objects.get(kind="price_list_add")
    assert (record.subject, record.actor_name) == (f"price_list:{prices.pk}", "olivia")


def test_r13_twice_is_once_and_other_content_is_refused() -> None:
    prices = added(token="once")
    assert added(token="once") == prices
    with pytest.raises(TokenReused):
        added(token="once", name="Other")
    assert PriceList.objects.count() == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is taken": ({"currency": "EUR"}, "already has the key “standard-usd”"),
    "a second default of a currency": ({"key": "b"}, "“Standard” is the default of USD, and stays it"),
    "a currency that is not set up": ({"key": "b", "currency": "XXX"}, "XXX is not set up here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str) -> None:
    more, sentence = REFUSED[case]
    added()
    with pytest.raises(PriceListRefused, match=sentence):
        added(**more)
    assert Act.objects.filter(kind="price_list_add").count() == 1


def test_a_list_is_renamed_and_made_the_default_once() -> None:
    prices = added(is_default=False)
    prices = edited(prices, is_default=True)
    assert (prices.name, prices.is_default) == ("Renamed", True)
    with pytest.raises(PriceListRefused, match="stays the default"):
        edited(prices, is_default=False)
    other = added(key="b", is_default=False)
    with pytest.raises(PriceListRefused, match="“Renamed” is the default of USD"):
        edited(other, is_default=True)
    assert edited(other, "Only a name", is_default=False).name == "Only a name"


def test_r13_an_edit_twice_is_once() -> None:
    prices = added()
    one: dict[str, Any] = {"price_list": prices, "name": "Once", "is_default": True} | by_now("2026-07-02")
    price_list_edit(**one)
    edited(prices, "Later")
    assert price_list_edit(**one).name == "Later"
    assert Act.objects.filter(kind="price_list_edit").count() == 2
