"""Many at once, killed, cut off: real processes on databases of their own.

What was counted stands in a section of its own at the end of a run, pass or fail. Chance is seeded:
`SCRIP_TEST_SEED=7` repeats the draws of a run that printed 7, though not its timing.
"""

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.at_once.databases import Database, migrated

SEED = int(os.environ.get("SCRIP_TEST_SEED", "") or random.SystemRandom().randrange(1_000_000))

_counted: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _counted:
        terminalreporter.section(f"at once (SCRIP_TEST_SEED={SEED})")
        for line in _counted:
            terminalreporter.line(line)


@pytest.fixture
def counted() -> Callable[[str], None]:
    """For figures that the last page of a run has to show."""
    return _counted.append


@pytest.fixture
def seed() -> int:
    return SEED


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with migrated(tmp_path_factory.mktemp("at_once")) as database:
        yield database


@pytest.fixture(scope="module")
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    """The guard against tests that use a database without saying so knows only the suite's own."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def database(empty: Database, unblocked: None) -> Iterator[Database]:
    """A database of the test's own; this process works in it too."""
    with empty.copy() as own, own.entered():
        yield own
