"""R12: corrections lower charges, and what is payable is what remains."""

from collections.abc import Hashable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.netting import payable_amounts


@dataclass(frozen=True)
class Charged:
    item: Hashable
    kind: str
    amount: int


def payable(*lines: tuple[str, str, int]) -> list[int]:
    return payable_amounts([Charged(*line) for line in lines])


def test_r12_without_corrections_everything_is_payable() -> None:
    assert payable(("a", "k", 5), ("b", "k", 0), ("c", "m", 7)) == [5, 0, 7]
    assert payable() == []


def test_r12_a_correction_lowers_its_own_item_first_from_the_top() -> None:
    lines = (("b", "k", 9), ("a", "k", 4), ("a", "k", 4), ("a", "k", -6))
    assert payable(*lines) == [9, 0, 2, 0]


def test_r12_then_its_kind_from_the_top() -> None:
    lines = (("x", "m", 9), ("b", "k", 4), ("c", "k", 4), ("a", "k", 1), ("a", "k", -6))
    assert payable(*lines) == [9, 0, 3, 0, 0]


def test_r12_then_the_rest_from_the_bottom() -> None:
    lines = (("x", "m", 9), ("y", "n", 4), ("a", "k", -3), ("z", "n", 2))
    assert payable(*lines) == [9, 3, 0, 0]


def test_r12_its_place_among_the_lines_does_not_shield_a_charge_above_or_below() -> None:
    assert payable(("a", "k", -5), ("b", "m", 9), ("a", "k", 5)) == [0, 9, 0]


def test_r12_corrections_are_taken_in_the_order_of_the_invoice() -> None:
    # The first eats b, the only one of its kind; the second then finds the bottom, c.
    lines = (("a", "k", -4), ("b", "k", 5), ("d", "k", -4), ("e", "m", 3), ("c", "n", 8))
    assert payable(*lines) == [0, 0, 0, 3, 5]


def test_r12_an_item_is_matched_though_the_kind_differs() -> None:
    assert payable(("b", "k", 5), ("a", "m", 5), ("a", "k", -5)) == [5, 0, 0]


@pytest.mark.parametrize("correction", [-10, -11])
def test_r12_nothing_is_payable_on_a_total_of_zero_or_less(correction: int) -> None:
    assert payable(("a", "k", 10), ("b", "m", correction)) == [0, 0]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("km"), st.integers(-30, 60)), max_size=8),
)
def test_r12_parts_add_up_and_no_line_is_raised(lines: list[tuple[str, str, int]]) -> None:
    parts = payable(*lines)
    assert sum(parts) == max(0, sum(amount for _, _, amount in lines))
    assert all(0 <= part <= max(0, amount) for part, (_, _, amount) in zip(parts, lines, strict=True))
