"""Which price holds for an account on a day, and what a line comes to by it (R1, R15)."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.sealed import Sealed
from invoices.models import AccountPriceList, Line, Price, PriceList
from invoices.plan_text import plan_read, steps_read, steps_text, tiers_text
from invoices.price_lists import figures_of, plans_for
from invoices.pricing import PriceRefused
from invoices.pricing_words import pricing_words, unit_price_words
from invoices.rating import Plan, PlanRefused, rate
from tests.factories import an_account, an_item, at, day
from tests.forging import past_the_model
from tests.invoices.prices import (
    GRADUATED,
    a_plan,
    a_price,
    a_price_list,
    a_rated_draft,
    plan_for,
    rated,
    uses,
)

pytestmark = pytest.mark.django_db


def price_on(account: Any, item: Any, on: str) -> str | None:
    held = plan_for(account, item, day(on))
    return None if held is None else str(held.plan.tiers[0].unit_price)


def test_a_price_holds_from_its_first_day_until_the_next_begins() -> None:
    prices, account, item = a_price_list(), an_account(), an_item()
    a_price(prices, item, a_plan("per_unit", ("", "0.3")), "2026-10-01")
    a_price(prices, item, a_plan("per_unit", ("", "0.1")), "2026-08-01")
    a_price(prices, item, a_plan("per_unit", ("", "0.2")), "2026-09-01")
    days = ("2026-07-31", "2026-08-01", "2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01", "2027-10-01")
    found = [price_on(account, item, on) for on in days]
    assert found == [None, "0.1", "0.1", "0.2", "0.2", "0.3", "0.3"]


def test_an_account_s_own_list_goes_before_the_default_from_its_day_on() -> None:
    default, own, account, item = (
        a_price_list(),
        a_price_list("Special", default=False),
        an_account(),
        an_item(),
    )
    a_price(default, item, a_plan("per_unit", ("", "2")))
    a_price(own, item, a_plan("per_unit", ("", "1")))
    uses(account, own, "2026-09-01")
    uses(account, None, "2026-10-01")
    days = ("2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01")
    assert [price_on(account, item, on) for on in days] == ["2", "1", "1", "2"]


def test_of_two_choices_for_one_day_the_last_counts() -> None:
    default, own, account, item = (
        a_price_list(),
        a_price_list("Special", default=False),
        an_account(),
        an_item(),
    )
    a_price(default, item, a_plan("per_unit", ("", "2")))
    a_price(own, item, a_plan("per_unit", ("", "1")))
    uses(account, own)
    uses(account, None)
    assert price_on(account, item, "2026-08-15") == "2"


def test_what_an_own_list_does_not_price_has_no_price_though_the_default_has_one() -> None:
    default, own, account, item = (
        a_price_list(),
        a_price_list("Special", default=False),
        an_account(),
        an_item(),
    )
    a_price(default, item)
    uses(account, own)
    assert plan_for(account, item, day("2026-08-15")) is None


def test_r15_an_account_is_priced_by_the_default_of_its_own_currency() -> None:
    dollars, yen, item = a_price_list(), a_price_list("Yen", currency="JPY"), an_item()
    a_price(dollars, item, a_plan("per_unit", ("", "1")))
    a_price(yen, item, a_plan("per_unit", ("", "150")))
    found = [price_on(an_account(currency=code), item, "2026-08-15") for code in ("USD", "JPY", "EUR")]
    assert found == ["1", "150", None]


@pytest.mark.parametrize("rows", [1, 7])
def test_many_accounts_and_items_are_read_in_four_statements(rows: int) -> None:
    default, own = a_price_list(), a_price_list("Special", default=False)
    accounts, items = [an_account() for _ in range(rows)], [an_item() for _ in range(rows)]
    for number, item in enumerate(items):
        for since in ("2026-07-01", "2026-08-01", "2026-09-01"):
            a_price(default, item, a_plan("per_unit", ("", str(number + 1))), since)
    uses(accounts[-1], own)
    with CaptureQueriesContext(connection) as captured:
        plans = plans_for([a.pk for a in accounts], [i.pk for i in items], day("2026-08-15"))
        found = [plans.get(account.pk, item.pk) for account in accounts for item in items]
    assert len(captured) == 4
    assert [held.plan.tiers[0].unit_price if held else None for held in found] == [
        *(Decimal(number + 1) for _ in accounts[:-1] for number in range(rows)),
        *(None for _ in items),
    ]


EXAMPLES = [
    ("USD", "1500", 250, "2.5", "first 1,000 at $0.002 = $2.00; next 500 at $0.001 = $0.50; $2.50 in all"),
    (
        "USD",
        "1005",
        200,
        "2.005",
        "first 1,000 at $0.002 = $2.00; next 5 at $0.001 = $0.005; exactly $2.005, rounded to $2.00",
    ),
    (
        "JPY",
        "1500",
        2,
        "2.5",
        "first 1,000 at ¥0.002 = ¥2; next 500 at ¥0.001 = ¥0.5; exactly ¥2.5, rounded to ¥2",
    ),
    (
        "BHD",
        "1000.5",
        2000,
        "2.0005",
        "first 1,000 at BHD0.002 = BHD2.000; next 0.5 at BHD0.001 = BHD0.0005; "
        "exactly BHD2.0005, rounded to BHD2.000",
    ),
    ("USD", "0", 0, "0", "$0.00 in all"),
    ("USD", "-500", -100, "-1", "taken back: first 500 at $0.002 = −$1.00; −$1.00 in all"),
]


@pytest.mark.parametrize(("currency", "quantity", "amount", "exact", "words"), EXAMPLES)
def test_r1_a_line_s_amount_is_its_exact_sum_rounded_once_and_says_how_it_came_about(
    currency: str, quantity: str, amount: int, exact: str, words: str
) -> None:
    account, item = an_account(currency=currency), an_item()
    a_price(a_price_list(currency=currency), item, GRADUATED)
    figures = rated(account, item, quantity)
    assert (figures.amount, figures.exact_amount, figures.quantity) == (amount, exact, Decimal(quantity))
    told = pricing_words(Line(currency=currency, **figures._asdict()))
    assert told is not None
    assert "; ".join([*told.steps, told.end]) == words


PLANS = {
    "per unit": (
        a_plan("per_unit", ("", "0.0004", "1.5")),
        "2000",
        "2,000 at $0.0004 and a fee of $1.50 = $2.30",
    ),
    "volume": (
        a_plan("volume", ("1000", "0.002"), ("5000", "0.001"), ("", "0.0005")),
        "1500",
        "all 1,500 at $0.001 = $1.50 (the price up to 5,000)",
    ),
    "volume, at the top": (
        a_plan("volume", ("1000", "0.002"), ("", "0.0005")),
        "2000",
        "all 2,000 at $0.0005 = $1.00 (the price above 1,000)",
    ),
    "packages": (
        a_plan("package", ("", "3"), size="1000"),
        "1000.1",
        "2 packages of 1,000 at $3.00 = $6.00",
    ),
    "packages taken back": (
        a_plan("package", ("", "3"), size="1000"),
        "-1",
        "taken back: 1 package of 1,000 at $3.00 = −$3.00",
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_each_scheme_has_its_words(case: str) -> None:
    plan, quantity, words = PLANS[case]
    account, item = an_account(), an_item()
    a_price(a_price_list(), item, plan)
    told = pricing_words(Line(currency="USD", **rated(account, item, quantity)._asdict()))
    assert told is not None
    assert told.steps == [words]


@pytest.mark.parametrize(
    ("currency", "plan", "quantity", "words"),
    [
        ("USD", a_plan("per_unit", ("", "0.1")), "3", "$0.10"),
        ("USD", a_plan("per_unit", ("", "0.0004")), "3", "$0.0004"),
        ("USD", GRADUATED, "1505", "≈ $0.00166"),
        ("USD", GRADUATED, "-1505", "≈ $0.00166"),
        ("USD", a_plan("package", ("", "800"), size="50"), "70", "≈ $22.86"),
        ("JPY", a_plan("package", ("", "800"), size="50"), "70", "≈ ¥22.9"),
        ("USD", GRADUATED, "0", "$0.00"),
    ],
)
def test_a_unit_price_is_told_as_a_price_or_as_an_average(
    currency: str, plan: Plan, quantity: str, words: str
) -> None:
    account, item = an_account(currency=currency), an_item()
    a_price(a_price_list(currency=currency), item, plan)
    figures = rated(account, item, quantity)
    assert unit_price_words(Line(currency=currency, **figures._asdict())) == words


def test_the_unit_price_shown_is_the_price_itself_or_what_one_unit_came_to() -> None:
    account, plain, tiered = an_account(), an_item(), an_item()
    prices = a_price_list()
    a_price(prices, plain, a_plan("per_unit", ("", "0.0004")))
    a_price(prices, tiered, GRADUATED)
    assert rated(account, plain, "0").unit_price == Decimal("0.0004")
    assert rated(account, tiered, "4000").unit_price == Decimal("0.00125")


def test_an_amount_no_invoice_can_hold_is_refused() -> None:
    account, item = an_account(), an_item()
    a_price(a_price_list(), item, a_plan("per_unit", ("", "999999999999999")))
    with pytest.raises(PriceRefused, match="more than an invoice can hold"):
        rated(account, item, "1000000")
    held = plan_for(account, item, day("2026-08-15"))
    assert held is not None
    with pytest.raises(ValueError, match="more digits"):
        figures_of(held, Decimal("1." + "1" * 75), "USD")


def test_what_a_price_list_says_of_a_line_is_kept_as_decimal_strings() -> None:
    account, item = an_account(), an_item()
    prices = a_price_list()
    a_price(prices, item, GRADUATED)
    draft = a_rated_draft(account, item, "1500")
    [line] = Line.objects.filter(invoice=draft)
    assert line.pricing == {
        "scheme": "graduated",
        "price_list": prices.key,
        "effective_from": "2026-08-01",
        "steps": [
            {
                "quantity": "1000",
                "unit_price": "0.002",
                "flat_fee": "0",
                "amount": "2",
                "above": "0",
                "up_to": "1000",
            },
            {
                "quantity": "500",
                "unit_price": "0.001",
                "flat_fee": "0",
                "amount": "0.5",
                "above": "1000",
                "up_to": None,
            },
        ],
    }


@pytest.mark.parametrize("plan", [GRADUATED, *(plan for plan, _, _ in PLANS.values())])
def test_plans_and_steps_survive_being_kept_as_text(plan: Any) -> None:
    assert plan_read(plan.scheme, tiers_text(plan), plan.package_size) == plan
    steps = rate(plan, Decimal("1500.5")).steps
    assert tuple(steps_read(steps_text(steps))) == steps


NO_TIERS: list[Any] = [
    None,
    "tiers",
    [1],
    [{}],
    [{"up_to": None, "unit_price": 0.1, "flat_fee": "0"}],
    [{"up_to": 5, "unit_price": "1", "flat_fee": "0"}, {"up_to": None, "unit_price": "1", "flat_fee": "0"}],
    [{"up_to": None, "unit_price": "1e3", "flat_fee": "0"}],
    [{"up_to": None, "unit_price": "1", "flat_fee": "0", "more": "1"}],
    [{"up_to": None, "unit_price": "0.0000000000001", "flat_fee": "0"}],
]


@pytest.mark.parametrize("nonsense", NO_TIERS)
def test_the_model_saves_no_price_that_prices_nothing(nonsense: Any) -> None:
    with pytest.raises(PlanRefused):
        Price.objects.create(
            price_list=a_price_list(),
            item=an_item(),
            effective_from=day("2026-08-01"),
            scheme="per_unit",
            tiers=nonsense,
            created_at=at("2026-07-01"),
        )


def refused_by_the_database(sentence: str) -> Any:
    return pytest.raises(IntegrityError, match=sentence)


@pytest.mark.parametrize(
    "change", [{"tiers": []}, {"effective_from": day("2026-01-01")}, {"scheme": "volume"}]
)
def test_r2_a_saved_price_never_changes(change: dict[str, Any]) -> None:
    price = a_price(a_price_list(), an_item())
    with pytest.raises(Sealed):
        Price.objects.filter(pk=price.pk).update(**change)
    with pytest.raises(Sealed):
        price.save()
    with refused_by_the_database("a price is never changed"), transaction.atomic():
        past_the_model(Price).filter(pk=price.pk).update(**change)
    with refused_by_the_database("a price is never deleted"), transaction.atomic():
        past_the_model(Price).filter(pk=price.pk)._raw_delete("default")


def test_r2_a_saved_choice_of_a_list_never_changes() -> None:
    choice = uses(an_account(), a_price_list())
    with refused_by_the_database("the choice of a price list is never changed"), transaction.atomic():
        past_the_model(AccountPriceList).filter(pk=choice.pk).update(price_list=None)
    with refused_by_the_database("the choice of a price list is never deleted"), transaction.atomic():
        past_the_model(AccountPriceList).filter(pk=choice.pk)._raw_delete("default")


def test_r15_the_database_lets_no_account_use_a_list_in_another_currency() -> None:
    yen, account = a_price_list(currency="JPY"), an_account()
    row = {"effective_from": day("2026-08-01"), "created_at": at("2026-07-01")}
    with refused_by_the_database("the currency of the account"), transaction.atomic():
        AccountPriceList.objects.create(account=account, price_list=yen, **row)
    assert AccountPriceList.objects.create(account=account, price_list=None, **row).pk


@pytest.mark.parametrize("change", [{"key": "other"}, {"currency": "EUR"}, {"is_default": False}])
def test_r15_a_list_keeps_its_key_and_currency_and_a_default_stays_it(
    change: dict[str, Any],
) -> None:
    prices = a_price_list()
    with refused_by_the_database("a default stays the default"), transaction.atomic():
        PriceList.objects.filter(pk=prices.pk).update(**change)
    PriceList.objects.filter(pk=prices.pk).update(name="Renamed")


def test_a_list_is_never_deleted() -> None:
    prices = a_price_list()
    with refused_by_the_database("a price list is never deleted"), transaction.atomic():
        past_the_model(PriceList).filter(pk=prices.pk)._raw_delete("default")


def test_the_database_keeps_one_default_per_currency_and_refuses_prices_of_no_sense() -> None:
    prices, item = a_price_list(), an_item()
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceList.objects.create(
            key="b", name="B", currency="USD", is_default=True, created_at=at("2026-07-01")
        )
    a_price(prices, item)
    row = {"tiers": tiers_text(a_plan()), "created_at": at("2026-07-01"), "item": item, "price_list": prices}
    for broken in (
        {"effective_from": day("2026-08-02"), "scheme": "sliding"},
        {"effective_from": day("2026-08-02"), "scheme": "package"},
        {"effective_from": day("2026-08-02"), "scheme": "per_unit", "package_size": 5},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            past_the_model(Price).bulk_create([Price(**row, **broken)])
