"""Readers for the environment: typed by environs, and loud about a bad value.

Each reader refuses with `ImproperlyConfigured`, naming the variable, so that a typing
error in production stops the start instead of becoming a silent default.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

import moneyed
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environs import Env, EnvError, validate

env = Env(eager=True)

# How a mail server is spoken to, and the port that goes with it.
MAIL_SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
MAIL_TIMEOUT = 10
POSTGRESQL_SCHEMES = ("postgres", "postgresql")
WHERE = {"HOST": "localhost", "PORT": 5432, "NAME": ""}


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
    if scheme not in POSTGRESQL_SCHEMES:
        raise ImproperlyConfigured(f"{name}: expected postgres://… or sqlite:///file, not {scheme!r}.")
    return _postgresql(name, address)


def env_replica(name: str, primary: dict[str, Any]) -> dict[str, Any]:
    """`postgres://…` of a streaming replica of the primary; empty if unset.

    A replica that does not answer must not keep a page waiting: it has seconds to be there.
    """
    address = env_text(name, "", longest=2000)
    if not address:
        return {}
    if urlsplit(address).scheme not in POSTGRESQL_SCHEMES:
        raise ImproperlyConfigured(f"{name}: expected postgres://user:password@host:port/name.")
    if not primary["ENGINE"].endswith(".postgresql"):
        raise ImproperlyConfigured(f"{name}: only PostgreSQL has replicas, and DATABASE_URL names none.")
    replica = _postgresql(name, address)
    if all((replica[part] or usual) == (primary[part] or usual) for part, usual in WHERE.items()):
        raise ImproperlyConfigured(f"{name}: this is the primary itself, as DATABASE_URL has it.")
    replica["OPTIONS"] = {"connect_timeout": 2, "tcp_user_timeout": 5000, **replica["OPTIONS"]}
    return replica


def _postgresql(name: str, address: str) -> dict[str, Any]:
    database = dict(_read(env.dj_db_url, name, address))
    options = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    database.setdefault("OPTIONS", {}).setdefault("options", options)
    database["CONN_MAX_AGE"] = 60
    database["CONN_HEALTH_CHECKS"] = True
    return database


def env_mail_server(name: str) -> dict[str, Any]:
    """`smtps://user:password@host:port`, as options of Django's mail backend; empty if unset.

    `smtps` is encrypted from the start, `smtp+tls` after STARTTLS, `smtp` not at all: it takes no password.
    What is refused is not repeated, since it may hold one.
    """
    address = env_text(name, "", longest=2000)
    if not address:
        return {}
    try:
        parts = urlsplit(address)
        host, port, scheme = parts.hostname, parts.port, parts.scheme
    except ValueError as refused:
        raise ImproperlyConfigured(f"{name}: the host or port cannot be read.") from refused
    if scheme not in MAIL_SCHEMES or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name}: expected smtps://, smtp+tls:// or smtp:// with user:password@host:port, no more."
        )
    if bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured(f"{name}: a user and a password, or neither.")
    if scheme == "smtp" and parts.password:
        raise ImproperlyConfigured(f"{name}: no password over smtp://, where anybody can read it.")
    return {
        "host": host,
        "port": port or MAIL_SCHEMES[scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": scheme == "smtp+tls",
        "use_ssl": scheme == "smtps",
        "timeout": MAIL_TIMEOUT,
    }


def env_mail_sender(name: str, *, needed: bool) -> str:
    """The address that mail is from; has to be set, and is used, where mail can be sent at all."""
    address = env_text(name, "")
    if not address and not needed:
        return ""
    try:
        validate_email(address)
    except ValidationError as refused:
        raise ImproperlyConfigured(f"{name}: expected an e-mail address, which mail is from.") from refused
    return address if needed else ""


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
            # Those that insert hundreds of rows keep their values as long as they are remembered.
            "cached_statements": 32,
            "init_command": "; ".join(f"PRAGMA {pragma}" for pragma in pragmas),
        },
    }


def _read(reader: Any, name: str, default: Any, **checks: Any) -> Any:
    try:
        return reader(name, default, **checks)
    except (EnvError, ValueError) as refused:
        reason = str(refused)
        raise ImproperlyConfigured(reason if name in reason else f"{name}: {reason}") from refused
