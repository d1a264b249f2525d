"""The scenario file of `preview`: worked examples to the cent, and a place in every refusal."""

import io
import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from credits.scenario import ScenarioRefused, scenario_answer


def credit(name: str, amount: str, *items: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "amount": amount,
        "currency": "USD",
        "priority": 10,
        "effective_at": "2026-08-01T00:00:00Z",
        "expires_at": None,
        "scope": {"kind": "items" if items else "invoice", "kinds": [], "items": list(items)},
        **fields,
    }


def line(item: str, amount: str, **fields: Any) -> dict[str, Any]:
    return {"item": item, "kind": "usage_meter", "amount": amount, **fields}


def scenario(credits: list[dict[str, Any]], lines: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return {"currency": "USD", "invoice_date": "2026-09-01", "credits": credits, "lines": lines, **fields}


def answer(*args: Any, **fields: Any) -> Any:
    return scenario_answer(json.dumps(scenario(*args, **fields)))


def why(one: dict[str, Any], *lines: dict[str, Any]) -> str:
    return str(answer([one], list(lines) or [line("X", "1.00")])["credits"][0]["why"])


def test_a_referral_credit_of_50_halves_a_charge_of_100() -> None:
    # John Wick of ChatPPT, as the design's example file has it.
    referral = credit("Referral", "50.00", "api-calls", created_order=1)
    referral["scope"]["excluded_items"] = []
    assert answer([referral], [line("api-calls", "100.00")]) == {
        "currency": "USD",
        "applied": [{"credit": "Referral", "line": 0, "item": "api-calls", "amount": "50.00"}],
        "credits": [{"name": "Referral", "used": "50.00", "left": "0.00", "why": "used"}],
        "lines": [{"item": "api-calls", "amount": "100.00", "credited": "50.00", "due": "50.00"}],
        "total": "100.00",
        "total_credited": "50.00",
        "total_due": "50.00",
    }


def test_r5_example_leaves_nothing_due() -> None:
    credits = [credit("A", "50.00", priority=1), credit("B", "50.00", "X", priority=2)]
    found = answer(credits, [line("X", "50.00"), line("Y", "50.00")])
    assert found["total_due"] == "0.00"
    assert [(row["credit"], row["line"]) for row in found["applied"]] == [("A", 1), ("B", 0)]


def test_r5_two_earlier_credits_move_aside_for_a_third() -> None:
    # A may pay X and Y, B Y and Z, C only X; 30.00 each, on lines of 30.00. From the top A would
    # take X and B would take Y; then C has no line and Z stays due. For C to have X, A must go
    # down to Y, and for that B must go down to Z.
    credits = [
        credit("A", "30.00", "X", "Y", priority=1),
        credit("B", "30.00", "Y", "Z", priority=2),
        credit("C", "30.00", "X", priority=3),
    ]
    found = answer(credits, [line("X", "30.00"), line("Y", "30.00"), line("Z", "30.00")])
    assert [(row["credit"], row["item"]) for row in found["applied"]] == [("A", "Y"), ("B", "Z"), ("C", "X")]
    assert found["total_due"] == "0.00"


def test_credits_are_answered_in_the_order_of_the_file_and_payments_in_the_order_of_use() -> None:
    credits = [credit("late", "5.00", priority=9), credit("early", "5.00", priority=1)]
    found = answer(credits, [line("X", "8.00")])
    assert [row["credit"] for row in found["applied"]] == ["early", "late"]
    assert [(row["name"], row["left"]) for row in found["credits"]] == [("late", "2.00"), ("early", "0.00")]


@pytest.mark.parametrize(("fields", "first"), [({}, "a"), ({"created_order": 9}, "b")])
def test_r4_created_order_is_the_place_in_the_file_unless_given(fields: dict[str, Any], first: str) -> None:
    found = answer([credit("a", "1.00", **fields), credit("b", "1.00")], [line("X", "1.00")])
    assert found["applied"][0]["credit"] == first


def test_r4_promotional_comes_before_purchased() -> None:
    credits = [
        credit("bought", "1.00", category="purchased"),
        credit("given", "1.00", category="promotional"),
    ]
    assert answer(credits, [line("X", "1.00")])["applied"][0]["credit"] == "given"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"effective_at": "2026-09-01T00:00:01Z"}, "not_yet_effective"),
        ({"effective_at": "2026-09-01"}, "used"),
        ({"expires_at": "2026-09-01"}, "expired"),  # until just before its expiry
        ({"expires_at": "2026-09-01T00:00:00.000001Z"}, "used"),
        ({"expires_at": "2026-09-01T01:00:00+02:00"}, "expired"),  # an hour before midnight in UTC
        ({"voided_at": "2026-09-01"}, "voided"),
        ({"voided_at": "2026-09-02"}, "used"),
        ({"voided_at": None}, "used"),
        ({"currency": "EUR"}, "other_currency"),
        ({"scope": {"kind": "kinds", "kinds": ["license"], "items": []}}, "out_of_scope"),
        ({"scope": {"kind": "mixed", "kinds": ["license"], "items": ["X"]}}, "used"),
        (
            {"scope": {"kind": "invoice", "kinds": [], "items": [], "excluded_items": ["X"]}},
            "out_of_scope",
        ),
    ],
)
def test_every_credit_is_told_why(fields: dict[str, Any], reason: str) -> None:
    assert why(credit("A", "1.00", **fields)) == reason


