"""What every test stands on: a database in a file, and a way past the triggers when it is emptied."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase

from customers.triggers import triggers_present, triggers_remove
from tests.machine import browser_missing, chromium_find

# A slow machine is no failure, and a run depends on no earlier one.
hypothesis.settings.register_profile("scrip", deadline=None, database=None)
hypothesis.settings.load_profile("scrip")

collect_ignore = ["browser"] if browser_missing() else []


def pytest_report_header(config: pytest.Config) -> str:
    return f"scrip: on {connection.display_name}, browser: {browser_missing() or chromium_find()}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and let pytest count it; `tests.engines` says it again at the end."""
    absent = set()
    if connection.vendor != "postgresql":
        absent.add("postgresql")
    if browser_missing():
        absent.add("browser")
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in absent)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in production: in memory, threads would share one connection."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "scrip.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def database_emptied_past_triggers() -> Iterator[None]:
    """After a test with real transactions Django empties every table, which our triggers exist to refuse.

    They are put in again by what follows every migrate, and Django follows emptying in the same way.
    """
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def empty_without_triggers(test: Any) -> None:
        in_force = triggers_present(connection)
        triggers_remove(connection)
        empty(test)
        assert triggers_present(connection) == in_force, (
            "a trigger did not come back after the database was emptied"
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_without_triggers)
        yield
