"""Scratch databases: made, copied and dropped, and nothing else is ever touched.

Their names all begin alike, and a task refuses to work in a database that is not called so.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from billing.bench.server import NoServerError, one_line, private_server

PREFIX = "scrip_bench_"
# A server for the bench alone: as durable as any, and its own upkeep does not fall into what is timed.
PRIVATE = (
    "-c shared_buffers=1GB -c max_wal_size=16GB -c checkpoint_timeout=1h -c autovacuum=off "
    "-c maintenance_work_mem=512MB"
)


class Scratch(Protocol):
    engine: str
    version: str

    def address(self, name: str) -> str:
        """`DATABASE_URL` of one of them."""

    def create(self, name: str, copy_of: str = "") -> str:
        """Make an empty one, or a copy of another; its address."""

    def drop(self, name: str) -> None: ...

    def settle(self) -> None:
        """Let the server write what it has put off, so that it does not fall into what is timed."""


class OnServer:
    engine = "postgresql"

    def __init__(self, server: str) -> None:
        """`server` is the address of any of its databases; its user may create databases."""
        self._parts = urlsplit(server)
        self._names: set[str] = set()
        try:
            with self._connection() as connection:
                number = connection.info.server_version
        except psycopg.Error as refused:
            raise NoServerError(f"no connection: {one_line(str(refused))}") from refused
        self.version = f"{number // 10000}.{number % 10000}"

    def address(self, name: str) -> str:
        return self._parts._replace(path=f"/{self._full(name)}").geturl()

    def create(self, name: str, copy_of: str = "") -> str:
        self.drop(name)
        template = self._full(copy_of) if copy_of else "template0"
        self._execute("CREATE DATABASE {} TEMPLATE {}", self._full(name), template)
        self._names.add(name)
        return self.address(name)

    def drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {}", self._full(name))
        self._names.discard(name)

    def settle(self) -> None:
        # Only a superuser may; where we are none, the timings are a little less steady.
        with contextlib.suppress(psycopg.Error):
            self._execute("CHECKPOINT")

    def drop_all(self) -> None:
        for name in list(self._names):
            self.drop(name)

    def _full(self, name: str) -> str:
        return f"{PREFIX}{os.getpid()}_{name}"

    def _execute(self, command: str, *names: str) -> None:
        with self._connection() as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))

    def _connection(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self._parts._replace(path="/postgres").geturl(), autocommit=True)


class InFiles:
    engine = "sqlite"
    version = sqlite3.sqlite_version

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def address(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def create(self, name: str, copy_of: str = "") -> str:
        self.drop(name)
        if copy_of:
            shutil.copyfile(self._file(copy_of), self._file(name))
        return self.address(name)

    def drop(self, name: str) -> None:
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{ending}").unlink(missing_ok=True)

    def settle(self) -> None:
        os.sync()

    def _file(self, name: str) -> Path:
        return self._directory / f"{PREFIX}{name}.sqlite3"


@contextlib.contextmanager
def on_server(address: str) -> Iterator[OnServer]:
    """The server that `address` names, or where it names none, one of the bench's own."""
    with contextlib.ExitStack() as cleanup:
        scratch = OnServer(address or private_server(cleanup, PRIVATE))
        try:
            yield scratch
        finally:
            with contextlib.suppress(psycopg.Error):
                scratch.drop_all()
