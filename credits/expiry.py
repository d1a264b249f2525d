"""Booking what is gone, account after account, each its own transaction (R10).

A cheap question first finds the accounts that may have something to book: credits whose grace is
over and that still have a balance. What is booked, the act decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error
from django.db.models import QuerySet

from credits.models import Credit
from credits.services import credits_expire, expire_token
from customers.acts import Actor, Refusal
from customers.commands import AccountLeft, Progress, refused_by_database, unseen
from customers.models import Account

# The day begins at UTC+14: nowhere is it later than there.
FARTHEST_AHEAD = timedelta(hours=14)


@dataclass(slots=True)
class Expired:
    credits: int = 0
    amount: int = 0


@dataclass(slots=True)
class ExpiryResult:
    accounts: int = 0
    of_units: int = 0
    sums: dict[str, Expired] = field(default_factory=dict)
    left: list[AccountLeft] = field(default_factory=list)

    @property
    def credits(self) -> int:
        return self.of_units + sum(expired.credits for expired in self.sums.values())


def expiry_run(*, as_of: date | None, by: Actor, now: datetime, progress: Progress = unseen) -> ExpiryResult:
    """Book what is gone on `as_of`; without it, and where that day has not come yet, on the account's
    own today."""
    latest = (now + FARTHEST_AHEAD).date()
    result = ExpiryResult()
    for account in progress(_accounts(min(as_of or latest, latest)), "Booking"):
        today = account.day_of(now)
        reason = _expire(account, min(as_of or today, today), result, by=by, now=now)
        if reason:
            result.left.append(AccountLeft(account, reason))
    return result


def _accounts(day: date) -> Sequence[Account]:
    """Accounts with a balance on a credit that no invoice of that day could use."""
    if day.toordinal() <= settings.SCRIP_GRACE_DAYS:
        return []
    last_in_grace = day - timedelta(days=settings.SCRIP_GRACE_DAYS)
    credits: QuerySet[Any] = Credit.objects.with_balance()
    gone = credits.filter(expires_on__lt=last_in_grace, balance__gt=0).order_by().values("account")
    return list(Account.objects.filter(pk__in=gone).order_by("pk"))


def _expire(account: Account, day: date, result: ExpiryResult, *, by: Actor, now: datetime) -> str:
    """Book one account; the reason, if it could not be done."""
    try:
        entries = credits_expire(account=account, as_of=day, by=by, now=now, token=expire_token(account, day))
    except Refusal as refused:
        return str(refused)
    except Error as trouble:
        return refused_by_database(trouble)
    if entries:
        result.accounts += 1
    for entry in entries:
        if entry.units is not None:
            result.of_units += 1
            continue
        expired = result.sums.setdefault(account.currency, Expired())
        expired.credits += 1
        expired.amount -= entry.amount
    return ""
