"""Statements that an act sends, counted, and kept so that they can be sent again.

BEGIN and COMMIT pass unseen below the place where statements are counted; each transaction adds the two.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg.adapt import PyFormat, Transformer

FRAME = 2
# With `$1`, `$2` … and the values as the wire carries them.
Sent = tuple[str, list[bytes | None]]


@dataclass(slots=True)
class Counted:
    """The statements of one act."""

    count: int = FRAME
    kept: list[Sent] = field(default_factory=list)


@contextlib.contextmanager
def statements_counted(into: list[Counted], *, keep: bool = False) -> Iterator[None]:
    counted = Counted()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counted.count += not sql.startswith("BEGIN")  # SQLite's comes by here, and is in the frame already
        if keep:
            counted.kept.append((numbered(sql, len(params or ())), wire(params or ())))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield
    into.append(counted)


def numbered(sql: str, values: int) -> str:
    """Django's `%s` as the server's `$1`, `$2` …"""
    if not values:
        return sql
    parts = sql.split("%s")
    text = parts[0] + "".join(f"${place}{part}" for place, part in enumerate(parts[1:], start=1))
    return text.replace("%%", "%")


def wire(values: Any) -> list[bytes | None]:
    """The values as text, as libpq sends them."""
    transformer = Transformer(connection.connection)
    dumped = transformer.dump_sequence(list(values), [PyFormat.TEXT] * len(values))
    return [None if value is None else bytes(value) for value in dumped]
