"""Many rows in one statement, without an object per row: for acts that write thousands.

PostgreSQL takes each column as one array (`unnest`). SQLite takes new rows as one long list of values, which
is a good deal faster than row by row, where each is a statement of its own; it changes rows one by one
inside one call. Either way the database's own rules judge every row. The ring of the models
does not (`customers.sealed`): callers are the modules that own their tables.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import chain
from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
ARRAYS = {
    "CharField": "text",
    "TextField": "text",
    "DecimalField": "numeric",
    "JSONField": "jsonb",
    "BooleanField": "boolean",
    "DateField": "date",
    "DateTimeField": "timestamptz",
}
AS_IT_IS = frozenset({"CharField", "TextField", "BooleanField", "BigIntegerField", "PositiveIntegerField"})


def rows_insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of these fields, in their order."""
    _insert(model, names, rows)


def rows_insert_keyed(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, key: str
) -> dict[Any, int]:
    """The same, and the id that each row got, by the value of its unique field `key`."""
    return dict(_insert(model, names, rows, f" RETURNING {key}, id"))


def rows_update(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, only: tuple[str, Any]
) -> int:
    """Set fields of the rows whose ids come first in each row, and that still have this value in this field;
    the number of rows set."""
    if not rows:
        return 0
    fields = _fields(model, names)
    table, ids = model._meta.db_table, [row[0] for row in rows]
    guard, still = f"{table}.{only[0]} = %s", only[1]
    values = _columns(fields, [row[1:] for row in rows])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            settings = ", ".join(f"{field.column} = fresh.{field.column}" for field in fields)
            names_of = ", ".join(field.column for field in fields)
            cursor.execute(
                f"UPDATE {table} SET {settings} FROM unnest(%s::bigint[], {_arrays(fields)}) "
                f"AS fresh(id, {names_of}) WHERE {table}.id = fresh.id AND {guard}",
                [*map(array, (ids, *values)), still],
            )
        else:
            settings = ", ".join(f"{field.column} = %s" for field in fields)
            changes = list(zip(*values, ids, [still] * len(ids), strict=True))
            cursor.executemany(f"UPDATE {table} SET {settings} WHERE id = %s AND {guard}", changes)
        return int(cursor.rowcount)


def _insert(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], returning: str = ""
) -> list[Any]:
    found: list[Any] = []
    if not rows:
        return found
    fields = _fields(model, names)
    insert = f"INSERT INTO {model._meta.db_table} ({', '.join(field.column for field in fields)})"
    columns = _columns(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            unnest = f"SELECT * FROM unnest({_arrays(fields)})"
            cursor.execute(f"{insert} {unnest}{returning}", list(map(array, columns)))
            return cursor.fetchall() if returning else found
        marks = f"({', '.join(['%s'] * len(fields))})"
        for some in _batches(list(zip(*columns, strict=True)), connection.connection):
            values = f"VALUES {', '.join([marks] * len(some))}"
            cursor.execute(f"{insert} {values}{returning}", list(chain.from_iterable(some)))
            found += cursor.fetchall()
    return found


def _batches(rows: list[Row], connection: Any) -> Iterator[list[Row]]:
    """As many rows at once as SQLite takes values."""
    most = connection.getlimit(SQLITE_LIMIT_VARIABLE_NUMBER) // len(rows[0])
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def array(values: Iterable[Any]) -> str:
    """An array as PostgreSQL reads it. The driver, which asks each value for its type, takes far longer."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if type(value) is int:
        return str(value)
    text = str(value)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _fields(model: type[models.Model], names: Sequence[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


def _arrays(fields: Sequence[Any]) -> str:
    return ", ".join(f"%s::{ARRAYS.get(field.get_internal_type(), 'bigint')}[]" for field in fields)


def _columns(fields: Sequence[Any], rows: Sequence[Row]) -> list[list[Any]]:
    columns = zip(*rows, strict=True)
    return [_prepared(field, column) for field, column in zip(fields, columns, strict=True)]


def _prepared(field: Any, column: Iterable[Any]) -> list[Any]:
    """The values as the engine takes them; of the few days and times in a column each is asked once."""
    kind = field.get_internal_type()
    if field.is_relation or kind in AS_IT_IS:
        return list(column)
    if kind == "JSONField":
        return [None if value is None else json.dumps(value) for value in column]
    return list(map(cache(partial(field.get_db_prep_save, connection=connection)), column))
