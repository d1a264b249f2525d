"""Tables of reports: cells that know how a page shows them and how a file writes them.

A file keeps the plain decimals of the amounts, and days as a machine writes them. A spreadsheet takes text
that begins with =, +, - or @ for a formula: such a text gets an apostrophe before it.
"""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO

from customers.money import amount_text, money_display
from invoices.units import units_display, units_text

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Amount:
    minor: int | None
    currency: str

    def __str__(self) -> str:
        return "–" if self.minor is None else money_display(self.minor, self.currency)

    def written(self) -> str:
        return "" if self.minor is None else amount_text(self.minor, self.currency)


@dataclass(frozen=True, slots=True)
class Units:
    parts: int

    def __str__(self) -> str:
        return units_display(self.parts)

    def written(self) -> str:
        return units_text(self.parts)


@dataclass(frozen=True, slots=True)
class Count:
    number: int

    def __str__(self) -> str:
        return f"{self.number:,}"

    def written(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Month:
    first: date

    def __str__(self) -> str:
        return f"{self.first:%b %Y}"

    def written(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Day:
    day: date

    def __str__(self) -> str:
        return f"{self.day:%-d %b %Y}"

    def written(self) -> str:
        return self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    href: str = ""
    small: str = ""  # said below it on a page

    def __str__(self) -> str:
        return self.text

    def written(self) -> str:
        return f"'{self.text}" if self.text.startswith(FORMULA) else self.text


Cell = Amount | Units | Count | Month | Day | Text
NUMBERS = (Amount, Units, Count)


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as a page shows it."""

    head: str
    cell: Cell
    is_number: bool

    @property
    def is_nothing(self) -> bool:
        return not self.cell.written().strip("0.")


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is what its file is asked for by. The first cell names a row.

    Columns of `file_only` are for the file alone, and `totals` for the page.
    """

    name: str
    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Sequence[Cell]] = ()
    file_only: Collection[str] = ()

    @property
    def shown(self) -> list[list[Shown]]:
        return [self._shown(row) for row in self.rows[:SHOWN]]

    @property
    def summed(self) -> list[list[Shown]]:
        return [self._shown(row) for row in self.totals]

    @property
    def not_shown(self) -> int:
        return max(len(self.rows) - SHOWN, 0)

    def csv(self) -> str:
        out = StringIO()
        writer = csv.writer(out)
        writer.writerow(self.heads)
        writer.writerows([cell.written() for cell in row] for row in self.rows)
        return out.getvalue()

    def _shown(self, row: Sequence[Cell]) -> list[Shown]:
        """A column of numbers stays one where a single number is unknown."""
        columns = zip(self.heads, self.rows[0], row, strict=True)
        return [
            Shown(head, cell, isinstance(first, NUMBERS))
            for head, first, cell in columns
            if head not in self.file_only
        ]
