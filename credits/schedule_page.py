"""What pages show of schedules: where each stands, what it promises, and which of its days are due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from credits.caps import caps_words
from credits.due_days import DueDays, last_day_of
from credits.granting import Grant, credit_promised, scope_rows
from credits.measures import measured
from credits.models import Credit, Schedule
from credits.schedule_terms import TermsUnreadable, items_named, terms_of
from credits.words import scope_words
from customers.models import Account
from invoices.models import Item

AHEAD = 12


class ScheduleState(StrEnum):
    """Where a schedule stands today; the value is the look of its badge."""

    RUNNING = "live"
    CLOSED = "expired"
    ENDED = "used"
    STOPPED = "voided"


STATE_WORDS = {
    ScheduleState.RUNNING: "Running",
    ScheduleState.CLOSED: "Account closed",
    ScheduleState.ENDED: "Ended",
    ScheduleState.STOPPED: "Stopped",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What each of its credits is, in words."""

    credit: Credit  # the first one, not saved
    size: str
    scope: str
    limit: str


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One schedule as lists show it. Without a promise, if its stored terms cannot be read."""

    schedule: Schedule
    state: ScheduleState
    promise: Promise | None
    next_due: date | None
    today: date

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def is_open(self) -> bool:
        return self.state == ScheduleState.RUNNING

    @property
    def can_stop(self) -> bool:
        """One that has ended has nothing left to stop."""
        return self.state in (ScheduleState.RUNNING, ScheduleState.CLOSED)

    @property
    def is_overdue(self) -> bool:
        """The next run of the command grants it."""
        return self.next_due is not None and self.next_due <= self.today

    @property
    def rhythm(self) -> str:
        day = self.schedule.day
        return f"Every month on day {day}" + (", or the last day of a shorter month" if day > 28 else "")


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day to come, or one that has come and waits for the next run."""

    due_on: date
    last_day: date | None
    has_come: bool


def schedule_rows(account: Account, today: date) -> list[ScheduleRow]:
    """The account's schedules: those that run first, in the order they were added."""
    schedules = list(Schedule.objects.filter(account=account).with_grants().order_by("pk"))
    for schedule in schedules:
        schedule.account = account
    items = items_named(schedules)
    rows = [schedule_row(schedule, today, items) for schedule in schedules]
    return sorted(rows, key=lambda row: not row.is_open)


def schedule_row(schedule: Schedule, today: date, items: Mapping[int, Item] | None = None) -> ScheduleRow:
    """A schedule read `with_grants`."""
    next_due = next(schedule.due_days.after(schedule.last_granted), None)
    return ScheduleRow(
        schedule=schedule,
        state=_state(schedule, next_due),
        promise=_promise(schedule, items),
        next_due=None if schedule.account.closed_at else next_due,
        today=today,
    )


def due_ahead(due_days: DueDays, last: date | None, lifetime_days: int | None, today: date) -> list[DueDay]:
    """The next twelve due days after `last`."""
    return [
        DueDay(due_on, last_day_of(due_on, lifetime_days), due_on <= today)
        for due_on in islice(due_days.after(last), AHEAD)
    ]


def _state(schedule: Schedule, next_due: date | None) -> ScheduleState:
    if schedule.stopped_at is not None:
        return ScheduleState.STOPPED
    if next_due is None:
        return ScheduleState.ENDED
    return ScheduleState.CLOSED if schedule.account.closed_at else ScheduleState.RUNNING


def _promise(schedule: Schedule, items: Mapping[int, Item] | None) -> Promise | None:
    try:
        terms = terms_of(schedule, schedule.starts_on, items)
    except TermsUnreadable:
        return None
    credit = credit_promised(Grant(schedule.account, terms), schedule.reason, schedule.created_at)
    return Promise(
        credit=credit,
        size=measured(credit.size, credit),
        scope=scope_words(credit.applies_to, scope_rows(credit, terms)),
        limit=caps_words(credit.max_amount, credit.max_percent, credit.currency),
    )
