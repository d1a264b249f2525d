"""`manage.py run_billing --period YYYY-MM`: issue the drafts of a month."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from billing.issuing.loop import CHUNK, LARGEST_CHUNK
from billing.jobs import Deferred, run_defer, run_wait
from billing.models import Run, RunParked
from billing.run import billing_run, drafts_from_before, run_finish
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, amount_words, counted, period_parse
from customers.money import amount_text


class Command(ReportingCommand):
    help = (
        "Issue the drafts whose last day lies in a month. Safe to repeat, to run twice at once, and to kill."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--period", required=True, metavar="YYYY-MM", help="the month to bill")
        parser.add_argument(
            "--before-end", action="store_true", help="issue also drafts whose period is not over yet"
        )

        parser.add_argument(
            "--chunk",
            type=int,
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

    def report(self, options: Mapping[str, Any]) -> Report:
        period_start, period_end = period_parse(options["period"])
        if options["wait"] and not options["jobs"]:
            raise CommandError("--wait: only with --jobs. Without it the command ends when the run does.")
        if not 1 <= options["chunk"] <= LARGEST_CHUNK:
            raise CommandError(f"--chunk: from 1 to {LARGEST_CHUNK} accounts.")
        what = {
            "period_start": period_start,
            "period_end": period_end,
            "before_end": options["before_end"],
            "by": Actor.from_command("run_billing"),
            "now": timezone.now(),
            "token": f"run_start:{uuid.uuid4()}",
            "chunk": options["chunk"],
        }
        if options["jobs"]:
            deferred = run_defer(**what)
            run = deferred.run
            if not options["wait"]:
                return Report(deferred_summary(deferred), deferred_lines(deferred))
            if not run_wait(run):
                raise CommandError(f"{run} is not finished, and no job of it is left to do. Start it again.")
        else:
            run = billing_run(**what)
            run_finish(run, now=timezone.now())
        left = list(run.parked.select_related("account"))
        failure = f"{counted(len(left), 'account')} could not be billed to the end." if left else ""
        return Report(run_summary(run, left, period_start), run_lines(run, left, period_start), failure)


def deferred_summary(deferred: Deferred) -> dict[str, Any]:
    return {"run": deferred.run.pk, "accounts": deferred.accounts, "jobs": deferred.jobs}


def deferred_lines(deferred: Deferred) -> list[str]:
    if not deferred.jobs:
        return [f"{deferred.run} has nothing to do: no draft of that month is waiting."]
    return [
        f"{deferred.run}: {counted(deferred.accounts, 'account')} in {counted(deferred.jobs, 'job')}. "
        "They wait for workers: `manage.py work`."
    ]


def run_summary(run: Run, parked: list[RunParked], period_start: date) -> dict[str, Any]:
    sums = run.sums()
    return {
        "run": run.pk,
        "period": f"{period_start:%Y-%m}",
        "issued": sum(of.invoices for of in sums),
        "sums": [
            {
                "currency": of.currency,
                "invoices": of.invoices,
                "total": amount_text(of.total, of.currency),
                "credited": amount_text(of.credited, of.currency),
                "due": amount_text(of.due, of.currency),
            }
            for of in sums
        ],
        "parked": [
            {"account": at.account.key, "draft": at.draft, "waiting": at.waiting, "reason": at.reason}
            for at in parked
        ],
        "earlier_drafts": drafts_from_before(run),
    }


def run_lines(run: Run, parked: list[RunParked], period_start: date) -> list[str]:
    sums, earlier = run.sums(), drafts_from_before(run)
    issued = sum(of.invoices for of in sums)
    lines = [f"{counted(issued, 'invoice')} issued for {period_start:%Y-%m}."]
    lines += [
        f"  {of.currency}: {counted(of.invoices, 'invoice')}, total {amount_words(of.total, of.currency)}, "
        f"credited {amount_words(of.credited, of.currency)}, due {amount_words(of.due, of.currency)}."
        for of in sums
    ]
    lines += [
        f"  Parked: {at.account.key}, from draft {at.draft} on ({counted(at.waiting, 'draft')}): {at.reason}"
        for at in parked
    ]
    if earlier:
        lines.append(f"  Warning: still to be issued from earlier months: {counted(earlier, 'draft')}.")
    return lines
