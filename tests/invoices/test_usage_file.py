"""Reading a usage file: the real extract, and what is summed, set aside and left out (R1)."""

import csv
import random
import re
import subprocess
import sys
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest

from invoices.usage_file import SetAside, UsageCharge
from tests.invoices.usage_lines import (
    EXTRACT,
    ROOT,
    extract_lines,
    focus,
    focus_lines,
    only,
    read,
    refused,
)


def extract_by_hand() -> dict[tuple[str, str, str, str, str], tuple[Fraction, Fraction, int]]:
    """The same sums by other means: fractions, and a plain loop over the file."""
    sums: dict[Any, list[Any]] = defaultdict(lambda: [Fraction(0), Fraction(0), 0])
    with EXTRACT.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["ChargeCategory"] == "Credit" or not row["BillingPeriodStart"].startswith("2024-09-01"):
                continue
            keys = ("BillingAccountId", "SubAccountId", "BillingCurrency", "ServiceName", "PricingUnit")
            total = sums[tuple(row[key] for key in keys)]
            total[0] += Fraction(row["PricingQuantity"])
            total[1] += Fraction(row["BilledCost"])
            total[2] += 1
    return {key: (total[0], total[1], total[2]) for key, total in sums.items()}


def test_r1_the_real_extract_sums_to_what_fractions_give() -> None:
    by_hand = {
        (customer, account, currency, f"{service} · {unit}"): sums
        for (customer, account, currency, service, unit), sums in extract_by_hand().items()
    }
    by_us = {
        (charge.customer_key, charge.account_key, charge.currency, charge.item_name): (
            Fraction(charge.quantity),
            Fraction(charge.exact_amount),
            charge.rows,
        )
        for charge in read(extract_lines()).charges
    }
    assert by_us == by_hand
    assert len(by_us) == 19


def test_r1_rounding_each_row_would_lose_money_that_rounding_the_sum_keeps() -> None:
    cent = Decimal("0.01")
    groups: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for row in csv.DictReader(extract_lines()):
        groups[row["SubAccountId"], row["ServiceName"]].append(Decimal(row["BilledCost"]))
    rows = groups["10961396247", "Amazon Virtual Private Cloud"]
    assert sum(cost.quantize(cent, ROUND_HALF_EVEN) for cost in rows) == 0
    (charge,) = (c for c in read(extract_lines()).charges if c.account_key == "10961396247")
    assert charge.exact_amount.quantize(cent, ROUND_HALF_EVEN) == cent


def test_every_row_of_the_extract_is_in_exactly_one_place_and_the_parts_are_the_whole() -> None:
    file = read(extract_lines())
    parts: list[UsageCharge | SetAside] = [*file.charges, *file.set_aside, *file.other_periods]
    assert file.layout == "focus"
    assert file.rows == sum(part.rows for part in parts) == 60
    whole = sum(Fraction(row["BilledCost"]) for row in csv.DictReader(extract_lines()))
    assert sum(Fraction(part.exact_amount) for part in parts) == whole


def test_the_extracts_credit_is_set_aside_and_its_october_row_left_for_october() -> None:
    file = read(extract_lines())
    (credit,), (october,) = file.set_aside, file.other_periods
    assert (credit.reason, credit.currency, credit.rows) == ("Credit", "USD", 1)
    assert credit.exact_amount == Decimal("-2.6137")
    assert (october.reason, october.currency, october.rows) == ("2024-10-01", "USD", 1)
    assert october.exact_amount == Decimal("0.24")


def test_the_order_of_the_rows_changes_nothing() -> None:
    header, *rows = extract_lines()
    expected = read([header, *rows])
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert read([header, *rows]) == expected


def test_charges_are_sorted_by_customer_account_item_name_and_item_key() -> None:
    charges = read(extract_lines()).charges
    assert list(charges) == sorted(
        charges, key=lambda c: (c.customer_key, c.account_key, c.item_name, c.item_key)
    )


def test_the_reader_imports_neither_django_nor_our_models() -> None:
    looked_for = "any(name in sys.modules for name in ('django', 'invoices.models'))"
    code = f"import sys, invoices.usage_file; sys.exit({looked_for})"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_an_adjustment_is_summed_with_the_meter_it_corrects() -> None:
    charge = only(focus({}, {"ChargeCategory": "Adjustment", "BilledCost": "-0.003"}))
    assert (charge.kind, charge.rows, charge.exact_amount) == ("usage_meter", 2, Decimal("0.001"))


