"""`manage.py run_billing --period YYYY-MM`: issue the drafts of a month."""

import sys
import time
import uuid
from argparse import SUPPRESS
from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from billing.issuing.chunk import steadily
from billing.issuing.drafts import Order
from billing.issuing.loop import CHUNK, LARGEST_CHUNK, drafts_issue
from billing.jobs import Deferred, run_defer, run_wait
from billing.models import Run
from billing.run import billing_run_dry, drafts_waiting, run_finish, run_seen, run_start, run_stop
from billing.run_words import dry_lines, dry_summary, run_lines, run_summary
from billing.run_workers import MOST_WORKERS, worker_run, workers_run
from billing.stopping import BY_SIGNAL, Stopped, Stopping
from customers.acts import Actor
from customers.commands import NUMBER, Report, ReportingCommand, counted, number_parse, period_parse

SEEN_EVERY = 5  # seconds


class Command(ReportingCommand):
    help = (
        "Issue the drafts whose last day lies in a month. Safe to repeat, to run twice at once, and to kill. "
        "An account that cannot be billed is parked with its reason, and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--period", metavar="YYYY-MM", help="the month to bill")
        parser.add_argument(
            "--retry",
            metavar="RUN",
            help="instead of a month: the run whose parked accounts to take up again",
        )
        parser.add_argument(
            "--before-end", action="store_true", help="issue also drafts whose period is not over yet"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be issued and left, and write nothing"
        )
        parser.add_argument(
            "--workers",
            default=1,
            metavar="N",
            help=f"processes that share the work (default 1, at most {MOST_WORKERS}; PostgreSQL only)",
        )
        parser.add_argument(
            "--chunk",
            default=CHUNK,
            metavar="N",
            help=f"accounts in one transaction (default {CHUNK}, at most {LARGEST_CHUNK})",
        )
        parser.add_argument(
            "--jobs",
            action="store_true",
            help="leave the work to workers (`manage.py work`), on this machine or others; PostgreSQL only",
        )
        parser.add_argument("--wait", action="store_true", help="with --jobs: wait for what comes of it")
        parser.add_argument("--worker-of", metavar="RUN", help=SUPPRESS)

    def report(self, options: Mapping[str, Any]) -> Report:
        chunk = number_parse("--chunk", options["chunk"], 1, LARGEST_CHUNK)
        workers = number_parse("--workers", options["workers"], 1, MOST_WORKERS)
        if options["worker_of"]:
            sys.exit(worker_run(run_named("--worker-of", options["worker_of"]), chunk=chunk))
        if options["wait"] and not options["jobs"]:
            raise CommandError("--wait: only with --jobs. Without it the command ends when the run does.")
        if options["jobs"] and (workers > 1 or options["dry_run"]):
            raise CommandError("--jobs: leave --workers and --dry-run out; the workers are `manage.py work`.")
        order = order_read(options)
        if options["dry_run"]:
            if workers > 1:
                raise CommandError("--workers: a dry run is read by one process, so leave it out.")
            return self.dry_run(order)
        if options["jobs"]:
            return self.leave_to_workers(order, chunk=chunk, wait=options["wait"])
        if workers > 1 and connection.vendor == "sqlite":
            raise CommandError(
                "--workers: SQLite has one writer at a time, so workers would only wait for each other. "
                "Leave it out, or use PostgreSQL."
            )
        return self.run_to_its_end(order, chunk=chunk, workers=workers)

    def dry_run(self, order: Run) -> Report:
        by, now = Actor.from_command("run_billing"), timezone.now()
        with Stopping() as stopping, self.counting(drafts_waiting(order), "Looking", "drafts") as tell:
            seen = Summing(tell, stopping.check)
            try:
                found = billing_run_dry(order, by=by, now=now, done=seen.add)
            except (Stopped, KeyboardInterrupt) as stopped:
                code = BY_SIGNAL + stopping.number
                raise CommandError("Stopped. A dry run writes nothing.", returncode=code) from stopped
        left = counted(len(found.parked), "account")
        failure = f"{left} would not be billed to the end." if found.parked else ""
        return Report(dry_summary(order, found), dry_lines(order, found), failure)

    def leave_to_workers(self, order: Run, *, chunk: int, wait: bool) -> Report:
        deferred = run_defer(
            period_start=order.period_start,
            period_end=order.period_end,
            before_end=order.before_end,
            retries=order.retries,
            by=Actor.from_command("run_billing"),
            now=timezone.now(),
            token=f"run_start:{uuid.uuid4()}",
            chunk=chunk,
        )
        if not wait:
            return Report(deferred_summary(deferred), deferred_lines(deferred))
        if not run_wait(deferred.run):
            raise CommandError(
                f"{deferred.run} is not finished, and no job of it is left to do. Start it again."
            )
        return finished_report(deferred.run, 0, 0)

    def run_to_its_end(self, order: Run, *, chunk: int, workers: int) -> Report:
        by, now = Actor.from_command("run_billing"), timezone.now()
        run = run_start(
            period_start=order.period_start,
            period_end=order.period_end,
            before_end=order.before_end,
            retries=order.retries,
            by=by,
            now=now,
            token=f"run_start:{uuid.uuid4()}",
        )
        lost: list[str] = []
        with Stopping() as stopping, self.counting(drafts_waiting(run), "Issuing", "drafts") as tell:
            try:
                seen = Summing(tell, stopping.check, run)
                if workers > 1:
                    lost = workers_run(run, workers=workers, chunk=chunk, watch=seen.look)
                # What a lost worker left, and nothing otherwise.
                drafts_issue(Order(run, by, now), chunk=chunk, done=seen.add)
            except (Stopped, KeyboardInterrupt):
                return stopped_report(run_stop(run), stopping.number)
        for ended in lost:
            self.stderr.write(f"A worker {ended}. What it left was done here.", style_func=str)
        run_finish(run, now=timezone.now())
        return steadily(lambda: finished_report(run, workers, len(lost)))


