"""What the account, customer and home pages show: balances at a glance.

Money in minor units, free units in millionths (R11).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q, Sum

from credits.models import Credit, Entry, EntryKind
from credits.projection import drafts_project
from credits.views import CreditRow
from customers.models import Account
from invoices.models import Item

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class UnitBalance:
    """Free units of one item, over all credits that an invoice of today could use, in millionths."""

    item: Item
    left: int
    size: int
    projected: int
    expiring: int


@dataclass(frozen=True, slots=True)
class Balances:
    """Tiles of an account. `available` is what an invoice of today could use; `projected` is what its
    open drafts would leave of that. Free units are never added to money."""

    available: int
    projected: int
    expiring: int
    used: int
    granted: int
    units: Sequence[UnitBalance]


@dataclass(frozen=True, slots=True)
class Available:
    """What invoices of one account could use today: money, and units left per item."""

    money: int = 0
    units: Sequence[tuple[Item, int]] = ()


def balances(account: Account, live: Sequence[CreditRow], today: date) -> Balances:
    usable = [row.credit for row in live if row.credit.is_available(today)]
    of_money = [credit for credit in usable if credit.units is None]
    taken = _taken(account, today)
    sums = Entry.objects.filter(account=account, units=None).aggregate(
        granted=Sum("amount", filter=Q(kind=EntryKind.GRANTED)),
        used=Sum("amount", filter=Q(kind__in=(EntryKind.APPLIED, EntryKind.REVERSED))),
    )
    return Balances(
        available=sum(credit.balance for credit in of_money),
        projected=sum(credit.balance - taken.get(credit.pk, 0) for credit in of_money),
        expiring=sum(credit.balance for credit in of_money if _expires_soon(credit, today)),
        used=-(sums["used"] or 0),
        granted=sums["granted"] or 0,
        units=_unit_balances(usable, taken, today),
    )


def _unit_balances(usable: Sequence[Credit], taken: Mapping[int, int], today: date) -> list[UnitBalance]:
    by_item: dict[int, list[Credit]] = {}
    items: dict[int, Item] = {}
    for credit in usable:
        if credit.unit_item is not None:
            items[credit.unit_item.pk] = credit.unit_item
            by_item.setdefault(credit.unit_item.pk, []).append(credit)
    return [
        UnitBalance(
            item=items[pk],
            left=sum(credit.balance for credit in credits),
            size=sum(credit.size for credit in credits),
            projected=sum(credit.balance - taken.get(credit.pk, 0) for credit in credits),
            expiring=sum(credit.balance for credit in credits if _expires_soon(credit, today)),
        )
        for pk, credits in by_item.items()
    ]


def _taken(account: Account, today: date) -> dict[int, int]:
    """What the open drafts would take of each credit, in its own measure."""
    taken: dict[int, int] = {}
    for projection in drafts_project(account, today=today):
        for outcome in projection.settlement.outcomes:
            taken[outcome.credit.key] = taken.get(outcome.credit.key, 0) + outcome.used
    return taken


def _expires_soon(credit: Credit, today: date) -> bool:
    return credit.expires_on is not None and today <= credit.expires_on <= today + SOON


def available_by_account(account_ids: Sequence[int], today: date) -> dict[int, Available]:
    """Available credit of several accounts in one query, by the day given; for lists."""
    left = Credit.objects.with_balance().filter(
        Q(balance__gt=0), account__in=account_ids, effective_from__lte=today
    )
    money: dict[int, int] = {}
    units: dict[int, dict[Item, int]] = {}
    for credit in left.select_related("unit_item").order_by("unit_item", "pk"):
        if not credit.is_available(today):
            continue
        if credit.unit_item is None:
            money[credit.account_id] = money.get(credit.account_id, 0) + credit.balance
        else:
            of_items = units.setdefault(credit.account_id, {})
            of_items[credit.unit_item] = of_items.get(credit.unit_item, 0) + credit.balance
    return {
        pk: Available(money.get(pk, 0), list(units.get(pk, {}).items())) for pk in money.keys() | units.keys()
    }


def expiring_soon(today: date, first: int) -> list[Credit]:
    """Credits with something left whose last day is within 30 days, the soonest first."""
    soon = Credit.objects.with_balance().filter(
        Q(voided=False, balance__gt=0), expires_on__range=(today, today + SOON)
    )
    return list(soon.select_related("account__customer", "unit_item").order_by(F("expires_on"), "pk")[:first])