def test_r6_a_line_with_a_first_day_is_served_since_then() -> None:
    gone = credit("A", "1.00", expires_at="2026-08-15")
    assert why(gone, line("X", "1.00")) == "expired"
    assert why(gone, line("X", "1.00", first_day="2026-08-14")) == "used"
    assert why(gone, line("X", "1.00", first_day="2026-08-15")) == "expired"


def test_r6_a_scenario_has_no_grace_to_run_out() -> None:
    gone = credit("A", "1.00", effective_at="2020-01-01", expires_at="2020-02-01")
    assert why(gone, line("X", "1.00", first_day="2020-01-31")) == "used"


def test_r12_a_correction_lowers_the_charge_and_keeps_its_own_sign() -> None:
    found = answer([credit("A", "99.00")], [line("X", "50.00"), line("X", "-20.00"), line("Y", "0.00")])
    assert [row["due"] for row in found["lines"]] == ["20.00", "-20.00", "0.00"]
    assert (found["total"], found["total_credited"], found["total_due"]) == ("30.00", "30.00", "0.00")


@pytest.mark.parametrize(
    ("currency", "amount", "half"), [("JPY", "101", "50"), ("USD", "1.01", "0.50"), ("BHD", "0.101", "0.050")]
)
def test_r1_amounts_have_the_decimals_of_their_currency(currency: str, amount: str, half: str) -> None:
    found = answer([credit("A", half, currency=currency)], [line("X", amount)], currency=currency)
    assert found["credits"][0]["used"] == found["total_credited"] == half
    assert found["total"] == amount


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount"),
    [
        ("3", "0.10", "0.30"),
        ("1", "0.125", "0.12"),  # half goes to the even cent
        ("1", "0.135", "0.14"),
        ("-1", "0.135", "-0.14"),
        ("123456789012345", "0.000000000001", "123.46"),
        ("999999999999999", "999999999999999", "999999999999998000000000000001.00"),
    ],
)
def test_r1_a_priced_line_is_rounded_once_half_even(quantity: str, unit_price: str, amount: str) -> None:
    priced = {"item": "X", "kind": "usage_meter", "quantity": quantity, "unit_price": unit_price}
    assert answer([], [priced])["lines"][0]["amount"] == amount


def test_r1_an_amount_given_wins_over_quantity_and_price() -> None:
    both = line("X", "9.99", quantity="2", unit_price="5.00")
    assert answer([], [both])["total"] == "9.99"


PLAIN = scenario([credit("A", "1.00")], [line("X", "1.00")])
SCOPE = "credits[0].scope"
MISSING = object()

