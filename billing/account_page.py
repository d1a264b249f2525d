"""What the account, customer and home pages show: balances at a glance (all in minor units)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q, Sum

from credits.models import Credit, Entry, EntryKind
from credits.projection import drafts_project
from credits.views import CreditRow
from customers.models import Account

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Balances:
    """Tiles of an account. `available` is what an invoice of today could use; `projected` is what its
    open drafts would leave of that."""

    available: int
    projected: int
    expiring: int
    used: int
    granted: int


def balances(account: Account, live: Sequence[CreditRow], today: date) -> Balances:
    usable = {
        row.credit.pk: row.credit
        for row in live
        if row.credit.units is None and row.credit.effective_from <= today and not row.credit.unpaid
    }
    available = sum(credit.balance for credit in usable.values())
    taken = sum(
        outcome.used
        for projection in drafts_project(account, today=today)
        for outcome in projection.settlement.outcomes
        if outcome.credit.key in usable
    )
    soon = [c for c in usable.values() if c.expires_on is not None and today <= c.expires_on <= today + SOON]
    sums = Entry.objects.filter(account=account).aggregate(
        granted=Sum("amount", filter=Q(kind=EntryKind.GRANTED)),
        used=Sum("amount", filter=Q(kind__in=(EntryKind.APPLIED, EntryKind.REVERSED))),
    )
    return Balances(
        available=available,
        projected=available - taken,
        expiring=sum(credit.balance for credit in soon),
        used=-(sums["used"] or 0),
        granted=sums["granted"] or 0,
    )


def available_by_account(account_ids: Sequence[int], today: date) -> dict[int, int]:
    """Available credit of several accounts in one query, by the day given; for lists."""
    usable = (
        Credit.objects.of_money()
        .with_balance()
        .filter(
            Q(voided=False, balance__gt=0, unpaid=False), account__in=account_ids, effective_from__lte=today
        )
    )
    totals: dict[int, int] = {}
    for credit in usable:
        if not credit.is_gone(today):
            totals[credit.account_id] = totals.get(credit.account_id, 0) + credit.balance
    return totals


def expiring_soon(today: date, first: int) -> list[Credit]:
    """Credits with something left whose last day is within 30 days, the soonest first."""
    soon = Credit.objects.with_balance().filter(
        Q(voided=False, balance__gt=0), expires_on__range=(today, today + SOON)
    )
    return list(soon.select_related("account__customer").order_by(F("expires_on"), "pk")[:first])
