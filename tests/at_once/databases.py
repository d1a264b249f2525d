"""Databases of these tests' own, for processes of their own: migrated once, copied for each story.

They lie where the suite's database lies: on its PostgreSQL server, or beside its SQLite file.
"""

import itertools
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent

WAITING = """
    SELECT count(DISTINCT waiting.pid) FROM pg_locks AS waiting
    JOIN pg_stat_activity AS session ON session.pid = waiting.pid
    WHERE NOT waiting.granted AND session.datname = %s
"""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """`name` is one on the server, or the path of a file."""

    name: str

    @property
    def address(self) -> str:
        if connection.vendor == "sqlite":
            return f"sqlite:///{self.name}"
        return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.name}").geturl()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Every connection that this process opens meanwhile leads here."""
        settings = connection.settings_dict
        elsewhere = settings["NAME"]
        connection.close()
        settings["NAME"] = self.name
        try:
            yield
        finally:
            connection.close()
            settings["NAME"] = elsewhere

    @contextmanager
    def copy(self) -> Iterator["Database"]:
        """Another one with the same rows. Nobody may be connected to this one."""
        with _new(self.name) as twin:
            if connection.vendor == "sqlite":
                with closing(sqlite3.connect(self.name)) as here, closing(sqlite3.connect(twin.name)) as copy:
                    here.backup(copy)
            else:
                asked(f"CREATE DATABASE {twin.name} TEMPLATE {self.name} {_quickest()}")
            yield twin

    def start(
        self, *arguments: str, told: Mapping[str, str] | None = None, **options: Any
    ) -> "subprocess.Popen[str]":
        """A Python process of its own that works here, such as `start("manage.py", "digest")`."""
        told = {"DATABASE_URL": self.address, "DJANGO_SETTINGS_MODULE": "tests.settings", **(told or {})}
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}, text=True, **options)

    def waiting(self) -> int:
        """How many sessions wait for a lock."""
        return int(asked(WAITING, self.name)[0][0])

    def deadlocks(self) -> int:
        return int(asked("SELECT deadlocks FROM pg_stat_database WHERE datname = %s", self.name)[0][0])


@contextmanager
def migrated(directory: Path) -> Iterator[Database]:
    """A new database with all tables and rules, and not a row of money."""
    with _new(str(directory / "migrated")) as database:
        if connection.vendor == "postgresql":
            asked(f"CREATE DATABASE {database.name}")
        assert database.start("manage.py", "migrate", "--verbosity", "0").wait() == 0
        yield database


@contextmanager
def _new(beside: str) -> Iterator[Database]:
    number = next(_numbers)
    if connection.vendor == "postgresql":
        database = Database(f"scrip_at_once_{os.getpid()}_{number}")
        try:
            yield database
        finally:
            asked(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
    else:
        path = Path(beside).with_name(f"{number}.sqlite3")
        try:
            yield Database(str(path))
        finally:
            for part in path.parent.glob(f"{path.name}*"):
                part.unlink()


@cache
def _quickest() -> str:
    """Copying files takes a third of the time of writing a log of them; before 15 there was no choice."""
    return "STRATEGY file_copy" if int(asked("SHOW server_version_num")[0][0]) >= 150000 else ""


def asked(question: str, *values: Any) -> list[Any]:
    """What the server answers to somebody who stands outside all of these databases."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as outside:
        cursor = outside.execute(question.encode(), values)
        return cursor.fetchall() if cursor.description else []
