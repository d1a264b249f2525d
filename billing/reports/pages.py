"""What every report page is made of: sentences, figures, tables; and whether it ties to the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from billing.reports.bars import Bars, bars
from billing.reports.entries import CreditClass
from billing.reports.tables import Amount, Cell, Table, Text, Units
from credits.models import Category
from customers.money import money_display

WIDE, HALF_WIDE, NARROW = (1100, 240), (540, 240), (360, 200)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart of one currency is to show: of each name its parts, one for each of the series."""

    currency: str
    title: str
    words: str
    series: Sequence[str]
    values: Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, and its chart in two widths."""

    of: Drawing
    charts: Sequence[Bars]


@dataclass(slots=True)
class ReportPage:
    """`untied` names what does not come to the same when it is summed up in another way."""

    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: Sequence[str] = ()
    untied: Sequence[str] = ()

    def table(self, name: str) -> Table | None:
        return next((table for table in self.tables if table.name == name), None)


def figures(drawings: Sequence[Drawing]) -> list[Figure]:
    """Two beside each other, or one alone; those without anything to draw are left out."""
    sizes = (WIDE if len(drawings) == 1 else HALF_WIDE, NARROW)
    found = []
    for drawing in drawings:
        shown = partial(money_display, currency=drawing.currency)
        drawn = [bars(drawing.values, drawing.series, shown, size=size) for size in sizes]
        if charts := [chart for chart in drawn if chart]:
            found.append(Figure(drawing, charts))
    return found


def measured(of: CreditClass, value: int) -> Cell:
    return Units(value) if of.in_units else Amount(value, of.currency)


def category(of: CreditClass) -> Text:
    return Text(Category(of.category).label)


def class_words(of: CreditClass) -> str:
    return ", ".join(filter(None, (of.currency, Category(of.category).label, of.item)))


def currencies(classes: Iterable[CreditClass]) -> list[str]:
    return sorted({of.currency for of in classes if not of.in_units})


def heaped(
    rows: Iterable[tuple[str, Sequence[int]]], names: Iterable[str], series: int
) -> list[tuple[str, Sequence[int]]]:
    """For each of these names the values of all its rows, added up."""
    sums = {name: [0] * series for name in names}
    for name, values in rows:
        sums[name] = [before + value for before, value in zip(sums[name], values, strict=True)]
    return list(sums.items())
