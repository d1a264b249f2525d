"""The roll-forward: what was open, what happened, and what is open now. It has to come out to the cent.

Opening and closing are the balances of all credits, each summed up for itself; what happened in between
is summed up by kind of entry. So the difference is a real check, and no sum that is its own proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.reports.days import Period
from billing.reports.entries import CreditClass, Flow, by_class, flows, open_balances


@dataclass(frozen=True, slots=True)
class RollForward:
    of: CreditClass
    opening: int
    flow: Flow
    closing: int

    @property
    def difference(self) -> int:
        return self.opening + self.flow.change - self.closing


def roll_forward(period: Period) -> Sequence[RollForward]:
    opening = by_class(open_balances(period.start))
    closing = by_class(open_balances(period.end))
    moved = flows(period.end, period.start)
    classes = sorted({*opening, *closing, *moved}, key=lambda of: of.order)
    return [RollForward(of, opening.get(of, 0), moved.get(of, Flow()), closing.get(of, 0)) for of in classes]
