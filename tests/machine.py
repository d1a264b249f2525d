"""What this machine has to test with: a Chromium, a PostgreSQL server.

A server is the one `SCRIP_TEST_DATABASE_URL` names (its user must be allowed to create databases),
or else a private one, started as the product's bench starts its own (`billing.bench.server`). It is gone when
its block is left, also by Ctrl-C.
"""

import contextlib
import functools
import importlib.util
import os
import shutil
from collections.abc import Iterator

import psycopg

from billing.bench.server import (
    Cluster,
    NoServerError,
    cluster_place,
    one_line,
    private_server,
    program_output,
)

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# For a server whose data nobody will miss.
HASTE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


# --- Chromium ---------------------------------------------------------------------------


@functools.cache
def chromium_find() -> str | None:
    """The first Chromium on PATH that really starts; Ubuntu's stand-in for its snap does not."""
    for path in filter(None, map(shutil.which, CHROMIUM_NAMES)):
        if program_output([path, "--version"]):
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
        address = os.environ.get("SCRIP_TEST_DATABASE_URL") or private_server(cleanup, HASTE)
        try:
            with psycopg.connect(address) as connection:
                number = connection.info.server_version
        except psycopg.Error as refused:
            raise NoServerError(f"no connection: {one_line(str(refused))}") from refused
        yield address, f"{number // 10000}.{number % 10000}"


@contextlib.contextmanager
def postgresql_replica(primary: str) -> Iterator[Cluster]:
    """A streaming replica of the server at this address, which has to let its user replicate."""
    with contextlib.ExitStack() as cleanup:
        cluster = cluster_place(cleanup, HASTE)
        cluster.call(
            "pg_basebackup", "-d", primary, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"
        )
        cleanup.callback(cluster.stop)
        cluster.start()
        yield cluster
