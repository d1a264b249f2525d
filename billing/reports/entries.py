"""How reports ask the ledger: entries summed by the database, exactly, in a fixed number of queries.

Instants are compared with bounds that are computed here, once: the databases have other tables of time
zones, and other ideas of a month. A sum is taken in two halves, since SQLite's own end at 2⁶³ and
a few thousand credits of a billion units each lie beyond.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import Case, F, IntegerField, Max, Q, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from credits.models import Entry, EntryKind
from customers.money import money_display
from customers.replica import read_alias
from invoices.units import units_display

HALF = 10**9
MONEY = Q(units=None)
CLASS = {
    "category": F("credit__category"),
    "item_id": F("credit__unit_item_id"),
    "item": F("credit__unit_item__name"),
}


@dataclass(frozen=True, slots=True)
class CreditClass:
    """What is never added up with anything else: a currency, a category, and for free units their item."""

    currency: str
    category: str
    item_id: int | None
    item: str

    @property
    def in_units(self) -> bool:
        return self.item_id is not None

    @property
    def order(self) -> tuple[Any, ...]:
        return self.in_units, self.item, self.item_id or 0, self.currency, self.category

    def shown(self, value: int) -> str:
        return units_display(value) if self.in_units else money_display(value, self.currency)


@dataclass(frozen=True, slots=True)
class Open:
    """Open balances of one class and age (`steps` of the grants); `credits` is how many have one."""

    of: CreditClass
    age: int
    credits: int
    amount: int


@dataclass(slots=True)
class Flow:
    """What happened to the credits of one class, in their own measure; `worth` is money that units paid."""

    granted: int = 0
    used: int = 0
    voided: int = 0
    expired: int = 0
    worth: int = 0

    @property
    def change(self) -> int:
        return self.granted - self.used - self.voided - self.expired


def change() -> Combinable:
    """What an entry adds to its credit, in the credit's own measure."""
    return Coalesce("units", "amount")


def halves(name: str, expression: Combinable, only: Q | None = None) -> dict[str, Sum]:
    """Two sums, of which `whole` makes one. Both databases round a quotient towards zero."""
    return {
        f"{name}_high": Sum(expression / HALF, filter=only),
        f"{name}_low": Sum(expression % HALF, filter=only),
    }


def whole(row: Mapping[str, Any], name: str) -> int:
    return (row[f"{name}_high"] or 0) * HALF + (row[f"{name}_low"] or 0)


def steps(bounds: Sequence[datetime], first: int = 0) -> Combinable:
    """How many of these bounds had passed when the entry was booked, found by halving."""
    if not bounds:
        return Value(first, output_field=IntegerField())
    middle = len(bounds) // 2
    before = steps(bounds[:middle], first)
    after = steps(bounds[middle + 1 :], first + middle + 1)
    return Case(When(booked_at__lt=bounds[middle], then=before), default=after)


def booked(end: datetime, start: datetime | None = None) -> Any:
    """Entries booked before `end`, and not before `start`; in no order, which would be one more group."""
    found = Entry.objects.filter(booked_at__lt=end).order_by()
    return found.filter(booked_at__gte=start) if start else found


def class_of(row: Mapping[str, Any]) -> CreditClass:
    return CreditClass(row["currency"], row["category"], row["item_id"], row["item"] or "")


def flows(end: datetime, start: datetime | None = None) -> dict[CreditClass, Flow]:
    rows = booked(end, start).values("currency", "kind", **CLASS)
    found: dict[CreditClass, Flow] = {}
    for row in rows.annotate(**halves("change", change()), **halves("amount", F("amount"))):
        flow, moved = found.setdefault(class_of(row), Flow()), whole(row, "change")
        if row["kind"] == EntryKind.GRANTED:
            flow.granted += moved
        elif row["kind"] == EntryKind.VOIDED:
            flow.voided -= moved
        elif row["kind"] == EntryKind.EXPIRED:
            flow.expired -= moved
        else:
            flow.used -= moved
            flow.worth -= whole(row, "amount") if row["item_id"] else 0
    return found


def open_balances(end: datetime, ages: Sequence[datetime] = ()) -> list[Open]:
    """Credits with something left, each summed up for itself and counted by the age of its grant."""
    granted = Case(When(kind=EntryKind.GRANTED, then=steps(ages)), output_field=IntegerField())
    rows = booked(end).values("credit_id", "currency", **CLASS)
    sql, parameters = rows.annotate(balance=Sum(change()), age=Max(granted)).query.sql_with_params()
    with connections[read_alias()].cursor() as cursor:
        cursor.execute(
            f"""
            SELECT currency, category, item_id, item, COALESCE(age, 0), COUNT(*),
                SUM(CAST(balance AS BIGINT) / {HALF}), SUM(CAST(balance AS BIGINT) %% {HALF})
            FROM ({sql}) AS one WHERE balance <> 0 GROUP BY 1, 2, 3, 4, 5
            """,  # noqa: S608 - the query inside is the one above, and its values are parameters
            parameters,
        )
        found = cursor.fetchall()
    return [
        Open(CreditClass(currency, category, item_id, item or ""), age, credits, int(high) * HALF + int(low))
        for currency, category, item_id, item, age, credits, high, low in found
    ]


def by_class(balances: Sequence[Open]) -> dict[CreditClass, int]:
    sums: dict[CreditClass, int] = {}
    for part in balances:
        sums[part.of] = sums.get(part.of, 0) + part.amount
    return sums


def untied(left: Mapping[Any, int], right: Mapping[Any, int]) -> list[Any]:
    """The keys whose sums, found in two ways, are not the same."""
    return [key for key in {**left, **right} if left.get(key, 0) != right.get(key, 0)]
