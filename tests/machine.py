"""What this machine has to test with: a Chromium, a PostgreSQL server.

A server is the one `SCRIP_TEST_DATABASE_URL` names (its user must be allowed to create databases),
or else a private one, started from the newest PostgreSQL found, in a temporary directory that
nobody else can reach. It is gone when its block is left, also by Ctrl-C.
"""

import contextlib
import functools
import glob
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
POSTGRESQL_PROGRAMS = ("initdb", "pg_ctl", "postgres")
POSTGRESQL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# For a server whose data nobody will miss.
POSTGRESQL_HASTE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class NoServerError(Exception):
    """There is no PostgreSQL to test on; the message says why."""


# --- Chromium ---------------------------------------------------------------------------


@functools.cache
def chromium_find() -> str | None:
    """The first Chromium on PATH that really starts; Ubuntu's stand-in for its snap does not."""
    for path in filter(None, map(shutil.which, CHROMIUM_NAMES)):
        if _output([path, "--version"]):
            return path
    return None


def browser_missing() -> str:
    """Why no browser test can run here; empty if they can."""
    if chromium_find() is None:
        return "no Chromium found: sudo apt-get install chromium"
    if importlib.util.find_spec("playwright") is None:
        return "no playwright: pip install -r requirements-browser.txt"
    return ""


# --- PostgreSQL -------------------------------------------------------------------------


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[str, str]]:
    """The address of a server to test on, and its version."""
    with contextlib.ExitStack() as cleanup:
        address = os.environ.get("SCRIP_TEST_DATABASE_URL") or _private_server(cleanup)
        try:
            with psycopg.connect(address) as connection:
                number = connection.info.server_version
        except psycopg.Error as refused:
            raise NoServerError(f"no connection: {_one_line(str(refused))}") from refused
        yield address, f"{number // 10000}.{number % 10000}"


def postgresql_programs() -> Path | None:
    """The directory of the newest PostgreSQL whose programs run under the account that will run them."""
    places = [*os.get_exec_path(), *(place for pattern in POSTGRESQL_PLACES for place in glob.glob(pattern))]
    found: list[tuple[int, int, Path]] = []
    for directory in {(Path(place) / "initdb").resolve().parent for place in places if place}:
        answers = [_output([directory / name, "--version"], **_account()) for name in POSTGRESQL_PROGRAMS]
        version = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", answers[0])
        if version and all(answers):
            found.append((int(version[1]), int(version[2] or 0), directory))
    return max(found)[2] if found else None


@dataclass(slots=True)
class Cluster:
    """A server of ours in a directory of its own; all it listens on is a socket there."""

    home: Path
    programs: Path

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
        options = f"-k {self.home} -c listen_addresses='' {POSTGRESQL_HASTE}"
        self.call("pg_ctl", "-l", str(self.home / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.call("pg_ctl", "-m", "immediate", "-w", "stop")

    def stop_for_good(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave a server behind
        self.stop()


def _cluster(cleanup: contextlib.ExitStack) -> Cluster:
    """A place for a server. Not in TMPDIR: a socket's path must be short, and the server's account must get
    there."""
    account = _account()
    programs = postgresql_programs()
    if programs is None:
        raise NoServerError("no server found: sudo apt-get install postgresql")
    home = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="scrip-pg-", dir="/tmp"))
    if account:
        os.chown(home, account["user"], account["group"])
    return Cluster(Path(home), programs)


def _private_server(cleanup: contextlib.ExitStack) -> str:
    """A new cluster with an empty database."""
    cluster = _cluster(cleanup)
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
        raise NoServerError(f"{cluster.programs} does not start: {_one_line(said)}") from failed
    return f"{cluster.address}/scrip"


@contextlib.contextmanager
def postgresql_replica(primary: str) -> Iterator[Cluster]:
    """A streaming replica of the server at this address, which has to let its user replicate."""
    with contextlib.ExitStack() as cleanup:
        cluster = _cluster(cleanup)
        cluster.call(
            "pg_basebackup", "-d", primary, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"
        )
        cleanup.callback(cluster.stop)
        cluster.start()
        yield cluster


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the account to use then, in `subprocess`'s words."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise NoServerError("root cannot run a server, and there is no account named postgres or nobody")


# --- Calling programs -------------------------------------------------------------------


def _call(command: Sequence[str | Path], **options: Any) -> str:
    """What a program says, standard error included; it has to end well, and soon."""
    options = {"stderr": subprocess.STDOUT, "timeout": 120, **options}
    answer = subprocess.run(
        command, check=True, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options
    )
    return str(answer.stdout)


def _output(command: Sequence[str | Path], **options: Any) -> str:
    """What a program answers; nothing if it fails or is not there."""
    try:
        return _call(command, cwd="/", stderr=subprocess.DEVNULL, **options).strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _one_line(said: str) -> str:
    return " ".join(said.split())
