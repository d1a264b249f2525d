"""Commands of the product run as processes of their own, on the database of the test that runs them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 120


def database_address(name: str = "", **options: str) -> str:
    """`DATABASE_URL` of the test's database, or of another by that name beside it."""
    name = name or str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    server = urlsplit(os.environ["DATABASE_URL"])
    return server._replace(path=f"/{name}", query=urlencode(options).replace("+", "%20")).geturl()


def environment(address: str, **more: str) -> dict[str, str]:
    """What a process of the product is told: nothing of this machine's own settings for it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCRIP_", "PG"))}
    told = {"DATABASE_URL": address, "SCRIP_ENV_FILE": os.devnull}
    return {**kept, "DJANGO_SETTINGS_MODULE": "billing.settings", **told, **more}


def command_start(*arguments: str, address: str = "", **more: str) -> "subprocess.Popen[str]":
    return start(
        [sys.executable, "manage.py", *arguments], environment(address or database_address(), **more)
    )


def start(words: list[str], told: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        words,
        cwd=ROOT,
        env=told,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: "subprocess.Popen[str]") -> str:
    """What it prints; it has to end well."""
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, f"{process.args!r}: {err or out}"
    return out.strip()


def command(*arguments: str, address: str = "", **more: str) -> str:
    return finish(command_start(*arguments, address=address, **more))


def until(true: Callable[[], object]) -> None:
    """Wait for what other processes do."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.01)
