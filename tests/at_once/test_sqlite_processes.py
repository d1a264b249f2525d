"""SQLite has one writer at a time: several processes wait for each other, and none is sent away."""

from collections.abc import Callable

from django.db import connection

from tests.at_once.databases import Database
from tests.at_once.mixed import ledger_wrong, mixed_acts

if connection.vendor == "sqlite":

    def test_four_processes_are_never_told_that_the_database_is_locked(
        database: Database, seed: int, counted: Callable[[str], None]
    ) -> None:
        outcome = mixed_acts(database, processes=4, each=100, seed=seed)
        counted(f"SQLite: {outcome}")
        assert outcome.trouble == []
        assert outcome.acts == 400
        assert outcome.refused.total() > 0, "nobody met anybody"
        assert ledger_wrong(outcome) == []
