"""Readers for the environment: typed by environs, and loud about a bad value.

Each reader refuses with `ImproperlyConfigured`, naming the variable, so that a typing
error in production stops the start instead of becoming a silent default.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import moneyed
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, validate

env = Env(eager=True)


def env_file_read(path: Path) -> None:
    """Take variables from `path` if it is there; the real environment wins."""
    if path.is_file():
        env.read_env(str(path), recurse=False)


def env_text(name: str, default: str, *, longest: int = 200) -> str:
    return str(_read(env.str, name, default, validate=validate.Length(max=longest)))


def env_switch(name: str, *, default: bool) -> bool:
    return bool(_read(env.bool, name, default))


def env_number(name: str, default: int, *, least: int, most: int) -> int:
    return int(_read(env.int, name, default, validate=validate.Range(min=least, max=most)))


def env_names(name: str, default: list[str]) -> list[str]:
    names = [part.strip() for part in _read(env.list, name, default)]
    if not names or not all(names):
        raise ImproperlyConfigured(f"{name}: expected names separated by commas, with none left empty.")
    return names


def env_currencies(name: str, default: list[str]) -> list[str]:
    """ISO 4217 codes whose minor unit is a power of ten, up to thousandths."""
    codes = env_names(name, default)
    for code in codes:
        currency = moneyed.CURRENCIES.get(code)
        if currency is None or currency.sub_unit not in (1, 10, 100, 1000):
            raise ImproperlyConfigured(f"{name}: {code!r} is not a currency that can be billed here.")
    return codes


def env_time_zone(name: str, default: str) -> str:
    zone = env_text(name, default)
    if zone not in available_timezones():
        raise ImproperlyConfigured(f"{name}: {zone!r} is not a known time zone, such as Europe/Berlin.")
    return zone


def env_database(name: str, sqlite_file: Path) -> dict[str, Any]:
    """`postgres://user:password@host:port/name`, or the embedded SQLite file if unset.

    SQLite transactions begin IMMEDIATE: that is what takes the place of the row locks
    PostgreSQL gives us. `recursive_triggers` makes INSERT OR REPLACE meet our triggers.
    """
    address = env_text(name, "", longest=2000)
    if not address:
        return sqlite_settings(sqlite_file)
    scheme = urlsplit(address).scheme
    if scheme == "sqlite":
        path = urlsplit(address).path
        return sqlite_settings(Path(path.removeprefix("/") if path != "/:memory:" else ":memory:"))
    if scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name}: expected postgres://… or sqlite:///file, not {scheme!r}.")
    database = _read(env.dj_db_url, name, address)
    options = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    database.setdefault("OPTIONS", {}).setdefault("options", options)
    database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
    return dict(database)


def sqlite_settings(path: Path) -> dict[str, Any]:
    if str(path) != ":memory:":
        path.parent.mkdir(parents=True, exist_ok=True)
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "; ".join(f"PRAGMA {pragma}" for pragma in pragmas),
        },
    }


def _read(reader: Any, name: str, default: Any, **checks: Any) -> Any:
    try:
        return reader(name, default, **checks)
    except (EnvError, ValueError) as refused:
        reason = str(refused)
        raise ImproperlyConfigured(reason if name in reason else f"{name}: {reason}") from refused
