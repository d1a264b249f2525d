"""The options of `run_billing`: looking first, taking up again, sharing the work, being stopped."""

import json
import os
import signal
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from billing.digest import ledger_digest
from billing.issuing import chunk, loop
from billing.models import Run
from customers import progress
from invoices.models import Invoice, Status
from tests.factories import a_credit, a_draft, a_run, an_account, an_item, at

pytestmark = pytest.mark.django_db
Clock = Callable[[str], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    def set_to(moment: str) -> None:
        monkeypatch.setattr(timezone, "now", lambda: at(moment))

    set_to("2026-09-10")
    return set_to


def ran(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("run_billing", *options, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def failed(*options: str, code: int = 1) -> tuple[str, str]:
    """What it prints, and the sentence it ends with."""
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("run_billing", *options, stdout=out, stderr=StringIO())
    assert refused.value.returncode == code
    return out.getvalue(), str(refused.value)


def issued() -> int:
    return Invoice.objects.filter(status=Status.ISSUED).count()


def test_the_summary_tells_the_run_from_its_start_to_its_end(clock: Clock) -> None:
    account = an_account()
    a_credit(account, "4.00")
    a_draft(account, (an_item(), "10.00"))
    a_draft(account, (an_item(), "1.00"), start="2026-07-01", end="2026-08-01")
    assert ran("--period", "2026-08") == {
        "run": Run.objects.get().pk,
        "period": "2026-08",
        "before_end": False,
        "retries": None,
        "started": "2026-09-10T12:00:00+00:00",
        "finished": "2026-09-10T12:00:00+00:00",
        "seconds": 0.0,
        "issued": 1,
        "sums": [{"currency": "USD", "invoices": 1, "total": "10.00", "credited": "4.00", "due": "6.00"}],
        "parked": [],
        "waiting": 0,
        "earlier_drafts": 1,
        "workers": 1,
        "workers_lost": 0,
    }


# --- A dry run --------------------------------------------------------------------------


def test_a_dry_run_says_what_a_run_would_do_and_writes_nothing(clock: Clock) -> None:
    account, item = an_account(), an_item()
    a_credit(account, "4.00")
    a_draft(account, (item, "10.00"))
    before = ledger_digest()
    said = ran("--period", "2026-08", "--dry-run")
    assert (said["dry_run"], said["would_issue"], said["parked"]) == (True, 1, [])
    assert said["sums"] == [
        {"currency": "USD", "invoices": 1, "total": "10.00", "credited": "4.00", "due": "6.00"}
    ]
    assert (ledger_digest(), Run.objects.count()) == (before, 0)
    assert ran("--period", "2026-08")["sums"] == said["sums"]


def test_a_dry_run_fails_if_an_account_would_be_left(clock: Clock) -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "1.00"), start="2026-09-01", end="2026-10-01")
    out, sentence = failed("--period", "2026-09", "--dry-run")
    assert sentence == "1 account would not be billed to the end."
    assert "0 invoices would be issued for 2026-09; nothing was issued." in out
    assert f"Would be left: {account.key}, from draft {draft.pk} on (1 draft): The period ends" in out
    assert Run.objects.count() == 0


# --- A retry ----------------------------------------------------------------------------


def test_a_retry_needs_no_month_and_bills_only_what_the_run_left(clock: Clock) -> None:
    left, other, item = an_account(), an_account(), an_item()
    a_draft(left, (item, "1.00"), start="2026-09-01", end="2026-10-01")
    out, sentence = failed("--period", "2026-09")
    first = Run.objects.get()
    assert sentence == "1 account could not be billed to the end."
    assert f"To take up again what was parked: manage.py run_billing --retry {first.pk}" in out
    late = a_draft(other, (item, "1.00"), start="2026-09-01", end="2026-10-01")
    clock("2026-10-02")
    assert ran("--retry", str(first.pk), "--dry-run")["would_issue"] == 1
    said = ran("--retry", str(first.pk))
    assert (said["retries"], said["issued"], said["waiting"]) == (first.pk, 1, 0)
    assert Invoice.objects.get(pk=late.pk).is_draft


def test_a_retry_goes_by_the_terms_of_its_run_and_may_widen_them(clock: Clock) -> None:
    a_draft(an_account(), (an_item(), "1.00"), start="2026-09-01", end="2026-10-01")
    first = a_run("2026-09", "2026-09-10")
    failed("--retry", str(first.pk))
    assert issued() == 0
    assert ran("--retry", str(first.pk), "--before-end")["issued"] == 1


@pytest.mark.parametrize("run", ["0", "7", "abc", "1.5", "", "9" * 40, "٣"])
def test_a_retry_of_a_run_that_is_not_there_is_refused(db: None, run: str) -> None:
    assert failed("--retry", run) == ("", f"--retry: there is no run {run}.")


def test_a_retry_of_a_run_that_left_nothing_or_nothing_that_waits_is_refused(clock: Clock) -> None:
    draft = a_draft(an_account(), (an_item(), "1.00"), start="2026-09-01", end="2026-10-01")
    first = a_run("2026-09", "2026-09-10")
    second = a_run("2026-09", "2026-09-10", before_end=True)
    assert not Invoice.objects.get(pk=draft.pk).is_draft
    assert failed("--retry", str(first.pk))[1] == (
        f"Whatever {first} left is issued or discarded by now: there is nothing to retry."
    )
    assert failed("--retry", str(second.pk))[1] == f"{second} left no account: there is nothing to retry."


# --- Wrong input ------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--period", "2026-08", "--retry", "1")])
def test_a_month_or_a_run_is_named_and_not_both(db: None, options: tuple[str, ...]) -> None:
    sentence = "Name the month with --period YYYY-MM, or the run to take up again with --retry."
    assert failed(*options) == ("", sentence)


@pytest.mark.parametrize(("option", "most"), [("--workers", 64), ("--chunk", 500)])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "two", "", "501", "9" * 30, "٢"])
def test_a_number_that_is_none_is_refused_by_its_name(db: None, option: str, most: int, number: str) -> None:
    said = failed("--period", "2026-08", f"{option}={number}")[1]
    assert said == f"{option}: “{number}” is not a whole number from 1 to {most}."
    assert Run.objects.count() == 0


