"""The most that a credit may pay on one invoice, case by case and against oracles that try everything."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.allocation import Source, Why
from credits.settlement import Payment, Settlement, settle
from credits.terms import CreditFacts, LineFacts, Scope
from tests.credits.test_allocation_oracle import (
    every_matrix,
    largest_matrix,
    most_by_first,
    used_by,
)
from tests.credits.test_settlement import (
    AUGUST,
    ISSUED,
    SEPTEMBER,
    WHOLE,
    credit,
    line,
    only,
    reasons,
    settled,
)


def percent(text: str) -> dict[str, Any]:
    return {"max_percent": Decimal(text)}


@pytest.mark.parametrize(
    ("cap", "used"),
    [
        ({}, 80),
        ({"max_amount": 30}, 30),
        ({"max_amount": 80}, 80),
        ({"max_amount": 81}, 80),  # no more than there is of it
        (percent("20"), 40),
        (percent("100"), 80),
        (percent("0.5"), 1),
        (percent("0.999999999999"), 1),  # rounded down, never up
        ({"max_amount": 30, **percent("20")}, 30),
        ({"max_amount": 50, **percent("20")}, 40),
    ],
)
def test_a_cap_is_the_most_a_credit_pays_on_one_invoice(cap: dict[str, Any], used: int) -> None:
    found = settled([credit(1, 80, **cap)], line(1, "X", 150), line(2, "Y", 50))
    assert [(o.used, o.left, o.paid, o.why) for o in found.outcomes] == [(used, 80 - used, used, Why.USED)]


def test_a_percentage_is_of_what_is_payable_on_the_lines_it_may_pay() -> None:
    # Scope, dates, corrections and lines that sell a credit all count; other credits do not.
    lines = [
        line(1, "X", 200, first=AUGUST),
        line(2, "X", -100),
        line(3, "Y", 500, first=AUGUST),
        line(4, "X", 900, first=SEPTEMBER),
        line(5, "X", 700, first=AUGUST)._replace(creditable=False),
    ]
    terms = {"starts": AUGUST, "ends": SEPTEMBER, **percent("50")}
    first = credit(1, 60, only("X"), priority=1)
    found = settled([first, credit(2, 999, only("X"), **terms)], *lines)
    # 100 are payable where it may pay, and half of that stays: the first credit takes no part in it.
    assert found.payments == (Payment(1, 1, 50), Payment(1, 4, 10), Payment(2, 1, 50))


def test_a_percentage_is_of_what_free_units_leave() -> None:
    units = credit(1, 40, unit_item="X")
    found = settled([units, credit(2, 999, **percent("50"))], line(1, "X", 100)._replace(quantity=100))
    assert found.payments == (Payment(1, 1, 40, 40), Payment(2, 1, 30))


def test_r5_a_capped_credit_still_moves_aside_for_a_later_one() -> None:
    capped = credit(1, 500, priority=1, max_amount=50)
    found = settled([capped, credit(2, 50, only("X"), priority=2)], line(1, "X", 50), line(2, "Y", 50))
    assert found.payments == (Payment(1, 2, 50), Payment(2, 1, 50))
    assert found.due == 0


# Each of these adds one more obstacle in front of those before it, and is named instead of them.
@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, Why.NOTHING_LEFT_TO_PAY),
        (percent("0.5"), Why.CAPPED),
        ({"scope": only("other"), **percent("0.5")}, Why.OUT_OF_SCOPE),
        ({"balance": 0, **percent("0.5")}, Why.NO_BALANCE),
        ({"ends": SEPTEMBER, "starts": AUGUST, **percent("0.5")}, Why.EXPIRED),
        ({"unpaid": True, "ends": SEPTEMBER, "starts": AUGUST, **percent("0.5")}, Why.UNPAID),
        ({"voided": True, "unpaid": True}, Why.VOIDED),
    ],
)
def test_the_first_reason_that_holds_is_the_one_told(terms: dict[str, Any], why: Why) -> None:
    found = settled([credit(1, 100, priority=1), credit(2, 10)._replace(**terms)], line(1, "X", 100))
    assert reasons(found) == {1: Why.USED, 2: why}
    assert found.credited == 100


def test_where_nothing_is_payable_no_cap_is_blamed() -> None:
    found = settled([credit(1, 10, only("X"), **percent("50"))], line(1, "X", 0), line(2, "Y", 5))
    assert reasons(found) == {1: Why.NOTHING_LEFT_TO_PAY}


def test_a_percentage_of_an_amount_beyond_64_bits_is_exact() -> None:
    found = settled([credit(1, 10**40, **percent("33.333333333333"))], line(1, "X", 10**30 + 1))
    assert found.credited == floor(Fraction("33.333333333333") * (10**30 + 1) / 100)


Case = tuple[list[CreditFacts], list[LineFacts]]


@st.composite
def cases(draw: st.DrawFn, *, most_credits: int, most_lines: int, most: int) -> Case:
    items = "XYZ"[: draw(st.integers(1, 3))]
    amounts, caps = st.integers(0, most), st.integers(1, most)
    of_items = st.sets(st.sampled_from(items)).map(lambda chosen: only(*chosen))
    percents = st.decimals(Decimal("0.5"), 100, places=1, allow_nan=False)
    lines = [line(place, draw(st.sampled_from(items)), draw(amounts)) for place in range(most_lines)]
    credits = [
        credit(
            place,
            draw(amounts),
            draw(st.one_of(st.just(WHOLE), of_items)),
            priority=1 + place,
            max_amount=draw(st.none() | caps),
            max_percent=draw(st.none() | percents),
        )
        for place in range(draw(st.integers(1, most_credits)))
    ]
    return credits, lines


def in_scope(scope: Scope, lines: Sequence[LineFacts]) -> list[int]:
    return [place for place, line in enumerate(lines) if scope.admits(line.item, line.kind)]


def flow_of(case: Case) -> tuple[list[Source], list[int]]:
    """The cap as the capacity of the edge from the source; fractions, not integers, decide it."""
    credits, lines = case
    payables, sources = [line.amount for line in lines], []
    for one in credits:
        reached = in_scope(one.scope, lines)
        most = [Fraction(one.balance)]
        if one.max_amount is not None:
            most.append(Fraction(one.max_amount))
        if one.max_percent is not None:
            most.append(Fraction(one.max_percent) / 100 * sum(payables[place] for place in reached))
        sources.append(Source(floor(min(most)), sum(1 << place for place in reached)))
    return sources, payables


def outcome_of(case: Case) -> Settlement:
    return settle(*case, currency="USD", issued=ISSUED)


def matrix(case: Case) -> tuple[int, ...]:
    flat = [0] * (len(case[0]) * len(case[1]))
    for payment in outcome_of(case).payments:
        flat[payment.credit * len(case[1]) + payment.line] = payment.amount
    return tuple(flat)


quick = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(cases(most_credits=6, most_lines=6, most=1000))
def test_r5_with_caps_every_prefix_of_credits_pays_as_much_as_any_flow_could(case: Case) -> None:
    used = [outcome.used for outcome in outcome_of(case).outcomes]
    for count in range(len(used) + 1):
        assert sum(used[:count]) == most_by_first(count, flow_of(case))


@quick
@given(cases(most_credits=3, most_lines=3, most=4))
def test_r5_with_caps_is_the_largest_of_all_matrices_there_are(case: Case) -> None:
    best = max((used_by(flat, len(case[1])), flat) for flat in every_matrix(flow_of(case)))
    assert (used_by(matrix(case), len(case[1])), matrix(case)) == best


@quick
@given(cases(most_credits=5, most_lines=5, most=50))
def test_r5_with_caps_every_cell_is_as_large_as_the_cells_before_it_allow(case: Case) -> None:
    assert matrix(case) == largest_matrix(flow_of(case))


@quick
@given(cases(most_credits=6, most_lines=6, most=100), st.randoms(use_true_random=False))
def test_r5_with_caps_order_of_lines_changes_nothing_used(case: Case, random: Random) -> None:
    credits, lines = case
    shuffled = list(lines)
    random.shuffle(shuffled)
    used = [outcome.used for outcome in outcome_of((credits, shuffled)).outcomes]
    assert used == [outcome.used for outcome in outcome_of(case).outcomes]


@quick
@given(cases(most_credits=6, most_lines=6, most=100))
def test_a_credit_is_told_capped_only_if_its_cap_comes_to_nothing(case: Case) -> None:
    sources, payables = flow_of(case)
    for outcome, source in zip(outcome_of(case).outcomes, sources, strict=True):
        payable = sum(payables[place] for place in in_scope(outcome.credit.scope, case[1]))
        held_back = bool(outcome.credit.balance and payable and not source.balance)
        assert (outcome.why is Why.CAPPED) == held_back
