"""The jobs that a run is left to. Workers at them, and one that is killed: `tests/at_once/test_jobs.py`."""

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django import app

from billing.jobs import ATTEMPTS, Deferred, accounts_issue, jobs_unfinished, run_defer, run_wait
from billing.models import Run, RunParked
from billing.run import RunRefused, run_finish
from billing.run_page import run_lines, run_state
from billing.worker import stalled_take_up
from customers.models import Account, Act
from invoices.models import Invoice, Item
from tests.factories import a_command, a_credit, a_draft, a_token, an_account, an_item, at, day

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

NOW, LATER = "2026-09-02", "2026-09-03"
ACCOUNTS, EACH = 7, 2


@pytest.fixture
def item() -> Item:
    return an_item()


@pytest.fixture(autouse=True)
def drafts(item: Item) -> list[Invoice]:
    """Of August, one of each account."""
    found = []
    for _ in range(ACCOUNTS):
        account = an_account()
        a_credit(account, "5.00")
        found.append(a_draft(account, (item, "8.00")))
    return found


def order(**more: Any) -> dict[str, Any]:
    period = {"period_start": day("2026-08-01"), "period_end": day("2026-09-01"), "before_end": False}
    return {**period, "by": a_command(), "now": at(NOW), "token": a_token(), "accounts": EACH, **more}


def deferred(**more: Any) -> Deferred:
    return run_defer(**order(**more))


