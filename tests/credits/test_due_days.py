"""Due days: day N of every month, the last day of a shorter one, leap years included."""

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.due_days import DueDays, last_day_of
from tests.factories import day

DAYS = st.integers(1, 31)
STARTS = st.dates(date(2000, 1, 1), date(2200, 12, 31))


def first(due: DueDays, count: int) -> list[str]:
    return [str(each) for each in islice(due, count)]


@pytest.mark.parametrize(
    ("number", "starts", "wanted"),
    [
        pytest.param(1, "2026-01-01", ["2026-01-01", "2026-02-01", "2026-03-01"], id="a start on a due day"),
        pytest.param(1, "2026-01-02", ["2026-02-01", "2026-03-01", "2026-04-01"], id="a day too late"),
        pytest.param(15, "2026-11-16", ["2026-12-15", "2027-01-15", "2027-02-15"], id="over the year's end"),
        pytest.param(31, "2026-01-01", ["2026-01-31", "2026-02-28", "2026-03-31"], id="31 in February"),
        pytest.param(31, "2026-04-01", ["2026-04-30", "2026-05-31", "2026-06-30"], id="31 in months of 30"),
        pytest.param(30, "2028-01-31", ["2028-02-29", "2028-03-30", "2028-04-30"], id="30 in a leap year"),
        pytest.param(29, "2027-02-01", ["2027-02-28", "2027-03-29", "2027-04-29"], id="29 without one"),
        pytest.param(29, "2028-02-29", ["2028-02-29", "2028-03-29", "2028-04-29"], id="on 29 February"),
        pytest.param(31, "2026-02-28", ["2026-02-28", "2026-03-31", "2026-04-30"], id="on a last day"),
        pytest.param(31, "2100-02-01", ["2100-02-28", "2100-03-31", "2100-04-30"], id="2100 has no leap day"),
    ],
)
def test_the_first_due_day_is_on_or_after_the_start_and_one_follows_every_month(
    number: int, starts: str, wanted: list[str]
) -> None:
    assert first(DueDays(number, day(starts)), 3) == wanted


def test_the_end_is_included() -> None:
    assert first(DueDays(31, day("2026-01-01"), day("2026-02-28")), 9) == ["2026-01-31", "2026-02-28"]
    assert first(DueDays(31, day("2026-01-01"), day("2026-02-27")), 9) == ["2026-01-31"]


def test_between_start_and_end_there_may_be_none() -> None:
    assert first(DueDays(15, day("2026-01-16"), day("2026-02-14")), 9) == []
    assert first(DueDays(15, day("2026-03-01"), day("2026-01-31")), 9) == [], "stopped before it began"


def test_the_calendar_has_an_end_that_is_no_trouble() -> None:
    assert first(DueDays(31, date(MAXYEAR, 11, 1)), 9) == ["9999-11-30", "9999-12-31"]


def test_those_until_a_day_and_those_after_it() -> None:
    due = DueDays(31, day("2026-01-01"))
    assert [str(each) for each in due.until(day("2026-03-30"))] == ["2026-01-31", "2026-02-28"]
    assert str(due.until(day("2026-03-31"))[-1]) == "2026-03-31"
    assert str(next(due.after(day("2026-02-28")))) == "2026-03-31"
    assert str(next(due.after(None))) == "2026-01-31"
    assert list(DueDays(1, day("2026-01-01"), day("2026-02-01")).after(day("2026-02-01"))) == []


@pytest.mark.parametrize(
    ("due", "lifetime", "last"),
    [
        ("2026-01-31", 1, "2026-01-31"),
        ("2026-01-31", 28, "2026-02-27"),
        ("2028-02-29", 366, "2029-02-28"),
        ("2026-12-31", 2, "2027-01-01"),
    ],
)
def test_a_lifetime_counts_days_and_the_first_is_one(due: str, lifetime: int, last: str) -> None:
    assert last_day_of(day(due), lifetime) == day(last)


def test_without_a_lifetime_there_is_no_last_day() -> None:
    assert last_day_of(day("2026-01-31"), None) is None


@given(DAYS, STARTS)
def test_every_month_has_one_and_none_is_left_out(number: int, starts: date) -> None:
    found = list(islice(DueDays(number, starts), 50))
    months = [each.year * 12 + each.month for each in found]
    assert all(later - earlier == 1 for earlier, later in pairwise(months))
    assert all(each.day == min(number, monthrange(each.year, each.month)[1]) for each in found)
    assert 0 <= (found[0] - starts).days <= 31


@given(DAYS, STARTS, st.integers(0, 1500), st.integers(-40, 1600))
def test_a_day_is_due_just_when_it_is_among_them(number: int, starts: date, length: int, away: int) -> None:
    due = DueDays(number, starts, starts + timedelta(days=length))
    asked = starts + timedelta(days=away)
    assert (asked in due) == (asked in list(due))


@given(DAYS, STARTS, st.integers(0, 1500), st.lists(st.integers(0, 1500), max_size=5))
def test_whatever_days_are_asked_on_each_due_day_comes_once(
    number: int, starts: date, length: int, runs: list[int]
) -> None:
    """As the command asks: all that are due by then and not there yet."""
    due, last, found = DueDays(number, starts), None, list[date]()
    for away in [*sorted(runs), length + max(runs, default=0)]:
        new = [each for each in due.until(starts + timedelta(days=away)) if last is None or each > last]
        found += new
        last = found[-1] if found else None
    assert found == due.until(starts + timedelta(days=length + max(runs, default=0)))
