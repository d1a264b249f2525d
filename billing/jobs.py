"""A billing run as jobs: any number of workers, on any number of machines, that need only the database.

A job is a range of account ids, never one invoice: what it costs to hand out is small beside its work. The
jobs are kept in PostgreSQL (procrastinate) and written in the transaction that opens the run's record: a run
that is on record will be done, one that is not leaves no job behind. The ranges meet, so every account lies
in one of them, whenever its draft came in.

Issuing needs no job to be right. Only drafts are ever issued, under their account's lock, so a job that is
done twice, or half by a worker that died and then again by another, issues each draft once.
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.types import JSONValue

from billing.issuing.claim import accounts_waiting
from billing.issuing.drafts import Order
from billing.issuing.loop import CHUNK, drafts_issue
from billing.models import Run
from billing.run import RunRefused, run_actor, run_finish, run_seen, run_start
from customers.acts import Actor

QUEUE = "billing"
ACCOUNTS = 1000
"""Accounts in a job: four chunks, less than a second of work. A worker told to stop ends the one it is at."""
ATTEMPTS = 5
"""How often a job is taken up again before it is left for somebody to look at."""
POLL = 0.5  # seconds

UNFINISHED = """
    SELECT count(*) FROM procrastinate_jobs
    WHERE task_name = 'accounts_issue' AND args ->> 'run' = %s AND status IN ('todo', 'doing')
"""


WITH_JOBS = """
    SELECT DISTINCT (args ->> 'run')::bigint FROM procrastinate_jobs
    WHERE task_name = 'accounts_issue' AND args ->> 'run' = ANY(%s) AND status IN ('todo', 'doing')
"""


@dataclass(frozen=True, slots=True)
class Deferred:
    run: Run
    accounts: int
    jobs: int


@app.task(
    name="accounts_issue",
    queue=QUEUE,
    retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=2),
)
def accounts_issue(*, run: int, first: int, last: int | None, chunk: int) -> None:
    """Issue what the run has to issue for these accounts. Whoever leaves no draft of it ends the run."""
    of = Run.objects.get(pk=run)
    by, now = run_actor(of), timezone.now()
    drafts_issue(
        Order(of, by, now, first, last), chunk=chunk, done=lambda _: run_seen(of, now=timezone.now())
    )
    if not accounts_waiting(Order(of, by, now)).exists():
        run_finish(of, now=timezone.now())


def run_defer(
    *,
    period_start: date,
    period_end: date,
    before_end: bool,
    by: Actor,
    now: datetime,
    token: str,
    retries: Run | None = None,
    chunk: int = CHUNK,
    accounts: int = ACCOUNTS,
) -> Deferred:
    """Start a run and leave its work to the workers: one job for so many accounts."""
    jobs_needed()
    with transaction.atomic():
        run = run_start(
            period_start=period_start,
            period_end=period_end,
            before_end=before_end,
            by=by,
            now=now,
            token=token,
            retries=retries,
        )
        if run.started_at != now:  # the token's first arrival has deferred them
            return Deferred(run, 0, 0)
        lots = list(_lots(Order(run, by, now), accounts))
        if not lots:
            return Deferred(run_finish(run, now=now), 0, 0)
        firsts = [1, *(lot.first for lot in lots[1:])]
        lasts = [first - 1 for first in firsts[1:]]
        ranges: list[dict[str, JSONValue]] = [
            {"run": run.pk, "first": first, "last": last, "chunk": chunk}
            for first, last in zip(firsts, [*lasts, None], strict=True)
        ]
        accounts_issue.batch_defer(*ranges)
    return Deferred(run, sum(lot.accounts for lot in lots), len(lots))


class Lot(NamedTuple):
    first: int
    accounts: int


def _lots(order: Order, size: int) -> Iterator[Lot]:
    keys = accounts_waiting(order).values_list("pk", flat=True).iterator(chunk_size=size)
    while lot := list(islice(keys, size)):
        yield Lot(lot[0], len(lot))


def run_wait(run: Run) -> bool:
    """Wait for the workers to end the run; False once no job of it is left and it has not ended."""
    while True:
        unfinished = jobs_unfinished(run)
        run.refresh_from_db()
        if run.finished_at or not unfinished:
            return run.finished_at is not None
        time.sleep(POLL)


def jobs_unfinished(run: Run) -> int:
    with connection.cursor() as cursor:
        cursor.execute(UNFINISHED, [str(run.pk)])
        return int(cursor.fetchone()[0])


def runs_with_jobs(runs: Collection[int]) -> set[int]:
    """Those of the runs that workers are still to do something for."""
    if not runs or connection.vendor != "postgresql":
        return set()
    with connection.cursor() as cursor:
        cursor.execute(WITH_JOBS, [[str(run) for run in runs]])
        return {run for (run,) in cursor.fetchall()}


def jobs_needed() -> None:
    """Refuses where no job can be kept, and fails where their tables are not made yet."""
    if connection.vendor != "postgresql":
        raise RunRefused(
            "Jobs are kept in PostgreSQL, and this database is SQLite. "
            "Here a run does its work itself: `manage.py run_billing` without --jobs."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM procrastinate_workers")
