"""Purchased credits at cost: the price paid is earned as the credit is used, and is deferred until then.

Of a credit of which `used` of `size` is used, `price × used ÷ size` is earned, rounded once, half-even,
over all its life: so the parts come to the price when all is used. What expires or is voided is earned
too, as breakage, for the customer will never use it. Not earned is what was voided because a purchased
replacement carries it on, or because the sale itself was voided before it was paid. A replacement without a
price of its own takes what was carried on to it.

The database sums up each credit's entries; the division, whose numbers are wider than SQL's, is made here,
once per purchased credit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F, Min, Q, Sum

from billing.reports.breakage import EXPIRED, REPLACED, REPLACEMENTS, VOIDED
from billing.reports.days import Period
from billing.reports.entries import (
    CLASS,
    CreditClass,
    booked,
    by_class,
    change,
    class_of,
    open_balances,
    untied,
)
from credits.discount import price_of_part
from credits.models import Category, EntryKind

USED = Q(kind__in=(EntryKind.APPLIED, EntryKind.REVERSED))
CARRYING_ON = REPLACEMENTS.filter(category=Category.PURCHASED)
CARRIED_ON = REPLACED & Q(credit__in=CARRYING_ON.values("replaces"))
TAKEN_BACK = VOIDED & Q(invoice=F("credit__purchase_line__invoice"))


@dataclass(frozen=True, slots=True)
class CostRow:
    """One purchased credit: `size` and what became of it in its own measure, the rest in money.

    `price` is None where nobody knows it; then nothing is earned or deferred.
    """

    of: CreditClass
    credit_id: int
    name: str
    account: str
    granted_on: date
    size: int
    used: int
    gone: int
    moved: int
    price: int | None
    earned_on_use: int
    earned_as_breakage: int
    carried: int

    @property
    def left(self) -> int:
        return self.size - self.used - self.gone - self.moved

    @property
    def deferred(self) -> int:
        return (self.price or 0) - self.earned_on_use - self.earned_as_breakage - self.carried


@dataclass(slots=True)
class CostSums:
    """Of all credits of one currency whose price is known."""

    credits: int = 0
    price: int = 0
    earned_on_use: int = 0
    earned_as_breakage: int = 0
    carried: int = 0
    deferred: int = 0


@dataclass(frozen=True, slots=True)
class CostBasis:
    """The largest deferred prices first, and credits whose price is unknown last."""

    rows: Sequence[CostRow]
    untied: Sequence[CreditClass]

    @property
    def unknown(self) -> Sequence[CostRow]:
        return [row for row in self.rows if row.price is None]

    def sums(self) -> dict[str, CostSums]:
        found: dict[str, CostSums] = {}
        for row in self.rows:
            if row.price is not None:
                sums = found.setdefault(row.of.currency, CostSums())
                sums.credits += 1
                for name in ("price", "earned_on_use", "earned_as_breakage", "carried", "deferred"):
                    setattr(sums, name, getattr(sums, name) + getattr(row, name))
        return found


def cost_basis(period: Period) -> CostBasis:
    rows = list(_rows(_purchased(period.end), period))
    left: dict[CreditClass, int] = {}
    for row in rows:
        left[row.of] = left.get(row.of, 0) + row.left
    balances = by_class([o for o in open_balances(period.end) if o.of.category == Category.PURCHASED])
    rows.sort(key=lambda row: (row.price is None, row.of.currency, -row.deferred, row.credit_id))
    return CostBasis(rows, untied(left, balances))


def _purchased(end: datetime) -> Iterable[dict[str, Any]]:
    """One row per purchased credit, the oldest first: a replacement comes after what it replaces."""
    found = booked(end).filter(credit__category=Category.PURCHASED)
    rows: Iterable[dict[str, Any]] = (
        found.values(
            "currency",
            "credit_id",
            name=F("credit__name"),
            account_name=F("credit__account__name"),
            customer=F("credit__account__customer__name"),
            price=F("credit__price_paid"),
            **CLASS,
        )
        .annotate(
            granted_at=Min("booked_at"),
            size=Sum(change(), filter=Q(kind=EntryKind.GRANTED)),
            used=Sum(change(), filter=USED),
            ended=Sum(change(), filter=VOIDED | EXPIRED),
            moved=Sum(change(), filter=CARRIED_ON | TAKEN_BACK),
        )
        .order_by("credit_id")
    )
    return rows


def _rows(found: Iterable[dict[str, Any]], period: Period) -> Iterator[CostRow]:
    replacements = dict(CARRYING_ON.values_list("replaces", "pk"))
    carried_on: dict[int, int] = {}
    for row in found:
        size, used, moved = row["size"] or 0, -(row["used"] or 0), -(row["moved"] or 0)
        gone = -(row["ended"] or 0) - moved
        price = carried_on.get(row["credit_id"]) if row["price"] is None else row["price"]
        on_use = as_breakage = carried = 0
        if price is not None:
            on_use = price_of_part(price, used, size)
            as_breakage = price_of_part(price, used + gone, size) - on_use
            carried = price_of_part(price, used + gone + moved, size) - on_use - as_breakage
            if moved and row["credit_id"] in replacements:
                carried_on[replacements[row["credit_id"]]] = carried
        yield CostRow(
            of=class_of(row),
            credit_id=row["credit_id"],
            name=row["name"],
            account=f"{row['customer']}, {row['account_name']}",
            granted_on=row["granted_at"].astimezone(period.zone).date(),
            size=size,
            used=used,
            gone=gone,
            moved=moved,
            price=price,
            earned_on_use=on_use,
            earned_as_breakage=as_breakage,
            carried=carried,
        )
