"""Use: what credits paid, less what was put back, by month and by the item of the line they paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F

from billing.reports.days import Period
from billing.reports.entries import MONEY, booked, flows, halves, steps, untied, whole
from credits.models import EntryKind


@dataclass(frozen=True, slots=True)
class UseRow:
    """Paid by credits of money, and by free units, of which there were `units` (millionths)."""

    month: date
    currency: str
    item_id: int
    item: str
    by_money: int
    by_units: int
    units: int

    @property
    def paid(self) -> int:
        return self.by_money + self.by_units


@dataclass(frozen=True, slots=True)
class Use:
    """`untied` names the currencies whose use does not come to that of the ledger as a whole."""

    rows: Sequence[UseRow]
    untied: Sequence[str]


def use(period: Period) -> Use:
    paid = booked(period.end, period.start).filter(kind__in=(EntryKind.APPLIED, EntryKind.REVERSED))
    months = period.months
    found = paid.values(
        "currency",
        month=steps(period.month_starts),
        item_id=F("line__item_id"),
        item=F("line__item__name"),
    ).annotate(
        **halves("by_money", F("amount"), MONEY),
        **halves("by_units", F("amount"), ~MONEY),
        **halves("units", F("units"), ~MONEY),
    )
    rows = [
        UseRow(
            months[row["month"]],
            row["currency"],
            row["item_id"],
            row["item"],
            *(-whole(row, name) for name in ("by_money", "by_units", "units")),
        )
        for row in found
    ]
    rows.sort(key=lambda row: (row.month, row.currency, row.item, row.item_id))
    return Use(rows, _untied(rows, period))


def _untied(rows: Sequence[UseRow], period: Period) -> list[str]:
    """Money by currency, units by item: held against the ledger, where the credit says the item."""
    by_line: dict[tuple[str, int | None], int] = {}
    by_credit: dict[tuple[str, int | None], int] = {}
    for row in rows:
        _add(by_line, (row.currency, None), row.paid)
        _add(by_line, (row.currency, row.item_id), row.units)
    for of, flow in flows(period.end, period.start).items():
        _add(by_credit, (of.currency, None), flow.worth if of.in_units else flow.used)
        _add(by_credit, (of.currency, of.item_id), flow.used if of.in_units else 0)
    return sorted({currency for currency, _ in untied(by_line, by_credit)})


def _add(sums: dict[tuple[str, int | None], int], key: tuple[str, int | None], value: int) -> None:
    sums[key] = sums.get(key, 0) + value
