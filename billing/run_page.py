"""What the pages of billing runs show: how a run stands, what it left, and what starting one would do.

A page carries out a run only up to a size that a request has time for; beyond it, it names the command.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from billing.issuing.claim import accounts_waiting
from billing.issuing.drafts import Order, Parked
from billing.jobs import runs_with_jobs
from billing.models import Run, RunParked, RunPart, Sums
from billing.run import DryRun, billing_run_dry, drafts_from_before, drafts_waiting, run_facts
from customers.acts import Actor, fingerprint
from customers.models import Account
from invoices.models import Invoice

MOST_DRAFTS, MOST_RETRIED = 2000, 200
COUNTED = 1000
"""Drafts of earlier months are counted no further."""
FIRST_LEFT = 20
LONGEST_SILENCE = timedelta(minutes=2)

STATES = {"running": "Running", "waiting": "Waiting", "finished": "Finished", "unfinished": "Unfinished"}


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in the list."""

    run: Run
    state: str
    issued: int
    left: int

    @property
    def state_words(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class LeftRow:
    """An account that was left, or would be; its draft, unless that is discarded since."""

    account: Account
    draft: Invoice | None
    waiting: int
    reason: str


@dataclass(frozen=True, slots=True)
class RunPreview:
    """What a run would do if it were started now; `found` is None if it is too large for a page."""

    order: Run
    found: DryRun | None
    left: Sequence[LeftRow]
    earlier: int

    @property
    def sums(self) -> Sequence[Sums]:
        return list(self.found.sums.values()) if self.found else []

    @property
    def fingerprint(self) -> str:
        return fingerprint(run_facts(self.order, self.found)) if self.found else ""

    @property
    def command(self) -> str:
        if self.order.retries_id:
            return f"manage.py run_billing --retry {self.order.retries_id}"
        before_end = " --before-end" if self.order.before_end else ""
        return f"manage.py run_billing --period {self.order.period_start:%Y-%m}{before_end}"


def run_state(run: Run, now: datetime) -> str:
    return runs_states([run], now)[run.pk]


def runs_states(runs: Sequence[Run], now: datetime) -> dict[int, str]:
    """How each stands. One that nobody is at work on waits as long as it has jobs; else it came to no end."""
    states = {run.pk: "finished" if run.finished_at else "running" for run in runs}
    alive = [run.pk for run in runs if run.seen_at and now - run.seen_at < LONGEST_SILENCE]
    silent = [pk for pk, state in states.items() if state == "running" and pk not in alive]
    waiting = runs_with_jobs(silent)
    return states | {pk: "waiting" if pk in waiting else "unfinished" for pk in silent}


def run_lines(runs: QuerySet[Run], now: datetime) -> list[RunLine]:
    parts = RunPart.objects.filter(run=OuterRef("pk")).order_by().values("run")
    left = RunParked.objects.filter(run=OuterRef("pk")).order_by().values("run")
    found = runs.annotate(
        issued=Subquery(parts.annotate(sum=Sum("invoices")).values("sum")),
        left=Subquery(left.annotate(count=Count("pk")).values("count")),
    )
    states = runs_states(list(found), now)
    return [RunLine(run, states[run.pk], run.issued or 0, run.left or 0) for run in found]


def run_retry(run: Run) -> Run:
    """The order to take up again what a run left, on the same terms; not started yet."""
    return Run(
        period_start=run.period_start, period_end=run.period_end, before_end=run.before_end, retries=run
    )


def accounts_to_retry(run: Run, *, by: Actor, now: datetime) -> int:
    """Of the accounts that a run left, those that still have something to issue; counted no further than a
    page can carry out."""
    return accounts_waiting(Order(run_retry(run), by, now))[: MOST_RETRIED + 1].count()


def run_too_large(order: Run, *, by: Actor, now: datetime) -> bool:
    """Whether a request has no time for it."""
    if drafts_waiting(order, most=MOST_DRAFTS + 1) > MOST_DRAFTS:
        return True
    first = order.retries
    return first is not None and accounts_to_retry(first, by=by, now=now) > MOST_RETRIED


def run_preview(order: Run, *, by: Actor, now: datetime) -> RunPreview:
    found = None if run_too_large(order, by=by, now=now) else billing_run_dry(order, by=by, now=now)
    left = _left_rows(found.parked[:FIRST_LEFT]) if found else []
    return RunPreview(order, found, left, drafts_from_before(order, most=COUNTED))


def parked_rows(parked: Sequence[RunParked]) -> list[LeftRow]:
    """Those of a run, their accounts read with them."""
    drafts = Invoice.objects.in_bulk([at.draft for at in parked])
    return [LeftRow(at.account, drafts.get(at.draft), at.waiting, at.reason) for at in parked]


def _left_rows(parked: Sequence[Parked]) -> list[LeftRow]:
    accounts = Account.objects.select_related("customer").in_bulk([at.account_id for at in parked])
    drafts = Invoice.objects.in_bulk([at.draft for at in parked])
    return [LeftRow(accounts[at.account_id], drafts.get(at.draft), at.waiting, at.reason) for at in parked]


def first_waiting() -> Invoice | None:
    """The draft that has waited longest: its month is the likeliest to be billed next."""
    return Invoice.objects.drafts().first()