def deferred_summary(deferred: Deferred) -> dict[str, Any]:
    return {"run": deferred.run.pk, "accounts": deferred.accounts, "jobs": deferred.jobs}


def deferred_lines(deferred: Deferred) -> list[str]:
    if not deferred.jobs:
        return [f"{deferred.run} has nothing to do: no draft of that month is waiting."]
    return [
        f"{deferred.run}: {counted(deferred.accounts, 'account')} in {counted(deferred.jobs, 'job')}. "
        "They wait for workers: `manage.py work`."
    ]


class Summing:
    """The drafts that are done with, from the work of this process and of others: shown, and put down as a
    sign of life. `check` is asked between two chunks whether to go on."""

    def __init__(
        self, tell: Callable[[int], None], check: Callable[[], None], run: Run | None = None
    ) -> None:
        self.tell = tell
        self.check = check
        self.run = run
        self.drafts = 0
        self.seen_at = time.monotonic()

    def add(self, drafts: int) -> None:
        """This process is done with more of them."""
        self.drafts += drafts
        self.tell(self.drafts)
        if self.run and time.monotonic() - self.seen_at > SEEN_EVERY:
            run_seen(self.run, now=timezone.now())
            self.seen_at = time.monotonic()
        self.check()

    def look(self) -> None:
        """Others are: the run's record says how many."""
        if self.run:
            self.add(self.run.drafts_done() - self.drafts)


def order_read(options: Mapping[str, Any]) -> Run:
    """What to do, as a run that is not started yet."""
    period, retry, before_end = options["period"], options["retry"], options["before_end"]
    if (period is None) == (retry is None):
        raise CommandError("Name the month with --period YYYY-MM, or the run to take up again with --retry.")
    if retry is None:
        period_start, period_end = period_parse(period)
        return Run(period_start=period_start, period_end=period_end, before_end=before_end)
    first = run_named("--retry", retry)
    return Run(
        period_start=first.period_start,
        period_end=first.period_end,
        before_end=before_end or first.before_end,
        retries=first,
    )


def run_named(option: str, text: Any) -> Run:
    found = Run.objects.filter(pk=int(text)).first() if NUMBER.fullmatch(str(text)) else None
    if found is None:
        raise CommandError(f"{option}: there is no run {text}.")
    return found


def finished_report(run: Run, workers: int, lost: int) -> Report:
    left = run.parked.count()
    failure = f"{counted(left, 'account')} could not be billed to the end." if left else ""
    hint = [f"  To take up again what was parked: manage.py run_billing --retry {run.pk}"] if left else []
    summary = {**run_summary(run), "workers": workers, "workers_lost": lost}
    return Report(summary, [*run_lines(run), *hint], failure)


def stopped_report(run: Run, number: int) -> Report:
    waiting = counted(drafts_waiting(run), "draft")
    failure = (
        f"{run} was stopped, and {waiting} may still wait. What it issued stays issued; "
        "the same command again issues the rest."
    )
    return Report(run_summary(run), run_lines(run), failure, BY_SIGNAL + number)