REFUSED: list[tuple[str, Any]] = [
    # the place to spoil, which is also the place to be named; what to put there
    ("currency", "XYZ"),
    ("currency", "usd"),
    ("currency", 840),
    ("currency", MISSING),
    ("invoice_date", "2026-02-30"),
    ("invoice_date", "20260901"),
    ("invoice_date", "2026-09-01T00:00:00"),
    ("invoice_date", "2026-09-01T24:30:00Z"),
    ("invoice_date", "0001-01-01T00:00:00+01:00"),
    ("invoice_date", "\u0662026-09-01"),
    ("invoice_date", None),
    ("invoice_date", MISSING),
    ("credits", {}),
    ("credits", MISSING),
    ("lines", []),
    ("lines", MISSING),
    ("extra", 1),
    ("credits[0]", "A"),
    ("credits[0].name", ""),
    ("credits[0].name", 7),
    ("credits[0].name", "\ud800"),
    ("credits[0].name", MISSING),
    ("credits[0].amount", 1),
    ("credits[0].amount", 1.5),
    ("credits[0].amount", True),
    ("credits[0].amount", "0.00"),
    ("credits[0].amount", "-1.00"),
    ("credits[0].amount", "+1.00"),
    ("credits[0].amount", "1.001"),
    ("credits[0].amount", "1,000.00"),
    ("credits[0].amount", "1_000"),
    ("credits[0].amount", "1e3"),
    ("credits[0].amount", " 1.00"),
    ("credits[0].amount", "1."),
    ("credits[0].amount", ".5"),
    ("credits[0].amount", "1.0.0"),
    ("credits[0].amount", "\u0661.00"),
    ("credits[0].amount", "NaN"),
    ("credits[0].amount", ""),
    ("credits[0].amount", "1\n"),
    ("credits[0].amount", "1234567890123456"),
    ("credits[0].amount", MISSING),
    ("credits[0].currency", "US"),
    ("credits[0].currency", MISSING),
    ("credits[0].priority", 0),
    ("credits[0].priority", 101),
    ("credits[0].priority", "10"),
    ("credits[0].priority", 1.0),
    ("credits[0].priority", True),
    ("credits[0].priority", MISSING),
    ("credits[0].effective_at", None),
    ("credits[0].effective_at", MISSING),
    ("credits[0].expires_at", "never"),
    ("credits[0].expires_at", "2026-09-01T00:00"),
    ("credits[0].expires_at", MISSING),
    ("credits[0].voided_at", "yesterday"),
    ("credits[0].created_order", "1"),
    ("credits[0].category", "gift"),
    ("credits[0].units", "1000"),
    ("credits[0].unit_item", "X"),
    ("credits[0].colour", "red"),
    (SCOPE, "invoice"),
    (SCOPE, MISSING),
    (f"{SCOPE}.kind", "everything"),
    (f"{SCOPE}.kind", ["invoice"]),
    (f"{SCOPE}.kinds", ["usage_meter"]),
    (f"{SCOPE}.kinds", "usage_meter"),
    (f"{SCOPE}.items", ["X"]),
    (f"{SCOPE}.items", MISSING),
    (f"{SCOPE}.items[0]", [""]),
    (f"{SCOPE}.excluded_items[1]", ["X", 3]),
    (f"{SCOPE}.lines", []),
    ("lines[0]", []),
    ("lines[0].item", None),
    ("lines[0].item", MISSING),
    ("lines[0].kind", "usage"),
    ("lines[0].kind", MISSING),
    ("lines[0].amount", 1),
    ("lines[0].amount", "--1"),
    ("lines[0].amount", "\u22121.00"),
    ("lines[0].amount", None),
    ("lines[0].amount", MISSING),
    ("lines[0].quantity", 3),
    ("lines[0].quantity", "1234567890123456"),
    ("lines[0].unit_price", "0.1234567890123"),
    ("lines[0].first_day", "2026-9-1"),
    ("lines[0].note", "x"),
]


