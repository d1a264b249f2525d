"""The days on which a recurring grant is due: day N of every month, the last day of a shorter one.

Days are calendar days of the account's time zone; whoever asks what is due by now asks with such a day.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from itertools import dropwhile, takewhile


@dataclass(frozen=True, slots=True)
class DueDays:
    """Day `day`, 1 to 31, of every month from `starts_on` through `ends_on`, or without end."""

    day: int
    starts_on: date
    ends_on: date | None = None

    def __iter__(self) -> Iterator[date]:
        """The first is the first such day on or after `starts_on`."""
        year, month = self.starts_on.year, self.starts_on.month
        while year <= (self.ends_on.year if self.ends_on else MAXYEAR):
            due = date(year, month, min(self.day, monthrange(year, month)[1]))
            if self.ends_on and due > self.ends_on:
                return
            if due >= self.starts_on:
                yield due
            year, month = year + month // 12, month % 12 + 1

    def __contains__(self, day: date) -> bool:
        within = self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)
        return within and day.day == min(self.day, monthrange(day.year, day.month)[1])

    def until(self, last: date) -> list[date]:
        """Those on or before `last`."""
        return list(takewhile(lambda due: due <= last, self))

    def after(self, last: date | None) -> Iterator[date]:
        """Those after `last`; all of them, if there is none."""
        return iter(self) if last is None else dropwhile(lambda due: due <= last, self)


def last_day_of(due: date, lifetime_days: int | None) -> date | None:
    """The last day of a credit that takes effect on `due`: its first day counts."""
    return due + timedelta(days=lifetime_days - 1) if lifetime_days else None
