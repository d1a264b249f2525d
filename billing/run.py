"""A billing run: the drafts of a month issued, chunk by chunk, with a record of what came of it (R7).

A run can be repeated, run twice at once, shared by several workers, or killed: only drafts are ever
issued, a draft's token is its own, whichever run issues it (R13), and what a chunk did is on the run's
record in the very transaction that did it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from billing.issuing.chunk import BROKEN, reason_of, steadily
from billing.issuing.claim import Claimed, accounts_read, accounts_waiting, drafts_of, payers_of
from billing.issuing.drafts import Order, Parked
from billing.issuing.loop import CHUNK, drafts_issue
from billing.issuing.plan import Plan, drafts_read, issues_plan
from billing.models import Run, RunParked, Sums
from billing.snapshot import snapshot
from customers.acts import Actor, Refusal, act, act_record, act_repeated, facts_check
from customers.models import Act
from invoices.models import Invoice


class RunRefused(Refusal):
    """A run that cannot be started."""


@act
def run_start(
    *,
    period_start: date,
    period_end: date,
    before_end: bool,
    by: Actor,
    now: datetime,
    token: str,
    retries: Run | None = None,
    shown: str = "",
) -> Run:
    """Open the record of a run; what it issues comes after.

    Refuses a period without a day, to retry a run that left nothing, or nothing that still waits, and a
    `shown` fingerprint of other facts.
    """
    content = {
        "period_start": period_start,
        "period_end": period_end,
        "before_end": before_end,
        "retries": retries.pk if retries else None,
    }
    if first := act_repeated("run_start", token, content):
        return Run.objects.get(pk=first.subject_id)
    run = Run(
        period_start=period_start,
        period_end=period_end,
        before_end=before_end,
        retries=retries,
        actor_name=by.name,
        started_at=now,
        seen_at=now,
    )
    if period_start >= period_end:
        raise RunRefused("A run's period must end after it begins.")
    if retries:
        _retry_check(run, retries, by, now)
    if shown:
        facts_check(shown, run_facts(run, billing_run_dry(run, by=by, now=now)))
    run.save()
    act_record("run_start", token=token, content=content, by=by, now=now, subject=f"run:{run.pk}")
    return run


def _retry_check(run: Run, retries: Run, by: Actor, now: datetime) -> None:
    if not retries.parked.exists():
        raise RunRefused(f"{retries} left no account: there is nothing to retry.")
    if not accounts_waiting(Order(run, by, now)).exists():
        raise RunRefused(f"Whatever {retries} left is issued or discarded by now: there is nothing to retry.")


def run_finish(run: Run, *, now: datetime) -> Run:
    """Note that nothing is left to do for it. Twice is once: the first time stays."""
    unfinished = Run.objects.filter(pk=run.pk, finished_at=None)
    steadily(lambda: unfinished.update(finished_at=now))
    steadily(run.refresh_from_db)
    return run


def run_seen(run: Run, *, now: datetime) -> None:
    """Note that somebody is at work on it."""
    Run.objects.filter(pk=run.pk, finished_at=None).update(seen_at=now)


def run_stop(run: Run) -> Run:
    """Note that whoever was at work on it stopped before its end. What it issued stays."""
    Run.objects.filter(pk=run.pk, finished_at=None).update(seen_at=None)
    run.refresh_from_db()
    return run


def run_actor(run: Run) -> Actor:
    """Who gave the order, for a worker that carries it out elsewhere."""
    started = Act.objects.select_related("user").get(kind="run_start", subject=f"run:{run.pk}")
    return Actor(origin=started.origin, user=started.user, command=started.command)


def billing_run(
    *,
    period_start: date,
    period_end: date,
    before_end: bool,
    by: Actor,
    now: datetime,
    token: str,
    chunk: int = CHUNK,
    done: Callable[[int], None] = lambda drafts: None,
) -> Run:
    """Start a run and carry it out here, to its end. `done` hears how many drafts each chunk is done with."""
    run = run_start(
        period_start=period_start, period_end=period_end, before_end=before_end, by=by, now=now, token=token
    )
    drafts_issue(Order(run, by, now), chunk=chunk, done=done)
    return run


def drafts_waiting(run: Run, *, most: int | None = None) -> int:
    """How many drafts it is to issue, those that it has left among them; counted no further than `most`."""
    drafts = drafts_of(run)
    if run.retries_id:
        drafts = drafts.filter(account__in=RunParked.objects.filter(run=run.retries_id).values("account"))
    return drafts[:most].count()


def drafts_from_before(run: Run, *, most: int | None = None) -> int:
    """Drafts of earlier months, which this run does not issue; counted no further than `most`."""
    return Invoice.objects.drafts().filter(period_end__lte=run.period_start)[:most].count()


@dataclass(slots=True)
class DryRun:
    """What a run would issue and leave if it were started now."""

    sums: dict[str, Sums] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)

    @property
    def invoices(self) -> int:
        return sum(of.invoices for of in self.sums.values())


def run_facts(run: Run, found: DryRun) -> dict[str, Any]:
    """What starting a run would do, for the confirmation's fingerprint."""
    return {
        "period": [run.period_start, run.period_end],
        "before_end": run.before_end,
        "retries": run.retries_id,
        "sums": [[of.currency, of.invoices, of.total, of.credited] for of in found.sums.values()],
        "parked": found.parked,
    }


def billing_run_dry(
    run: Run, *, by: Actor, now: datetime, done: Callable[[int], None] = lambda drafts: None
) -> DryRun:
    """Settle every draft that the unsaved `run` would issue, in one view of the database. Writes nothing.
    `done` hears of how many it has looked at more."""
    found, after = DryRun(), 0
    with snapshot():
        while True:
            accounts = accounts_read(accounts_waiting(Order(run, by, now)).filter(pk__gt=after)[:CHUNK])
            if not accounts:
                found.sums = dict(sorted(found.sums.items()))
                return found
            plan = _plan(run, accounts, now)
            for issue in plan.issues:
                code, settlement = issue.payer.currency, issue.settlement
                before = found.sums.get(code, Sums(code, 0, 0, 0))
                found.sums[code] = before.plus(settlement.total, settlement.credited)
            found.parked += plan.parked
            after = accounts[-1][0]
            done(plan.drafts)


def _plan(run: Run, accounts: Sequence[Claimed], now: datetime) -> Plan:
    """What the run would do for these accounts. One that it would stumble over is left here too."""
    drafts = drafts_read(run, [account for account, *_ in accounts])
    try:
        return issues_plan(payers_of(accounts, now), drafts, before_end=run.before_end)
    except BROKEN as trouble:
        if len(accounts) == 1:
            [(account, queue)] = drafts.items()
            return Plan(parked=[Parked(account, queue[0].id, len(queue), reason_of(trouble))])
    plans = [_plan(run, [account], now) for account in accounts]
    return Plan(
        [issue for plan in plans for issue in plan.issues],
        [parked for plan in plans for parked in plan.parked],
    )
