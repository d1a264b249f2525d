"""What a usage file may hold, what becomes of each row, and what is refused."""

import csv
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from invoices.usage_file import SetAside, UsageCharge, UsageFile, UsageRefused, usage_read

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT / "tests/data/focus_extract.csv"

FOCUS_ROW = {
    "BillingAccountId": "bill-1",
    "BillingAccountName": "Acme",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2024-09-01 00:00:00",
    "ChargeCategory": "Usage",
    "ChargePeriodStart": "2024-09-18 22:00:00",
    "ChargePeriodEnd": "2024-09-18 23:00:00",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "PricingUnit": "GB-Months",
    "PricingQuantity": "2.5",
    "BilledCost": "0.004",
    "SubAccountId": "sub-1",
    "SubAccountName": "Research",
}
SIMPLE_ROW = {
    "customer": "Acme",
    "account": "Acme research",
    "currency": "USD",
    "item": "api-calls",
    "unit": "calls",
    "first_day": "2024-09-01",
    "last_day": "2024-09-30",
    "quantity": "1000",
    "amount": "12.34",
}


def read(lines: Iterable[str], currencies: Iterable[str] = ("EUR", "USD")) -> UsageFile:
    return usage_read(
        lines,
        period_start=date(2024, 9, 1),
        period_end=date(2024, 10, 1),
        currencies=frozenset(currencies),
    )


