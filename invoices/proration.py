"""Months and parts of them, without a database: what a charge by the month comes to for some of its days
(R1).

A month that is charged through all its days comes to quantity × unit price. Of any other the exact part is
`quantity × unit price × days ÷ days of the month`, a fraction that is kept to 40 decimals: far more than it
takes to round it to the same minor unit as the fraction itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from invoices.pricing import WIDE

KEPT = Decimal(1).scaleb(-40)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """The days of a month on which something is charged."""

    first: date
    last: date
    of: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_whole(self) -> bool:
        return self.days == self.of


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """The first days of the months that these days and the days between them lie in."""
    month = month_of(first)
    while month <= last:
        yield month
        month = month_after(month)


def part_of(month: date, starts_on: date, ends_on: date | None) -> Part | None:
    """The days of the month from `starts_on` through `ends_on`; none where there are none."""
    last_of_month = month_after(month) - DAY
    first = max(month, starts_on)
    last = last_of_month if ends_on is None else min(last_of_month, ends_on)
    return Part(first, last, last_of_month.day) if first <= last else None


def prorate(quantity: Decimal, unit_price: Decimal, part: Part) -> Decimal:
    """What a part of a month comes to, kept to 40 decimals."""
    whole = WIDE.multiply(WIDE.multiply(quantity, unit_price), Decimal(part.days))
    return WIDE.quantize(WIDE.divide(whole, Decimal(part.of)), KEPT)