def test_a_dry_run_takes_no_workers(db: None) -> None:
    said = failed("--period", "2026-08", "--dry-run", "--workers", "2")[1]
    assert said == "--workers: a dry run is read by one process, so leave it out."


def test_sqlite_takes_no_workers(db: None) -> None:
    if connection.vendor != "sqlite":
        return
    said = failed("--period", "2026-08", "--workers", "2")[1]
    assert said.startswith("--workers: SQLite has one writer at a time")
    assert Run.objects.count() == 0


# --- Stopped ----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_after_the_chunk_at_hand_and_stays_unfinished(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    item, handlers = an_item(), (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    for _ in range(4):
        a_draft(an_account(), (item, "1.00"))

    def chunk_issue(*args: Any, **options: Any) -> Any:
        if issued() == 1:
            os.kill(os.getpid(), number)
        return chunk.chunk_issue(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "chunk_issue", chunk_issue)
        out, sentence = failed("--period", "2026-08", "--chunk", "1", code=128 + number)
    run = Run.objects.get()
    assert sentence == (
        f"{run} was stopped, and 2 drafts may still wait. What it issued stays issued; "
        "the same command again issues the rest."
    )
    assert f"{run}: 2 invoices issued for 2026-08." in out
    assert (run.finished_at, run.seen_at) == (None, None)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    assert ran("--period", "2026-08")["issued"] == 2


def test_a_second_signal_ends_it_at_once_and_the_chunk_at_hand_is_as_if_it_had_not_been(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_draft(an_account(), (an_item(), "1.00"))

    def chunk_issue(*args: Any, **options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it goes on")

    monkeypatch.setattr(loop, "chunk_issue", chunk_issue)
    sentence = failed("--period", "2026-08", code=128 + signal.SIGINT)[1]
    assert "was stopped, and 1 draft may still wait." in sentence
    assert issued() == 0


# --- Progress ---------------------------------------------------------------------------


def test_a_log_has_a_line_now_and_then_beside_the_answer(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = an_item()
    for _ in range(5):
        a_draft(an_account(), (item, "1.00"))
    monkeypatch.setattr(progress, "LOG_EVERY", 2)
    out, err = StringIO(), StringIO()
    call_command("run_billing", "--period", "2026-08", "--chunk", "1", stdout=out, stderr=err)
    assert [line.partition(" drafts, ")[0] for line in err.getvalue().splitlines()] == [
        "Issuing: 2 of 5",
        "Issuing: 4 of 5",
    ]
    assert "per second" in err.getvalue()
    assert "Issuing" not in out.getvalue()


def test_the_accounts_left_are_printed_up_to_a_number_and_all_are_in_the_summary(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.run_words.MOST_LINES", 2)
    item = an_item()
    for _ in range(3):
        a_draft(an_account(), (item, "1.00"), start="2026-09-01", end="2026-10-01")
    for options in (("--dry-run",), ()):
        out = failed("--period", "2026-09", *options)[0]
        assert out.count("The period ends on") == 2
        assert "And 1 more account." in out
    summary = failed("--period", "2026-09", "--json")[0]
    assert len(json.loads(summary)["parked"]) == 3
