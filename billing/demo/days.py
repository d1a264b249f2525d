"""The days of the demo, all counted from today, so that it is always current."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Days:
    """`today` in UTC. No act of the demo is later than its first moment, which is never in the future."""

    today: date

    @property
    def latest(self) -> datetime:
        return datetime.combine(self.today, time(), UTC)

    def month(self, offset: int, day: int = 1) -> date:
        """A day of the month that lies `offset` months from the current one."""
        months = self.today.year * 12 + self.today.month - 1 + offset
        return date(months // 12, months % 12 + 1, day)

    def end_of(self, offset: int) -> date:
        return self.month(offset + 1) - timedelta(days=1)

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    @property
    def august(self) -> int:
        """How many months away the last August is that is over; below zero."""
        return -((self.today.month - 9) % 12) - 1


def moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)