def spoiled(place: str, value: Any) -> str:
    changed = deepcopy(PLAIN)
    path = place.replace("[0]", ".0").split(".")
    if path[-1].endswith("[1]"):
        path[-1] = path[-1][:-3]
    elif path[-1] == "0" and isinstance(value, list) and path[-2] == "items":
        path.pop()
    target: Any = changed
    for step in path[:-1]:
        target = target[int(step) if step.isdigit() else step]
    last: Any = int(path[-1]) if path[-1].isdigit() else path[-1]
    if value is MISSING:
        del target[last]
    else:
        target[last] = value
    return json.dumps(changed)


def test_the_scenario_that_the_refusals_spoil_is_itself_accepted() -> None:
    assert scenario_answer(json.dumps(PLAIN))["total_due"] == "0.00"


@pytest.mark.parametrize(("place", "value"), REFUSED)
def test_r1_a_refusal_names_its_place(place: str, value: Any) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        scenario_answer(spoiled(place, value))
    assert str(refused.value).startswith(f"{place}: ")


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        ({"kind": "items", "kinds": [], "items": []}, "items"),
        ({"kind": "items", "kinds": ["license"], "items": ["X"]}, "kinds"),
        ({"kind": "kinds", "kinds": [], "items": []}, "kinds"),
        ({"kind": "kinds", "kinds": ["license"], "items": ["X"]}, "items"),
        ({"kind": "kinds", "kinds": ["lisence"], "items": []}, r"kinds[0]"),
        ({"kind": "mixed", "kinds": ["license"], "items": []}, "items"),
        ({"kind": "mixed", "kinds": [], "items": ["X"]}, "kinds"),
        ({"kind": "invoice", "kinds": [], "items": ["X"]}, "items"),
    ],
)
def test_r3_a_scope_that_contradicts_its_kind_is_refused(scope: dict[str, Any], place: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        answer([credit("A", "1.00", scope=scope)], [line("X", "1.00")])
    assert str(refused.value).startswith(f"{SCOPE}.{place}: ")


@pytest.mark.parametrize("given", ["quantity", "unit_price"])
def test_r1_half_a_price_makes_no_amount(given: str) -> None:
    half = {"item": "X", "kind": "usage_meter", given: "2"}
    with pytest.raises(ScenarioRefused, match=rf"^lines\[0\]: has no amount, and {given} alone"):
        answer([], [half])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1, column 1: "),
        ('{"currency": "USD",\n  oops}', "line 2, column 3: "),
        ('{"currency": "USD", "currency": "EUR"}', "currency: is given twice"),
        ('{"credits": [{"priority": NaN}]}', "NaN is not a number"),
        ('{"credits": [{"priority": -Infinity}]}', "-Infinity is not a number"),
        ('{"credits": [{"priority": ' + "9" * 5000 + "}]}", "99999999999999999999…: a number of more"),
        ("[" * 100_000, "The file is nested too deeply"),
        ('{"a": ' * 100_000, "The file is nested too deeply"),
        ("[]", "must be an object"),
        ("null", "must be an object"),
    ],
)
def test_what_is_no_json_object_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        scenario_answer(text)
    assert str(refused.value).startswith(sentence)


def test_preview_prints_the_answer_and_touches_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # pytest-django refuses any query here, since the test asks for no database.
    file = tmp_path / "scenario.json"
    file.write_text("\ufeff" + json.dumps(scenario([credit("Zoë", "1.00")], [line("X", "3.00")])), "utf-8")
    call_command("preview", str(file))
    printed = capsys.readouterr().out
    assert json.loads(printed)["total_due"] == "2.00"
    assert '\n  "currency": "USD"' in printed
    assert "Zoë" in printed


def test_preview_reads_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(PLAIN).encode())))
    call_command("preview", "-")
    assert json.loads(capsys.readouterr().out)["total"] == "1.00"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (spoiled("credits[0].amount", 1).encode(), "credits[0].amount: must be text"),
        (b"{\n!", "line 2, column 1: "),
        (b"{\xff", "byte 1 is not UTF-8"),
        (None, "No such file or directory"),
    ],
)
def test_preview_refuses_with_the_name_of_the_file_and_the_place(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "scenario.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        call_command("preview", str(file))
    assert str(refused.value).startswith(f"{file}: {sentence}")
    assert refused.value.returncode == 1
