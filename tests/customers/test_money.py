"""Money: typed by a strict grammar, kept as whole minor units, rounded once (R1)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.money import (
    AmountRefused,
    amount_parse,
    amount_round,
    amount_text,
    currency_decimals,
    money_display,
    money_from_minor,
    money_to_minor,
)
from customers.templatetags.money import figure, price

NOT_AMOUNTS = {
    "nothing": ["", " ", "   "],
    "a sign": ["+5", "-5", "--5", "5-", "+5.00", "−5", "-0", "±5", "(5)"],
    "an exponent": ["1e2", "1E2", "1e-2", "1.5e1", "5e"],
    "a separator": [
        "1,000",
        "1,50",
        "1 000",
        "1'000",
        "1_000",
        "5_0",
        "1.000.000",
        "1\u00a0000",
        "1\u202f000",
    ],
    "a point alone or twice": [".", ".5", "5.", "5..0", "1.2.3", "5. 0", "5 .0"],
    "no number": ["NaN", "nan", "sNaN", "inf", "-inf", "Infinity", "abc", "five", "None", "true"],
    "another base": ["0x10", "0b1", "0o7", "1f"],
    "a currency": ["$5", "5$", "USD 5", "5 USD", "€5", "5%"],
    "digits of another script": ["５", "５０.００", "५०", "٥", "۵", "߅", "𝟓", "②", "½", "5²", "Ⅴ", "五"],
    "what cannot be seen": [
        "5\x00",
        "\x005",
        "5\u200b",
        "\u200b5",
        "5\ufeff",
        "5\n",
        "\t5",
        "5\r\n",
        "\u2060" + "5",
    ],
}


@pytest.mark.parametrize(
    "text",
    [pytest.param(text, id=f"{why}: {text!a}") for why, texts in NOT_AMOUNTS.items() for text in texts],
)
def test_r1_what_is_not_an_amount_is_refused_with_a_sentence(text: str) -> None:
    for currency in ("USD", "JPY", "KWD"):
        with pytest.raises(AmountRefused, match="Type the amount in digits"):
            amount_parse(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("5", "USD", 500),
        ("5.0", "USD", 500),
        ("5.00", "USD", 500),
        ("0.01", "USD", 1),
        ("0050.10", "USD", 5010),
        (" 5 ", "USD", 500),
        ("1234.56", "EUR", 123456),
        ("5", "JPY", 5),
        ("100000", "JPY", 100000),
        ("5", "KWD", 5000),
        ("5.1", "KWD", 5100),
        ("0.001", "KWD", 1),
        ("1.234", "BHD", 1234),
    ],
)
def test_r1_an_amount_becomes_minor_units_of_its_currency(text: str, currency: str, minor: int) -> None:
    assert amount_parse(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "sentence"),
    [
        ("5.001", "USD", "USD has 2 decimals, not more."),
        ("5.000", "USD", "USD has 2 decimals, not more."),
        ("5.0", "JPY", "JPY has no decimals."),
        ("5.0001", "KWD", "KWD has 3 decimals, not more."),
    ],
)
def test_r1_more_decimals_than_the_currency_has_are_refused(text: str, currency: str, sentence: str) -> None:
    with pytest.raises(AmountRefused, match=sentence):
        amount_parse(text, currency)


@pytest.mark.parametrize("text", ["0", "0.0", "0.00", "000"])
def test_r1_zero_is_refused_unless_it_is_asked_for(text: str) -> None:
    with pytest.raises(AmountRefused, match="must not be zero"):
        amount_parse(text, "USD")
    assert amount_parse(text, "USD", zero=True) == 0


def test_r1_a_leading_minus_is_read_only_where_it_is_allowed() -> None:
    assert amount_parse("-5.25", "USD", negative=True) == -525
    with pytest.raises(AmountRefused):
        amount_parse("- 5.25", "USD", negative=True)
    with pytest.raises(AmountRefused):
        amount_parse("5.25-", "USD", negative=True)


@pytest.mark.parametrize(("currency", "minor"), [("USD", 10_000_000_000), ("JPY", 100_000_000)])
def test_r1_the_upper_limit_is_a_setting_in_whole_units(currency: str, minor: int) -> None:
    assert amount_parse("100000000", currency) == minor
    with pytest.raises(AmountRefused, match=f"above the limit of 100,000,000 {currency}"):
        amount_parse("100000001", currency)


def test_r1_the_limit_counts_the_smallest_unit_over_it() -> None:
    assert amount_parse("10.00", "USD", limit=10) == 1000
    with pytest.raises(AmountRefused, match="above the limit of 10 USD"):
        amount_parse("10.01", "USD", limit=10)


@pytest.mark.parametrize("text", ["9" * 16, "9" * 400, "1" + "0" * 5000])
def test_r1_no_length_of_digits_gets_past_the_limit(text: str) -> None:
    with pytest.raises(AmountRefused, match="above the limit"):
        amount_parse(text, "USD")


@pytest.mark.parametrize(
    ("exact", "currency", "minor"),
    [
        ("0.004", "USD", 0),
        ("0.005", "USD", 0),
        ("0.0050000000000001", "USD", 1),
        ("0.015", "USD", 2),
        ("0.025", "USD", 2),
        ("-0.005", "USD", 0),
        ("-0.015", "USD", -2),
        ("2.675", "USD", 268),
        ("0.5", "JPY", 0),
        ("1.5", "JPY", 2),
        ("0.0005", "KWD", 0),
        ("0.0015", "KWD", 2),
        ("12345678901234567890.125", "USD", 1234567890123456789012),
    ],
)
def test_r1_an_exact_sum_is_rounded_once_half_to_even(exact: str, currency: str, minor: int) -> None:
    assert amount_round(Decimal(exact), currency) == minor


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("KRW", 0), ("USD", 2), ("KWD", 3), ("BHD", 3)]
)
def test_r1_the_decimals_of_a_currency(currency: str, decimals: int) -> None:
    assert currency_decimals(currency) == decimals


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (5000, "USD", "50.00"),
        (1, "USD", "0.01"),
        (0, "USD", "0.00"),
        (-525, "USD", "-5.25"),
        (-5, "USD", "-0.05"),
        (500, "JPY", "500"),
        (-500, "JPY", "-500"),
        (1, "KWD", "0.001"),
        (1234567, "KWD", "1234.567"),
    ],
)
def test_r1_an_amount_as_plain_text(minor: int, currency: str, text: str) -> None:
    assert amount_text(minor, currency) == text


@given(st.integers(1, 10**10), st.sampled_from(["USD", "JPY", "KWD"]))
def test_r1_what_is_written_is_read_back_to_the_last_unit(minor: int, currency: str) -> None:
    limit = 10**10
    assert amount_parse(amount_text(minor, currency), currency, limit=limit) == minor
    assert amount_parse(amount_text(-minor, currency), currency, negative=True, limit=limit) == -minor
    assert money_to_minor(money_from_minor(minor, currency)) == minor


def test_r1_money_at_the_rim_with_a_fraction_of_a_cent_is_refused() -> None:
    money = money_from_minor(5000, "USD")
    assert (money.amount, str(money.currency)) == (Decimal("50.00"), "USD")
    with pytest.raises(AmountRefused, match="not a whole number of minor units"):
        money_to_minor(money / 3)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123450, "USD", "$1,234.50"),
        (0, "USD", "$0.00"),
        (-500, "JPY", "−¥500"),
        (-1, "USD", "−$0.01"),
        (1234567, "EUR", "€12,345.67"),
    ],
)
def test_r1_an_amount_as_a_person_reads_it(minor: int, currency: str, shown: str) -> None:
    assert money_display(minor, currency) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("1200.50", "1,200.5"),
        ("-12000", "−12,000"),
        ("0E-12", "0"),
        ("-0.000004", "−0.000004"),
        ("1E+3", "1,000"),
    ],
)
def test_a_quantity_as_a_person_reads_it(number: str, shown: str) -> None:
    assert figure(Decimal(number)) == shown


def test_a_price_below_a_cent_is_shown_to_its_last_digit() -> None:
    assert (price(Decimal("0.0004"), "USD"), price(Decimal("9.5"), "USD")) == ("$0.0004", "$9.50")
