"""One consistent view of the database, for whoever reads all of it and writes nothing.

PostgreSQL: REPEATABLE READ, READ ONLY. SQLite: a deferred transaction, which in WAL mode reads one
state and keeps nobody from writing, where the product's own IMMEDIATE would hold the write lock to
the end; and `query_only`, which refuses every write. Inside a transaction of the caller's, that one
is the view.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import connections, transaction

from customers.replica import read_alias


@contextmanager
def snapshot() -> Iterator[None]:
    # Not `django.db.connection`: a setting of the real one is changed for a while.
    alias = read_alias()
    connection = cast("Any", connections[alias])
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with _deferred(connection), transaction.atomic():
            yield
    else:
        with transaction.atomic(using=alias):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@contextmanager
def _deferred(connection: Any) -> Iterator[None]:
    connection.ensure_connection()  # which is what reads the mode from the settings
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    _query_only(connection, "ON")
    try:
        yield
    finally:
        _query_only(connection, "OFF")
        connection.transaction_mode = mode


def _query_only(connection: Any, switch: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA query_only = {switch}")
