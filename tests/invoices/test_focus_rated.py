"""A real FOCUS file's quantities priced by a price list, against fractions reckoned from the file alone."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from invoices.models import Invoice, Item, Line
from invoices.price_services import price_list_add
from invoices.rating import SCHEMES, Plan
from tests.factories import a_run, by_now
from tests.invoices.prices import a_plan, a_price
from tests.invoices.recurring import make_drafts

EXTRACT = Path(__file__).parents[1] / "data/focus_extract.csv"
MONTH = "2024-09"
AFTER = "2024-10-02"
# The canonical text of these lines is the same on either engine; so is its hash.
GOLDEN = "cc5827b5592bf57e4860b38477ec0c5ca89e443d09610adb851acc71e2e8422c"

Meter = tuple[str, str]
Cost = Callable[[Fraction], Fraction]


def per_unit(quantity: Fraction) -> Fraction:
    return quantity * Fraction("0.0004217")


def graduated(quantity: Fraction) -> Fraction:
    """The first unit and a half, what follows up to ten for a fee, and all beyond."""
    cost = Fraction(0)
    for above, up_to, price, fee in (
        ("0", "1.5", "0.123456789", "0"),
        ("1.5", "10", "0.011", "0.05"),
        ("10", "1000000000", "0.0000007", "0"),
    ):
        if quantity > Fraction(above):
            cost += (min(quantity, Fraction(up_to)) - Fraction(above)) * Fraction(price) + Fraction(fee)
    return cost


def volume(quantity: Fraction) -> Fraction:
    return quantity * (Fraction("0.0333") if quantity <= 24 else Fraction("0.0329995"))


def packages(quantity: Fraction) -> Fraction:
    return -(-quantity // Fraction("7.5")) * Fraction("0.0055")


WAYS: list[tuple[Plan, Cost]] = [
    (a_plan("per_unit", ("", "0.0004217")), per_unit),
    (
        a_plan("graduated", ("1.5", "0.123456789"), ("10", "0.011", "0.05"), ("", "0.0000007")),
        graduated,
    ),
    (a_plan("volume", ("24", "0.0333"), ("", "0.0329995")), volume),
    (a_plan("package", ("", "0.0055"), size="7.5"), packages),
]


def quantities() -> dict[tuple[str, str], dict[Meter, Fraction]]:
    """By customer and account: how much of each meter the file has for the month."""
    found: dict[tuple[str, str], dict[Meter, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    with EXTRACT.open(newline="", encoding="utf-8-sig") as file:
        for read in csv.DictReader(file):
            row = {name: "" if value == "NULL" else value for name, value in read.items()}
            if row["BillingPeriodStart"].startswith(MONTH) and row["ChargeCategory"] in (
                "Usage",
                "Adjustment",
            ):
                customer = row["BillingAccountId"]
                meter = (row["ServiceName"], row["PricingUnit"])
                found[customer, row["SubAccountId"] or customer][meter] += Fraction(
                    row["PricingQuantity"] or "0"
                )
    return found


def signed(cost: Cost, quantity: Fraction) -> Fraction:
    """A correction takes back what it alone would have cost."""
    return cost(quantity) if quantity >= 0 else -cost(-quantity)


def priced(items: Iterable[Item]) -> dict[Meter, Cost]:
    """A price for each meter, way after way; what reckons it in fractions."""
    prices = price_list_add(
        key="cloud", name="Cloud", currency="USD", is_default=True, **by_now("2024-09-01")
    )
    costs = {}
    for number, item in enumerate(sorted(items, key=lambda item: item.key)):
        plan, cost = WAYS[number % len(WAYS)]
        a_price(prices, item, plan, "2024-09-01", **by_now("2024-09-01"))
        costs[meter_of(item)] = cost
    return costs


def meter_of(named: Item | Line) -> Meter:
    return named.name.removesuffix(f" · {named.unit}"), named.unit


@pytest.fixture
def costs(db: None) -> dict[Meter, Cost]:
    """The file's usage as recurring drafts; its charges, which open the accounts, are gone again."""
    call_command("import_usage", str(EXTRACT), "--period", MONTH, stdout=StringIO())
    call_command("import_usage", str(EXTRACT), "--records", "--period", MONTH, stdout=StringIO())
    Invoice.objects.all().delete()
    found = priced(Item.objects.filter(kind="usage_meter"))
    assert make_drafts(MONTH, AFTER).left == []
    return found


def test_r1_every_line_is_its_quantity_s_exact_cost_rounded_once(costs: dict[Meter, Cost]) -> None:
    below_a_cent = set()
    for (customer, account), meters in quantities().items():
        lines = Line.objects.filter(account__customer__key=customer, account__key=account)
        billed = {meter_of(line): line for line in lines}
        assert {meter for meter, quantity in meters.items() if quantity} <= billed.keys() <= meters.keys()
        for meter, line in billed.items():
            expected = signed(costs[meter], meters[meter])
            assert (Fraction(line.exact_amount), line.amount) == (expected, round(expected * 100)), meter
            if (expected * 100).denominator > 1:
                below_a_cent.add(line.pricing["scheme"])
    assert below_a_cent == set(SCHEMES), "each way had something to round"
    assert ledger_verify().breach is None


def test_what_is_issued_comes_to_the_same_total_and_digest_on_every_engine(costs: dict[Meter, Cost]) -> None:
    total = sum(
        round(signed(costs[meter], quantity) * 100)
        for meters in quantities().values()
        for meter, quantity in meters.items()
    )
    [sums] = a_run(MONTH, AFTER).sums()
    assert (sums.currency, sums.total) == ("USD", total)
    assert ledger_digest() == GOLDEN
