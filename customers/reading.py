"""Rows as plain values, for hundreds of ids at once: what acts on thousands of rows read.

Django puts a question into SQL anew whenever it is asked, and converts every value of every row by itself.
Where a question is asked chunk after chunk, that takes longer than the answer. So a `Reading` is put into SQL
once, and of the few days, times and words in a column each is converted once.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, cached_property, partial
from typing import Any

from django.db import connections, models, router

Convert = Callable[[Any], Any]


class _Ids:
    """Stands in a question for the ids that it will be asked for."""


IDS: Any = _Ids()


class Among(models.Lookup):
    """`pk__among=ids`: what `in` asks, with all the ids as one value. Hundreds of values are slow to put into
    a statement, and to take out of it again."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, values = self.process_lhs(compiler, connection)
        ids = self.rhs if self.rhs is IDS else _as_one(self.rhs, connection.vendor)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s::bigint[])", [*values, ids]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*values, ids]  # noqa: S608 -- of our own names


models.Field.register_lookup(Among)
models.ForeignObject.register_lookup(Among)


class Reading:
    """`Reading(lambda ids: Line.objects.filter(invoice__among=ids), "pk", "tags", tags=frozenset)`: what
    `values_list("pk", "tags")` gives, with the tags made into sets."""

    def __init__(self, ask: Callable[[Any], models.QuerySet[Any]], *names: str, **made: Convert) -> None:
        self._ask, self._names, self._made = ask, names, made
        self._in_sql = cache(self._put_into_sql)

    def rows(self, ids: Collection[int]) -> Iterable[tuple[Any, ...]]:
        return zip(*self.columns(ids), strict=True)

    def columns(self, ids: Collection[int]) -> list[Iterable[Any]]:
        """The same by column, each to be gone through once."""
        connection = connections[router.db_for_read(self._query.model)]
        sql, values, converters = self._in_sql(connection.alias)
        found: Sequence[Any] = ()
        if ids:
            as_one = _as_one(ids, connection.vendor)
            with connection.cursor() as cursor:
                cursor.execute(sql, [as_one if value is IDS else value for value in values])
                found = cursor.fetchall()
        columns = zip(*found, strict=True) if found else [()] * len(self._names)
        return [
            map(cache(convert), column) if convert else column
            for convert, column in zip(converters, columns, strict=True)
        ]

    @cached_property
    def _query(self) -> Any:
        return self._ask(IDS).values_list(*self._names).query

    def _put_into_sql(self, database: str) -> tuple[str, Sequence[Any], Sequence[Convert | None]]:
        compiler = self._query.get_compiler(database)
        sql, values = compiler.as_sql()
        needed = compiler.get_converters([expression for expression, *_ in compiler.select])
        converters: list[Convert | None] = []
        for place, name in enumerate(self._names):
            steps, expression = needed.get(place, ((), None))
            steps = [partial(_step, step, expression, compiler.connection) for step in steps]
            steps += [self._made[name]] if name in self._made else []
            converters.append(partial(_through, steps) if steps else None)
        return sql, values, converters


def _step(convert: Callable[..., Any], expression: Any, connection: Any, value: Any) -> Any:
    return convert(value, expression, connection)


def _through(steps: Iterable[Convert], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


def _as_one(ids: Iterable[int], vendor: str) -> str:
    text = ",".join(map(str, ids))
    return f"{{{text}}}" if vendor == "postgresql" else f"[{text}]"