def left_of_jobs() -> list[tuple[str, int, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, attempts, args FROM procrastinate_jobs ORDER BY id")
        return [(status, attempts, json.loads(args)) for status, attempts, args in cursor.fetchall()]


def set_jobs(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE procrastinate_jobs SET {sql}")


def test_the_jobs_and_the_record_of_a_run_are_written_together_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction.atomic():
        assert deferred().jobs == 4
        transaction.set_rollback(True)
    assert (Run.objects.count(), left_of_jobs()) == (0, [])

    def fail(*ranges: Any) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr(accounts_issue, "batch_defer", fail)
    with pytest.raises(RuntimeError):
        deferred()
    assert (Run.objects.count(), Act.objects.filter(kind="run_start").count()) == (0, 0)


def test_r13_the_same_order_twice_leaves_its_jobs_once() -> None:
    what = order()
    first, second = run_defer(**what), run_defer(**{**what, "now": at(LATER)})
    assert (first.run, first.accounts, first.jobs) == (second.run, ACCOUNTS, 4)
    assert len(left_of_jobs()) == 4


def test_the_ranges_meet_so_that_no_account_lies_between_two_jobs(item: Item) -> None:
    deferred(chunk=3)
    ranges = [args for _, _, args in left_of_jobs()]
    assert ranges[0]["first"] == 1
    assert ranges[-1]["last"] is None
    assert all(here["last"] + 1 == there["first"] for here, there in pairwise(ranges))
    assert {args["chunk"] for args in ranges} == {3}
    late = a_draft(an_account(), (item, "5.00"))
    for args in ranges:
        accounts_issue(**args)
    assert not Invoice.objects.drafts().exists()
    assert Invoice.objects.get(pk=late.pk).status == "issued"


def test_a_run_has_ended_when_no_draft_of_it_is_left_and_not_before() -> None:
    run = deferred().run
    ranges = [args for _, _, args in left_of_jobs()]
    for args in reversed(ranges[1:]):
        accounts_issue(**args)
        run.refresh_from_db()
        assert run.finished_at is None
    accounts_issue(**ranges[0])
    run.refresh_from_db()
    ended = run.finished_at
    assert ended is not None
    accounts_issue(**ranges[2])
    run.refresh_from_db()
    assert run.finished_at == ended, "a job done twice is done once"
    [sums] = run.sums()
    assert (sums.invoices, sums.total, sums.credited) == (ACCOUNTS, 5600, 3500)


def test_an_account_that_is_parked_does_not_keep_a_run_from_ending() -> None:
    stuck = Account.objects.order_by("-pk")[0]
    run = deferred(before_end=False, period_end=day("2026-10-01")).run
    RunParked.objects.create(run=run, account=stuck, draft=1, waiting=1, reason="It contradicts a rule")
    for _, _, args in left_of_jobs():
        accounts_issue(**args)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert Invoice.objects.drafts().get().account == stuck


def test_who_ordered_the_run_is_who_issued_wherever_it_was_done() -> None:
    deferred()
    accounts_issue(**left_of_jobs()[0][2])
    done = Act.objects.filter(kind="invoice_issue").values_list("actor_name", "command", "origin")
    assert {*done} == {(a_command().name, a_command().command, a_command().origin)}


def test_a_month_without_drafts_needs_no_worker() -> None:
    nothing = deferred(period_start=day("2025-08-01"), period_end=day("2025-09-01"))
    assert (nothing.accounts, nothing.jobs, nothing.run.finished_at) == (0, 0, at(NOW))
    assert left_of_jobs() == []


def test_a_retry_is_left_to_workers_too_and_takes_only_what_was_parked() -> None:
    first = run_finish(
        deferred(period_start=day("2025-08-01"), period_end=day("2025-09-01")).run, now=at(NOW)
    )
    with pytest.raises(RunRefused, match="there is nothing to retry"):
        deferred(retries=first)
    stuck = Account.objects.order_by("pk")[2]
    RunParked.objects.create(run=first, account=stuck, draft=1, waiting=1, reason="The period ends")
    retry = deferred(retries=first)
    assert (retry.accounts, retry.jobs) == (1, 1)
    accounts_issue(**left_of_jobs()[0][2])
    assert Invoice.objects.get(status="issued").account == stuck


def test_a_job_that_worker_after_worker_died_of_is_left_and_waiting_for_its_run_ends() -> None:
    run = deferred().run
    for attempt in range(1, ATTEMPTS + 1):
        set_jobs("status = 'doing', worker_id = NULL")  # a worker that is gone
        async_to_sync(stalled_take_up)(1)
        assert {job[:2] for job in left_of_jobs()} == {("todo", attempt)}
    set_jobs("status = 'doing', worker_id = NULL")
    async_to_sync(stalled_take_up)(1)
    assert {job[:2] for job in left_of_jobs()} == {("failed", ATTEMPTS + 1)}
    assert run_wait(run) is False
    assert deferred().jobs == 4, "ordered again, it is all done that is left"


def test_a_job_of_a_worker_that_is_alive_stays_with_it() -> None:
    deferred()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        [worker] = cursor.fetchone()
    set_jobs(f"status = 'doing', worker_id = {worker}")
    async_to_sync(stalled_take_up)(30)
    assert {job[0] for job in left_of_jobs()} == {"doing"}


def test_waiting_ends_with_the_run_or_with_its_last_job(monkeypatch: pytest.MonkeyPatch) -> None:
    run = deferred().run
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(jobs_unfinished(run))
        set_jobs(
            "status = 'failed' WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo')"
        )

    monkeypatch.setattr(time, "sleep", pause)
    assert run_wait(run) is False
    assert pauses == [4, 3, 2, 1]
    assert run_wait(run_finish(run, now=at(LATER))) is True


def test_trouble_with_the_database_is_tried_again_by_and_by() -> None:
    retry = accounts_issue.retry_strategy
    assert retry is not None
    deferred()
    job = app.job_manager.list_jobs()[0]
    for attempts, again in ((0, True), (ATTEMPTS - 1, True), (ATTEMPTS, False)):
        decision = retry.get_retry_decision(exception=OperationalError(), job=job.evolve(attempts=attempts))
        assert (decision is not None) is again


def test_a_run_that_nobody_is_at_waits_as_long_as_it_has_jobs_and_then_is_unfinished() -> None:
    run, other = deferred().run, deferred().run
    assert run_state(run, at(NOW)) == "running"
    set_jobs(f"status = 'cancelled' WHERE args ->> 'run' = '{other.pk}'")
    assert run_state(run, at(LATER)) == "waiting"
    states = [line.state for line in run_lines(Run.objects.order_by("pk"), at(LATER))]
    assert states == ["waiting", "unfinished"]
    run_finish(run, now=at(LATER))
    assert run_state(run, at(LATER)) == "finished"
