"""The same crowd with the account's lock gone: it must come to grief, or it could not see a race.

The lock is taken away in the workers (`lock_removed`); the product has no switch for it. What its
database rules then refuse is what they are there for, but an operator would see the refusal: R14's
numbers and R5's sums come out right without it only by chance.
"""

from collections.abc import Callable

import pytest

from tests.at_once.databases import Database
from tests.at_once.mixed import ledger_wrong, mixed_acts

pytestmark = pytest.mark.postgresql


def test_without_the_lock_the_same_crowd_gets_into_trouble_within_a_hundred_acts(
    database: Database, seed: int, counted: Callable[[str], None]
) -> None:
    outcome = mixed_acts(database, processes=8, each=12, seed=seed, lock=False)
    wrong = ledger_wrong(outcome)
    counted(f"PostgreSQL without the lock: {outcome}, {len(wrong)} found wrong in the ledger")
    assert outcome.acts <= 100
    assert outcome.trouble or outcome.deadlocks or wrong
