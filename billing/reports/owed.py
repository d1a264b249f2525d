"""What we owe: what is left on credits at the end of a day, by the age of their grants."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.reports.days import Period
from billing.reports.entries import CreditClass, Open, by_class, flows, open_balances, untied


@dataclass(frozen=True, slots=True)
class Owed:
    """`untied` names the classes whose grants, uses and ends do not come to the same."""

    rows: Sequence[Open]
    untied: Sequence[CreditClass]


def owed(period: Period) -> Owed:
    rows = sorted(open_balances(period.end, period.age_starts), key=lambda row: (row.of.order, -row.age))
    moved = {of: flow.change for of, flow in flows(period.end).items()}
    return Owed(rows, untied(by_class(rows), moved))
