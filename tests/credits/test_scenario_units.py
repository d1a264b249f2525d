"""Free units in a scenario file (R11): worked examples, and what makes no sense of units."""

from typing import Any

import pytest

from credits.scenario import ScenarioRefused
from tests.credits.test_scenario import answer, credit, line


def free(name: str, units: str, item: str = "api-calls", **fields: Any) -> dict[str, Any]:
    """A credit of units, without a scope: its item is scope enough."""
    plain = credit(name, "", units=units, unit_item=item)
    return {key: plain[key] for key in plain if key not in ("amount", "scope")} | fields


def calls(quantity: str, unit_price: str, **fields: Any) -> dict[str, Any]:
    return {
        "item": "api-calls",
        "kind": "usage_meter",
        "quantity": quantity,
        "unit_price": unit_price,
        **fields,
    }


def refused(*args: Any) -> str:
    with pytest.raises(ScenarioRefused) as refusal:
        answer(*args)
    return str(refusal.value)


def test_r11_free_calls_cover_theirs_and_money_pays_the_rest() -> None:
    # 1,000 calls at 0.05: 260 are free, which is 13.00, and 20.00 of the other 37.00 are paid.
    credits = [credit("Money", "20.00", priority=1), free("Free calls", "260", priority=99)]
    assert answer(credits, [calls("1000", "0.05")]) == {
        "currency": "USD",
        "applied": [
            {"credit": "Free calls", "line": 0, "item": "api-calls", "amount": "13.00", "units": "260"},
            {"credit": "Money", "line": 0, "item": "api-calls", "amount": "20.00"},
        ],
        "credits": [
            {"name": "Money", "used": "20.00", "left": "0.00", "why": "used"},
            {
                "name": "Free calls",
                "unit_item": "api-calls",
                "used": "260",
                "left": "0",
                "paid": "13.00",
                "why": "used",
            },
        ],
        "lines": [{"item": "api-calls", "amount": "50.00", "credited": "33.00", "due": "17.00"}],
        "total": "50.00",
        "total_credited": "33.00",
        "total_due": "17.00",
    }


@pytest.mark.parametrize(
    ("granted", "quantity", "used", "left"),
    [
        ("260", "1000", "260", "0"),
        ("2000", "1000", "1000", "1000"),
        ("0.5", "3", "0.5", "0"),
        ("10.250", "0.75", "0.75", "9.5"),
        ("0.000000000001", "1", "0.000000000001", "0"),
        ("999999999999999", "0.000000000001", "0.000000000001", "999999999999998.999999999999"),
        ("100", "200.0", "100", "0"),
    ],
)
def test_r11_units_are_written_plainly_and_exactly(granted: str, quantity: str, used: str, left: str) -> None:
    found = answer([free("A", granted)], [line("api-calls", "7.00", quantity=quantity)])
    assert [(row["used"], row["left"]) for row in found["credits"]] == [(used, left)]
    assert [row["units"] for row in found["applied"]] == [used]


def test_r11_sub_cent_calls_use_units_that_are_worth_nothing() -> None:
    found = answer([free("A", "12"), free("B", "1")], [calls("1000", "0.0004")])
    assert [(row["units"], row["amount"]) for row in found["applied"]] == [("12", "0.00"), ("1", "0.01")]
    assert [(row["used"], row["paid"], row["why"]) for row in found["credits"]] == [
        ("12", "0.00", "used"),
        ("1", "0.01", "used"),
    ]


@pytest.mark.parametrize(
    ("currency", "price", "worth"), [("JPY", "101", "50"), ("USD", "1.01", "0.50"), ("BHD", "0.101", "0.050")]
)
def test_r1_a_share_is_rounded_half_even_to_the_minor_unit(currency: str, price: str, worth: str) -> None:
    charge = line("api-calls", price, quantity="2")
    found = answer([free("A", "1", currency=currency)], [charge], currency=currency)
    assert found["credits"][0]["paid"] == found["total_credited"] == worth


def test_r12_corrections_lower_what_units_are_worth() -> None:
    found = answer([free("A", "50")], [calls("100", "0.10"), line("api-calls", "-4.00")])
    assert (found["credits"][0]["paid"], found["total_due"]) == ("3.00", "3.00")


@pytest.mark.parametrize(
    ("fields", "line_fields", "why"),
    [
        ({}, {}, "used"),
        ({"unit_item": "seats"}, {}, "out_of_scope"),
        ({}, {"quantity": "0", "amount": "1.00"}, "nothing_left_to_pay"),
        ({}, {"quantity": "-2"}, "nothing_left_to_pay"),
        ({"currency": "EUR"}, {}, "other_currency"),
        ({"expires_at": "2026-09-01"}, {}, "expired"),
        ({"expires_at": "2026-09-01"}, {"first_day": "2026-08-31"}, "used"),
        ({"scope": {"kind": "tags", "kinds": [], "items": [], "tags": ["beta"]}}, {}, "out_of_scope"),
        (
            {"scope": {"kind": "tags", "kinds": [], "items": [], "tags": ["beta"]}},
            {"tags": ["beta"]},
            "used",
        ),
        ({}, {"creditable": False}, "out_of_scope"),
    ],
)
def test_every_credit_of_units_is_told_why(
    fields: dict[str, Any], line_fields: dict[str, Any], why: str
) -> None:
    found = answer([free("A", "10") | fields], [calls("5", "1.00") | line_fields])
    assert found["credits"][0]["why"] == why


def test_r11_a_line_without_quantity_takes_no_units() -> None:
    assert answer([free("A", "10")], [line("api-calls", "1.00")])["total_credited"] == "0.00"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "1.00"}, "units: stands beside an amount"),
        ({"units": "0"}, "units: must be more than zero."),
        ({"units": "-1"}, "units: must be more than zero."),
        ({"units": 1000.5}, "units: must be text in quotes"),
        ({"units": "1e3"}, "units: must be digits"),
        ({"units": "1,000"}, "units: must be digits"),
        ({"units": "0.1234567890123"}, "units: must have at most 12 decimals."),
        ({"units": "1234567890123456"}, "units: must have at most 15 significant digits."),
        ({"unit_item": ""}, "unit_item: must not be empty."),
        ({"unit_item": None}, "unit_item: must be text"),
        ({"max_amount": "1.00"}, "max_amount: is for a credit of money"),
        ({"max_percent": "50"}, "max_percent: is for a credit of money"),
        ({"scope": None}, "scope: must be an object"),
    ],
)
def test_r11_what_is_no_credit_of_units_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert refused([free("A", "10") | fields], [line("X", "1.00")]).startswith(f"credits[0].{sentence}")


def test_r11_units_need_their_item_and_an_item_its_units() -> None:
    for missing in ("units", "unit_item"):
        half = {key: value for key, value in free("A", "10").items() if key != missing}
        assert refused([half], [line("X", "1.00")]) == f"credits[0].{missing}: is missing."


def test_r11_a_credit_of_neither_money_nor_units_is_told_both_ways() -> None:
    empty = {key: value for key, value in credit("A", "1.00").items() if key != "amount"}
    assert refused([empty], [line("X", "1.00")]) == (
        "credits[0].amount: is missing: a credit has an amount, or units of a unit_item."
    )


def test_r11_an_item_beside_an_amount_is_refused_where_it_stands() -> None:
    assert refused([credit("A", "1.00", unit_item="X")], [line("X", "1.00")]).startswith(
        "credits[0].unit_item: stands beside an amount"
    )
