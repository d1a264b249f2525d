"""Breakage: what customers will never use, by the month it was booked in.

What was voided because another credit took its place is no breakage, and is counted apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from billing.reports.days import Period
from billing.reports.entries import (
    CLASS,
    CreditClass,
    booked,
    change,
    class_of,
    flows,
    halves,
    steps,
    untied,
    whole,
)
from credits.models import Credit, EntryKind

VOIDED, EXPIRED = Q(kind=EntryKind.VOIDED), Q(kind=EntryKind.EXPIRED)
REPLACEMENTS = Credit.objects.filter(replaces__isnull=False)
# Without an invoice: what a void invoice puts back on a replaced credit is voided too, and is breakage.
REPLACED = VOIDED & Q(invoice=None, credit__in=REPLACEMENTS.values("replaces"))


@dataclass(frozen=True, slots=True)
class BreakageRow:
    month: date
    of: CreditClass
    expired: int
    voided: int
    replaced: int

    @property
    def breakage(self) -> int:
        return self.expired + self.voided - self.replaced


@dataclass(frozen=True, slots=True)
class Breakage:
    rows: Sequence[BreakageRow]
    untied: Sequence[CreditClass]


def breakage(period: Period) -> Breakage:
    ended = booked(period.end, period.start).filter(VOIDED | EXPIRED)
    months = period.months
    found = ended.values("currency", month=steps(period.month_starts), **CLASS).annotate(
        **halves("expired", change(), EXPIRED),
        **halves("voided", change(), VOIDED),
        **halves("replaced", change(), REPLACED),
    )
    rows = [
        BreakageRow(
            months[row["month"]],
            class_of(row),
            *(-whole(row, name) for name in ("expired", "voided", "replaced")),
        )
        for row in found
    ]
    rows.sort(key=lambda row: (row.month, row.of.order))
    by_month: dict[CreditClass, int] = {}
    for row in rows:
        by_month[row.of] = by_month.get(row.of, 0) + row.expired + row.voided
    at_once = {of: flow.expired + flow.voided for of, flow in flows(period.end, period.start).items()}
    return Breakage(rows, untied(by_month, at_once))
