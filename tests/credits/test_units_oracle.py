"""R11 held against an oracle that walks the invoice unit by unit in fractions, and against its own sums."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credits.allocation import Source
from credits.netting import payable_amounts
from credits.settlement import Settlement, settle
from credits.terms import CreditFacts, LineFacts, use_order
from credits.units import Covered, cover
from tests.credits.test_allocation_oracle import most_by_first
from tests.credits.test_settlement import AUGUST, ISSUED, SEPTEMBER, WHOLE, credit, only

Case = tuple[list[CreditFacts], list[LineFacts]]
SCOPES = [WHOLE, WHOLE, only("a", "b"), only("c")._replace(tags=frozenset({"t"}))]
TAGS = st.sampled_from([frozenset[str](), frozenset({"t"}), frozenset({"t", "u"})])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Prices from far below a coin to well above; unit and money credits of a few scopes; corrections."""
    items = st.sampled_from("abc")
    quantities = st.one_of(st.integers(-2, 9), st.integers(0, 10**12))
    lines = [
        LineFacts(
            key=100 + place,
            item=draw(items),
            kind=draw(st.sampled_from(["usage_meter", "license"])),
            amount=draw(st.one_of(st.integers(-60, 90), st.integers(0, 3))),
            first=draw(st.sampled_from([AUGUST, SEPTEMBER])),
            quantity=draw(quantities),
            tags=draw(TAGS),
            creditable=draw(st.sampled_from([True, True, True, False])),
        )
        for place in range(draw(st.integers(1, 6)))
    ]
    credits = [
        credit(
            place,
            draw(st.integers(0, 70)) if item is None else abs(draw(quantities)),
            draw(st.sampled_from(SCOPES)),
            unit_item=item,
            priority=draw(st.integers(1, 3)),
            starts=AUGUST,
            ends=draw(st.sampled_from([None, SEPTEMBER])),
        )
        for place in range(draw(st.integers(1, 6)))
        for item in [draw(st.one_of(st.none(), items, items))]
    ]
    return credits, lines


def half_even(number: Fraction) -> int:
    below = floor(number)
    above_half = number - below - Fraction(1, 2)
    return below + (above_half > 0 or (above_half == 0 and below % 2 == 1))


def may_pay(one: CreditFacts, line: LineFacts) -> bool:
    return (
        line.creditable
        and (one.unit_item is None or one.unit_item == line.item)
        and one.scope.admits(line.item, line.kind, line.tags)
        and (one.ends is None or line.first < one.ends)
    )


def units_expected(case: Case) -> list[tuple[int, int, int]]:
    """(credit, line, units) by the rule's sentence alone."""
    credits, lines = case
    payable = payable_amounts(lines)
    taken = dict.fromkeys((line.key for line in lines), 0)
    found = []
    for one in sorted((one for one in credits if one.unit_item is not None), key=use_order):
        left = one.balance
        for line, amount in zip(lines, payable, strict=True):
            if may_pay(one, line) and amount > 0:
                units = max(0, min(left, line.quantity - taken[line.key]))
                taken[line.key] += units
                left -= units
                if units:
                    found.append((one.key, line.key, units))
    return found


def settled(case: Case) -> Settlement:
    return settle(*case, currency="USD", issued=ISSUED)


quick = settings(max_examples=500)


@quick
@given(cases())
def test_r11_units_go_where_the_sentence_of_the_rule_says(case: Case) -> None:
    found = [(p.credit, p.line, p.units) for p in settled(case).payments if p.units]
    assert found == units_expected(case)


@quick
@given(cases())
def test_r11_all_that_is_covered_of_a_line_is_worth_its_share_rounded_once(case: Case) -> None:
    found, lines = settled(case), {line.key: line for line in case[1]}
    for line, payable in zip(case[1], found.payable, strict=True):
        parts = [payment for payment in found.payments if payment.line == line.key and payment.units]
        in_all = 0
        for place, part in enumerate(parts):
            in_all += part.units
            worth = half_even(Fraction(payable * in_all, lines[line.key].quantity))
            assert sum(part.amount for part in parts[: place + 1]) == worth
        assert in_all <= max(0, line.quantity)
        if in_all and in_all == line.quantity:
            assert sum(part.amount for part in parts) == payable


