"""A PostgreSQL server of one's own: started from the newest one found, gone when its block is left.

Its cluster lies in a temporary directory that nobody else can reach, and all it listens on is a socket there.
The bench works on one where no server was named to it, and the tests do.
"""

import contextlib
import glob
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

PROGRAMS = ("initdb", "pg_ctl", "postgres")
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


class NoServerError(Exception):
    """There is no PostgreSQL to work on; the message says why."""


def postgresql_programs() -> Path | None:
    """The directory of the newest PostgreSQL whose programs run under the account that will run them."""
    places = [*os.get_exec_path(), *(place for pattern in PLACES for place in glob.glob(pattern))]
    found: list[tuple[int, int, Path]] = []
    for directory in {(Path(place) / "initdb").resolve().parent for place in places if place}:
        answers = [program_output([directory / name, "--version"], **_account()) for name in PROGRAMS]
        version = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", answers[0])
        if version and all(answers):
            found.append((int(version[1]), int(version[2] or 0), directory))
    return max(found)[2] if found else None


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server in a directory of its own, run with these options; all it listens on is a socket there."""

    home: Path
    programs: Path
    options: str

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def address(self) -> str:
        """Of the server; the name of a database goes behind it."""
        return f"postgres://scrip@{quote(str(self.home), safe='')}"

    def call(self, program: str, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment["LC_ALL"] = "C"
        command: list[str | Path] = [self.programs / program, "-D", self.data, *arguments]
        _call(command, cwd=self.home, env=environment, **_account())

    def start(self) -> None:
        options = f"-k {self.home} -c listen_addresses='' {self.options}"
        self.call("pg_ctl", "-l", str(self.home / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.call("pg_ctl", "-m", "immediate", "-w", "stop")

    def stop_for_good(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave a server behind
        self.stop()


def cluster_place(cleanup: contextlib.ExitStack, options: str) -> Cluster:
    """A place for a server, with nothing in it yet."""
    account = _account()
    programs = postgresql_programs()
    if programs is None:
        raise NoServerError("no server found: sudo apt-get install postgresql")
    # Not TMPDIR: a socket's path must be short, and the server's account must get there.
    home = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="scrip-pg-", dir="/tmp"))
    if account:
        os.chown(home, account["user"], account["group"])
    return Cluster(Path(home), programs, options)


def private_server(cleanup: contextlib.ExitStack, options: str) -> str:
    """The address of an empty database of a new cluster, whose server runs with these options."""
    cluster = cluster_place(cleanup, options)
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    try:
        cluster.call(
            "initdb", "--username=scrip", "--auth=trust", "--encoding=UTF8", f"--locale={locale}", "--no-sync"
        )
        cleanup.callback(cluster.stop_for_good)
        cluster.start()
        with psycopg.connect(f"{cluster.address}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE scrip")
    except (OSError, subprocess.SubprocessError, psycopg.Error) as failed:
        log = cluster.home / "log"
        said = log.read_text() if log.exists() else getattr(failed, "output", None) or str(failed)
        raise NoServerError(f"{cluster.programs} does not start: {one_line(said)}") from failed
    return f"{cluster.address}/scrip"


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the account to use then, in `subprocess`'s words."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServerError("root cannot run a server, and there is no account named postgres or nobody")


def _call(command: Sequence[str | Path], **options: Any) -> str:
    """What a program says, standard error included; it has to end well, and soon."""
    options = {"stderr": subprocess.STDOUT, "timeout": 120, **options}
    answer = subprocess.run(
        command, check=True, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options
    )
    return str(answer.stdout)


def program_output(command: Sequence[str | Path], **options: Any) -> str:
    """What a program answers; nothing if it fails or is not there."""
    try:
        return _call(command, cwd="/", stderr=subprocess.DEVNULL, **options).strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def one_line(said: str) -> str:
    return " ".join(said.split())
