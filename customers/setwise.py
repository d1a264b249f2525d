"""Many rows in one statement, without an object per row: for acts that read and write thousands.

PostgreSQL takes each column as one array (`unnest`); SQLite, which no network lies before, takes the rows
one by one inside one call. Either way the database's own rules judge every row. The ring of the models
does not (`customers.sealed`): callers are the modules that own their tables.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, partial
from itertools import chain
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


class Among(models.Lookup):
    """`pk__among=ids`: what `in` asks, with all the ids as one value. Hundreds of values are slow to put into
    a statement, and to take out of it again."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Collection[int]) -> None:
        super().__init__(lhs, ",".join(map(str, rhs)))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, values = self.process_lhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*values, f"[{self.rhs}]"]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, values = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", [*values, f"{{{self.rhs}}}"]


models.Field.register_lookup(Among)
models.ForeignObject.register_lookup(Among)


def rows_read(
    rows: models.QuerySet[Any], *names: str, **made: Callable[[Any], Any]
) -> Iterable[tuple[Any, ...]]:
    """What `rows.values_list(*names)` gives, but for the columns that are `made` into something else, as in
    `tags=frozenset`. Of the few days, times and words in a column each is converted once."""
    compiler = rows.values_list(*names).query.get_compiler(rows.db)
    columns: list[Iterable[Any]] = list(zip(*chain.from_iterable(compiler.execute_sql()), strict=True))
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    for place, name in enumerate(names if columns else ()):
        steps, expression = converters.get(place, ((), None))
        if steps or name in made:
            convert = partial(_converted, steps, expression, compiler.connection, made.get(name))
            columns[place] = map(cache(convert), columns[place])
    return zip(*columns, strict=True)


def rows_insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of these fields, in their order."""
    if rows:
        _insert(model, names, rows)


def rows_insert_keyed(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, key: str
) -> dict[Any, int]:
    """The same, and the id that each row got, by the value of its unique field `key`."""
    if not rows:
        return {}
    if connection.vendor == "postgresql":
        return dict(_insert(model, names, rows, f" RETURNING {key}, id"))
    _insert(model, names, rows)
    keys = [row[names.index(key)] for row in rows]
    return dict(model._default_manager.filter(**{f"{key}__in": keys}).values_list(key, "pk"))


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
                [ids, *values, still],
            )
        else:
            settings = ", ".join(f"{field.column} = %s" for field in fields)
            changes = list(zip(*values, ids, [still] * len(ids), strict=True))
            cursor.executemany(f"UPDATE {table} SET {settings} WHERE id = %s AND {guard}", changes)
        return int(cursor.rowcount)


def _insert(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], returning: str = ""
) -> Iterable[tuple[Any, int]]:
    fields = _fields(model, names)
    table, names_of = model._meta.db_table, ", ".join(field.column for field in fields)
    values = _columns(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            source = f"SELECT * FROM unnest({_arrays(fields)})"
            cursor.execute(f"INSERT INTO {table} ({names_of}) {source}{returning}", values)
            return cursor.fetchall() if returning else ()
        marks = ", ".join(["%s"] * len(fields))
        cursor.executemany(
            f"INSERT INTO {table} ({names_of}) VALUES ({marks})", list(zip(*values, strict=True))
        )
        return ()


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


def _converted(
    steps: Sequence[Callable[..., Any]],
    expression: Any,
    connection: Any,
    make: Callable[[Any], Any] | None,
    value: Any,
) -> Any:
    for convert in steps:
        value = convert(value, expression, connection)
    return make(value) if make else value
