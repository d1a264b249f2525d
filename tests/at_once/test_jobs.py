"""A run left to workers: several processes, one of them killed in the middle of its work.

While a test holds the row of the number series, a worker has written all that a chunk writes but its
numbers, and waits: that is the middle.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.digest import ledger_digest
from billing.jobs import Deferred, jobs_unfinished, run_defer
from billing.models import Run
from billing.verification.runner import ledger_verify
from customers.models import Account, Act
from invoices.models import Invoice, Kind
from invoices.numbering import numbers_take
from tests.at_once.databases import Database
from tests.factories import a_command, a_credit, a_draft, a_line, a_token, an_account, an_item, at, day
from tests.processes import until

pytestmark = pytest.mark.postgresql

ACCOUNTS, DRAFTS, EACH = 24, 2, 4
# A month that is over whatever the clock of the machine says: the commands read it.
MADE, FIRST, LAST = "2024-04-02", "2024-05-01", "2024-06-01"
RUN = ("manage.py", "run_billing", "--period", "2024-05")
WORK = ("manage.py", "work", "--sign-of-life", "0.3")
PATIENCE = 60


@pytest.fixture
def waiting(database: Database) -> Database:
    """Drafts of several accounts, each with credits that do not suffice for all of them."""
    items = [an_item(kind.label, kind, now=MADE) for kind in Kind]
    for number in range(ACCOUNTS):
        account = an_account(now=MADE)
        a_credit(account, f"{number + 1}.00", effective_from=MADE, now=MADE)
        a_credit(account, "6.00", effective_from=MADE, items=(items[1],), now=MADE)
        for _ in range(DRAFTS):
            lines = [a_line(item, f"{number % 5 + 1}.50", "2.5") for item in items]
            a_draft(account, *lines, start=FIRST, end=LAST, now=MADE)
    return database


def deferred() -> Deferred:
    start, end = day(FIRST), day(LAST)
    by, now, token = a_command(), at(LAST), a_token()
    return run_defer(
        period_start=start, period_end=end, before_end=False, by=by, now=now, token=token, accounts=EACH
    )


@contextmanager
def worker(database: Database, *more: str) -> Iterator["subprocess.Popen[str]"]:
    # However slow the machine, none of them gives up waiting for the row that a test holds.
    patient = {"DATABASE_URL": f"{database.address}?options=-c%20lock_timeout%3D60s"}
    pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with database.start(*WORK, *more, told=patient, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped(process: "subprocess.Popen[str]") -> str:
    """What it logged, told to stop; it has to end well."""
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    return log


@contextmanager
def series_held() -> Iterator[None]:
    with transaction.atomic():
        numbers_take(timezone.now().year, 1)
        yield
        transaction.set_rollback(True)


def finished(run: Run) -> Callable[[], bool]:
    return lambda: Run.objects.exclude(finished_at=None).filter(pk=run.pk).exists()


def issued() -> int:
    return Invoice.objects.filter(status="issued").count()


def left_of_jobs() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs ORDER BY id")
        return [status for (status,) in cursor.fetchall()]


def undisturbed(database: Database) -> str:
    """The digest of a plain run in another database with the same rows."""
    connection.close()
    with database.copy() as twin:
        with twin.start(*RUN, stdout=subprocess.PIPE) as plain:
            said, _ = plain.communicate(timeout=PATIENCE)
        assert plain.returncode == 0, said
        with twin.entered():
            return ledger_digest()


def test_a_worker_killed_in_the_middle_changes_nothing_in_what_comes_of_a_run(
    waiting: Database, counted: Callable[[str], None]
) -> None:
    wanted = undisturbed(waiting)
    run = deferred().run
    with worker(waiting) as first, worker(waiting) as second, worker(waiting) as third:
        with series_held():
            until(lambda: waiting.waiting() == 3)
            first.kill()
            assert first.wait(PATIENCE) == -signal.SIGKILL
            assert (issued(), jobs_unfinished(run)) == (0, ACCOUNTS // EACH)
        killed = time.monotonic()
        until(finished(run))
        taken = time.monotonic() - killed
        logs = stopped(second) + stopped(third)
    assert ledger_digest() == wanted
    assert ledger_verify().breach is None
    assert not Invoice.objects.drafts().exists()
    assert sum(of.invoices for of in run.sums()) == issued() == ACCOUNTS * DRAFTS
    assert "It waits for another" in logs
    assert left_of_jobs() == []
    counted(f"PostgreSQL: 3 workers, one killed: the run was over {taken:.1f} s later, same digest")


def test_a_worker_told_to_stop_ends_the_job_it_is_at_and_takes_no_other(waiting: Database) -> None:
    run = deferred().run
    with worker(waiting) as process:
        with series_held():
            until(lambda: waiting.waiting() == 1)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            assert process.poll() is None
        assert process.wait(PATIENCE) == 0
    assert issued() == EACH * DRAFTS
    assert left_of_jobs() == ["todo"] * (ACCOUNTS // EACH - 1)
    run.refresh_from_db()
    assert run.finished_at is None


def test_the_command_defers_waits_and_reports_as_if_it_had_done_the_work_itself(waiting: Database) -> None:
    stuck = Account.objects.order_by("pk")[3]
    young = a_draft(stuck, (an_item(), "1.00"), start=FIRST, end="2024-05-02", now=MADE)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    connection.close()
    with waiting.copy() as twin, twin.start(*RUN, "--json", **pipes) as plain:
        here, _ = plain.communicate(timeout=PATIENCE)
    with waiting.start(*RUN, "--jobs", "--wait", "--json", **pipes) as process, worker(waiting):
        there, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, error) == (plain.returncode, "") == (0, "")
    there, here = json.loads(there), json.loads(here)
    assert [run.pop("workers") for run in (there, here)] == [0, 1]
    for moment in ("started", "finished", "seconds"):
        assert there.pop(moment) > here.pop(moment)
    assert there == here
    assert there["issued"] == ACCOUNTS * DRAFTS + 1
    assert Invoice.objects.get(pk=young.pk).status == "issued"
    act = Act.objects.filter(kind="invoice_issue").latest("pk")
    assert (act.command, act.actor_name) == ("run_billing", "run_billing"), "who ordered it, not who did it"


def test_without_waiting_the_command_says_how_much_is_left_to_workers_and_one_may_work_until_idle(
    waiting: Database,
) -> None:
    with waiting.start(*RUN, "--jobs", stdout=subprocess.PIPE) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    run = Run.objects.get()
    assert said == f"Run {run.pk}: 24 accounts in 1 job. They wait for workers: `manage.py work`.\n"
    assert (issued(), jobs_unfinished(run)) == (0, 1)
    with worker(waiting, "--until-idle") as process:
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    assert finished(run)()
    assert issued() == ACCOUNTS * DRAFTS
