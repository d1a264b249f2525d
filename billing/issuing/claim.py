"""Which accounts a run takes next, and their locks (R7).

Accounts are taken in the order of their ids. Whoever comes second passes over what is locked already, so
several workers, or several runs, share the work without a word to each other: only drafts are ever issued,
and whether a draft is still one is read after the lock. SQLite has one writer at a time; there the
transaction that claims is the lock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, partial

from django.db.models import Exists, OuterRef, QuerySet

from billing.issuing.drafts import Order, Payer, day_of
from billing.models import Run, RunParked
from customers.models import Account
from invoices.models import Invoice, Status

Claimed = tuple[int, str, str, str]  # id, name, currency, time zone


def accounts_claim(order: Order, *, after: int, size: int) -> list[Claimed]:
    """Lock the next accounts with something to issue, passing over those that somebody holds."""
    waiting = accounts_waiting(order).filter(pk__gt=after)
    return accounts_read(waiting.select_for_update(no_key=True, skip_locked=True)[:size])


def accounts_take(accounts: Sequence[int]) -> list[Claimed]:
    """Lock these accounts, waiting for whoever holds one."""
    mine = Account.objects.filter(pk__among=accounts)
    return accounts_read(mine.select_for_update(no_key=True).order_by("pk"))


def accounts_read(accounts: QuerySet[Account]) -> list[Claimed]:
    return list(accounts.values_list("pk", "name", "currency", "time_zone"))


def payers_of(claimed: Iterable[Claimed], now: datetime) -> list[Payer]:
    """With the day that it is there. A zone that this machine does not know is an account's trouble, so it
    is looked at once we know whose it is."""
    today = cache(partial(day_of, now))
    return [Payer(key, name, currency, today(zone)) for key, name, currency, zone in claimed]


def accounts_waiting(order: Order) -> QuerySet[Account]:
    """Accounts with something to issue that the run has not parked, in the order of their ids."""
    mine = {"account": OuterRef("pk")}
    due = Exists(drafts_of(order.run).filter(**mine))
    accounts = Account.objects.filter(due, pk__gte=order.first_account)
    if order.run.pk:  # a dry run is not saved, and parks nobody
        accounts = accounts.exclude(Exists(RunParked.objects.filter(run=order.run, **mine)))
    if order.run.retries_id:
        accounts = accounts.filter(Exists(RunParked.objects.filter(run=order.run.retries_id, **mine)))
    if order.last_account is not None:
        accounts = accounts.filter(pk__lte=order.last_account)
    return accounts.order_by("pk")


def drafts_of(run: Run) -> QuerySet[Invoice]:
    """The drafts whose last day lies in the run's month, as R7 orders them."""
    return invoices_of(run).filter(status=Status.DRAFT)


def invoices_of(run: Run) -> QuerySet[Invoice]:
    month = Invoice.objects.filter(period_end__gt=run.period_start, period_end__lte=run.period_end)
    return month.order_by("period_end", "pk")
