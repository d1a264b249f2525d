"""Adding a price: from a day on, in place of the one before, for good."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from customers.acts import TokenReused
from customers.models import Act
from invoices.models import Price
from invoices.price_services import PriceListRefused, price_add
from invoices.rating import Plan, Tier
from tests.factories import an_item, by_now, day
from tests.invoices.prices import GRADUATED, a_plan, a_price, a_price_list

pytestmark = pytest.mark.django_db


def test_a_price_is_added_and_leaves_a_record_on_its_list() -> None:
    prices, item = a_price_list(), an_item()
    price = a_price(prices, item, GRADUATED)
    assert Price.objects.get(pk=price.pk).plan == GRADUATED
    record = Act.objects.get(kind="price_add")
    assert record.subject == f"price_list:{prices.pk}"
    assert record.details == {"price": price.pk, "item": item.pk, "name": item.name}


def test_a_package_s_size_is_kept_exactly() -> None:
    plan = a_plan("package", ("", "0.000000000001"), size="0.000000000007")
    price = a_price(a_price_list(), an_item(), plan)
    price.refresh_from_db()
    assert price.plan == plan


def test_r13_twice_is_once_and_other_content_is_refused() -> None:
    prices, item = a_price_list(), an_item()
    price = a_price(prices, item, token="once")
    assert a_price(prices, item, token="once") == price
    with pytest.raises(TokenReused):
        a_price(prices, item, GRADUATED, token="once")
    assert Price.objects.count() == 1


def test_a_second_price_of_an_item_for_one_day_is_refused_and_another_day_is_not() -> None:
    prices, item = a_price_list(), an_item()
    a_price(prices, item)
    with pytest.raises(PriceListRefused, match="begins on that day already"):
        a_price(prices, item, GRADUATED)
    a_price(prices, item, GRADUATED, "2026-08-02")
    a_price(prices, item, GRADUATED, "2026-07-31")
    a_price(prices, an_item(), GRADUATED)
    a_price(a_price_list(default=False), item, GRADUATED)
    assert Price.objects.count() == 5


REFUSED: dict[str, tuple[Plan, date, str]] = {
    "more decimals than are kept": (
        a_plan("per_unit", ("", "0.0000000000001")),
        day("2026-08-01"),
        "12 at most",
    ),
    "more digits than are kept": (
        a_plan("per_unit", ("", "12345678.123456789")),
        day("2026-08-01"),
        "15 significant digits",
    ),
    "a package of too many digits": (
        a_plan("package", ("", "1"), size="0.0000000000001"),
        day("2026-08-01"),
        "12 at most",
    ),
    "a bound of too many digits": (
        Plan("volume", (Tier(Decimal("1E+15"), Decimal(1)), Tier(None, Decimal(1)))),
        day("2026-08-01"),
        "Type a number in digits",
    ),
    "a year long past": (a_plan(), day("1999-12-31"), "between the years 2000 and 2200"),
    "a year far ahead": (a_plan(), day("2201-01-01"), "between the years 2000 and 2200"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str) -> None:
    plan, since, sentence = REFUSED[case]
    what: dict[str, Any] = {"price_list": a_price_list(), "item": an_item(), "plan": plan}
    with pytest.raises(PriceListRefused, match=sentence):
        price_add(effective_from=since, **what, **by_now("2026-07-01"))
    assert not Price.objects.exists()
    assert not Act.objects.filter(kind="price_add").exists()
