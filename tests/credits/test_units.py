"""R11, case by case: what free units cover and what that is worth. Each answer can be followed by hand."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from credits.allocation import Source, Why
from credits.settlement import Payment
from credits.terms import CreditFacts, LineFacts, Scope
from credits.units import Covered, cover, round_half_even
from tests.credits.test_settlement import AUGUST, NOVEMBER, SEPTEMBER, WHOLE, credit, only, reasons, settled
from tests.credits.test_settlement import line as money_line


def free(key: int, units: int, item: str = "calls", scope: Scope = WHOLE, **terms: Any) -> CreditFacts:
    return credit(key, units, scope, unit_item=item, **terms)


def line(key: int, amount: int, quantity: int, item: str = "calls", **facts: Any) -> LineFacts:
    return money_line(key, item, amount)._replace(quantity=quantity, **facts)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (0, 3, 0),
        (1, 2, 0),
        (3, 2, 2),
        (5, 2, 2),
        (7, 5, 1),
        (8, 5, 2),
        (6, 3, 2),
        (10**40 + 1, 2, 10**40 // 2),
    ],
)
def test_r11_a_half_goes_to_the_even_neighbour(numerator: int, denominator: int, expected: int) -> None:
    assert round_half_even(numerator, denominator) == expected
    assert type(round_half_even(numerator, denominator)) is int


def test_r11_units_cover_part_of_a_line_and_are_worth_their_share() -> None:
    # 1,000 calls at 0.05 cost 50.00. 260 of them are free: 13.00.
    found = settled([free(1, 260)], line(7, 5000, 1000))
    assert found.payments == (Payment(1, 7, 1300, 260),)
    assert [(o.used, o.left, o.why, o.paid) for o in found.outcomes] == [(260, 0, Why.USED, 1300)]
    assert (found.total, found.credited, found.due, found.credited_on(7)) == (5000, 1300, 3700, 1300)


def test_r11_units_go_before_money_even_of_a_better_priority() -> None:
    # Money on its own would pay 50.00 of 50.00 and leave the free calls nothing to cover.
    found = settled([credit(1, 6000, priority=1), free(2, 400, priority=99)], line(7, 5000, 1000))
    assert found.payments == (Payment(2, 7, 2000, 400), Payment(1, 7, 3000))
    assert [(o.credit.key, o.used, o.left) for o in found.outcomes] == [(2, 400, 0), (1, 3000, 3000)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_r4_outcomes_and_payments_come_units_first_then_money_each_in_order(order: tuple[int, ...]) -> None:
    rows = [
        credit(1, 10, priority=1),
        free(2, 10, priority=2),
        free(3, 10, priority=1),
        credit(4, 9, priority=2),
    ]
    found = settled([rows[place] for place in order], line(7, 100, 100))
    assert [o.credit.key for o in found.outcomes] == [3, 2, 1, 4]
    assert [(p.credit, p.amount, p.units) for p in found.payments] == [
        (3, 10, 10),
        (2, 10, 10),
        (1, 10, 0),
        (4, 9, 0),
    ]


def test_r11_lines_are_covered_in_the_order_of_the_invoice() -> None:
    found = settled(
        [free(1, 150)], line(1, 900, 90, "other"), line(2, 500, 100), line(3, 1000, 100), line(4, 10, 10)
    )
    assert found.payments == (Payment(1, 2, 500, 100), Payment(1, 3, 500, 50))


def test_r11_parts_of_one_line_add_up_to_the_cent() -> None:
    # Three calls for 1 cent: each is worth a third. Alone each would round to nothing.
    found = settled([free(1, 1), free(2, 1), free(3, 1)], line(7, 1, 3))
    assert [(p.amount, p.units) for p in found.payments] == [(0, 1), (1, 1), (0, 1)]
    assert found.due == 0


def test_r11_sub_cent_prices_use_units_that_are_worth_no_money() -> None:
    # 1,000 calls at 0.0004 cost 0.40: twelve free calls are worth 0.48 cents, thirteen 0.52.
    found = settled([free(1, 12)], line(7, 40, 1000))
    assert found.payments == (Payment(1, 7, 0, 12),)
    assert [(o.used, o.left, o.paid, o.why) for o in found.outcomes] == [(12, 0, 0, Why.USED)]
    assert settled([free(1, 12), free(2, 1)], line(7, 40, 1000)).payments[1] == Payment(2, 7, 1, 1)


def test_r11_units_are_used_though_earlier_ones_already_rounded_up_to_the_whole_amount() -> None:
    # 600 of 1,000 calls for 1 cent round to the cent; the other 400 are covered all the same, for
    # nothing, as they would be by one credit of 1,000.
    found = settled([free(1, 600), free(2, 1000)], line(7, 1, 1000))
    assert [(p.units, p.amount) for p in found.payments] == [(600, 1), (400, 0)]


def test_r12_corrections_come_first_so_that_units_never_pay_what_is_not_owed() -> None:
    found = settled([free(1, 50)], line(1, 1000, 100), line(2, -400, -40))
    assert found.payable == (600, 0)
    assert found.payments == (Payment(1, 1, 300, 50),)


@pytest.mark.parametrize(
    ("amount", "quantity"), [(100, 0), (100, -5), (0, 5), (-100, -5), (-100, 5)], ids=lambda n: str(n)
)
def test_r11_a_line_without_quantity_or_with_nothing_payable_takes_no_units(
    amount: int, quantity: int
) -> None:
    found = settled([free(1, 9)], line(1, amount, quantity), line(2, 500, 0, "other"))
    assert found.payments == ()
    assert reasons(found) == {1: Why.NOTHING_LEFT_TO_PAY}


def test_r12_a_total_of_zero_or_less_takes_no_units() -> None:
    found = settled([free(1, 9)], line(1, 100, 10), line(2, -100, 0, "other"))
    assert (found.payments, found.due) == ((), 0)


def test_r3_scope_and_tags_restrict_units_further() -> None:
    scope = only()._replace(tags=frozenset({"beta"}))
    lines = [line(1, 100, 10), line(2, 100, 10, tags=frozenset({"beta"}))]
    assert settled([free(1, 99, scope=scope)], *lines).payments == (Payment(1, 2, 100, 10),)
    excluded = Scope(True, frozenset(), frozenset(), frozenset({"calls"}))
    assert reasons(settled([free(1, 99, scope=excluded)], *lines)) == {1: Why.OUT_OF_SCOPE}


def test_r6_dates_decide_for_each_line_by_itself() -> None:
    gone = free(1, 99, starts=AUGUST, ends=SEPTEMBER)
    found = settled([gone], line(1, 100, 10), line(2, 100, 10, first=AUGUST))
    assert found.payments == (Payment(1, 2, 100, 10),)


# Each of these adds one more obstacle in front of those before it, and is named instead of them.
@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, Why.NOTHING_LEFT_TO_PAY),
        ({"unit_item": "other"}, Why.OUT_OF_SCOPE),
        ({"unit_item": "other", "balance": 0}, Why.NO_BALANCE),
        ({"unit_item": "other", "balance": 0, "starts": AUGUST, "ends": SEPTEMBER}, Why.EXPIRED),
        ({"unit_item": "other", "balance": 0, "starts": NOVEMBER}, Why.NOT_YET_EFFECTIVE),
        ({"unit_item": "other", "starts": NOVEMBER, "unpaid": True}, Why.UNPAID),
        ({"unit_item": "other", "unpaid": True, "voided": True}, Why.VOIDED),
        ({"unit_item": "other", "voided": True, "currency": "EUR"}, Why.OTHER_CURRENCY),
    ],
)
def test_the_first_reason_that_holds_is_the_one_told(terms: dict[str, Any], why: Why) -> None:
    found = settled([free(1, 10, priority=1), free(2, 10)._replace(**terms)], line(7, 100, 10))
    assert reasons(found) == {1: Why.USED, 2: why}


@pytest.mark.parametrize("cap", [{"max_amount": 100}, {"max_percent": Decimal(50)}])
def test_r11_units_have_no_cap_in_money(cap: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no cap"):
        settled([free(1, 10, voided=True, **cap)], line(7, 100, 10))


def test_r11_r5_decides_the_money_on_what_the_units_leave() -> None:
    # After 25 free calls 75 are left of X. A leaves X to B, which can pay only there.
    credits = [free(1, 25, "X"), credit(2, 100, priority=1), credit(3, 75, only("X"), priority=2)]
    found = settled(credits, line(1, 100, 100, "X"), line(2, 100, 0, "Y"))
    assert found.payments == (Payment(1, 1, 25, 25), Payment(2, 2, 100), Payment(3, 1, 75))
    assert found.due == 0


def test_r11_amounts_and_quantities_beyond_64_bits_stay_exact() -> None:
    much = 10**30
    assert cover([Source(much // 3, 1)], [much], [3 * much]) == [Covered(0, 0, much // 3, 3 * (much // 3))]


@pytest.mark.parametrize(
    ("balance", "scope", "quantity", "payable"),
    [(-1, 1, 1, 1), (1.0, 1, 1, 1), (1, 2, 1, 1), (1, 1, 1.5, 1), (1, 1, True, 1), (1, 1, 1, -1)],
)
def test_r11_refuses_what_is_no_whole_number_or_no_scope(
    balance: Any, scope: Any, quantity: Any, payable: Any
) -> None:
    with pytest.raises(ValueError, match="not"):
        cover([Source(balance, scope)], [quantity], [payable])


def test_r11_every_line_has_a_quantity() -> None:
    with pytest.raises(ValueError, match="as many quantities"):
        cover([], [1], [1, 2])
