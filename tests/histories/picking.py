"""How a history picks among what is there: mostly what fits, at times what does not."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tests.histories.rules import GRACE
from tests.histories.world import World

T = TypeVar("T")

HOURS = (time(12), time(0), time(23, 59, 59), time(9, 59), time(10))
STEPS = (timedelta(days=1), timedelta(hours=9), timedelta(days=10), timedelta(days=31), GRACE)
BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=40))


class Picking:
    def __init__(self, world: World, pick: Callable[[Sequence[Any]], Any]) -> None:
        self.world, self.model = world, world.model
        self._pick = pick

    def pick(self, values: Sequence[T]) -> T:
        value: T = self._pick(values)
        return value

    def seldom(self, once_in: int) -> bool:
        return bool(self.pick(range(once_in)) == once_in - 1)

    def among(self, everyone: Sequence[T], fitting: Sequence[T]) -> T | None:
        """One that fits, if there is one; now and then any at all, which is how forbidden acts come about."""
        return self.pick(everyone) if everyone and self.seldom(10) else self.pick(fitting or (None,))

    def some(self, values: Sequence[T], most: int) -> frozenset[T]:
        return frozenset(self.pick(values) for _ in range(self.pick(range(most + 1))))

    # --- What is already there

    def account(self) -> int:
        accounts = self.model.accounts
        fitting = [at for at, account in enumerate(accounts) if not account.closed]
        return self.among(range(len(accounts)), fitting[:1] * 3 + fitting[1:]) or 0

    def credit(self) -> int | None:
        credits = self.model.credits
        return self.among(range(len(credits)), [at for at, credit in enumerate(credits) if not credit.voided])

    def invoice(self, *statuses: str) -> int | None:
        fitting = [at for at, invoice in enumerate(self.model.invoices) if invoice.status in statuses]
        return self.among(range(len(self.model.invoices)), fitting)

    def today(self, account: int) -> date:
        return self.model.accounts[account].day(self.world.now)

    def moment(self) -> datetime:
        """A step forward or, seldom, back; or to the edge of a credit's expiry or grace, or a draft's end."""
        edges = [
            (credit.account, day)
            for credit in self.model.credits
            if (last := credit.terms.expires_on)
            for day in (last + GRACE, last, credit.terms.effective_from)
            if day >= self.today(credit.account) - timedelta(days=2)
        ]
        edges += [(draft.account, draft.end) for draft in self.model.invoices if draft.status == "draft"]
        if not edges or self.seldom(3):
            return self.world.now - self.pick(BACK) if self.seldom(5) else self.world.now + self.pick(STEPS)
        account, day = self.pick(edges)
        day += timedelta(days=self.pick((1, 0, -1)))
        zone = ZoneInfo(self.model.accounts[account].zone)
        return datetime.combine(day, self.pick(HOURS), zone).astimezone(ZoneInfo("UTC"))
