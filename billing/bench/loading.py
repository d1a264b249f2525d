"""Puts made-up rows into an empty scratch database, fast, and all its rules in force after them.

Columns that the maker does not name get the default of their field, so that a new column of the product
needs nothing here.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Field

from billing.bench.data import Maker, Size
from billing.bench.ledger import TABLES, Row
from billing.database_rules import rules_enforce
from credits.models import Balance, Credit, Entry, ScopeRow
from customers.models import Account, Act, Customer
from customers.triggers import triggers_remove
from invoices.models import Invoice, Item, Line, Series

MODELS: dict[str, type[models.Model]] = {
    "customer": Customer,
    "account": Account,
    "item": Item,
    "series": Series,
    "invoice": Invoice,
    "line": Line,
    "act": Act,
    "credit": Credit,
    "scope_row": ScopeRow,
    "entry": Entry,
    "balance": Balance,
}
SEED = 5


def company_load(size: Size, seed: int = SEED) -> dict[str, int]:
    """Make the company in the default database, migrated and empty; how many rows of each table."""
    maker = Maker(size, seed, settings.SCRIP_INVOICE_PREFIX, settings.SCRIP_GRACE_DAYS)
    triggers_remove(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for batch in maker.batches():
            for table in TABLES:
                rows_load(cursor, MODELS[table], batch[table])
    if connection.vendor == "postgresql":
        _sequences_reset()
    rules_enforce(using=connection.alias)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return {table: number for table, number in maker.rows.last.items() if number}


def rows_load(cursor: Any, model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert rows of one table, with COPY where there is one."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(columns_of(model))
    tuples = _tuples(fields, rows)
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for values in tuples:
                copy.write_row(values)
    else:
        places = ", ".join(["%s"] * len(fields))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", tuples)


def columns_of(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields if not field.generated]


def _tuples(fields: Sequence["Field[Any, Any]"], rows: Iterable[Row]) -> Iterable[tuple[Any, ...]]:
    defaults = {field.attname: field.get_default() for field in fields if not field.primary_key}
    ready = [(field.attname, _adapter(field)) for field in fields]
    for row in rows:
        full = {**defaults, **row}
        yield tuple(adapt(full[name]) for name, adapt in ready)


def _adapter(field: "Field[Any, Any]") -> Callable[[Any], Any]:
    """How this engine takes a value of the field."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if connection.vendor == "postgresql":
        return _same
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.DateField):
        return _day
    if isinstance(field, models.DecimalField):
        return lambda value: field.get_db_prep_save(value, connection)
    return _same


def _same(value: Any) -> Any:
    return value


def _moment(value: datetime | None) -> str | None:
    return None if value is None else str(value.astimezone(UTC).replace(tzinfo=None))


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _sequences_reset() -> None:
    with connection.cursor() as cursor:
        for model in MODELS.values():
            key = model._meta.pk
            if isinstance(key, models.AutoField):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f"GREATEST(1, (SELECT MAX(id) FROM {table})))"
                )
