"""Reading a usage file: the simple layout."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from invoices.usage_file import UsageCharge
from tests.invoices.usage_lines import only, refused, simple, simple_lines


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
