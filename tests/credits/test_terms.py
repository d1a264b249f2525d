"""R3, R4 and R6 on plain values."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.allocation import Why
from credits.terms import CreditFacts, Scope, refusal_by_date, use_order

WHOLE = Scope(True, frozenset(), frozenset(), frozenset())
DAY = timedelta(days=1)
FIRST = date(2026, 9, 1)


def scope(
    *,
    whole: bool = False,
    kinds: tuple[str, ...] = (),
    items: tuple[str, ...] = (),
    but: tuple[str, ...] = (),
) -> Scope:
    return Scope(whole, frozenset(kinds), frozenset(items), frozenset(but))


def credit(**terms: Any) -> CreditFacts:
    plain = CreditFacts(
        key=1,
        currency="USD",
        balance=100,
        priority=10,
        purchased=False,
        starts=FIRST,
        ends=None,
        last_issue=None,
        created=0,
        voided=False,
        scope=WHOLE,
    )
    return plain._replace(**terms)


@pytest.mark.parametrize(
    ("chosen", "admitted"),
    [
        (scope(whole=True), {"cpu", "disk", "seat"}),
        (scope(kinds=("usage_meter",)), {"cpu", "disk"}),
        (scope(items=("cpu",)), {"cpu"}),
        (scope(kinds=("license",), items=("cpu",)), {"cpu", "seat"}),
        (scope(whole=True, but=("cpu",)), {"disk", "seat"}),
        (scope(kinds=("usage_meter",), but=("cpu",)), {"disk"}),
        (scope(items=("cpu", "disk"), but=("cpu",)), {"disk"}),
        (scope(kinds=("add_on",)), set()),
    ],
)
def test_r3_scope_admits_kinds_and_items_less_the_excluded(chosen: Scope, admitted: set[str]) -> None:
    kinds = {"cpu": "usage_meter", "disk": "usage_meter", "seat": "license"}
    assert {item for item, kind in kinds.items() if chosen.admits(item, kind)} == admitted


def test_r4_each_term_decides_only_between_equals_of_all_terms_before_it() -> None:
    # From first to last. Each differs from the one before in one deciding term, and is better in
    # the terms after it, so any other order of the terms would show.
    soon, later = FIRST + 30 * DAY, FIRST + 60 * DAY
    last = {"purchased": True, "starts": FIRST + DAY, "created": 9}
    in_order = [
        credit(key=9, priority=1, ends=None, **last),
        credit(key=8, priority=2, ends=soon, **last),
        credit(key=7, priority=2, ends=later, **last),
        credit(key=6, priority=2, ends=None, purchased=False, starts=FIRST + DAY, created=9),
        credit(key=5, priority=2, ends=None, purchased=True, starts=FIRST, created=9),
        credit(key=4, priority=2, ends=None, purchased=True, starts=FIRST + DAY, created=8),
        credit(key=2, priority=2, ends=None, **last),
        credit(key=3, priority=2, ends=None, **last),
    ]
    for shuffled in (in_order[::-1], in_order[3:] + in_order[:3], in_order[::2] + in_order[1::2]):
        assert sorted(shuffled, key=use_order) == in_order


def test_r4_same_facts_in_any_order_come_back_in_one_order() -> None:
    equals = [credit(key=key) for key in range(4)]
    for shuffled in permutations(equals):
        assert sorted(shuffled, key=use_order) == equals


# A credit of 10 to 20 September, and an invoice issued on a day with a line served from a day.
@pytest.mark.parametrize(
    ("first", "issued", "expected"),
    [
        (1, 9, Why.NOT_YET_EFFECTIVE),
        (1, 10, None),  # alive on the day of issue, though not when service began
        (20, 30, None),  # alive on the first day of service, its own last
        (21, 30, Why.EXPIRED),
        (1, 30, None),  # alive in between only
        (25, 20, None),  # billed in advance: the day of issue is the earlier
        (25, 21, Why.EXPIRED),
        (9, 9, Why.NOT_YET_EFFECTIVE),
    ],
)
def test_r6_one_day_alive_from_service_through_issue_is_enough(
    first: int, issued: int, expected: Why | None
) -> None:
    terms = credit(starts=date(2026, 9, 10), ends=date(2026, 9, 21))
    assert refusal_by_date(terms, date(2026, 9, first), date(2026, 9, issued)) is expected


@pytest.mark.parametrize(("days_late", "expected"), [(0, None), (1, Why.EXPIRED)])
def test_r6_issued_after_the_grace_is_too_late(days_late: int, expected: Why | None) -> None:
    expires = date(2026, 9, 30)
    terms = credit(ends=expires + DAY, last_issue=expires + 45 * DAY)
    assert refusal_by_date(terms, expires, expires + (45 + days_late) * DAY) is expected


def test_r6_a_credit_that_never_expires_has_no_last_day() -> None:
    assert refusal_by_date(credit(ends=None), FIRST, date(2999, 1, 1)) is None


def test_r6_instants_are_judged_as_days_are() -> None:
    noon = datetime(2026, 9, 10, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    terms = credit(starts=noon, ends=noon + second)
    assert refusal_by_date(terms, noon, noon) is None
    assert refusal_by_date(terms, noon, noon - second) is Why.NOT_YET_EFFECTIVE
    assert refusal_by_date(terms, noon + second, noon + second) is Why.EXPIRED


@given(*(st.integers(0, 9) for _ in range(4)))
def test_r6_agrees_with_counting_the_days(starts: int, length: int, first: int, issued: int) -> None:
    terms = credit(starts=FIRST + starts * DAY, ends=FIRST + (starts + length) * DAY)
    served_and_alive = set(range(min(first, issued), issued + 1)) & set(range(starts, starts + length))
    refusal = refusal_by_date(terms, FIRST + first * DAY, FIRST + issued * DAY)
    assert (refusal is None) == bool(served_and_alive)
    assert (refusal is Why.NOT_YET_EFFECTIVE) == (starts > issued)
