"""What issuing works with: plain values, read under the lock of their account."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.models import Run
from credits.settlement import Settlement
from customers.acts import Actor


class Payer(NamedTuple):
    """An account, and the day it is there."""

    id: int
    name: str
    currency: str
    today: date


class Draft(NamedTuple):
    id: int
    account_id: int
    period_end: date
    judged_on: date | None
    customer_name: str


class Issue(NamedTuple):
    """A draft, and what issuing it writes."""

    draft: Draft
    payer: Payer
    judged_on: date
    settlement: Settlement


class Parked(NamedTuple):
    """An account that is left from this draft on, with so many drafts still to be issued."""

    account_id: int
    draft: int
    waiting: int
    reason: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a run, or one worker of it, is to issue: R14's who and when, and a range of account ids."""

    run: Run
    by: Actor
    now: datetime
    first_account: int = 1
    last_account: int | None = None


def day_of(now: datetime, time_zone: str) -> date:
    return now.astimezone(ZoneInfo(time_zone)).date()


def issue_token(draft: int) -> str:
    """A run's token for one draft: another run, or the same one again, finds the same record (R13)."""
    return f"invoice_issue:{draft}"