def written(rows: list[dict[str, str]], header: Iterable[str]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    return [line(header), *(line(row.values()) for row in rows)]


def focus_lines(*changes: dict[str, str]) -> list[str]:
    return written([FOCUS_ROW | change for change in changes or ({},)], FOCUS_ROW)


def simple_lines(*changes: dict[str, str]) -> list[str]:
    rows = [SIMPLE_ROW | change for change in changes or ({},)]
    return written(rows, rows[0])


def focus(*changes: dict[str, str]) -> UsageFile:
    return read(focus_lines(*changes))


def simple(*changes: dict[str, str]) -> UsageFile:
    return read(simple_lines(*changes))


def only(file: UsageFile) -> UsageCharge:
    (charge,) = file.charges
    return charge


def without(column: str, lines: list[str]) -> list[str]:
    rows = list(csv.reader(lines))
    place = rows[0].index(column)
    return [",".join(row[:place] + row[place + 1 :]) + "\n" for row in rows]


def refused(lines: Iterable[str], row: int, column: str, words: str) -> None:
    with pytest.raises(UsageRefused) as caught:
        read(lines)
    refusal = caught.value
    assert (refusal.row, refusal.column) == (row, column)
    assert words in refusal.sentence
    assert str(refusal) == f"Row {row}, column {column}: {refusal.sentence}"
    assert re.fullmatch(r"[^\x00-\x1f\x7f]+\.", refusal.sentence), "a sentence, fit to print"


def extract_lines() -> list[str]:
    with EXTRACT.open(encoding="utf-8", newline="") as file:
        return list(file)


# ------------------------------------------------------------------------------- the real extract


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


# ---------------------------------------------------------------------------- FOCUS: what a row is


def test_a_focus_row_becomes_a_charge() -> None:
    charge = only(focus())
    assert charge == UsageCharge(
        customer_key="bill-1",
        customer_name="Acme",
        account_key="sub-1",
        account_name="Research",
        currency="USD",
        item_key="amazon-elastic-compute-cloud:gb-months",
        item_name="Amazon Elastic Compute Cloud · GB-Months",
        unit="GB-Months",
        kind="usage_meter",
        quantity=Decimal("2.5"),
        exact_amount=Decimal("0.004"),
        first_served=datetime(2024, 9, 18, 22, tzinfo=UTC),
        last_served=datetime(2024, 9, 18, 23, tzinfo=UTC),
        rows=1,
    )


@pytest.mark.parametrize("missing", ["", "NULL", "  "])
def test_a_customer_without_a_name_is_called_by_its_key(missing: str) -> None:
    assert only(focus({"BillingAccountName": missing})).customer_name == "bill-1"


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_an_account_without_a_name_is_called_by_its_key(missing: str) -> None:
    assert only(focus({"SubAccountName": missing})).account_name == "sub-1"


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_without_a_sub_account_the_billing_account_is_the_account(missing: str) -> None:
    charge = only(focus({"SubAccountId": missing}))
    assert (charge.account_key, charge.account_name) == ("bill-1", "Acme")


def test_a_file_without_the_sub_account_column_is_read_too() -> None:
    lines = without("SubAccountName", without("SubAccountId", focus_lines()))
    charge = only(read(lines))
    assert (charge.account_key, charge.account_name) == ("bill-1", "Acme")


def test_the_name_of_the_latest_service_holds_whatever_the_order() -> None:
    old = {"BillingAccountName": "Zed", "SubAccountName": "Old"}
    new = {"BillingAccountName": "Acme", "SubAccountName": "New", "ChargePeriodEnd": "2024-09-19 00:00:00"}
    none = {"BillingAccountName": "", "SubAccountName": "", "ChargePeriodEnd": "2024-09-20 00:00:00"}
    for rows in ((old, new, none), (none, new, old), (new, none, old)):
        charge = only(focus(*rows))
        assert (charge.customer_name, charge.account_name) == ("Acme", "New")


def test_one_account_id_under_two_customers_is_two_accounts() -> None:
    file = focus({}, {"BillingAccountId": "bill-2"})
    assert [(c.customer_key, c.account_key) for c in file.charges] == [
        ("bill-1", "sub-1"),
        ("bill-2", "sub-1"),
    ]


def test_one_account_id_under_two_customers_may_have_two_currencies() -> None:
    file = focus({}, {"BillingAccountId": "bill-2", "BillingCurrency": "EUR"})
    assert [c.currency for c in file.charges] == ["USD", "EUR"]


def test_rows_of_one_account_and_item_are_summed_with_their_whole_time_of_service() -> None:
    early = {"ChargePeriodStart": "2024-09-02 00:00:00", "ChargePeriodEnd": "2024-09-02 01:00:00"}
    charge = only(focus({}, early, {"BilledCost": "-0.001", "PricingQuantity": "-1"}))
    assert (charge.rows, charge.quantity, charge.exact_amount) == (3, Decimal("4.0"), Decimal("0.007"))
    assert charge.first_served == datetime(2024, 9, 2, tzinfo=UTC)
    assert charge.last_served == datetime(2024, 9, 18, 23, tzinfo=UTC)


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_a_missing_quantity_is_zero(missing: str) -> None:
    assert only(focus({"PricingQuantity": missing})).quantity == 0


def test_a_missing_unit_leaves_the_service_alone_as_the_item() -> None:
    charge = only(focus({"PricingUnit": "NULL", "ServiceName": "Support"}))
    assert (charge.item_key, charge.item_name, charge.unit) == ("support", "Support", "")


def test_r1_no_digit_is_lost_between_the_largest_and_the_smallest_number() -> None:
    charge = only(focus({"BilledCost": "999999999999999"}, {"BilledCost": "1E-40"}, {"BilledCost": "-1E-12"}))
    expected = Fraction(999999999999999) + Fraction(1, 10**40) - Fraction(1, 10**12)
    assert Fraction(charge.exact_amount) == expected


def test_columns_are_found_in_any_order_and_in_any_case() -> None:
    columns = list(reversed(FOCUS_ROW))
    lines = written([{column: FOCUS_ROW[column] for column in columns}], [c.upper() for c in columns])
    assert read(lines) == focus()


def test_columns_we_do_not_read_are_passed_over_whatever_they_hold() -> None:
    lines = written([FOCUS_ROW | {"Tags": '{"team":\n"a\tb"}'}], [*FOCUS_ROW, "Tags"])
    assert read(lines) == focus()


def test_a_byte_order_mark_and_blank_lines_are_passed_over() -> None:
    header, row = focus_lines()
    assert read(["\ufeff" + header, "\n", row, "\r\n"]) == focus()


def test_lines_may_end_in_any_way() -> None:
    lines = focus_lines({}, {"BilledCost": "1"})
    assert read([line.rstrip("\n") for line in lines]) == read(lines)
    assert read([line.replace("\n", "\r\n") for line in lines]) == read(lines)


def test_spaces_around_a_cell_do_not_count() -> None:
    assert focus({"BillingAccountId": " bill-1 ", "BilledCost": " 0.004"}) == focus()


def test_a_header_alone_is_a_file_without_charges() -> None:
    file = read(focus_lines()[:1])
    assert (file.rows, file.charges, file.set_aside, file.other_periods) == (0, (), (), ())


# ---------------------------------------------------------------------------- FOCUS: what is summed


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


# ------------------------------------------------------------------------------------- item keys


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


# ---------------------------------------------------------------------------- numbers and times


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("-0.00000080000", "-0.0000008"),
        ("+5", "5"),
        ("1E-7", "0.0000001"),
        ("4.1e+2", "410"),
        ("00012.50", "12.5"),
        ("999999999999999.99", "999999999999999.99"),
        ("0E+999", "0"),
    ],
)
def test_numbers_may_have_a_sign_a_fraction_and_an_exponent(text: str, value: str) -> None:
    assert only(focus({"BilledCost": text})).exact_amount == Decimal(value)
    assert only(focus({"PricingQuantity": text})).quantity == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "NaN",
        "sNaN",
        "Infinity",
        "-inf",
        "1,5",
        "1_000",
        "1 000",
        ".5",
        "5.",
        "0x1F",
        "--1",
        "1E",
        "1E1234",
        "١٢",
        "１２",
        "−5",
        "$5",
        "1e5.5",
    ],
)
@pytest.mark.parametrize("column", ["BilledCost", "PricingQuantity"])
def test_what_is_not_a_plain_number_is_refused(column: str, text: str) -> None:
    refused(focus_lines({}, {column: text}), 3, column, "is not a number")


