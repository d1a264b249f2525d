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


def private_server(cleanup: contextlib.ExitStack, options: str) -> str:
    """The address of an empty database of a new cluster, whose server runs with these options."""
    account = _account()
    programs = postgresql_programs()
    if programs is None:
        raise NoServerError("no server found: sudo apt-get install postgresql")
    # Not TMPDIR: a socket's path must be short, and the server's account must get there.
    home = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="scrip-pg-", dir="/tmp"))
    data, log = Path(home, "data"), Path(home, "log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment["LC_ALL"] = "C"

    def call(program: str, *arguments: str) -> None:
        _call([programs / program, "-D", data, *arguments], cwd=home, env=environment, **account)

    def stop() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave a server behind
        if (data / "postmaster.pid").exists():
            call("pg_ctl", "-m", "immediate", "-w", "stop")

    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    told = f"-k {home} -c listen_addresses='' {options}"
    address = f"postgres://scrip@{quote(home, safe='')}"
    try:
        if account:
            os.chown(home, account["user"], account["group"])
        call(
            "initdb", "--username=scrip", "--auth=trust", "--encoding=UTF8", f"--locale={locale}", "--no-sync"
        )
        cleanup.callback(stop)
        call("pg_ctl", "-l", str(log), "-o", told, "-w", "start")
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE scrip")
    except (OSError, subprocess.SubprocessError, psycopg.Error) as failed:
        said = log.read_text() if log.exists() else getattr(failed, "output", None) or str(failed)
        raise NoServerError(f"{programs} does not start: {one_line(said)}") from failed
    return f"{address}/scrip"


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
