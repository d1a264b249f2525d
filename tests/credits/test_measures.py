"""Amounts in a credit's own measure, and the most it pays on one invoice, in words."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from credits.caps import PercentRefused, caps_words, percent_parse, percent_text
from credits.measures import counted, measured
from credits.templatetags.measures import taken, units
from invoices.models import Item


@dataclass
class Of:
    currency: str = "USD"
    unit_item: Item | None = None


MONEY, CALLS = Of(), Of(unit_item=Item(name="API calls"))


def test_r11_a_credit_is_counted_in_its_own_measure() -> None:
    assert (measured(5000, MONEY), counted(5000, MONEY)) == ("$50.00", "$50.00")
    assert (measured(740 * 10**6, CALLS), counted(1000 * 10**6, CALLS)) == ("740 API calls", "1,000")
    assert (measured(0, CALLS), measured(-500_000, CALLS)) == ("0 API calls", "−0.5 API calls")


def test_what_is_taken_has_a_minus_and_nothing_is_a_dash() -> None:
    assert [taken(5000, MONEY), taken(260 * 10**6, CALLS)] == ["−$50.00", "−260 API calls"]
    assert [taken(0, MONEY), taken(0, CALLS), units(None)] == ["–", "–", "–"]
    assert [units(260 * 10**6), units(260 * 10**6, "calls")] == ["260", "260 calls"]


@pytest.mark.parametrize(
    ("amount", "percent", "words"),
    [
        (None, None, ""),
        (20000, None, "At most $200.00 on an invoice"),
        (None, Decimal("50.00"), "At most 50 % of what it may pay on an invoice"),
        (20000, Decimal("12.50"), "At most 12.5 % of what it may pay on an invoice, and at most $200.00"),
    ],
)
def test_the_most_it_pays_as_a_person_says_it(
    amount: int | None, percent: Decimal | None, words: str
) -> None:
    assert caps_words(amount, percent, "USD") == words


@pytest.mark.parametrize("typed", ["0.01", "1", "12.5", "33.33", "99.99", "100", "100.00", "050"])
def test_r1_a_percentage_that_is_read_can_be_written_and_read_again(typed: str) -> None:
    percent = percent_parse(typed)
    assert percent == Decimal(typed)
    assert percent_parse(percent_text(percent)) == percent


@pytest.mark.parametrize(
    "typed", ["", "0", "0.00", "100.01", "1e1", "5%", "-1", "+1", "1,5", ".5", "５", "1_0"]
)
def test_r1_what_is_no_percentage_is_refused(typed: str) -> None:
    with pytest.raises(PercentRefused):
        percent_parse(typed)
