"""The floor: what the product's run wrote, written again by the drivers alone, with nothing in between.

On PostgreSQL COPY for the records of acts and for entries, one UPDATE for the invoices of a chunk and one
for the number series; on SQLite `executemany`. Constraints, indexes and triggers are the product's own, and
so are the chunks.

The product's run writes many rows a statement on SQLite, which is faster than row by row. So there is a
second floor that does the same, and the bench tells the ratio to both.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import psycopg
from django.db import models

from billing.bench.loading import columns_of
from billing.bench.written import Chunk, Written
from billing.models import Run, RunPart
from credits.models import Entry
from customers.models import Act

SERIES = "UPDATE invoices_series SET last_number = {} WHERE id = {}"
# What keeps a run from leaving out the numbers, as the bare floor does.
NUMBER_RULES = (
    "ALTER TABLE invoices_invoice DROP CONSTRAINT invoice_frozen_when_issued",
    "ALTER TABLE invoices_invoice DISABLE TRIGGER seal_invoices_invoice_number",
)


class FloorOnServer:
    def __init__(self, address: str, written: Written) -> None:
        self.connection = psycopg.connect(address)
        self.backend = self.connection.info.backend_pid
        self.written = written
        if written.bare:
            for rule in NUMBER_RULES:
                self.connection.execute(rule)
        with self.connection.cursor() as cursor:
            self._copy(cursor, Run, written.runs)
        self.connection.commit()
        names = [name for name, _ in written.columns]
        arrays = ", ".join(f"%s::{type_}[]" for _, type_ in written.columns)
        self._update: Any = (
            f"UPDATE invoices_invoice SET {', '.join(f'{name} = fresh.{name}' for name in names[1:])} "
            f"FROM unnest({arrays}) AS fresh({', '.join(names)}) WHERE invoices_invoice.id = fresh.id"
        )
        # Prepared as the floor's other payloads are: this takes the columns apart before the clock runs.
        self._columns = [list(zip(*chunk.invoices, strict=True)) for chunk in written.chunks]

    def write(self) -> None:
        for place, chunk in enumerate(self.written.chunks):
            with self.connection.cursor() as cursor:
                for model, payload in _payloads(chunk):
                    self._copy(cursor, model, payload)
                if not self.written.bare:
                    series: Any = SERIES.format("%s", "%s")
                    cursor.execute(series, [chunk.last_number, self.written.series])
                cursor.execute(self._update, [list(column) for column in self._columns[place]])
            self.connection.commit()

    def _copy(self, cursor: Any, model: type[models.Model], payload: bytes) -> None:
        with cursor.copy(f"COPY {_table(model)} FROM STDIN") as copy:
            copy.write(payload)


class FloorInFile:
    backend = 0

    def __init__(self, settings: dict[str, Any], written: Written, *, at_once: bool) -> None:
        """`at_once`: many rows a statement."""
        self.connection = sqlite3.connect(settings["NAME"], isolation_level=None)
        self.connection.executescript(settings["OPTIONS"]["init_command"])
        self.written = written
        names = [name for name, _ in written.columns]
        self._update = f"UPDATE invoices_invoice SET {', '.join(f'{n} = ?' for n in names[1:])} WHERE id = ?"
        self._most = self.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) if at_once else 0
        for sql, values in self._statements(Run, written.runs):
            self._insert(sql, values)
        # Put together before the clock runs, as the floor's other payloads are.
        self._inserts = [
            [statement for model, rows in _payloads(chunk) for statement in self._statements(model, rows)]
            for chunk in written.chunks
        ]
        self._rows = [[(*row[1:], row[0]) for row in chunk.invoices] for chunk in written.chunks]

    def write(self) -> None:
        for place, chunk in enumerate(self.written.chunks):
            self.connection.execute("BEGIN IMMEDIATE")
            for sql, values in self._inserts[place]:
                self._insert(sql, values)
            self.connection.execute(SERIES.format("?", "?"), [chunk.last_number, self.written.series])
            self.connection.executemany(self._update, self._rows[place])
            self.connection.execute("COMMIT")

    def _insert(self, sql: str, values: Sequence[Any]) -> None:
        if self._most:
            self.connection.execute(sql, values)
        else:
            self.connection.executemany(sql, values)

    def _statements(
        self, model: type[models.Model], rows: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[str, Sequence[Any]]]:
        width = len(columns_of(model))
        marks = f"({', '.join('?' * width)})"
        insert = f"INSERT INTO {_table(model)} VALUES "
        if not self._most:
            yield insert + marks, rows
            return
        for start in range(0, len(rows), self._most // width):
            some = rows[start : start + self._most // width]
            yield insert + ", ".join([marks] * len(some)), list(chain.from_iterable(some))


def _table(model: type[models.Model]) -> str:
    return f"{model._meta.db_table} ({', '.join(columns_of(model))})"


def _payloads(chunk: Chunk) -> list[tuple[type[models.Model], Any]]:
    """What is inserted, table by table."""
    tables = ((Act, chunk.acts), (Entry, chunk.entries), (RunPart, chunk.parts))
    return [(model, payload) for model, payload in tables if payload is not None]
