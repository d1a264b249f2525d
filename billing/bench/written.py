"""What the product's run wrote, read back, so that the floor writes the very same rows again.

On PostgreSQL as the text that COPY takes, on SQLite as the plain tuples that it keeps. Chunks are the run's:
its accounts in the order of their numbers, so many at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, models

from billing.bench.loading import columns_of
from billing.models import Run, RunParked, RunPart
from credits.models import Entry
from customers.acts import Refusal
from customers.models import Act
from invoices.models import Invoice, Status

BORN_WITH = {
    *("id", "account_id", "currency", "period_start", "period_end", "source", "corrects_id"),
    *("created_at", "paid_on", "payment_reference"),
}
# What a run without a chain, tokens, numbers and records would not write.
NUMBERED = {"series_id", "series_number", "number"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction of the run wrote. `acts`, `entries` and `parts` are as the engine takes them,
    `invoices` are rows of `Written.columns`, in the order of their numbers."""

    acts: Any
    entries: Any
    parts: Any
    invoices: Sequence[tuple[Any, ...]]
    last_number: int


@dataclass(frozen=True, slots=True)
class Written:
    """`columns` are those that the run set on an invoice, its id first, with their types."""

    chunks: Sequence[Chunk]
    columns: Sequence[tuple[str, str]]
    runs: Any  # the records of the runs themselves, which stand before the clock starts
    series: int
    entries: int
    bare: bool = False

    @property
    def invoices(self) -> int:
        return sum(len(chunk.invoices) for chunk in self.chunks)


def written_read(after: dict[str, int], chunk: int, *, bare: bool = False) -> Written:
    """The rows with ids after those that were loaded. `bare` leaves out the records of acts, numbers and
    hashes, and hangs every entry on the first act there is."""
    columns = _columns_set(bare=bare)
    names = ", ".join(name for name, _ in columns)
    numbered = _rows(
        f"SELECT series_number, series_id, {names} FROM invoices_invoice "
        "WHERE status = %s AND series_number > %s ORDER BY series_number",
        [Status.ISSUED, after["issued_before"]],
    )
    if not numbered:
        why = RunParked.objects.values_list("reason", flat=True).first() or "it found no draft"
        raise Refusal(f"The run issued nothing: {why}")
    entries = _rows("SELECT COUNT(*) FROM credits_entry WHERE id > %s", [after["entry"]])[0][0]
    parts = _rows(f"SELECT id FROM {RunPart._meta.db_table} ORDER BY id", [])
    pieces = list(_pieces(numbered, chunk))
    share = -(-len(parts) // max(1, len(pieces)))
    chunks = []
    for place, rows in enumerate(pieces):
        invoices = [row[2] for row in rows]
        of_chunk = [row[0] for row in parts[place * share : (place + 1) * share]]
        chunks.append(
            Chunk(
                None
                if bare
                else _payload(Act, "subject", [f"invoice:{pk}" for pk in invoices], after["act"]),
                _payload(Entry, "invoice_id", invoices, after["entry"], bare=bare),
                None if bare else _payload(RunPart, "id", of_chunk, 0),
                [tuple(row[2:]) for row in rows],
                rows[-1][0],
            )
        )
    runs = _payload(Run, "id", [row[0] for row in _rows(f"SELECT id FROM {Run._meta.db_table}", [])], 0)
    return Written(chunks, columns, runs, numbered[0][1], entries, bare)


def _pieces(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(rows)
    while piece := list(islice(rest, size)):
        yield piece


def _columns_set(*, bare: bool) -> list[tuple[str, str]]:
    left_out = BORN_WITH - {"id"} | (NUMBERED if bare else set())
    names = [name for name in columns_of(Invoice) if name not in left_out]
    if connection.vendor != "postgresql":
        return [(name, "") for name in names]
    types: dict[str, str] = dict(
        _rows(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = 'invoices_invoice'::regclass",
            [],
        )
    )
    return [(name, types[name]) for name in names]


def _payload(
    model: type[models.Model], key: str, keys: Sequence[Any], after: int, *, bare: bool = False
) -> Any:
    """Rows of the table, in the order in which they were written."""
    table, names = model._meta.db_table, columns_of(model)
    if bare:
        names = [{"act_id": "1 AS act_id", "hash": "'' AS hash"}.get(name, name) for name in names]
    if connection.vendor == "postgresql":
        question = f"SELECT {', '.join(names)} FROM {table} WHERE {key} = ANY(%s) AND id > %s ORDER BY id"
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY ({question}) TO STDOUT", [keys, after]) as copy,
        ):
            return b"".join(bytes(part) for part in copy)
    # Not Django's cursor, which would make Python's own days and times of what is kept as text.
    raw = connection.connection.cursor()
    marks = ", ".join("?" * len(keys))
    question = f"SELECT {', '.join(names)} FROM {table} WHERE {key} IN ({marks}) AND id > ? ORDER BY id"
    return [tuple(row) for row in raw.execute(question, [*keys, after])]


def _rows(question: str, values: Sequence[Any]) -> list[Any]:
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(question, values)
            return list(cursor.fetchall())
    return list(connection.connection.cursor().execute(question.replace("%s", "?"), values))
