"""The floor: the very rows that the product's run wrote, written again with nothing in between.

They are read back from the database that the run has worked on, so the floor can never do different work.
On PostgreSQL it is COPY for acts and entries, one UPDATE for the invoices and one for the number series;
on SQLite `executemany`. Constraints, indexes and triggers are the same, and so are the chunks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from credits.models import Entry
from customers.models import Act
from invoices.models import Invoice, Series


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction of the run wrote, as tuples in the tables' own columns."""

    acts: Sequence[tuple[Any, ...]]
    entries: Sequence[tuple[Any, ...]]
    invoices: Sequence[tuple[Any, ...]]  # in the order of their numbers
    series: tuple[int, int]  # its id, and its last number after this chunk


@dataclass(frozen=True, slots=True)
class Written:
    """`columns` are those of an invoice that the run changed, the id first."""

    chunks: Sequence[Chunk]
    columns: Sequence[str]

    @property
    def invoices(self) -> int:
        return sum(len(chunk.invoices) for chunk in self.chunks)

    @property
    def entries(self) -> int:
        return sum(len(chunk.entries) for chunk in self.chunks)


def columns_of(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if not field.generated]


def rows_read(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
