"""Two sessions of PostgreSQL: one holds, the other waits for it, and both can be looked at meanwhile."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from django.db import DatabaseError, connection, transaction

from customers.acts import Refusal

BLOCKED = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""
Work = Callable[[], object]


class Session:
    """Work in a session of its own: the statements it sent, and how it ended."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.statements: list[str] = []
        self.error: Exception | None = None
        self.thread = Thread(target=self.run)

    def run(self) -> None:
        try:
            with connection.execute_wrapper(self.noted):
                self.work()
        except (Refusal, DatabaseError) as error:
            self.error = error
        finally:
            connection.close()

    def noted(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def waiting_for(holding: Work, work: Work, *, keep: bool = False) -> Iterator[Session]:
    """Inside, `work` waits for what `holding` holds (and will `keep`); on leaving, it has come to its end."""
    session = Session(work)
    with transaction.atomic():
        holding()
        session.thread.start()
        deadline = time.monotonic() + 4
        while not rows(BLOCKED)[0][0]:
            assert session.thread.is_alive(), f"it does not wait for what is held: {session.statements}"
            assert time.monotonic() < deadline, "it neither ends nor waits"
            time.sleep(0.005)
        yield session
        transaction.set_rollback(not keep)
    session.thread.join()


def rows(sql: str, *values: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def hold(table: str, pk: int) -> None:
    rows(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE", pk)


def free(table: str, pk: int) -> bool:
    """Whether nobody holds this row."""
    return bool(rows(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", pk))


def wrote(statements: list[str]) -> list[str]:
    return [sql for sql in statements if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]


def looked_at(statements: list[str]) -> set[str]:
    """The tables that were asked, the first of each question."""
    return {found[1] for sql in statements if (found := re.search(r'FROM "(\w+)"', sql))}
