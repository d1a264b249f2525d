"""From lines of text to checked cells: the CSV itself, and how one cell is read.

A cell that is empty or holds `NULL` is missing. Spaces around a cell do not count. What cannot be
understood is refused with the row, counted as an editor counts lines, and the column; nothing is
guessed.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

KEY_MOST = 120
NAME_MOST = 200
NUMBER_MOST = 60
NUMBER_BELOW = Decimal(10) ** 15
DECIMALS_MOST = 40

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    DAY.pattern + r"[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
# Control characters, line and paragraph separators, bytes that were not UTF-8, and the marks that
# reverse the reading direction: none of them belongs in a name that people read on an invoice.
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")
# One well-formed cell and what ends it; only used to find the column of a line that is not CSV.
CELL = re.compile(r'(?:"(?:[^"]|"")*"|(?!")[^,\r\n]*)(?:,|\r?\n?\Z)')


class UsageRefused(ValueError):
    """A file that is not taken: the row as an editor counts lines, the column, and why."""

    def __init__(self, row: int, column: str, sentence: str) -> None:
        super().__init__(f"Row {row}, column {column}: {sentence}")
        self.row = row
        self.column = column
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Cells:
    """One line of the file, read by column name."""

    row: int
    columns: Mapping[str, int]
    values: Sequence[str]

    def refused(self, column: str, sentence: str) -> UsageRefused:
        return UsageRefused(self.row, column, sentence)

    def text(self, column: str, most: int = NAME_MOST) -> str:
        """The cell, or "" if it is missing or the file has no such column."""
        if column not in self.columns:
            return ""
        text = self.values[self.columns[column]].strip(" ")
        if len(text) > most:
            raise self.refused(column, f"The text is longer than {most} characters.")
        if found := CONTROL.search(text):
            raise self.refused(column, f"The text holds the control character U+{ord(found[0]):04X}.")
        return "" if text == "NULL" else text

    def needed(self, column: str, most: int = NAME_MOST) -> str:
        text = self.text(column, most)
        if not text:
            raise self.refused(column, "The value is missing.")
        return text

    def number(self, column: str, missing: Decimal | None = None) -> Decimal:
        text = self.text(column)
        if not text and missing is not None:
            return missing
        if len(text) > NUMBER_MOST:
            raise self.refused(column, f"The number is longer than {NUMBER_MOST} characters.")
        if not NUMBER.fullmatch(text):
            raise self.refused(
                column, f"“{text}” is not a number: digits with a point, such as -12.50 or 4E-7."
            )
        value = Decimal(text)
        if value.copy_abs() >= NUMBER_BELOW:
            raise self.refused(column, f"{text} is out of range: a number here stays below 10^15.")
        if len(f"{value:f}".partition(".")[2]) > DECIMALS_MOST:
            raise self.refused(column, f"{text} has more than {DECIMALS_MOST} decimals.")
        return value

    def instant(self, column: str) -> datetime:
        text = self.needed(column)
        if (value := instant_read(text)) is None:
            raise self.refused(
                column, f"“{text}” is not a time such as 2024-09-18 23:00:00 or 2024-09-18T23:00:00Z."
            )
        return value

    def day(self, column: str) -> date:
        text = self.needed(column)
        try:
            if DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self.refused(column, f"“{text}” is not a day such as 2024-09-18.")


@lru_cache(maxsize=4096)
def instant_read(text: str) -> datetime | None:
    """An instant in UTC; without an offset it is taken as UTC, as FOCUS says."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        value = datetime.fromisoformat(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def csv_records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on. Blank lines are passed over; a record has as many
    cells as the header, or is refused."""
    raw: list[str] = []
    header: list[str] = []

    def kept() -> Iterator[str]:
        for number, line in enumerate(lines):
            raw.append(line if number else line.removeprefix("\ufeff"))
            yield raw[-1]

    reader = csv.reader(kept(), strict=True)
    while True:
        row = reader.line_num + 1
        raw.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            column = column_called(header, broken_place("".join(raw)))
            raise UsageRefused(row, column, f"This is not well-formed CSV: {error}.") from error
        if not cells:
            continue
        for place, cell in enumerate(cells):
            if "\0" in cell:
                raise UsageRefused(row, column_called(header, place), "The cell holds a NUL byte.")
        header = header or cells
        if len(cells) != len(header):
            column = column_called(header, min(len(cells), len(header) - 1))
            raise UsageRefused(row, column, f"The row has {len(cells)} cells and the header {len(header)}.")
        yield row, cells


def column_called(header: list[str], place: int) -> str:
    return header[place][:NAME_MOST] if place < len(header) else str(place + 1)


def broken_place(text: str) -> int:
    """Which cell of a record that is not CSV is the broken or oversized one."""
    place = start = 0
    while (
        (cell := CELL.match(text, start))
        and len(cell[0]) <= csv.field_size_limit()
        and cell.end() < len(text)
    ):
        place, start = place + 1, cell.end()
    return place
