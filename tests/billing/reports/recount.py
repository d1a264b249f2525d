"""The reports once more, in plain Python over every entry: slow, simple, and sharing no code with them.

A day's entries are those whose booking, told in the zone, bears that date or an earlier one.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from credits.models import Credit, Entry
from invoices.models import Line

Class = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    credit: int
    of: Class
    day: date
    amount: int
    units: int | None
    item: int | None

    @property
    def change(self) -> int:
        return self.amount if self.units is None else self.units


class Recount:
    def __init__(self, zone: str = "UTC") -> None:
        credits = {credit.pk: credit for credit in Credit.objects.all()}
        items = dict(Line.objects.values_list("pk", "item_id"))
        self.credits = credits
        self.rows = [
            Row(
                entry.kind,
                entry.credit_id,
                (entry.currency, credits[entry.credit_id].category, credits[entry.credit_id].unit_item_id),
                entry.booked_at.astimezone(ZoneInfo(zone)).date(),
                entry.amount,
                entry.units,
                items[entry.line_id] if entry.line_id else None,
            )
            for entry in Entry.objects.all()
        ]

    def first_day(self) -> date:
        return min(row.day for row in self.rows)

    def left(self, as_of: date) -> dict[int, int]:
        """By credit."""
        left: dict[int, int] = defaultdict(int)
        for row in self.rows:
            if row.day <= as_of:
                left[row.credit] += row.change
        return left

    def owed(self, as_of: date) -> dict[tuple[Class, str], tuple[int, int]]:
        """Credits and what is left on them, by class and age."""
        born = {row.credit: row for row in self.rows if row.kind == "granted"}
        sums: dict[tuple[Class, str], tuple[int, int]] = {}
        for credit, left in self.left(as_of).items():
            if left:
                age = (as_of - born[credit].day).days
                ages = (
                    "0–30 days"
                    if age <= 30
                    else "31–90 days"
                    if age <= 90
                    else "91–180 days"
                    if age <= 180
                    else "181–365 days"
                    if age <= 365
                    else "More than 365 days"
                )
                key = born[credit].of, ages
                count, sum_ = sums.get(key, (0, 0))
                sums[key] = count + 1, sum_ + left
        return sums

    def by_kind(self, since: date, as_of: date) -> dict[Class, dict[str, int]]:
        sums: dict[Class, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            if row.day < since:
                sums[row.of]["opening"] += row.change
            if since <= row.day <= as_of:
                sums[row.of][row.kind] += row.change
            if row.day <= as_of:
                sums[row.of]["closing"] += row.change
        return sums

    def ended(self, since: date, as_of: date) -> dict[tuple[Class, int, int], dict[str, int]]:
        sums: dict[tuple[Class, int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            if row.kind in ("voided", "expired") and since <= row.day <= as_of:
                sums[row.of, row.day.year, row.day.month][row.kind] -= row.change
        return sums

    def used(self, since: date, as_of: date) -> dict[tuple[int, int, str, Any], dict[str, int]]:
        """By year, month, currency and item."""
        sums: dict[tuple[int, int, str, Any], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows:
            if row.kind in ("applied", "reversed") and since <= row.day <= as_of:
                found = sums[row.day.year, row.day.month, row.of[0], row.item]
                found["money" if row.units is None else "by units"] -= row.amount
                found["units"] -= row.units or 0
        return sums

    def earned(self, as_of: date) -> dict[int, tuple[int | None, int, int]]:
        """Of purchased credits that nobody replaced: price, earned on use, deferred."""
        found: dict[int, tuple[int | None, int, int]] = {}
        for pk in {row.credit for row in self.rows if row.day <= as_of}:
            credit = self.credits[pk]
            if credit.category != "purchased":
                continue
            own = [row for row in self.rows if row.credit == pk and row.day <= as_of]
            used = -sum(row.change for row in own if row.kind in ("applied", "reversed"))
            left = sum(row.change for row in own)
            size = sum(row.change for row in own if row.kind == "granted")
            if credit.price_paid is None:
                found[pk] = (None, 0, 0)
            else:
                price = credit.price_paid
                over = price - round(Fraction(price * (size - left), size))
                found[pk] = (price, round(Fraction(price * used, size)), over)
        return found


def month_ends(first: date, today: date) -> list[date]:
    """The last day of each month from the one before `first` until today, and today."""
    ends, day = [], first.replace(day=1)
    while day <= today:
        ends.append(date.fromordinal(day.toordinal() - 1))
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return [*ends, today]
