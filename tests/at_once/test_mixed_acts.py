"""All acts at once on one hot account, by real processes: each done or cleanly refused (R7, R13, R14)."""

from collections.abc import Callable

import pytest

from tests.at_once.databases import Database
from tests.at_once.mixed import ledger_wrong, mixed_acts

# What an act may answer when somebody else was there first; anything else was wrong from the start.
CHANGED_MEANWHILE = {
    *("DraftRefused", "FactsChanged", "InvoiceVoidRefused", "IssueRefused", "PaymentRefused", "VoidRefused"),
}
ACTS = {
    *("grant", "void_credit", "replace", "expire", "draft", "edit", "discard"),
    *("issue", "pay", "void", "correct"),
}


@pytest.mark.postgresql
def test_eight_processes_with_two_hundred_acts_each(
    database: Database, seed: int, counted: Callable[[str], None]
) -> None:
    outcome = mixed_acts(database, processes=8, each=200, seed=seed)
    counted(f"PostgreSQL: {outcome}")
    assert outcome.trouble == []
    assert outcome.deadlocks == 0
    assert outcome.acts == 1600
    assert set(outcome.done) == ACTS
    assert min(outcome.done.values()) > 8
    assert set(outcome.refused) <= CHANGED_MEANWHILE
    assert outcome.refused.total() > 8, "nobody met anybody"
    assert ledger_wrong(outcome) == []
