"""R5, case by case: each answer can be followed by hand."""

import time
from itertools import permutations
from typing import Any

import pytest

from credits.allocation import Allocation, Source, Why, allocate


def sources(*pairs: tuple[int, str]) -> list[Source]:
    """Balance and scope, the scope drawn as a row of lines: "x.x" may pay the first and the third."""
    return [
        Source(balance, sum(1 << line for line, mark in enumerate(row) if mark == "x"))
        for balance, row in pairs
    ]


def matrix(found: Allocation, lines: int) -> list[list[int]]:
    rows = [[0] * lines for _ in found.used]
    for credit, line, amount in found.cells:
        rows[credit][line] += amount
    return rows


def test_r5_a_broad_credit_leaves_the_line_that_a_narrow_one_needs() -> None:
    found = allocate(sources((50, "xx"), (50, "x.")), [50, 50])
    assert found.cells == ((0, 1, 50), (1, 0, 50))
    assert found.used == (50, 50)
    assert found.why == (Why.USED, Why.USED)
    assert found.passed_over == ((0, 0, 50),)


def test_r5_without_a_narrow_credit_the_broad_one_pays_from_the_top() -> None:
    found = allocate(sources((50, "xx"), (50, "xx")), [70, 30])
    assert found.cells == ((0, 0, 50), (1, 0, 20), (1, 1, 30))
    assert found.passed_over == ()


def test_r5_no_more_is_left_on_a_line_than_the_later_credit_can_use() -> None:
    # The second credit is worth 20, so the first keeps 30 on the first line and moves 20 down.
    found = allocate(sources((50, "xx"), (20, "x.")), [50, 50])
    assert matrix(found, 2) == [[30, 20], [20, 0]]
    assert found.passed_over == ((0, 0, 20),)


def test_r5_two_earlier_credits_move_aside_for_a_third() -> None:
    # Lines X, Y, Z of 30 each. A may pay X and Y, B Y and Z, C only X; 30 each.
    # The walk: A takes X, B takes Y, C finds X taken. C must have X, so A goes down to Y, so B
    # goes down to Z: two must move, and everything is paid.
    found = allocate(sources((30, "xx."), (30, ".xx"), (30, "x..")), [30, 30, 30])
    assert matrix(found, 3) == [[0, 30, 0], [0, 0, 30], [30, 0, 0]]
    # A left X for C. B found no Y to leave.
    assert found.passed_over == ((0, 0, 30),)


def test_r5_moving_aside_keeps_the_earlier_credit_as_high_as_it_can_stay() -> None:
    # C needs 20 of X. A could leave it whole and pay Y and Z; the largest row keeps 10 on X, then
    # fills Y, and only the rest goes to Z.
    found = allocate(sources((40, "xxx"), (20, "x..")), [30, 25, 40])
    assert matrix(found, 3) == [[10, 25, 5], [20, 0, 0]]


def test_r5_the_earlier_of_two_rivals_is_used_first() -> None:
    # Both can pay only X. Nothing that A could do would let B be used without A losing.
    found = allocate(sources((40, "x."), (40, "x.")), [50, 50])
    assert found.used == (40, 10)
    assert found.passed_over == ()


def test_r5_a_later_credit_never_takes_from_what_an_earlier_one_uses() -> None:
    # Serving B's 100 on X whole would cost A its only line.
    found = allocate(sources((10, "x"), (100, "x")), [10])
    assert found.used == (10, 0)
    assert found.why == (Why.USED, Why.NOTHING_LEFT_TO_PAY)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_r5_line_order_never_changes_what_is_used(order: tuple[int, int, int]) -> None:
    scopes, payables = ["xx.", ".xx", "x.."], [30, 20, 10]
    moved = sources(
        *((25, "".join(scope[line] for line in order)) for scope in scopes),
    )
    # r(A) = 25; A and B: 50 of 60 reachable; all three together can reach everything but 15.
    assert allocate(moved, [payables[line] for line in order]).used == (25, 25, 10)


def test_r5_every_reason_for_not_being_used_is_told() -> None:
    found = allocate(sources((0, "x."), (5, ".."), (9, "x."), (9, "x."), (5, ".x")), [9, 0])
    assert found.why == (
        Why.NO_BALANCE,
        Why.OUT_OF_SCOPE,
        Why.USED,
        Why.NOTHING_LEFT_TO_PAY,
        Why.NOTHING_LEFT_TO_PAY,
    )


def test_r5_a_line_of_zero_takes_nothing_even_when_credits_move_aside() -> None:
    found = allocate(sources((50, "xxx"), (50, "xx."), (7, "x..")), [0, 50, 50])
    assert matrix(found, 3) == [[0, 0, 50], [0, 50, 0], [0, 0, 0]]


def test_r5_amounts_beyond_64_bits_stay_exact() -> None:
    much = 10**30 + 1
    found = allocate(sources((much, "xx"), (much, "x.")), [much, much])
    assert matrix(found, 2) == [[0, much], [much, 0]]


def test_r5_nothing_to_do_is_an_answer() -> None:
    assert allocate([], []) == Allocation((), (), (), ())
    assert allocate([], [5]).cells == ()
    assert allocate([Source(5, 0)], []).why == (Why.OUT_OF_SCOPE,)


@pytest.mark.parametrize(
    ("balance", "scope", "payable"),
    [
        (-1, 1, 1),
        (1, 1, -1),
        (1, -1, 1),
        (1, 0b10, 1),  # a line that is not there
        (True, 1, 1),
        (1, True, 1),
        (1, 1, True),
        (1.0, 1, 1),
        (1, 1, 1.5),
        ("1", 1, 1),
        (1, None, 1),
    ],
)
def test_r5_refuses_what_is_no_whole_amount_or_no_scope(balance: Any, scope: Any, payable: Any) -> None:
    with pytest.raises(ValueError, match="not"):
        allocate([Source(balance, scope)], [payable])


def test_r5_a_thousand_nested_scopes_broad_first_take_seconds_not_minutes() -> None:
    # Every second scope is one line shorter than the one before it: without closing tight sets this
    # search is cubic. The bound is wide, for slow machines.
    lines = 500
    nested = [Source(1 + step * 617 % 1000, (1 << lines) - 1 >> step // 2) for step in range(2 * lines)]
    payables = [1 + line * 1237 % 2000 for line in range(lines)]
    began = time.process_time()
    allocate(nested, payables)
    assert time.process_time() - began < 4