@pytest.mark.parametrize("text", ["1000000000000000", "-1E15", "1E999"])
def test_numbers_out_of_range_are_refused(text: str) -> None:
    refused(focus_lines({"BilledCost": text}), 2, "BilledCost", "out of range")


@pytest.mark.parametrize("text", ["1E-41", "1E-999", "0." + "0" * 41])
def test_numbers_with_too_many_decimals_are_refused(text: str) -> None:
    refused(focus_lines({"PricingQuantity": text}), 2, "PricingQuantity", "more than 40 decimals")


def test_numbers_too_long_are_refused() -> None:
    refused(focus_lines({"BilledCost": "0" * 61}), 2, "BilledCost", "longer than 60 characters")
    assert only(focus({"BilledCost": "0" * 59 + "1"})).exact_amount == 1


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_a_missing_amount_is_refused(missing: str) -> None:
    refused(focus_lines({"BilledCost": missing}), 2, "BilledCost", "not a number")
    refused(simple_lines({"amount": missing}), 2, "amount", "not a number")


@pytest.mark.parametrize(
    "text",
    [
        "2024-09-18 21:30:00",
        "2024-09-18T21:30:00Z",
        "2024-09-18T21:30Z",
        "2024-09-18T21:30:00.000Z",
        "2024-09-18T23:30:00+02:00",
        "2024-09-18 14:30:00-07:00",
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text: str) -> None:
    charge = only(focus({"ChargePeriodStart": text}))
    assert charge.first_served == datetime(2024, 9, 18, 21, 30, tzinfo=UTC)
    assert charge.first_served.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2024-09-18",
        "18/09/2024 10:00:00",
        "2024-02-30 00:00:00",
        "2024-09-18 25:00:00",
        "20240918T100000Z",
        "0001-01-01T00:00:00+14:00",
        "２０２４-09-18 10:00:00",
    ],
)
@pytest.mark.parametrize("column", ["BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd"])
def test_what_is_not_a_time_is_refused(column: str, text: str) -> None:
    refused(focus_lines({}, {column: text}), 3, column, "is not a time")


def test_a_charge_that_ends_before_it_starts_is_refused() -> None:
    lines = focus_lines({"ChargePeriodEnd": "2024-09-18 21:59:59"})
    refused(lines, 2, "ChargePeriodEnd", "ends before it starts")


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "column",
    [
        "BillingAccountId",
        "BillingCurrency",
        "BillingPeriodStart",
        "ChargeCategory",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "ServiceName",
        "PricingUnit",
        "PricingQuantity",
        "BilledCost",
    ],
)
def test_a_missing_focus_column_is_refused_by_name_on_row_1(column: str) -> None:
    refused(without(column, focus_lines()), 1, column, "column is missing")


@pytest.mark.parametrize("column", list(SIMPLE_ROW))
def test_a_missing_simple_column_is_refused_by_name_on_row_1(column: str) -> None:
    refused(without(column, simple_lines()), 1, column, "column is missing")


@pytest.mark.parametrize(
    "column", ["BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ServiceName"]
)
def test_a_missing_value_is_refused(column: str) -> None:
    refused(focus_lines({}, {column: "NULL"}), 3, column, "value is missing")


@pytest.mark.parametrize("lines", [[], [""], ["\ufeff"], ["\n", "\n"]])
def test_an_empty_file_is_refused(lines: list[str]) -> None:
    refused(lines, 1, "BillingAccountId", "file is empty")


