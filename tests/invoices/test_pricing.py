"""Quantities, prices and amounts: exact decimals, rounded once (R1)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.models import Line
from invoices.pricing import PriceRefused, decimal_parse, priced_amount, shown_unit_price, stored_decimal
from tests.factories import a_draft, a_line, an_account, an_item


@pytest.mark.parametrize(
    ("quantity", "price", "decimals", "amount"),
    [
        ("3", "9.99", 2, 2997),
        ("1000", "0.0004", 2, 40),
        ("1", "0.005", 2, 0),
        ("3", "0.005", 2, 2),
        ("5", "0.005", 2, 2),
        ("1", "0.015", 2, 2),
        ("-2", "9.99", 2, -1998),
        ("2", "-9.99", 2, -1998),
        ("-1", "0.005", 2, 0),
        ("-1", "0.015", 2, -2),
        ("0", "9.99", 2, 0),
        ("7", "0.5", 0, 4),
        ("5", "0.5", 0, 2),
        ("2", "1.2345", 3, 2469),
        ("1", "0.0005", 3, 0),
        ("999999999999.5", "0.000000000001", 2, 100),
        ("123456789.012345", "0.987654321098", 2, 12193263114),
    ],
)
def test_r1_quantity_times_price_is_rounded_once_half_to_even(
    quantity: str, price: str, decimals: int, amount: int
) -> None:
    assert priced_amount(Decimal(quantity), Decimal(price), decimals) == amount


@given(
    st.decimals(-(10**6), 10**6, allow_nan=False, places=6),
    st.decimals(-(10**3), 10**3, allow_nan=False, places=9),
    st.sampled_from([0, 2, 3]),
)
def test_r1_an_amount_is_the_nearest_whole_unit_to_the_exact_product(
    quantity: Decimal, price: Decimal, decimals: int
) -> None:
    exact = Fraction(quantity) * Fraction(price) * 10**decimals
    amount = priced_amount(quantity, price, decimals)
    assert abs(exact - amount) <= Fraction(1, 2)
    assert amount == round(exact)


def test_r1_what_no_invoice_can_hold_is_refused() -> None:
    assert priced_amount(Decimal(10**13), Decimal(1), 2) == 10**15
    with pytest.raises(PriceRefused, match="more than an invoice can hold"):
        priced_amount(Decimal(10**13), Decimal("1.0000000001"), 2)
    with pytest.raises(PriceRefused):
        priced_amount(Decimal(-(10**14)), Decimal(1), 2)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        ("0", "0"),
        ("-3", "-3"),
        (" 2.50 ", "2.50"),
        ("0.000000000001", "0.000000000001"),
        ("123456789012345", "123456789012345"),
        ("123.456789012345", "123.456789012345"),
    ],
)
def test_r1_a_number_is_read_exactly(text: str, number: str) -> None:
    assert decimal_parse(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "+1",
        "1e3",
        "NaN",
        "Infinity",
        "1,5",
        "1_000",
        ".5",
        "5.",
        "--1",
        "0x1",
        "0.0000000000001",
        "１",
        "1\x00",
    ],
)
def test_r1_what_is_no_number_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(PriceRefused, match="Type a number in digits"):
        decimal_parse(text)


@pytest.mark.parametrize("text", ["1234567890.123456", "-123456789012345.1", "12345.12345678901"])
def test_r1_more_digits_than_both_databases_keep_are_refused(text: str) -> None:
    with pytest.raises(PriceRefused, match="at most 15 significant digits"):
        decimal_parse(text)


@pytest.mark.parametrize(
    ("exact", "quantity", "shown"),
    [
        *(
            ("1.00", "3", "0.333333333333"),
            ("5.00", "0", "5"),
            ("10", "4", "2.5"),
            ("0.01", "1000", "0.00001"),
        ),
        ("2000", "0.000000000001", "2000"),  # the price of a whole one has more digits than a line can hold
    ],
)
def test_r1_the_unit_price_of_an_imported_line_is_for_display(exact: str, quantity: str, shown: str) -> None:
    assert shown_unit_price(Decimal(exact), Decimal(quantity)) == Decimal(shown)


def test_r1_figures_for_display_are_cut_to_what_the_databases_keep() -> None:
    assert stored_decimal(Decimal("123456.7890123456789")) == Decimal("123456.789012346")
    assert stored_decimal(Decimal("0.0000000000005")) == Decimal(0)
    assert stored_decimal(Decimal("0.0000000000015")) == Decimal("0.000000000002")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("quantity", "price"),
    [
        ("123456789012345", "0.00001"),
        ("0.000000000001", "100000"),
        ("123.456789012345", "1"),
        ("-999999999999999", "0.01"),
        ("1", "-0.123456789012"),
    ],
)
def test_r1_both_databases_keep_fifteen_digits_exactly(quantity: str, price: str) -> None:
    draft = a_draft(an_account(), a_line(an_item(), price, quantity))
    line = Line.objects.get(invoice=draft)
    assert (line.quantity, line.unit_price) == (Decimal(quantity), Decimal(price))


@pytest.mark.parametrize("number", ["1000000000000000", "-1000000000000000", "999999999999999.7"])
def test_r1_what_has_more_digits_before_the_point_than_they_keep_is_refused(number: str) -> None:
    with pytest.raises(PriceRefused, match="more than an invoice can hold"):
        stored_decimal(Decimal(number))
