"""Caps, tags, lines that sell a credit and credits not paid for yet, in a scenario file."""

from typing import Any

import pytest

from credits.scenario import ScenarioRefused
from tests.credits.test_scenario import answer, credit, line


def scope(kind: str, **named: Any) -> dict[str, Any]:
    return {"scope": {"kind": kind, "kinds": [], "items": [], **named}}


def refused(one: dict[str, Any], charge: dict[str, Any]) -> str:
    with pytest.raises(ScenarioRefused) as refusal:
        answer([one], [charge])
    return str(refusal.value)


@pytest.mark.parametrize(
    ("cap", "used", "why"),
    [
        ({"max_amount": "30.00"}, "30.00", "used"),
        ({"max_percent": "25"}, "20.00", "used"),
        ({"max_percent": 25}, "20.00", "used"),
        ({"max_percent": "33.333333333333"}, "26.66", "used"),
        ({"max_percent": "100"}, "80.00", "used"),
        ({"max_amount": "10.00", "max_percent": "25"}, "10.00", "used"),
        ({"max_amount": "30.00", "max_percent": "25"}, "20.00", "used"),
        ({"max_percent": "0.01"}, "0.00", "capped"),
    ],
)
def test_a_cap_holds_a_credit_of_money_back(cap: dict[str, Any], used: str, why: str) -> None:
    found = answer([credit("A", "99.00", "X", **cap)], [line("X", "80.00"), line("Y", "500.00")])
    assert [(row["used"], row["why"]) for row in found["credits"]] == [(used, why)]
    assert set(found["credits"][0]) == {"name", "used", "left", "why"}


@pytest.mark.parametrize(
    ("one", "paid"),
    [
        (scope("tags", tags=["beta"]), [1]),
        (scope("tags", tags=["beta", "eu"]), [1, 2]),
        (scope("tags", tags=["beta", "eu"], excluded_items=["Y"]), [1]),
        (scope("mixed", tags=["eu"], items=["X"]), [0, 1, 2]),
        (scope("mixed", tags=["beta"], kinds=["license"]), [1, 3]),
        (scope("mixed", kinds=["license"], items=["Y"]), [2, 3]),
        (scope("mixed", tags=["beta"], kinds=["license"], items=["Y"]), [1, 2, 3]),
    ],
)
def test_r3_a_scope_may_name_tags(one: dict[str, Any], paid: list[int]) -> None:
    lines = [
        line("X", "1.00"),
        line("X", "1.00", tags=["beta"]),
        line("Y", "1.00", tags=["eu", "new"]),
        line("Z", "1.00", kind="license", tags=[]),
    ]
    assert [row["line"] for row in answer([credit("A", "99.00", **one)], lines)["applied"]] == paid


@pytest.mark.parametrize(
    ("one", "place"),
    [
        (scope("tags"), "tags"),
        (scope("tags", tags=[]), "tags"),
        (scope("tags", tags=["t"], items=["X"]), "items"),
        (scope("tags", tags=["t"], kinds=["license"]), "kinds"),
        (scope("items", tags=["t"], items=["X"]), "tags"),
        (scope("invoice", tags=["t"]), "tags"),
        (scope("mixed", tags=["t"]), "kinds"),
        (scope("mixed"), "kinds"),
        (scope("mixed", kinds=["license"]), "items"),
        (scope("tags", tags="beta"), "tags"),
        (scope("tags", tags=["t", ""]), "tags[1]"),
    ],
)
def test_r3_a_scope_that_contradicts_its_kind_is_refused(one: dict[str, Any], place: str) -> None:
    assert refused(credit("A", "1.00", **one), line("X", "1.00")).startswith(f"credits[0].scope.{place}: ")


def test_r12_no_credit_pays_a_line_that_sells_one_but_corrections_lower_it() -> None:
    lines = [line("top-up", "50.00", creditable=False), line("X", "20.00"), line("top-up", "-5.00")]
    found = answer([credit("A", "99.00")], lines)
    assert [row["credited"] for row in found["lines"]] == ["0.00", "20.00", "0.00"]
    assert found["total_due"] == "45.00"
    assert answer([credit("A", "99.00")], [line("X", "1.00", creditable=True)])["total_due"] == "0.00"


@pytest.mark.parametrize(("paid", "why"), [(False, "not_paid_yet"), (True, "used")])
def test_a_credit_waits_for_its_purchase_to_be_paid(paid: bool, why: str) -> None:
    found = answer([credit("A", "9.00", category="purchased", purchase_paid=paid)], [line("X", "1.00")])
    assert found["credits"][0]["why"] == why


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"max_amount": "0.00"}, "max_amount: must not be zero."),
        ({"max_amount": "-1.00"}, "max_amount: must not be negative."),
        ({"max_amount": "1.001"}, "max_amount: USD has 2 decimals"),
        ({"max_amount": None}, "max_amount: must be text"),
        ({"max_percent": "0"}, "max_percent: must be more than 0 and at most 100."),
        ({"max_percent": "-5"}, "max_percent: must be more than 0 and at most 100."),
        ({"max_percent": "100.000000000001"}, "max_percent: must be more than 0 and at most 100."),
        ({"max_percent": 50.5}, "max_percent: must be text"),
        ({"max_percent": "50%"}, "max_percent: must be digits"),
        ({"purchase_paid": "no"}, "purchase_paid: must be true or false"),
        ({"purchase_paid": 0}, "purchase_paid: must be true or false"),
    ],
)
def test_r1_a_refused_term_names_its_place(fields: dict[str, Any], sentence: str) -> None:
    found = refused(credit("A", "1.00", **fields), line("X", "1.00"))
    assert found.startswith(f"credits[0].{sentence}")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"tags": "beta"}, "tags"),
        ({"tags": None}, "tags"),
        ({"tags": ["a", 1]}, "tags[1]"),
        ({"creditable": 1}, "creditable"),
        ({"creditable": None}, "creditable"),
    ],
)
def test_r1_a_refused_field_of_a_line_names_its_place(fields: dict[str, Any], place: str) -> None:
    assert refused(credit("A", "1.00"), line("X", "1.00", **fields)).startswith(f"lines[0].{place}: ")