def test_a_file_that_is_no_usage_file_is_refused() -> None:
    refused(["name,colour\n", "a,b\n"], 1, "BillingAccountId", "column is missing")


@pytest.mark.parametrize("name", ["BilledCost", "billedcost", "Tags"])
def test_a_column_that_is_there_twice_is_refused(name: str) -> None:
    lines = written([FOCUS_ROW | {"Tags": "", "": "1"}], [*FOCUS_ROW, "Tags", name])
    refused(lines, 1, name, "there twice")


def test_a_row_with_too_few_cells_is_refused_at_the_first_that_is_not_there() -> None:
    header, row = focus_lines()
    refused([header, row, row.replace(',"Research"', "")], 3, "SubAccountName", "12 cells and the header 13")


def test_a_row_with_too_many_cells_is_refused_at_the_last_column() -> None:
    header, row = focus_lines()
    refused([header, row.rstrip("\n") + ",1\n"], 2, "SubAccountName", "14 cells and the header 13")


def test_a_nul_byte_is_refused_even_where_we_do_not_read() -> None:
    lines = written([FOCUS_ROW | {"Tags": "a\0b"}], [*FOCUS_ROW, "Tags"])
    refused(lines, 2, "Tags", "NUL")
    refused(focus_lines({"BillingAccountId": "a\0"}), 2, "BillingAccountId", "NUL")
    refused([line.replace("SubAccountName", "Sub\0Name") for line in focus_lines()], 1, "13", "NUL")


@pytest.mark.parametrize("sign", ["\t", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\udc80"])
@pytest.mark.parametrize("column", ["BillingAccountId", "SubAccountName", "ServiceName", "PricingUnit"])
def test_control_characters_are_refused_where_we_read(column: str, sign: str) -> None:
    refused(focus_lines({}, {column: f"a{sign}b"}), 3, column, f"U+{ord(sign):04X}")


def test_control_characters_in_the_header_are_refused() -> None:
    lines = [line.replace("SubAccountName", "Sub\tName") for line in focus_lines()]
    refused(lines, 1, "13", "control character U+0009")


@pytest.mark.parametrize(
    ("column", "most"),
    [
        ("BillingAccountId", 120),
        ("SubAccountId", 120),
        ("BillingAccountName", 200),
        ("SubAccountName", 200),
        ("PricingUnit", 60),
    ],
)
def test_keys_names_and_units_that_are_too_long_are_refused(column: str, most: int) -> None:
    assert focus({column: "k" * most}).rows == 1
    refused(focus_lines({column: "k" * (most + 1)}), 2, column, f"longer than {most} characters")


def test_an_item_name_that_is_too_long_is_refused() -> None:
    assert only(focus({"ServiceName": "s" * 195, "PricingUnit": "GB"})).item_name == "s" * 195 + " · GB"
    lines = focus_lines({"ServiceName": "s" * 196, "PricingUnit": "GB"})
    refused(lines, 2, "ServiceName", "longer than 200 characters")


def test_a_field_larger_than_the_reader_allows_is_refused() -> None:
    lines = focus_lines({}, {"ServiceName": "s" * (csv.field_size_limit() + 1)})
    refused(lines, 3, "ServiceName", "field larger than field limit")


def test_broken_quoting_is_refused() -> None:
    header, row = focus_lines()
    refused([header, row.replace('"Acme"', '"Ac"me"')], 2, "BillingAccountName", "not well-formed CSV")
    refused([header, row, row.replace('"Research"', '"Research')], 3, "SubAccountName", "not well-formed CSV")
    refused(['"customer,account\n'], 1, "1", "not well-formed CSV")


def test_a_row_is_numbered_as_an_editor_numbers_the_line_it_starts_on() -> None:
    two_lines = FOCUS_ROW | {"Tags": "one\ntwo"}
    text = "".join(written([two_lines, two_lines | {"BilledCost": "x"}], [*FOCUS_ROW, "Tags"]))
    refused(text.splitlines(keepends=True), 4, "BilledCost", "“x” is not a number")


@pytest.mark.parametrize("currency", ["GBP", "usd", "US$"])
def test_a_currency_not_in_use_is_refused(currency: str) -> None:
    refused(focus_lines({}, {"BillingCurrency": currency}), 3, "BillingCurrency", "in use here: EUR, USD")
    refused(simple_lines({}, {"currency": currency}), 3, "currency", "in use here: EUR, USD")


@pytest.mark.parametrize(
    "elsewhere", [{}, {"ChargeCategory": "Tax"}, {"BillingPeriodStart": "2024-10-01T00:00Z"}]
)
def test_r15_an_account_in_two_currencies_is_refused(elsewhere: dict[str, str]) -> None:
    lines = focus_lines({}, {"SubAccountId": "sub-2"}, elsewhere | {"BillingCurrency": "EUR"})
    refused(lines, 4, "BillingCurrency", "is in USD in row 2 and in EUR here")


# --------------------------------------------------------------------------------- the simple CSV


def test_a_simple_row_becomes_a_charge_and_both_its_days_are_served() -> None:
    file = simple()
    assert file.layout == "simple"
    assert only(file) == UsageCharge(
        customer_key="Acme",
        customer_name="Acme",
        account_key="Acme research",
        account_name="Acme research",
        currency="USD",
        item_key="api-calls",
        item_name="api-calls",
        unit="calls",
        kind="usage_meter",
        quantity=Decimal(1000),
        exact_amount=Decimal("12.34"),
        first_served=datetime(2024, 9, 1, tzinfo=UTC),
        last_served=datetime(2024, 10, 1, tzinfo=UTC),
        rows=1,
    )


def test_a_simple_row_without_an_account_is_for_the_customers_own() -> None:
    assert only(simple({"account": ""})).account_key == "Acme"


@pytest.mark.parametrize("kind", ["usage_meter", "add_on", "fixed_fee", "license"])
def test_a_simple_row_may_name_its_kind(kind: str) -> None:
    assert only(simple({"kind": kind})).kind == kind


@pytest.mark.parametrize("missing", ["", "NULL"])
def test_a_simple_row_without_a_kind_is_a_usage_meter(missing: str) -> None:
    assert only(simple({"kind": missing})).kind == "usage_meter"


def test_an_unknown_kind_is_refused() -> None:
    refused(
        simple_lines({"kind": ""}, {"kind": "gift"}), 3, "kind", "usage_meter, add_on, fixed_fee, license"
    )


@pytest.mark.parametrize(
    ("first_day", "other"),
    [("2024-09-01", ""), ("2024-09-30", ""), ("2024-08-31", "2024-08"), ("2024-10-01", "2024-10")],
)
def test_a_simple_row_belongs_to_the_period_of_its_first_day(first_day: str, other: str) -> None:
    file = simple({"first_day": first_day, "last_day": "2024-11-30"})
    assert [o.reason for o in file.other_periods] == ([other] if other else [])
    assert len(file.charges) == (0 if other else 1)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("api-calls", "api-calls"),
        ("api_calls", "api_calls"),
        ("compute:gb-months-0123456789ab", "compute:gb-months-0123456789ab"),
        ("API calls", "api-calls"),
        ("Support, gold (24/7)", "support-gold-24-7"),
    ],
)
def test_a_simple_item_written_as_a_key_is_that_key_and_any_other_text_its_slug(text: str, key: str) -> None:
    charge = only(simple({"item": text}))
    assert (charge.item_key, charge.item_name) == (key, text)


