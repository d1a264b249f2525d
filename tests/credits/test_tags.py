"""Lines by their tags, lines that sell a credit, and credits that are not paid for yet."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.allocation import Why
from credits.settlement import Payment
from credits.terms import LineFacts, Scope
from tests.credits.test_settlement import AUGUST, SEPTEMBER, WHOLE, credit, line, only, reasons, settled


def tags(*names: str) -> frozenset[str]:
    return frozenset(names)


def by_tags(*names: str) -> Scope:
    return only()._replace(tags=tags(*names))


def tagged(key: int, item: str, amount: int, *names: str) -> LineFacts:
    return line(key, item, amount)._replace(tags=tags(*names))


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [
        (by_tags("beta"), {"cpu", "disk"}),
        (by_tags("beta", "eu"), {"cpu", "disk", "seat"}),
        (by_tags("none"), set()),
        (only("seat")._replace(tags=tags("us")), {"seat", "disk"}),
        (Scope(False, frozenset({"license"}), frozenset(), frozenset(), tags("us")), {"seat", "disk"}),
        (Scope(False, frozenset(), frozenset(), frozenset({"cpu"}), tags("beta")), {"disk"}),
        (Scope(True, frozenset(), frozenset(), frozenset({"cpu"}), tags("beta")), {"disk", "seat", "plain"}),
        (only("cpu"), {"cpu"}),
    ],
)
def test_r3_one_shared_tag_is_enough_and_an_excluded_item_never_is(scope: Scope, admitted: set[str]) -> None:
    lines = {
        "cpu": ("usage_meter", tags("beta", "eu")),
        "disk": ("usage_meter", tags("beta", "us")),
        "seat": ("license", tags("eu")),
        "plain": ("add_on", tags()),
    }
    assert {item for item, (kind, names) in lines.items() if scope.admits(item, kind, names)} == admitted


def test_r3_a_credit_by_tags_pays_the_lines_that_carry_one() -> None:
    # Two lines of one item, told apart by their tags alone.
    found = settled([credit(1, 99, by_tags("beta"))], tagged(1, "X", 10), tagged(2, "X", 20, "beta", "eu"))
    assert found.payments == (Payment(1, 2, 20),)


def test_r5_a_broad_credit_leaves_the_tagged_line_to_the_credit_that_needs_it() -> None:
    credits = [credit(1, 50, priority=1), credit(2, 50, by_tags("beta"), priority=2)]
    found = settled(credits, tagged(1, "X", 50, "beta"), tagged(2, "X", 50))
    assert found.payments == (Payment(1, 2, 50), Payment(2, 1, 50))


@given(
    st.sets(st.sampled_from("tuv")),
    st.lists(st.tuples(st.sampled_from("XY"), st.sets(st.sampled_from("tuvw")), st.integers(1, 9))),
)
def test_r3_tags_agree_with_looking_at_each_line(
    wanted: set[str], rows: list[tuple[str, set[str], int]]
) -> None:
    lines = [tagged(place, item, amount, *names) for place, (item, names, amount) in enumerate(rows)]
    scope = by_tags(*wanted)._replace(items=frozenset({"X"}))
    found = settled([credit(1, 10**6, scope)], *lines)
    paid = {payment.line for payment in found.payments}
    assert paid == {place for place, (item, names, _) in enumerate(rows) if item == "X" or names & wanted}


def selling(key: int, item: str, amount: int) -> LineFacts:
    return line(key, item, amount)._replace(creditable=False)


@pytest.mark.parametrize("scope", [WHOLE, only("top-up"), by_tags("sale")])
def test_no_credit_pays_a_line_that_sells_a_credit(scope: Scope) -> None:
    sale = selling(1, "top-up", 100)._replace(tags=tags("sale"), quantity=1)
    found = settled([credit(1, 99, scope), credit(2, 99, scope, unit_item="top-up")], sale)
    assert (found.payments, found.payable, found.due) == ((), (0,), 100)
    assert reasons(found) == {1: Why.OUT_OF_SCOPE, 2: Why.OUT_OF_SCOPE}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_r12_corrections_lower_a_line_that_sells_a_credit_as_any_other(order: tuple[int, ...]) -> None:
    rows = [selling(1, "top-up", 100), line(2, "X", 50), line(3, "top-up", -30)]
    found = settled([credit(1, 999)], *(rows[place] for place in order))
    assert found.payments == (Payment(1, 2, 50),)
    assert (found.total, found.due) == (120, 70)


def test_a_credit_bought_in_advance_is_of_no_use_until_it_is_paid_for() -> None:
    bought = credit(1, 99, purchased=True, unpaid=True)
    found = settled([bought, credit(2, 5)], line(1, "X", 10))
    assert found.payments == (Payment(2, 1, 5),)
    assert reasons(found) == {2: Why.USED, 1: Why.UNPAID}
    assert settled([bought._replace(unpaid=False)], line(1, "X", 10)).due == 0


@pytest.mark.parametrize(
    ("state", "why"),
    [({}, Why.UNPAID), ({"voided": True}, Why.VOIDED), ({"currency": "EUR"}, Why.OTHER_CURRENCY)],
)
def test_not_paid_yet_is_told_after_voided_and_before_dates(state: dict[str, object], why: Why) -> None:
    gone = credit(1, 0, only("other"), starts=AUGUST, ends=SEPTEMBER, unpaid=True)._replace(**state)  # type: ignore[arg-type]
    assert reasons(settled([gone], line(1, "X", 10))) == {1: why}
