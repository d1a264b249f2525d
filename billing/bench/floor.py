"""The floor: what the product's run wrote, written again by the drivers alone, with nothing in between.

On PostgreSQL COPY for the records of acts and for entries, one UPDATE for the invoices of a chunk and one
for the number series; on SQLite `executemany`. Constraints, indexes and triggers are the product's own, and
so are the chunks.
"""

import sqlite3
from collections.abc import Sequence
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

    def __init__(self, settings: dict[str, Any], written: Written) -> None:
        self.connection = sqlite3.connect(settings["NAME"], isolation_level=None)
        self.connection.executescript(settings["OPTIONS"]["init_command"])
        self.written = written
        names = [name for name, _ in written.columns]
        self._update = f"UPDATE invoices_invoice SET {', '.join(f'{n} = ?' for n in names[1:])} WHERE id = ?"
        self._insert(Run, written.runs)
        self._rows = [[(*row[1:], row[0]) for row in chunk.invoices] for chunk in written.chunks]

    def write(self) -> None:
        for place, chunk in enumerate(self.written.chunks):
            self.connection.execute("BEGIN IMMEDIATE")
            for model, rows in _payloads(chunk):
                self._insert(model, rows)
            self.connection.execute(SERIES.format("?", "?"), [chunk.last_number, self.written.series])
            self.connection.executemany(self._update, self._rows[place])
            self.connection.execute("COMMIT")

    def _insert(self, model: type[models.Model], rows: Sequence[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(columns_of(model)))
        self.connection.executemany(f"INSERT INTO {_table(model)} VALUES ({marks})", rows)


def _table(model: type[models.Model]) -> str:
    return f"{model._meta.db_table} ({', '.join(columns_of(model))})"


def _payloads(chunk: Chunk) -> list[tuple[type[models.Model], Any]]:
    """What is inserted, table by table."""
    tables = ((Act, chunk.acts), (Entry, chunk.entries), (RunPart, chunk.parts))
    return [(model, payload) for model, payload in tables if payload is not None]
