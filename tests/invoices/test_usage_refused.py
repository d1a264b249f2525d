"""Reading a usage file: what is refused, by row and column."""

import csv

import pytest

from tests.invoices.usage_lines import (
    FOCUS_ROW,
    SIMPLE_ROW,
    focus,
    focus_lines,
    only,
    refused,
    simple_lines,
    without,
    written,
)


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
    refused(["name,colour\n", "a,b\n"], 1, "name", "neither FOCUS nor ours, which has")


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
