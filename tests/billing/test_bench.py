"""The bench: what it judges and how it says so, and its small mode, which judges counts and never time."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.bench.allocating import walk
from billing.bench.limits import LIMITS, Result, percentile, quotients, table_lines
from billing.bench.plan import NORMAL, PARTS, SMALL
from billing.bench.processes import BenchBroken, task_run
from billing.bench.tasks import task_answer
from credits.allocation import Source
from customers.acts import Refusal
from tests.processes import database_address


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("run", 1.6, "good"),
        ("run", 1.61, "over target"),
        ("run", 2.2, "over target"),
        ("run", 2.21, "FAILS"),
        ("workers", 1.3, "good"),
        ("workers", 1.2, "over target"),
        ("workers", 1.09, "FAILS"),
        ("errors", 0, "good"),
        ("errors", 1, "FAILS"),
    ],
)
def test_a_value_is_judged_by_its_target_and_its_limit(key: str, value: float, verdict: str) -> None:
    assert LIMITS[key].verdict(value) == verdict


def test_a_target_is_never_beyond_the_limit() -> None:
    for limit in LIMITS.values():
        assert limit.verdict(limit.target) == "good", limit.name


def test_times_are_told_by_their_median_and_counts_by_the_worst() -> None:
    assert Result("run", [1.0, 9.0, 1.5]).value == 1.5
    assert Result("rows", [0, 0, 3]).value == 3
    assert Result("rows", [0, 0, 3]).failed


def test_quotients_compare_turn_by_turn() -> None:
    assert quotients([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_pass(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_the_table_tells_value_limit_verdict_and_every_value() -> None:
    heading, row, note = table_lines([Result("workers", [1.0, 1.05, 1.2], ["as it was"])])
    assert heading.split()[:2] == ["measured", "value"]
    assert row.split() == ["2", "workers", "÷", "1", "1.05", "≥", "1.3", "1.1", "FAILS", "1", "1.05", "1.2"]
    assert note == "  2 workers ÷ 1: as it was"


def test_the_plain_walk_strands_the_credit_that_comes_too_late() -> None:
    assert walk(([Source(50, 0b11), Source(50, 0b01)], [50, 50])) == [(0, 0, 50)]


def test_a_task_refuses_any_database_but_a_scratch_one() -> None:
    with pytest.raises(Refusal, match="scratch databases alone"):
        task_answer("load", {"accounts": 1, "credits": 1, "lines": 1}, lambda: None)


def test_a_task_started_by_hand_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="only the bench itself"):
        call_command("bench", task="floor")


def test_a_task_that_breaks_off_says_why() -> None:
    with pytest.raises(BenchBroken, match=r"task “verify” broke off: .*scratch databases alone"):
        task_run("verify", "sqlite:///:memory:", whole=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"accounts": 5}, "--accounts: at least 20, please, not 5."),
        ({"reps": 0}, "--reps: at least 1"),
        ({"only": "run,walking"}, "there is no part “walking”"),
        ({"only": ""}, "there is no part “”"),
    ],
)
def test_what_cannot_be_benched_is_refused_in_a_sentence(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("bench", **options)


def test_the_small_bench_judges_counts_and_never_time() -> None:
    assert SMALL.counts_only
    assert not NORMAL.counts_only
    assert set(SMALL.parts) < set(PARTS)


def test_a_small_bench_finds_every_count_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that add up after run and floor, two runs and two operators without an error, and as many
    statements for the largest invoice as for the smallest."""
    # Only a name to find the server by: what the bench works on are databases of its own.
    monkeypatch.setenv("DATABASE_URL", database_address())
    out = StringIO()
    call_command("bench", small=True, engine=connection.vendor, json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert told["failed"] == []
    judged = {result["key"] for result in told["results"]}
    assert {"rows", "errors", "statements_chunk", "statements_differ"} <= judged
    assert all(LIMITS[key].counts for key in judged)
