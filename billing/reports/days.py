"""The days of reports: calendar days of one zone, and the instants they begin at. No database, no Django.

A report "as of" a day stands on what was booked before the next day began (R10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# Granted so many days ago at most; what is older comes last.
AGES = (30, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to `as_of`, both days included, in the zone of the reports."""

    since: date
    as_of: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        return day_start(self.since, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant that is no longer in it."""
        return day_start(self.as_of + DAY, self.zone)

    @property
    def months(self) -> list[date]:
        """The first days of its months, the first and the last of which may be cut short."""
        count = (self.as_of.year - self.since.year) * 12 + self.as_of.month - self.since.month + 1
        return [month_away(self.since, offset) for offset in range(count)]

    @property
    def month_starts(self) -> list[datetime]:
        """When each of its months begins, but for the first."""
        return [day_start(month, self.zone) for month in self.months[1:]]

    @property
    def age_starts(self) -> list[datetime]:
        """When each of `AGES` begins, the oldest first."""
        return [day_start(self.as_of - timedelta(days=age), self.zone) for age in reversed(AGES)]


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Where midnight comes twice, the first; where it is skipped, the instant of the jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def month_away(day: date, offset: int) -> date:
    """The first day of the month that lies `offset` months from a day's own."""
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def month_ends(today: date, count: int) -> Sequence[date]:
    """The last days of the months before today's, the latest first."""
    return [month_away(today, -offset) - DAY for offset in range(count)]


def age_words() -> list[str]:
    """The oldest first, as `Period.age_starts`."""
    spans = [f"0–{AGES[0]} days", *(f"{low + 1}–{high} days" for low, high in pairwise(AGES))]
    return [f"More than {AGES[-1]} days", *reversed(spans)]
