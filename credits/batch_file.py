"""The CSV of a batch: one row per account, cells by column name.

Columns are `customer` and `account`, both the keys, and any of the terms of a credit. The layout is ours,
so a column it does not know is a typing error and refused. A row that is wrong does not hide the others:
all that is wrong is told.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from credits.batch_terms import TERMS
from customers.acts import Refusal
from invoices.usage_cells import KEY_MOST, Cells, UsageRefused, csv_records

REQUIRED = ("customer", "account")
TEXT_MOST = 2000
MOST_ROWS = 10_000
MOST_BYTES = 8_000_000


class BatchFileRefused(Refusal):
    """A file that is no batch at all."""


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that is wrong, counted as an editor counts lines, and the column if it is one column's fault."""

    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        if not self.row:
            return f"{self.column}: {self.sentence}" if self.column else self.sentence
        place = f"Row {self.row}, column {self.column}" if self.column else f"Row {self.row}"
        return f"{place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class RowTexts:
    """One row: whose it is, and the terms that it says itself."""

    row: int
    customer: str
    account: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BatchFile:
    digest: str
    rows: Sequence[RowTexts]
    errors: Sequence[RowError]


def batch_file_read(data: bytes) -> BatchFile:
    """The rows of a file and what is wrong with them; its digest is of the very bytes.

    Refuses what is no such file at all: empty, too big, or with another header.
    """
    if len(data) > MOST_BYTES:
        raise BatchFileRefused(f"The file is bigger than {MOST_BYTES // 1_000_000} megabytes.")
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows: list[RowTexts] = []
    errors: list[RowError] = []
    columns: dict[str, int] = {}
    try:
        for number, cells in csv_records(lines):
            if not columns:
                columns = _header(number, cells)
            elif len(rows) + len(errors) == MOST_ROWS:
                raise BatchFileRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
            else:
                _row(Cells(number, columns, cells), rows, errors)
    except UsageRefused as broken:  # from here on nothing can be told from anything
        if not columns:
            raise BatchFileRefused(str(broken)) from broken
        errors.append(RowError(broken.row, broken.column, f"{broken.sentence} What follows was not read."))
    if not rows and not errors:
        raise BatchFileRefused("The file has no rows." if columns else "The file is empty.")
    return BatchFile(hashlib.sha256(data).hexdigest(), rows, errors)


def _header(row: int, header: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = cell.strip(" ").lower()
        if name in columns:
            raise BatchFileRefused(f"Row {row}: the column {name} is there twice.")
        if name not in (*REQUIRED, *TERMS):
            shown = name[:60].encode(errors="replace").decode()
            raise BatchFileRefused(
                f"Row {row}: there is no column “{shown}”. Known are {', '.join((*REQUIRED, *TERMS))}."
            )
        columns[name] = place
    for name in REQUIRED:
        if name not in columns:
            raise BatchFileRefused(f"Row {row}: the column {name} is missing.")
    return columns


def _row(cells: Cells, rows: list[RowTexts], errors: list[RowError]) -> None:
    try:
        customer = cells.needed("customer", KEY_MOST)
        account = cells.text("account", KEY_MOST) or customer
        texts = {column: cells.text(column, TEXT_MOST) for column in cells.columns if column in TERMS}
        rows.append(RowTexts(cells.row, customer, account, {c: t for c, t in texts.items() if t}))
    except UsageRefused as refused:
        errors.append(RowError(refused.row, refused.column, refused.sentence))
