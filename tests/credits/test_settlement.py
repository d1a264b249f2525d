"""The rules together on one invoice: order, scope, dates, corrections and currency."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from credits.allocation import Why
from credits.settlement import PassedOver, Payment, Settlement, settle
from credits.terms import CreditFacts, LineFacts, Scope

ISSUED = date(2026, 10, 1)
AUGUST, SEPTEMBER, NOVEMBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 11, 1)


def only(*items: str) -> Scope:
    return Scope(False, frozenset(), frozenset(items), frozenset())


WHOLE = Scope(True, frozenset(), frozenset(), frozenset())


def credit(key: int, balance: int, scope: Scope = WHOLE, **terms: Any) -> CreditFacts:
    plain = CreditFacts(
        key=key,
        currency="USD",
        balance=balance,
        priority=50,
        purchased=False,
        starts=SEPTEMBER,
        ends=None,
        last_issue=None,
        created=0,
        voided=False,
        scope=scope,
    )
    return plain._replace(**terms)


def line(key: int, item: str, amount: int, first: date = SEPTEMBER, kind: str = "usage_meter") -> LineFacts:
    return LineFacts(key, item, kind, amount, first)


def settled(credits: list[CreditFacts], *lines: LineFacts) -> Settlement:
    return settle(credits, lines, currency="USD", issued=ISSUED)


def reasons(found: Settlement) -> dict[int, Why]:
    return {outcome.credit.key: outcome.why for outcome in found.outcomes}


def test_r5_example_leaves_nothing_due() -> None:
    found = settled(
        [credit(7, 50, priority=1), credit(8, 50, only("X"), priority=2)], line(1, "X", 50), line(2, "Y", 50)
    )
    assert found.payments == (Payment(7, 2, 50), Payment(8, 1, 50))
    assert found.passed_over == (PassedOver(7, 1, 50),)
    assert (found.total, found.credited, found.due) == (100, 100, 0)
    assert [found.credited_on(1), found.credited_on(2), found.credited_on(3)] == [50, 50, 0]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_r4_credits_are_used_in_their_order_whatever_order_rows_come_in(order: tuple[int, ...]) -> None:
    rows = [credit(1, 30, priority=9), credit(2, 30, priority=1), credit(3, 30, priority=9, created=-1)]
    found = settled([rows[place] for place in order], line(1, "X", 75))
    assert [(o.credit.key, o.used, o.left) for o in found.outcomes] == [(2, 30, 0), (3, 30, 0), (1, 15, 15)]


def test_r3_a_credit_pays_only_lines_in_its_scope() -> None:
    by_kind = Scope(False, frozenset({"license"}), frozenset(), frozenset({"Z"}))
    found = settled(
        [credit(1, 99, by_kind)],
        line(1, "X", 10),
        line(2, "Y", 20, kind="license"),
        line(3, "Z", 40, kind="license"),
    )
    assert found.payments == (Payment(1, 2, 20),)
    assert found.due == 50


def test_r6_dates_decide_for_each_line_by_itself() -> None:
    # Gone since 1 September: it lived for the line served from August, not for the other.
    gone = credit(1, 99, starts=AUGUST, ends=SEPTEMBER)
    found = settled([gone], line(1, "X", 10), line(2, "X", 20, first=AUGUST))
    assert found.payments == (Payment(1, 2, 20),)
    assert reasons(found) == {1: Why.USED}


def test_r6_a_date_that_bars_the_narrow_credit_frees_the_broad_one_to_pay_from_the_top() -> None:
    broad, narrow = credit(1, 50, priority=1), credit(2, 50, only("X"), ends=SEPTEMBER)
    found = settled([broad, narrow], line(1, "X", 50), line(2, "Y", 50))
    assert found.payments == (Payment(1, 1, 50),)


def test_r12_a_correction_lowers_what_credits_may_pay() -> None:
    found = settled([credit(1, 99, only("X"))], line(1, "X", 50), line(2, "Y", 50), line(3, "X", -20))
    assert found.payable == (30, 50, 0)
    assert found.payments == (Payment(1, 1, 30),)
    assert (found.total, found.due) == (80, 50)


@pytest.mark.parametrize("correction", [-50, -60])
def test_r12_a_total_of_zero_or_less_takes_no_credit_and_is_the_amount_due(correction: int) -> None:
    found = settled([credit(1, 99)], line(1, "X", 50), line(2, "Y", correction))
    assert found.payments == ()
    assert found.due == 50 + correction
    assert reasons(found) == {1: Why.NOTHING_LEFT_TO_PAY}


def test_r15_another_currency_is_a_reason_and_pays_nothing() -> None:
    found = settled([credit(1, 99, currency="EUR")], line(1, "X", 10))
    assert found.due == 10
    assert reasons(found) == {1: Why.OTHER_CURRENCY}


# Each of these adds one more obstacle in front of those before it, and is named instead of them.
@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, Why.NOTHING_LEFT_TO_PAY),
        ({"scope": only("other")}, Why.OUT_OF_SCOPE),
        ({"scope": only("other"), "balance": 0}, Why.NO_BALANCE),
        ({"scope": only("other"), "balance": 0, "ends": SEPTEMBER, "starts": AUGUST}, Why.EXPIRED),
        ({"scope": only("other"), "balance": 0, "starts": NOVEMBER}, Why.NOT_YET_EFFECTIVE),
        ({"scope": only("other"), "balance": 0, "starts": NOVEMBER, "voided": True}, Why.VOIDED),
        (
            {"scope": only("other"), "starts": NOVEMBER, "voided": True, "currency": "EUR"},
            Why.OTHER_CURRENCY,
        ),
    ],
)
def test_the_first_reason_that_holds_is_the_one_told(terms: dict[str, Any], why: Why) -> None:
    found = settled([credit(1, 10, priority=1), credit(2, 10)._replace(**terms)], line(1, "X", 10))
    assert reasons(found) == {1: Why.USED, 2: why}
    assert found.credited == 10


def test_r6_in_scope_of_one_line_and_in_time_for_another_is_expired() -> None:
    gone = credit(1, 99, only("X"), starts=AUGUST, ends=SEPTEMBER)
    found = settled([gone], line(1, "X", 10), line(2, "Y", 20, first=AUGUST))
    assert reasons(found) == {1: Why.EXPIRED}


def test_an_invoice_without_lines_is_judged_by_its_day() -> None:
    found = settled([credit(1, 5), credit(2, 5, starts=NOVEMBER), credit(3, 5, ends=SEPTEMBER)])
    assert reasons(found) == {1: Why.OUT_OF_SCOPE, 2: Why.NOT_YET_EFFECTIVE, 3: Why.EXPIRED}
    assert found.due == 0