@pytest.mark.parametrize(
    ("column", "text"), [("item", "API calls"), ("unit", "thousands"), ("kind", "license")]
)
def test_a_simple_item_has_one_spelling_one_unit_and_one_kind(column: str, text: str) -> None:
    lines = simple_lines({"kind": "add_on"}, {"kind": "add_on", "account": "b", column: text})
    refused(lines, 3, column, f"in row 2 and “{text}” here")


@pytest.mark.parametrize("text", ["2024-9-1", "01.09.2024", "2024-02-30", "2024-09-01 00:00:00", "20240901"])
@pytest.mark.parametrize("column", ["first_day", "last_day"])
def test_what_is_not_a_day_is_refused(column: str, text: str) -> None:
    refused(simple_lines({}, {column: text}), 3, column, "is not a day")


def test_a_simple_charge_that_ends_before_it_starts_or_never_is_refused() -> None:
    refused(simple_lines({"last_day": "2024-08-31"}), 2, "last_day", "ends before it starts")
    refused(simple_lines({"last_day": "9999-12-31"}), 2, "last_day", "is not a day of service")


@pytest.mark.parametrize("column", ["customer", "currency", "item", "first_day", "last_day"])
def test_a_missing_simple_value_is_refused(column: str) -> None:
    refused(simple_lines({}, {column: ""}), 3, column, "value is missing")


def test_a_column_the_simple_layout_does_not_know_is_refused() -> None:
    refused(simple_lines({"kinds": "license"}), 1, "kinds", "no such column")
