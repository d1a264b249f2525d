"""OPERATIONS.md says what is there: its lines are typed, its commands and settings exist."""

import re
from configparser import ConfigParser

import psycopg
import pytest
from django.core.management import get_commands

from tests.processes import ROOT, database_address

TEXT = (ROOT / "OPERATIONS.md").read_text(encoding="utf-8")
TYPED = re.findall(r"(?:^    \S.*\n(?:^     *\S.*\n)*)+", TEXT, re.MULTILINE)
SQL = [
    statement.strip()
    for block in TYPED
    for statement in block.split(";\n")
    if re.match(r"\s*(SELECT|ALTER|VACUUM)", statement)
]
UNITS = re.findall(r"```ini\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_every_line_of_sql_is_one_that_the_database_takes() -> None:
    assert len(SQL) == 14
    with psycopg.connect(database_address(), autocommit=True) as connection:
        for statement in SQL:
            if statement.startswith("VACUUM"):
                connection.execute(statement.encode())
                continue
            with connection.transaction(force_rollback=True):
                connection.execute(statement.encode())


def test_the_units_are_units_and_start_commands_of_ours() -> None:
    units = []
    for unit in UNITS:
        units.append(ConfigParser(interpolation=None, strict=False))
        units[-1].optionxform = str  # type: ignore[assignment, method-assign]
        units[-1].read_string(unit)
    started = [unit["Service"]["ExecStart"] for unit in units if "Service" in unit]
    assert len(started) == 2
    for line in started:
        assert re.search(r"\.venv/bin/python manage\.py (\w+)", line)


def test_commands_and_settings_that_are_named_are_there() -> None:
    commands = set(re.findall(r"manage\.py (\w+)", TEXT)) | {
        "run_billing",
        "verify_ledger",
        "export_heads",
        "digest",
    }
    assert commands <= set(get_commands())
    settings = (ROOT / "billing" / "settings.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:SCRIP_\w+|DATABASE_URL)\b", TEXT))
    assert {"SCRIP_REPLICA_URL", "SCRIP_REPLICA_LAG", "DATABASE_URL"} <= named
    assert {name for name in named if f'"{name}"' not in settings} == set()


def test_what_it_points_to_in_the_readme_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for anchor in re.findall(r"README\.md#([\w-]+)", TEXT):
        assert re.search(rf"^## {anchor.replace('-', ' ')}$", readme, re.MULTILINE | re.IGNORECASE), anchor
