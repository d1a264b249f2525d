"""Reading a usage file: what a FOCUS row becomes, and how its numbers and times are read."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from invoices.usage_file import UsageCharge
from tests.invoices.usage_lines import (
    FOCUS_ROW,
    focus,
    focus_lines,
    only,
    read,
    refused,
    simple_lines,
    without,
    written,
)


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
