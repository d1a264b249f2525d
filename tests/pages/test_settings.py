"""A bad setting stops the start with its name; a web server without a key does not start."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from billing.environment import (
    env_currencies,
    env_database,
    env_mail_sender,
    env_mail_server,
    env_names,
    env_number,
    env_replica,
    env_switch,
    env_text,
    env_time_zone,
)
from billing.settings import BASE_DIR

KEY = "k" * 50


def start(code: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in a process whose only settings are these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCRIP_", "DATABASE_"))}
    environment = (
        kept | {"SCRIP_ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "billing.settings"} | settings
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )


BAD = {
    "SCRIP_CURRENCIES": ("USD,XXQ", "'XXQ' is not a currency that can be billed here"),
    "SCRIP_TIME_ZONE": ("Mars/Olympus", "'Mars/Olympus' is not a known time zone"),
    "SCRIP_GRACE_DAYS": ("many", "SCRIP_GRACE_DAYS"),
    "SCRIP_MAX_AMOUNT": ("0", "SCRIP_MAX_AMOUNT"),
    "SCRIP_DEBUG": ("perhaps", "SCRIP_DEBUG"),
    "SCRIP_ALLOWED_HOSTS": ("a,,b", "expected names separated by commas, with none left empty"),
    "SCRIP_INVOICE_PREFIX": ("X" * 13, "SCRIP_INVOICE_PREFIX"),
    "SCRIP_SECRET_KEY": ("short", "at least 50 characters, please"),
    "SCRIP_EMAIL_URL": ("smtp://user:hush@host", "no password over smtp://, where anybody can read it"),
    "SCRIP_EMAIL_FROM": ("Winston", "expected an e-mail address, which mail is from"),
    "SCRIP_REPLICA_URL": (
        "postgres://host/scrip",
        "only PostgreSQL has replicas, and DATABASE_URL names none",
    ),
    "SCRIP_REPLICA_LAG": ("0", "SCRIP_REPLICA_LAG"),
    "DATABASE_URL": ("mysql://somewhere/scrip", "expected postgres://… or sqlite:///file, not 'mysql'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_setting_stops_the_start_with_its_name(name: str) -> None:
    value, sentence = BAD[name]
    ended = start("import django; django.setup()", **{name: value})
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in last
    assert sentence in last


@pytest.mark.parametrize("traced", [False, True])
def test_a_command_says_so_in_one_line_unless_asked_for_the_trace(traced: bool) -> None:
    options = ["--traceback"] if traced else []
    code = f"import runpy, sys; sys.argv = ['manage.py', 'digest', *{options}]; "
    ended = start(f"{code}runpy.run_path('manage.py', run_name='__main__')", SCRIP_REPLICA_LAG="soon")
    assert ended.returncode == 1
    assert ("Traceback" in ended.stderr) is traced
    assert ended.stderr.startswith("Scrip cannot start: Environment variable") is not traced
    assert "SCRIP_REPLICA_LAG" in ended.stderr


def test_a_web_server_without_a_key_does_not_start_and_commands_do() -> None:
    ended = start("import billing.wsgi")
    assert ended.returncode != 0
    assert "ImproperlyConfigured: SCRIP_SECRET_KEY is not set." in ended.stderr
    assert start("import billing.wsgi", SCRIP_SECRET_KEY=KEY).returncode == 0
    assert start("import django; django.setup()").returncode == 0


def test_unless_told_otherwise_everything_is_as_safe_as_it_can_be() -> None:
    said = start(
        "from django.conf import settings as s; import django; django.setup();"
        "print(s.DEBUG, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_NAME,"
        "s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_PROXY_SSL_HEADER,"
        "s.ALLOWED_HOSTS)",
        SCRIP_SECRET_KEY=KEY,
    )
    assert said.stdout.strip() == (
        "False True 31536000 __Host-scrip-session __Host-scrip-csrf True True None ['127.0.0.1', 'localhost']"
    )


@pytest.mark.parametrize("value", ["", "X", "usd", "USD,", "USD EUR"])
def test_r1_a_currency_that_cannot_be_billed_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_CURRENCIES", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_CURRENCIES"):
        env_currencies("SOME_CURRENCIES", ["USD"])


@pytest.mark.parametrize("value", ["USD", "JPY,BHD", " EUR , USD "])
def test_r1_currencies_of_up_to_three_decimals_are_admitted(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_CURRENCIES", value)
    assert env_currencies("SOME_CURRENCIES", ["USD"]) == [code.strip() for code in value.split(",")]


@pytest.mark.parametrize("value", ["", "-1", "11", "1.5", "ten", "1e1", " "])
def test_a_number_out_of_its_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_NUMBER", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_NUMBER"):
        env_number("SOME_NUMBER", 5, least=0, most=10)


@pytest.mark.parametrize("value", ["postgres://host:port/name", "http://x", "postgres", "/var/x.sqlite3"])
def test_an_address_of_no_database_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_DATABASE", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_DATABASE"):
        env_database("SOME_DATABASE", BASE_DIR / "var" / "x.sqlite3")


PRIMARY = "postgres://scrip:hush@db.example.com:5432/scrip"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "mysql://host/scrip",
            "sqlite:///copy.sqlite3",
            "replica.example.com",
            "postgres://u:hush@host:port/x",
        ),
        *(PRIMARY, "postgresql://other:hush@db.example.com/scrip"),
    ],
)
def test_what_is_no_replica_of_the_primary_is_refused_and_no_password_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_DATABASE", PRIMARY)
    monkeypatch.setenv("SOME_REPLICA", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_REPLICA") as refused:
        env_replica("SOME_REPLICA", env_database("SOME_DATABASE", BASE_DIR))
    assert "hush" not in str(refused.value)


def test_a_replica_has_seconds_to_answer_and_without_one_there_is_no_router(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_DATABASE", PRIMARY)
    monkeypatch.setenv("SOME_REPLICA", "postgres://scrip:hush@replica.example.com/scrip?sslmode=require")
    replica = env_replica("SOME_REPLICA", env_database("SOME_DATABASE", BASE_DIR))
    assert (replica["HOST"], replica["NAME"]) == ("replica.example.com", "scrip")
    assert replica["OPTIONS"].items() >= {"connect_timeout": 2, "sslmode": "require"}.items()
    monkeypatch.delenv("SOME_REPLICA")
    assert env_replica("SOME_REPLICA", env_database("SOME_DATABASE", BASE_DIR)) == {}
    asked = "from django.conf import settings as s; print(list(s.DATABASES), s.DATABASE_ROUTERS)"
    assert start(asked).stdout.strip() == "['default'] []"
    told = {"DATABASE_URL": PRIMARY, "SCRIP_REPLICA_URL": "postgres://replica.example.com/scrip"}
    assert start(asked, **told).stdout.startswith(
        "['default', 'replica'] ['customers.replica.ReplicaRouter']"
    )


def test_a_long_text_an_unclear_switch_and_a_strange_zone_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_SETTING", "x" * 201)
    for read in (
        lambda: env_text("SOME_SETTING", ""),
        lambda: env_switch("SOME_SETTING", default=True),
        lambda: env_time_zone("SOME_SETTING", "UTC"),
    ):
        with pytest.raises(ImproperlyConfigured, match="SOME_SETTING"):
            read()


def test_what_is_not_set_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_SETTING", raising=False)
    assert env_text("SOME_SETTING", "here") == "here"
    assert env_switch("SOME_SETTING", default=True) is True
    assert env_number("SOME_SETTING", 7, least=0, most=10) == 7
    assert env_names("SOME_SETTING", ["a", "b"]) == ["a", "b"]
    assert env_time_zone("SOME_SETTING", "Europe/Berlin") == "Europe/Berlin"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("smtp://relay", ("relay", 25, "", "", False, False)),
        (
            "smtp+tls://scrip:p%40ss%3A@mail.example.com",
            ("mail.example.com", 587, "scrip", "p@ss:", True, False),
        ),
        ("smtps://a%40b.com:hush@[::1]:2465/", ("::1", 2465, "a@b.com", "hush", False, True)),
    ],
)
def test_a_mail_server_is_read_from_its_address(
    monkeypatch: pytest.MonkeyPatch, value: str, wanted: tuple[object, ...]
) -> None:
    monkeypatch.setenv("SOME_MAIL", value)
    found = env_mail_server("SOME_MAIL")
    names = ("host", "port", "username", "password", "use_tls", "use_ssl")
    assert tuple(found[name] for name in names) == wanted
    assert found["timeout"] == 10, "no run waits for ever"


@pytest.mark.parametrize(
    "value",
    [
        *("smtp:", "smtp://", "mail.example.com", "http://host", "console://", "smtps://user:hush@"),
        *(
            "smtps://host:port",
            "smtps://host:99999",
            "smtps://host/path",
            "smtps://host?tls=1",
            "smtps://[host",
        ),
        *("smtps://user@host", "smtps://:hush@host", "smtp://user:hush@host", "smtps://user:hush@host#x"),
    ],
)
def test_an_address_of_no_mail_server_is_refused_and_no_password_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_MAIL", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_MAIL: ") as refused:
        env_mail_server("SOME_MAIL")
    assert "hush" not in str(refused.value)


def test_mail_is_from_an_address_that_has_to_be_set_where_there_is_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SOME_SENDER", raising=False)
    assert env_mail_sender("SOME_SENDER", needed=False) == ""
    with pytest.raises(ImproperlyConfigured, match="SOME_SENDER"):
        env_mail_sender("SOME_SENDER", needed=True)
    monkeypatch.setenv("SOME_SENDER", "billing@example.com")
    assert env_mail_sender("SOME_SENDER", needed=True) == "billing@example.com"
    assert env_mail_sender("SOME_SENDER", needed=False) == "", "without a server no mail is from anybody"


MAIL = """
import django; django.setup()
from django.core import mail
from credits.notice_mail import mail_server_set
backend = mail.mailers.default if hasattr(mail, "mailers") else mail.get_connection()
print(mail_server_set(), backend.host, backend.port, backend.username, backend.use_ssl, backend.timeout)
"""


def test_mail_goes_where_the_settings_say_and_nowhere_without_them() -> None:
    said = start(MAIL, SCRIP_EMAIL_URL="smtps://u:hush@mail.example.com", SCRIP_EMAIL_FROM="b@example.com")
    assert said.stdout.strip() == "True mail.example.com 465 u True 10"
    assert start(MAIL).stdout.split()[0] == "False"
    refused = start(MAIL, SCRIP_EMAIL_URL="smtps://u:hush@mail.example.com")
    assert "ImproperlyConfigured: SCRIP_EMAIL_FROM" in refused.stderr
    assert "hush" not in refused.stderr
