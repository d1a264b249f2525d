"""Statements sent again over libpq alone, prepared, one after the other: what `pgbench -M prepared` does.

pgbench itself cannot give every transaction its own arrays and texts; this sends just what it would.
"""

from collections.abc import Sequence
from typing import cast

import psycopg
from psycopg import pq

from billing.bench.statements import Sent


class Wire:
    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)
        self._wire = self._connection.pgconn
        self.backend = self._wire.backend_pid
        self._names: dict[str, bytes] = {"BEGIN": b"begin", "COMMIT": b"commit"}
        for text, name in self._names.items():
            self._checked(self._wire.prepare(name, text.encode()))

    def prepare(self, acts: Sequence[Sequence[Sent]]) -> None:
        """Prepare each of the statements once."""
        for statements in acts:
            for text, _ in statements:
                if text not in self._names:
                    self._names[text] = f"s{len(self._names)}".encode()
                    self._checked(self._wire.prepare(self._names[text], text.encode()))

    def replay(self, statements: Sequence[Sent]) -> None:
        """One transaction."""
        self._checked(self._wire.exec_prepared(b"begin", ()))
        for text, values in statements:
            # The driver takes None for NULL, though it does not say so.
            given = cast("Sequence[bytes]", values)
            self._checked(self._wire.exec_prepared(self._names[text], given))
        self._checked(self._wire.exec_prepared(b"commit", ()))

    def _checked(self, result: pq.abc.PGresult) -> None:
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            raise psycopg.DatabaseError(result.error_message.decode(errors="replace").strip())
