"""Adding a price: from a day on, in place of the one before, for good."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from customers.acts import TokenReused
from customers.models import Act
from invoices.models import Invoice, Price
from invoices.price_services import PriceListRefused, price_add
from invoices.rating import Plan, Tier
from tests.factories import an_account, an_item, by_now, day, issue, pay, void
from tests.forging import past_the_model
from tests.invoices.prices import GRADUATED, a_plan, a_price, a_price_list, a_rated_draft
from tests.invoices.recurring import a_usage, amounts, make_drafts, the_draft

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


def test_a_mistyped_price_is_replaced_by_another_for_its_day_and_drafts_are_made_by_that() -> None:
    prices, account, item = a_price_list(), an_account(), an_item()
    typo = a_price(prices, item, a_plan("per_unit", ("", "20")))
    a_usage(account, item, "100")
    make_drafts()
    assert amounts(the_draft(account)) == [200000]
    right = a_price(prices, item, a_plan("per_unit", ("", "0.20")), replaces=typo.pk)
    make_drafts()
    assert amounts(the_draft(account)) == [2000]
    assert Act.objects.get(details__price=right.pk).details["replaces"] == typo.pk
    with pytest.raises(PriceListRefused, match="begins on that day already"):
        a_price(prices, item, replaces=typo.pk)
    assert list(Price.objects.holding_on(day("2026-08-31"))) == [right]
    assert list(Price.objects.replaced()) == [typo]


def test_a_price_that_has_not_begun_is_replaced_before_it_ever_holds() -> None:
    prices, item = a_price_list(), an_item()
    typo = a_price(prices, item, since="2026-11-01")
    right = a_price(prices, item, GRADUATED, "2026-11-01", replaces=typo.pk)
    a_price(prices, item, since="2026-12-01")
    found = Price.objects.with_next().get(pk=right.pk)
    assert found.next_from == day("2026-12-01")
    assert typo not in Price.objects.coming_on(day("2026-10-01"))
    assert typo not in Price.objects.past_on(day("2027-01-01"))


@pytest.mark.parametrize("more", [issue, lambda draft: pay(issue(draft))])
def test_r7_a_price_by_which_an_issued_invoice_was_rated_is_never_replaced(
    more: Callable[[Invoice], Invoice],
) -> None:
    prices, account, item = a_price_list(), an_account(), an_item()
    used = a_price(prices, item)
    invoice = more(a_rated_draft(account, item, "1000"))
    with pytest.raises(PriceListRefused, match=f"invoice {invoice} was rated by it, so it stays"):
        a_price(prices, item, GRADUATED, replaces=used.pk)
    with pytest.raises(IntegrityError, match="is not replaced"), transaction.atomic():
        past_the_model(Price).bulk_create([a_twin(used)])
    a_price(prices, item, GRADUATED, "2026-08-02")
    a_price(prices, an_item(), GRADUATED)
    assert not Price.objects.replaced().exists()


def test_a_draft_or_a_void_invoice_keeps_no_price_from_being_replaced() -> None:
    prices, account, item = a_price_list(), an_account(), an_item()
    typo = a_price(prices, item)
    void(issue(a_rated_draft(account, item, "1000")))
    a_rated_draft(account, item, "1000")
    right = a_price(prices, item, GRADUATED, replaces=typo.pk)
    past_the_model(Price).bulk_create([a_twin(right)])
    assert Price.objects.replaced().count() == 2


def a_twin(price: Price) -> Price:
    """Another for the same day, on its way past the acts."""
    names = ("price_list", "item", "effective_from", "scheme", "tiers", "package_size", "created_at")
    return Price(**{name: getattr(price, name) for name in names})


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
