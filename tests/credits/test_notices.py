"""What is told and what is cleared, decided from values alone: each once per crossing."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.notices import (
    BALANCE,
    Decision,
    Key,
    Limits,
    OpenCredit,
    Standing,
    notices_decide,
    notices_hold,
)

TODAY = date(2026, 9, 10)
BELOW_50 = Limits(low_balance=5000)
WITHIN_7 = Limits(expiring_days=7)


def balance(available: int, *, had_credit: bool = True) -> Standing:
    return Standing(TODAY, available, had_credit)


def ending(*credits: OpenCredit, today: date = TODAY) -> Standing:
    return Standing(today, 10_000, had_credit=True, credits=credits)


def credit(key: int, left: int, in_days: int | None) -> OpenCredit:
    return OpenCredit(key, left, None if in_days is None else TODAY + timedelta(days=in_days))


# --- Low balance ------------------------------------------------------------------------


@pytest.mark.parametrize(("available", "low"), [(5001, False), (5000, False), (4999, True), (0, True)])
def test_a_balance_is_low_below_its_threshold_and_not_at_it(available: int, low: bool) -> None:
    assert notices_hold(BELOW_50, balance(available)) == ({BALANCE: available} if low else {})


def test_an_account_that_never_had_a_credit_has_no_balance_that_fell() -> None:
    assert notices_hold(BELOW_50, balance(0, had_credit=False)) == {}


def test_without_limits_nothing_is_told() -> None:
    standing = Standing(TODAY, 0, had_credit=True, credits=[credit(1, 100, 0)])
    assert notices_hold(Limits(), standing) == {}


# --- Expiring soon ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_days", "soon"), [(-1, False), (0, True), (1, True), (7, True), (8, False), (None, False)]
)
def test_a_credit_expires_soon_from_the_first_day_of_the_window_through_its_last_day(
    in_days: int | None, soon: bool
) -> None:
    assert notices_hold(WITHIN_7, ending(credit(1, 100, in_days))) == ({1: 100} if soon else {})


def test_a_credit_with_nothing_left_is_not_told_of() -> None:
    assert notices_hold(WITHIN_7, ending(credit(1, 0, 3), credit(2, 1, 3))) == {2: 1}


def test_what_ends_soonest_is_told_first_after_the_balance() -> None:
    limits = Limits(low_balance=20_000, expiring_days=7)
    standing = ending(credit(1, 10, 5), credit(2, 20, 3), credit(3, 30, 3))
    assert list(notices_hold(limits, standing)) == [BALANCE, 2, 3, 1]


@pytest.mark.parametrize(
    ("last_day", "days", "first_told"),
    [
        pytest.param(date(2027, 2, 28), 30, date(2027, 1, 29), id="over the end of January"),
        pytest.param(date(2028, 2, 29), 30, date(2028, 1, 30), id="on 29 February"),
        pytest.param(date(2028, 3, 1), 1, date(2028, 2, 29), id="the day after 29 February"),
        pytest.param(date(2027, 3, 1), 1, date(2027, 2, 28), id="in a year without 29 February"),
        pytest.param(date(2027, 1, 31), 31, date(2026, 12, 31), id="over the end of the year"),
    ],
)
def test_the_window_is_counted_in_days_across_the_ends_of_months(
    last_day: date, days: int, first_told: date
) -> None:
    limits, one = Limits(expiring_days=days), OpenCredit(1, 100, last_day)
    told = [
        day
        for day in (last_day - timedelta(days=before) for before in range(60, -2, -1))
        if notices_hold(limits, ending(one, today=day))
    ]
    assert (told[0], told[-1], len(told)) == (first_told, last_day, days + 1)


# --- Once per crossing ------------------------------------------------------------------


def test_what_is_told_already_is_not_told_again_even_if_less_is_left() -> None:
    assert notices_decide({BALANCE: 10, 7: 20}, {BALANCE, 7}) == Decision()


def test_what_no_longer_holds_is_cleared_and_what_holds_anew_is_told() -> None:
    assert notices_decide({8: 20}, {BALANCE, 7}) == Decision({8: 20}, frozenset({BALANCE, 7}))


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 15))
def test_a_walk_of_balances_tells_exactly_at_each_crossing_downward(walk: list[int], low: int) -> None:
    told: set[Key] = set()
    told_at, cleared_at = [], []
    for step, available in enumerate(walk):
        decision = notices_decide(notices_hold(Limits(low_balance=low), balance(available)), told)
        told_at += [step] * len(decision.tell)
        cleared_at += [step] * len(decision.clear)
        told = (told | set(decision.tell)) - decision.clear
    above_before = [True] + [available >= low for available in walk]
    assert told_at == [n for n, left in enumerate(walk) if left < low and above_before[n]]
    assert cleared_at == [n for n, left in enumerate(walk) if left >= low and not above_before[n]]


LIMITS = st.builds(
    Limits, st.none() | st.integers(1, 10), st.none() | st.integers(1, 40)
)  # fmt: skip
CREDITS = st.lists(
    st.builds(credit, st.integers(1, 5), st.integers(0, 3), st.none() | st.integers(-3, 45)),
    max_size=5,
    unique_by=lambda one: one.key,
)


@given(LIMITS, CREDITS, st.integers(0, 12), st.booleans(), st.sets(st.none() | st.integers(1, 6)))
def test_afterwards_the_open_notices_are_what_holds_and_twice_is_once(
    limits: Limits, credits: list[OpenCredit], available: int, had_credit: bool, told: set[Key]
) -> None:
    held = notices_hold(limits, Standing(TODAY, available, had_credit, credits))
    decision = notices_decide(held, told)
    afterwards = (told | set(decision.tell)) - decision.clear
    assert afterwards == set(held)
    assert not told & set(decision.tell)
    assert decision.clear <= told
    assert notices_decide(held, afterwards) == Decision()


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_run_that_skips_days_tells_what_the_days_it_runs_on_hold(runs: list[bool]) -> None:
    """A credit of 10 days and a window of 7, looked at on some days only: told once, if at all in time."""
    one, told, count = OpenCredit(1, 100, TODAY + timedelta(days=10)), set[Key](), 0
    for after, run in enumerate(runs):
        if run:
            held = notices_hold(WITHIN_7, ending(one, today=TODAY + timedelta(days=after)))
            decision = notices_decide(held, told)
            told, count = (told | set(decision.tell)) - decision.clear, count + len(decision.tell)
    assert count == int(any(runs[3:11]))
