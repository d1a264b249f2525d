"""Making the grants that are due, account after account, each grant its own transaction.

An account's grants are made in the order of their due days, then of its schedules, as they would have
been in time. A run may come late, twice, or at the same time as another: a grant's token is its due
day's (R13), and each missed month is granted as of its own day (R10). A schedule that is refused, or
that the database could not take, is left from that day on and named; all others go on.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from django.db import Error

from credits.expiry import FARTHEST_AHEAD
from credits.models import Credit, Schedule
from credits.schedules import grant_token, schedule_grant
from customers.acts import Actor, Refusal
from customers.commands import Progress, refused_by_database, unseen


@dataclass(slots=True)
class Granted:
    """Credits of money in one currency."""

    credits: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class ScheduleLeft:
    """A due day whose credit could not be granted, and why; later ones of the schedule wait behind it."""

    schedule: Schedule
    due_on: date
    reason: str


@dataclass(slots=True)
class ScheduleResult:
    """`meanwhile` counts credits that somebody else granted while the run was on its way to them."""

    credits: int = 0
    of_units: int = 0
    meanwhile: int = 0
    accounts: set[int] = field(default_factory=set)
    sums: dict[str, Granted] = field(default_factory=dict)
    left: list[ScheduleLeft] = field(default_factory=list)

    def add(self, credit: Credit, now: datetime) -> None:
        if credit.created_at != now:
            self.meanwhile += 1
            return
        self.credits += 1
        self.accounts.add(credit.account_id)
        if credit.units is not None:
            self.of_units += 1
            return
        sums = self.sums.setdefault(credit.currency, Granted())
        sums.credits += 1
        sums.amount += credit.amount


def schedules_run(
    *, as_of: date | None, by: Actor, now: datetime, progress: Progress = unseen
) -> ScheduleResult:
    """Make the grants due up to `as_of`; without it, and where that day has not come yet, up to the
    account's own today."""
    latest = (now + FARTHEST_AHEAD).date()
    result = ScheduleResult()
    for schedules in progress(_by_account(min(as_of or latest, latest)), "Granting"):
        today = schedules[0].account.day_of(now)
        _grant_account(schedules, min(as_of or today, today), result, by=by, now=now)
    return result


def _by_account(day: date) -> Sequence[Sequence[Schedule]]:
    """The schedules that may owe a credit by that day, found by counting. On a closed account one that was
    stopped owes none: its last due days can never be granted, and somebody has said so."""
    begun = Schedule.objects.with_grants().filter(starts_on__lte=day)
    begun = begun.exclude(account__closed_at__isnull=False, stopped_at__isnull=False)
    ordered = begun.select_related("account").order_by("account_id", "pk")
    owing = [schedule for schedule in ordered if _owes(schedule, day)]
    return [list(group) for _, group in groupby(owing, key=attrgetter("account_id"))]


def _owes(schedule: Schedule, day: date) -> bool:
    return schedule.granted < len(schedule.due_days.until(max(day, schedule.last_granted or day)))


def _grant_account(
    schedules: Sequence[Schedule], day: date, result: ScheduleResult, *, by: Actor, now: datetime
) -> None:
    left: set[int] = set()
    for due_on, schedule in _due(schedules, day):
        if schedule.pk in left:
            continue
        reason = _grant(schedule, due_on, result, by=by, now=now)
        if reason:
            left.add(schedule.pk)
            result.left.append(ScheduleLeft(schedule, due_on, reason))


def _due(schedules: Sequence[Schedule], day: date) -> Iterator[tuple[date, Schedule]]:
    """What is due by that day and not granted yet, in the order in which time would have brought it."""
    granted = _granted(schedules)
    found = [
        (due_on, schedule)
        for schedule in schedules
        for due_on in schedule.due_days.until(day)
        if due_on not in granted[schedule.pk]
    ]
    return iter(sorted(found, key=lambda pair: (pair[0], pair[1].pk)))


def _granted(schedules: Sequence[Schedule]) -> Mapping[int, set[date | None]]:
    granted: dict[int, set[date | None]] = defaultdict(set)
    for schedule, due_on in Credit.objects.filter(schedule__in=schedules).values_list(
        "schedule_id", "due_on"
    ):
        if schedule is not None:
            granted[schedule].add(due_on)
    return granted


def _grant(schedule: Schedule, due_on: date, result: ScheduleResult, *, by: Actor, now: datetime) -> str:
    """Grant the credit of one due day; the reason, if it could not be done."""
    token = grant_token(schedule, due_on)
    try:
        credit = schedule_grant(schedule=schedule, due_on=due_on, by=by, now=now, token=token)
    except Refusal as refused:
        return str(refused)
    except Error as trouble:
        return refused_by_database(trouble)
    result.add(credit, now)
    return ""
