"""How every command answers: one object, plain lines or a refusal in one sentence."""

import getpass
import json
from collections.abc import Mapping
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import OperationalError, ProgrammingError

from customers.acts import Actor, Refusal
from customers.commands import Report, ReportingCommand, counted, day_parse, period_parse


class Counting(ReportingCommand):
    """Counts to a number; fails at 13."""

    trouble: Exception | None = None

    def report(self, options: Mapping[str, Any]) -> Report:
        if self.trouble:
            raise self.trouble
        numbers = list(self.progress(range(2500), "Counting"))
        return Report({"counted": len(numbers)}, ["One line", "Another"], failure=options.get("failure", ""))


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(command: ReportingCommand, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    command.stdout, command.stderr = OutputWrapper(out), OutputWrapper(err)
    command.handle(**{"json": False, **options})
    return out.getvalue(), err.getvalue()


def test_json_is_one_object_and_nothing_else() -> None:
    out, err = run(Counting(), json=True)
    assert json.loads(out) == {"counted": 2500}
    assert err == ""


def test_in_a_log_progress_is_plain_lines_beside_the_answer() -> None:
    assert run(Counting()) == (
        "One line\nAnother\n",
        "Counting: 1000 of 2500\nCounting: 2000 of 2500\n",
    )


def test_on_a_terminal_progress_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    command, terminal = Counting(), Terminal()
    command.stdout = OutputWrapper(terminal)
    command.handle(json=False)
    assert terminal.getvalue() == "One line\nAnother\n"
    assert "Counting" in capsys.readouterr().out


@pytest.mark.parametrize("as_json", [False, True])
def test_a_failure_is_raised_after_the_answer(as_json: bool) -> None:
    command, out = Counting(), StringIO()
    command.stdout = OutputWrapper(out)
    with pytest.raises(CommandError, match=r"^Two are missing$") as failed:
        command.handle(json=as_json, failure="Two are missing")
    assert failed.value.returncode == 1
    assert out.getvalue()


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Refusal("Not today."), "Not today."),
        (OperationalError("database is locked"), "The database refused: database is locked."),
        (
            OperationalError("no such table: customers_act"),
            "The database refused: no such table: customers_act. Run `manage.py migrate` first.",
        ),
        (
            ProgrammingError('relation "x" does not exist\nLINE 1: SELECT\n'),
            'The database refused: relation "x" does not exist. Run `manage.py migrate` first.',
        ),
    ],
)
def test_what_is_refused_is_one_sentence(db: None, trouble: Exception, sentence: str) -> None:
    command = Counting()
    command.trouble = trouble
    with pytest.raises(CommandError) as refused:
        run(command)
    assert str(refused.value) == sentence


def test_a_period_is_from_the_first_of_a_month_to_the_first_of_the_next() -> None:
    assert period_parse("2026-08") == (date(2026, 8, 1), date(2026, 9, 1))
    assert period_parse("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))


def test_a_day_is_year_month_and_day() -> None:
    assert day_parse("--as-of", "2024-02-29") == date(2024, 2, 29)
    with pytest.raises(CommandError, match="--as-of: “2023-02-29” is not a day"):
        day_parse("--as-of", "2023-02-29")


def test_counts_are_said_in_words() -> None:
    assert [counted(1, "entry", "entries"), counted(0, "entry", "entries"), counted(1200, "line")] == [
        "1 entry",
        "0 entries",
        "1,200 lines",
    ]


def test_r14_a_command_names_its_user_by_number_where_there_is_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert Actor.from_command("demo").origin.startswith("command line of user ")


@pytest.mark.parametrize(
    "command",
    ["import_usage", "run_billing", "expire_credits", "grant_schedules", "verify_ledger", "digest", "demo"],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        call_command(command, "--help")
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out
