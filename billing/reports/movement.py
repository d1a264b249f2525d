"""The pages that say what happened from a day to a day: breakage, use, and the roll-forward."""

from collections.abc import Sequence
from datetime import date

from billing.reports.breakage import BreakageRow, breakage
from billing.reports.days import Period
from billing.reports.pages import (
    Drawing,
    ReportPage,
    category,
    class_words,
    currencies,
    figures,
    heaped,
    measured,
)
from billing.reports.roll_forward import RollForward, roll_forward
from billing.reports.tables import Amount, Cell, Month, Table, Text, Units
from billing.reports.use import UseRow, use
from credits.models import Category

ENDS = ("Expired", "Voided", "of it replaced", "Breakage")
FLOWS = ("Opening", "Granted", "Used", "Voided", "Expired", "Closing", "Difference")


def breakage_page(period: Period) -> ReportPage:
    report = breakage(period)
    money = [row for row in report.rows if not row.of.in_units]
    units = [row for row in report.rows if row.of.in_units]
    return ReportPage(
        figures=figures([_ends(currency, money, period) for currency in currencies(row.of for row in money)]),
        tables=[
            Table(
                "money",
                "Money",
                "By the month it was booked in.",
                ("Month", "Currency", "Category", *ENDS),
                [(Month(row.month), Text(row.of.currency), category(row.of), *_ended(row)) for row in money],
                _ended_totals(money),
            ),
            Table(
                "units",
                "Free units",
                "In units of each item.",
                ("Month", "Item", "Currency of account", "Category", *ENDS),
                [
                    (
                        Month(row.month),
                        Text(row.of.item),
                        Text(row.of.currency),
                        category(row.of),
                        *_ended(row),
                    )
                    for row in units
                ],
            ),
        ],
        notes=(
            "Breakage is what expired or was voided, less what was voided because another credit took its "
            "place in the same act.",
        ),
        untied=[class_words(of) for of in report.untied],
    )


def _ended(row: BreakageRow) -> tuple[Cell, ...]:
    return tuple(measured(row.of, value) for value in (row.expired, row.voided, row.replaced, row.breakage))


def _ended_totals(money: Sequence[BreakageRow]) -> list[Sequence[Cell]]:
    sums = heaped(
        [(row.of.currency, (row.expired, row.voided, row.replaced, row.breakage)) for row in money],
        currencies(row.of for row in money),
        len(ENDS),
    )
    return [
        (Text("All"), Text(currency), Text(""), *(Amount(value, currency) for value in values))
        for currency, values in sums
    ]


def _ends(currency: str, money: Sequence[BreakageRow], period: Period) -> Drawing:
    rows = [
        (_month(row.month), (row.expired, row.voided - row.replaced))
        for row in money
        if row.of.currency == currency
    ]
    return Drawing(
        currency,
        f"Breakage in {currency} by month",
        "Expired, and voided without a replacement. The table below has the same figures.",
        ("Expired", "Voided"),
        heaped(rows, map(_month, period.months), 2),
    )


def use_page(period: Period) -> ReportPage:
    report = use(period)
    in_use = sorted({row.currency for row in report.rows})
    return ReportPage(
        figures=figures([_used(currency, report.rows, period) for currency in in_use]),
        tables=[
            Table(
                "money",
                "Money paid",
                "What credits paid on lines, less what was put back.",
                ("Month", "Item", "Currency", "By credits of money", "By free units", "Paid"),
                [
                    (Month(row.month), Text(row.item), Text(row.currency), *_paid(row.currency, row))
                    for row in report.rows
                ],
                _paid_totals(report.rows, in_use),
            ),
            Table(
                "units",
                "Free units used",
                "In units of each item, with the money they paid.",
                ("Month", "Item", "Currency", "Units used", "Paid"),
                [
                    (
                        Month(row.month),
                        Text(row.item),
                        Text(row.currency),
                        Units(row.units),
                        Amount(row.by_units, row.currency),
                    )
                    for row in report.rows
                    if row.units or row.by_units
                ],
            ),
        ],
        notes=("A month below zero put back more than it used: it undid invoices of earlier ones.",),
        untied=report.untied,
    )


def _paid(currency: str, row: UseRow) -> tuple[Cell, ...]:
    return tuple(Amount(value, currency) for value in (row.by_money, row.by_units, row.paid))


def _paid_totals(rows: Sequence[UseRow], currencies: Sequence[str]) -> list[Sequence[Cell]]:
    sums = heaped(
        [(row.currency, (row.by_money, row.by_units, row.paid)) for row in rows],
        currencies,
        3,
    )
    return [
        (Text("All"), Text(""), Text(currency), *(Amount(value, currency) for value in values))
        for currency, values in sums
    ]


def _used(currency: str, used: Sequence[UseRow], period: Period) -> Drawing:
    rows = [(_month(row.month), (row.by_money, row.by_units)) for row in used if row.currency == currency]
    return Drawing(
        currency,
        f"Paid by credits in {currency}, by month",
        "All items together. The table below has the same figures, by item.",
        ("By credits of money", "By free units"),
        heaped(rows, map(_month, period.months), 2),
    )


def roll_forward_page(period: Period) -> ReportPage:
    rows = roll_forward(period)
    money = [row for row in rows if not row.of.in_units]
    units = [row for row in rows if row.of.in_units]
    return ReportPage(
        figures=figures([_rolled(currency, money) for currency in currencies(row.of for row in money)]),
        tables=[
            Table(
                "money",
                "Money",
                "Opening + granted − used − voided − expired = closing.",
                ("Currency", "Category", *FLOWS),
                [(Text(row.of.currency), category(row.of), *_flow(row)) for row in money],
            ),
            Table(
                "units",
                "Free units",
                "The same in units of each item, and the money they paid.",
                ("Item", "Category", "Currency of account", *FLOWS, "Paid by them"),
                [
                    (
                        Text(row.of.item),
                        category(row.of),
                        Text(row.of.currency),
                        *_flow(row),
                        Amount(row.flow.worth, row.of.currency),
                    )
                    for row in units
                ],
            ),
        ],
        notes=(
            "Opening and closing are the balances of all credits, each summed up for itself; what happened "
            "in between is summed up by kind of entry.",
        ),
        untied=[class_words(row.of) for row in rows if row.difference],
    )


def _values(row: RollForward) -> tuple[int, ...]:
    flow = row.flow
    return row.opening, flow.granted, flow.used, flow.voided, flow.expired, row.closing, row.difference


def _flow(row: RollForward) -> tuple[Cell, ...]:
    return tuple(measured(row.of, value) for value in _values(row))


def _rolled(currency: str, money: Sequence[RollForward]) -> Drawing:
    """Each category in its own colour: what is taken away hangs below the line."""
    values: list[tuple[str, Sequence[int]]] = []
    of_it = {row.of.category: row for row in money if row.of.currency == currency}
    signs = (1, 1, -1, -1, -1, 1)
    for place, sign in enumerate(signs):
        parts = [sign * _values(of_it[name])[place] if name in of_it else 0 for name in Category.values]
        values.append((FLOWS[place], parts))
    return Drawing(
        currency,
        f"From opening to closing, in {currency}",
        "What was used, voided or expired is below the line. The table below has the same figures.",
        Category.labels,
        values,
    )


def _month(first: date) -> str:
    return f"{first:%b %Y}"
