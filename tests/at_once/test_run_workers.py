"""`run_billing --workers`: several processes at one run, one of them or all of them ended in the middle."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing import run_workers
from billing.digest import ledger_digest
from billing.management.commands.run_billing import Summing
from billing.models import Run
from billing.run_workers import Worker
from billing.verification.runner import ledger_verify
from invoices.models import Invoice
from tests.at_once.databases import Database, asked
from tests.factories import a_credit, a_draft, a_line, an_account, an_item

pytestmark = pytest.mark.postgresql

ACCOUNTS, DRAFTS = 40, 2
ALL = ACCOUNTS * DRAFTS
MADE, FIRST, LAST = "2024-04-02", "2024-05-01", "2024-06-01"
# Small chunks, so that there is something between the first invoice and the last.
RUN = ("run_billing", "--period", "2024-05", "--chunk", "1", "--json")
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
PATIENCE = 60


@pytest.fixture(scope="module")
def waiting(empty: Database, unblocked: None) -> Iterator[Database]:
    with empty.copy() as database:
        with database.entered():
            api, seats = an_item(now=MADE), an_item("Seats", now=MADE)
            for number in range(ACCOUNTS):
                account = an_account(now=MADE, currency="USD" if number % 2 else "EUR")
                a_credit(account, "60.00", effective_from=MADE, now=MADE)
                a_credit(account, "10.00", effective_from=MADE, items=(seats,), now=MADE)
                for _ in range(DRAFTS):
                    a_draft(account, a_line(api, "25.00"), (seats, "9.00"), start=FIRST, end=LAST, now=MADE)
        yield database


@pytest.fixture(scope="module")
def undisturbed(waiting: Database) -> str:
    """The digest after one process has done it all."""
    with waiting.copy() as database, database.entered():
        call_command(*RUN, stdout=StringIO())
        return settled()


@pytest.fixture
def database(waiting: Database) -> Iterator[Database]:
    with waiting.copy() as own, own.entered():
        yield own


@pytest.fixture
def workers(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """Those that a run started by this process has started, on the test's database."""
    return workers_at(database.address, monkeypatch)


def workers_at(address: str, monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    started: list[Worker] = []
    start = run_workers._start

    def start_there(run: Run, chunk: int) -> Worker:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DATABASE_URL", address)
            started.append(start(run, chunk))
        return started[-1]

    monkeypatch.setattr(run_workers, "_start", start_there)
    monkeypatch.setattr(run_workers, "LOOK", 0.005)
    return started


def issued() -> int:
    return Invoice.objects.exclude(status="draft").count()


def settled() -> str:
    """The digest, if every draft is issued and every number given, and the ledger is right."""
    numbers = Invoice.objects.order_by("series_number").values_list("series_number", flat=True)
    assert list(numbers) == list(range(1, ALL + 1))
    assert ledger_verify().breach is None
    return ledger_digest()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def summary(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*RUN, *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_two_workers_issue_all_as_one_would(workers: list[Worker], undisturbed: str) -> None:
    said = summary("--workers", "2")
    assert [worker.returncode for worker in workers] == [0, 0]
    assert (said["issued"], said["parked"], said["waiting"], said["workers_lost"]) == (ALL, [], 0, 0)
    assert Run.objects.get().finished_at
    assert settled() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_worker_leaves_that_is_killed_or_stopped_is_done_by_the_others(
    workers: list[Worker],
    undisturbed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    look, left = Summing.look, list[int]()

    def looking(seen: Summing) -> None:
        look(seen)
        if seen.drafts and not left:
            workers[0].send_signal(number)
            left.append(ALL - issued())

    monkeypatch.setattr(Summing, "look", looking)
    said = summary("--workers", "2")
    assert left[0] > 0, "it came too late to disturb anybody"
    assert said["workers_lost"] == 1
    assert f"by signal {number.value}. What it left was done here." in capsys.readouterr().err
    assert [worker.returncode for worker in workers[1:]] == [0]
    assert settled() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_ends_with_its_workers_and_the_same_command_goes_on(
    database: Database, undisturbed: str, number: signal.Signals
) -> None:
    assert issued() == 0  # with the session of this process
    sessions = asked(SESSIONS, database.name)
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with database.start("manage.py", *RUN, "--workers", "2", **streams) as process:
        until(lambda: issued() > 0)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    until(lambda: asked(SESSIONS, database.name) == sessions)
    run, done = Run.objects.get(), issued()
    assert done < ALL, "it came too late to stop anything"
    assert (run.finished_at, run.drafts_done()) == (None, done)
    if number != signal.SIGKILL:
        assert json.loads(out)["waiting"] == ALL - done
        assert "the same command again issues the rest." in err
        assert "Traceback" not in err
    assert summary()["issued"] == ALL - done
    assert settled() == undisturbed


def test_workers_that_cannot_start_leave_all_of_it_to_their_parent(
    database: Database, undisturbed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers_at(database.address + "_gone", monkeypatch)
    assert summary("--workers", "2")["workers_lost"] == 2
    assert settled() == undisturbed


def test_trouble_of_the_parent_ends_its_workers(
    workers: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looking(seen: Summing) -> None:
        raise CommandError("Something of the parent's own")

    monkeypatch.setattr(Summing, "look", looking)
    with pytest.raises(CommandError, match="own"):
        summary("--workers", "2")
    assert [worker.returncode for worker in workers] == [0, 0]