def test_a_purchase_is_a_fixed_fee_of_its_own() -> None:
    fee, meter = sorted(focus({}, {"ChargeCategory": "Purchase"}).charges, key=lambda c: c.kind)
    assert (meter.kind, meter.item_key) == ("usage_meter", "amazon-elastic-compute-cloud:gb-months")
    assert (fee.kind, fee.item_key) == ("fixed_fee", "amazon-elastic-compute-cloud:gb-months:purchase")
    assert fee.item_name == "Amazon Elastic Compute Cloud · GB-Months · Purchase"


@pytest.mark.parametrize("category", ["Credit", "Tax"])
def test_credits_and_taxes_are_set_aside_counted_and_summed(category: str) -> None:
    aside = {
        "ChargeCategory": category,
        "ServiceName": "NULL",
        "PricingUnit": "NULL",
        "PricingQuantity": "NULL",
    }
    file = focus(
        {},
        aside | {"BilledCost": "-2.6137"},
        aside | {"BilledCost": "0.0001"},
        aside | {"BilledCost": "5", "BillingCurrency": "EUR", "SubAccountId": "sub-2"},
    )
    assert only(file) == only(focus())
    assert [(s.reason, s.currency, s.rows, s.exact_amount) for s in file.set_aside] == [
        (category, "EUR", 1, Decimal(5)),
        (category, "USD", 2, Decimal("-2.6136")),
    ]


@pytest.mark.parametrize("category", ["Refund", "usage", "", "NULL"])
def test_any_other_category_is_refused(category: str) -> None:
    words = (
        "not one of Usage, Adjustment, Purchase, Credit, Tax"
        if category in ("Refund", "usage")
        else "missing"
    )
    refused(focus_lines({}, {"ChargeCategory": category}), 3, "ChargeCategory", words)


def test_a_focus_row_belongs_to_the_period_its_bill_starts_in_whenever_it_was_served() -> None:
    late = {"ChargePeriodStart": "2024-08-30 00:00:00", "ChargePeriodEnd": "2024-08-31 00:00:00"}
    other = {"BillingPeriodStart": "2024-10-01T00:00:00Z", "BilledCost": "7"}
    file = focus(late, other, other | {"ChargeCategory": "Credit"})
    assert only(file).rows == 1
    assert [(o.reason, o.rows, o.exact_amount) for o in file.other_periods] == [
        ("2024-10-01", 2, Decimal(14))
    ]
    assert file.set_aside == ()


def test_rows_that_are_left_out_are_checked_too() -> None:
    refused(
        focus_lines({"BillingPeriodStart": "2024-10-01 00:00:00", "BilledCost": "x"}),
        2,
        "BilledCost",
        "not a",
    )
    refused(focus_lines({"ChargeCategory": "Tax", "BilledCost": ""}), 2, "BilledCost", "not a number")


def keys(*items: tuple[str, str]) -> dict[tuple[str, str], str]:
    file = focus(*({"ServiceName": service, "PricingUnit": unit} for service, unit in items))
    return {(c.item_name.removesuffix(f" · {c.unit}"), c.unit): c.item_key for c in file.charges}


def test_items_whose_slugs_agree_get_different_keys_in_any_order() -> None:
    pairs = [("Compute", "GB Months"), ("COMPUTE", "GB-Months"), ("Compute", "GB")]
    forth, back = keys(*pairs), keys(*reversed(pairs))
    assert forth == back
    assert len(set(forth.values())) == 3
    assert forth["Compute", "GB"] == "compute:gb"
    assert re.fullmatch(r"compute:gb-months-[0-9a-f]{12}", forth["Compute", "GB Months"])
    assert re.fullmatch(r"compute:gb-months-[0-9a-f]{12}", forth["COMPUTE", "GB-Months"])


def test_a_key_is_short_ascii_and_told_apart_where_the_slug_loses_letters() -> None:
    long = "x" * 150
    found = keys(("計算", "GB"), ("計測", "GB"), (long + "a", "GB"), (long + "b", "GB"), ("Café", "GB"))
    assert len(set(found.values())) == 5
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9:-]{0,119}", key) for key in found.values())
    assert found["Café", "GB"] == "cafe:gb"
    assert keys(("計算", "GB"))["計算", "GB"] == found["計算", "GB"], "alone it has the same key"


def test_a_service_cannot_take_the_hashed_key_of_another() -> None:
    pairs = [("Compute", "GB Months"), ("Compute", "GB-Months")]
    stolen = keys(*pairs)[pairs[0]].partition(":")[2]
    assert len(set(keys(*pairs, ("Compute", stolen)).values())) == 3


def test_a_unit_called_purchase_is_not_a_purchase() -> None:
    service = {"ServiceName": "Desk", "PricingUnit": ""}
    file = focus(service | {"PricingUnit": "Purchase"}, service | {"ChargeCategory": "Purchase"})
    assert len({c.item_key for c in file.charges}) == len(file.charges) == 2
