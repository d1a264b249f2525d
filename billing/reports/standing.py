"""The pages that say how things stand at the end of a day: what we owe, and purchased credits at cost."""

from collections.abc import Sequence

from django.urls import reverse

from billing.reports.cost_basis import CostBasis, CostRow, CostSums, cost_basis
from billing.reports.days import Period, age_words
from billing.reports.entries import Open, by_class
from billing.reports.owed import owed
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
from billing.reports.tables import Amount, Cell, Count, Day, Table, Text
from credits.models import Category

AGES = age_words()
UNKNOWN = Text("unknown")
BARS = ("Used", "Breakage", "Not earned", "Deferred")


def owed_page(period: Period) -> ReportPage:
    report = owed(period)
    money = [row for row in report.rows if not row.of.in_units]
    units = [row for row in report.rows if row.of.in_units]
    return ReportPage(
        figures=figures([_ages(currency, money) for currency in currencies(row.of for row in money)]),
        tables=[
            Table(
                "money",
                "Money",
                "What is left on credits of money.",
                ("Currency", "Category", "Age", "Credits", "Open"),
                [
                    (Text(row.of.currency), category(row.of), Text(AGES[row.age]), *_open(row))
                    for row in money
                ],
                _totals(money),
            ),
            Table(
                "units",
                "Free units",
                "What is left on credits of free units, in units of each item: no sum of money.",
                ("Item", "Category", "Currency of account", "Age", "Credits", "Open units"),
                [
                    (
                        Text(row.of.item),
                        category(row.of),
                        Text(row.of.currency),
                        Text(AGES[row.age]),
                        *_open(row),
                    )
                    for row in units
                ],
            ),
        ],
        notes=(
            "Age counts from the day a credit was granted; one that replaced another counts from its own.",
            "A credit whose grace is over stays here until its expiry is booked by expire_credits, daily.",
        ),
        untied=[class_words(of) for of in report.untied],
    )


def _open(row: Open) -> tuple[Cell, Cell]:
    return Count(row.credits), measured(row.of, row.amount)


def _totals(money: Sequence[Open]) -> list[Sequence[Cell]]:
    totals: list[Sequence[Cell]] = []
    for of, amount in by_class(money).items():
        credits = sum(row.credits for row in money if row.of == of)
        totals.append((Text(of.currency), category(of), Text("All"), Count(credits), measured(of, amount)))
    return totals


def _ages(currency: str, money: Sequence[Open]) -> Drawing:
    names = Category.values
    rows = [
        (_short(row.age), [row.amount if name == row.of.category else 0 for name in names])
        for row in money
        if row.of.currency == currency
    ]
    return Drawing(
        currency,
        f"Open balances in {currency} by age in days",
        "The table below has the same figures.",
        Category.labels,
        heaped(rows, map(_short, reversed(range(len(AGES)))), len(names)),
    )


def _short(age: int) -> str:
    return AGES[age].removesuffix(" days").replace("More than", "Over")


def cost_basis_page(period: Period) -> ReportPage:
    report = cost_basis(period)
    return ReportPage(
        figures=figures([_earned(currency, sums) for currency, sums in report.sums().items()]),
        tables=[
            Table(
                "currencies",
                "By currency",
                "Credits whose price is known.",
                ("Currency", "Credits", *PRICES),
                [
                    (Text(currency), Count(sums.credits), *_parts(currency, sums, sums.price))
                    for currency, sums in report.sums().items()
                ],
            ),
            Table(
                "credits",
                "Credit by credit",
                "The largest deferred amounts first; those whose price is unknown last.",
                ("Credit", "Account", "Granted on", "Currency", "Item", "Size", "Used", "Left", *PRICES),
                [_credit(row) for row in report.rows],
                file_only=("Account", "Currency", "Item"),
            ),
        ],
        notes=_cost_notes(report),
        untied=[class_words(of) for of in report.untied],
    )


PRICES = ("Price paid", "Earned on use", "As breakage", "Not earned", "Deferred")


def _credit(row: CostRow) -> Sequence[Cell]:
    parts: Sequence[Cell] = (UNKNOWN, *[Amount(None, "")] * 4)
    if row.price is not None:
        parts = _parts(row.of.currency, row, row.price)
    return (
        Text(row.name, reverse("credit", args=[row.credit_id]), small=_whose(row)),
        Text(row.account),
        Day(row.granted_on),
        Text(row.of.currency),
        Text(row.of.item),
        *(measured(row.of, value) for value in (row.size, row.used, row.left)),
        *parts,
    )


def _whose(row: CostRow) -> str:
    return f"{row.account}, in units of {row.of.item}" if row.of.in_units else row.account


def _parts(currency: str, of: CostRow | CostSums, price: int | None) -> tuple[Cell, ...]:
    values = (price, of.earned_on_use, of.earned_as_breakage, of.carried, of.deferred)
    return tuple(Amount(value, currency) for value in values)


def _earned(currency: str, sums: CostSums) -> Drawing:
    values = (sums.earned_on_use, sums.earned_as_breakage, sums.carried, sums.deferred)
    return Drawing(
        currency,
        f"What became of the price paid, in {currency}",
        "The table below has the same figures.",
        ("Part of the price",),
        [(name, [value]) for name, value in zip(BARS, values, strict=True)],
    )


def _cost_notes(report: CostBasis) -> list[str]:
    notes = [
        "Price × used ÷ size is earned on use, rounded once over the life of a credit. What expired or was "
        "voided is earned as breakage. Not earned is the price of what a purchased replacement carries on, "
        "or of a sale that was voided before it was paid. The rest is deferred.",
    ]
    if count := len(report.unknown):
        counted = "1 credit has" if count == 1 else f"{count:,} credits have"
        notes.append(f"{counted} no known price: listed last, and in none of the sums.")
    return notes
