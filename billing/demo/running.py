"""Each month's billing run, early on the first of the next month in UTC.

Where the account is, the month may not be over by then: that account is left, and taken up again in the
afternoon. Last month's is left for whoever tries the demo.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from billing.demo.days import Days, moment
from billing.demo.step import Step, demo_token
from billing.issuing.drafts import Order
from billing.issuing.loop import drafts_issue
from billing.models import Run
from billing.run import run_finish, run_start
from customers.acts import Actor

EARLY = timedelta(minutes=30)


class Running:
    def __init__(self, days: Days, by: Actor) -> None:
        self.days = days
        self.by = by
        self.runs: dict[int, Run] = {}

    def steps(self) -> Iterator[Step]:
        for offset in range(-6, 0):
            first = self.days.month(offset + 1)
            started = moment(first, 6) + EARLY
            yield Step(started, partial(self._run, offset, retries=False))
            if offset < -1:
                yield Step(moment(first, 15), partial(self._run, offset, retries=True))

    def _run(self, offset: int, now: datetime, *, retries: bool) -> None:
        first = self.runs.get(offset) if retries else None
        if retries and not (first and first.parked.exists()):
            return
        run = run_start(
            period_start=self.days.month(offset),
            period_end=self.days.month(offset + 1),
            before_end=False,
            retries=first,
            by=self.by,
            now=now,
            token=demo_token("retry" if retries else "run", offset),
        )
        began = time.monotonic()
        drafts_issue(Order(run, self.by, now))
        took = timedelta(seconds=time.monotonic() - began)
        self.runs[offset] = run_finish(run, now=now + took)