@quick
@given(cases())
def test_r11_parts_add_up_and_never_exceed_credit_line_or_total(case: Case) -> None:
    found = settled(case)
    for outcome in found.outcomes:
        mine = [payment for payment in found.payments if payment.credit == outcome.credit.key]
        of_units = outcome.credit.unit_item is not None
        assert outcome.used == sum(p.units if of_units else p.amount for p in mine)
        assert outcome.paid == sum(p.amount for p in mine)
        assert outcome.used + outcome.left == outcome.credit.balance
        assert outcome.left >= 0
        assert all(p.amount >= 0 and bool(p.units) == of_units for p in mine)
    for line, payable in zip(case[1], found.payable, strict=True):
        assert found.credited_on(line.key) <= payable
    assert found.credited == sum(p.amount for p in found.payments) == sum(found.credited_by_line.values())
    assert 0 <= found.credited <= max(0, found.total)
    assert found.due == found.total - found.credited


@quick
@given(cases())
def test_r11_money_then_pays_as_much_of_the_rest_as_any_flow_could(case: Case) -> None:
    found, (credits, lines) = settled(case), case
    left = dict(zip((line.key for line in lines), found.payable, strict=True))
    for payment in found.payments:
        if payment.units:
            left[payment.line] -= payment.amount
    money = sorted((one for one in credits if one.unit_item is None), key=use_order)
    sources = [
        Source(one.balance, sum(1 << place for place, line in enumerate(lines) if may_pay(one, line)))
        for one in money
    ]
    used = [outcome.used for outcome in found.outcomes if outcome.credit.unit_item is None]
    for count in range(len(money) + 1):
        assert sum(used[:count]) == most_by_first(count, (sources, list(left.values())))


@quick
@given(cases(), st.randoms(use_true_random=False))
def test_r11_credits_may_come_in_any_order(case: Case, random: Random) -> None:
    shuffled = list(case[0])
    random.shuffle(shuffled)
    assert settled((shuffled, case[1])) == settled(case)


@quick
@given(cases(), st.randoms(use_true_random=False))
def test_r11_what_is_due_does_not_depend_on_where_other_items_stand(case: Case, random: Random) -> None:
    # Lines of one item keep their order among themselves: by the rule, units go to the first of them.
    credits, lines = case
    charges = [line._replace(amount=abs(line.amount)) for line in lines]
    places = [line.item for line in charges]
    random.shuffle(places)
    of_item = {item: iter([line for line in charges if line.item == item]) for item in set(places)}
    moved = [next(of_item[item]) for item in places]
    assert settled((credits, moved)).due == settled((credits, charges)).due


@quick
@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=5),
    st.integers(1, 60),
    st.integers(0, 40),
    st.integers(1, 9),
)
def test_r11_many_credits_cover_what_one_of_their_sum_would(
    balances: Sequence[int], quantity: int, payable: int, scale: int
) -> None:
    # And how finely units are counted changes no amount.
    def worth(balances: Sequence[int], scale: int) -> tuple[int, int]:
        sources = [Source(balance * scale, 1) for balance in balances]
        parts: list[Covered] = cover(sources, [quantity * scale], [payable])
        return sum(part.units for part in parts) // scale, sum(part.amount for part in parts)

    assert worth(balances, 1) == worth([sum(balances)], 1) == worth(balances, scale)


@pytest.mark.parametrize(
    ("payable", "quantity", "free", "worth"),
    [
        (40, 1000, 1000, 40),  # USD 0.40: 1,000 calls at 0.0004
        (40, 1000, 500, 20),
        (101, 2, 1, 50),  # JPY 101 for two: a half goes to the even yen
        (103, 2, 1, 52),
        (1, 8, 3, 0),  # BHD 0.001 for eight
        (12_345, 1000, 260, 3_210),  # BHD 12.345: 260 of 1,000 are 3.2097
    ],
)
def test_r11_minor_units_of_any_currency_are_what_is_rounded(
    payable: int, quantity: int, free: int, worth: int
) -> None:
    assert cover([Source(free, 1)], [quantity], [payable]) == [Covered(0, 0, free, worth)]
