"""README's backup of SQLite, taken while other processes write, and its restore."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from billing.digest import ledger_digest
from tests.processes import command, command_start, database_address, finish
from tests.recovery.readme import Operator, steps_of
from tests.recovery.story import COUNT, RUN, accounts_make, copy_check, number_issued, rules_check, until

if connection.vendor == "sqlite":
    pytestmark = pytest.mark.django_db(transaction=True)

    MANY = 30  # enough for a run to be caught in its midst

    def live_file() -> str:
        return str(connection.settings_dict["NAME"])

    def restore(backup: Path, file: Path) -> Operator:
        operator = Operator(database_address(str(file)), {"BACKUP": str(backup), "FILE": str(file)})
        operator.types(*steps_of("SQLite").restore)
        assert operator.was_told("integrity_check") == "ok"
        assert "Every sum is right." in operator.was_told("verify_ledger")
        return operator

    def test_a_copy_taken_during_a_run_is_restored_as_of_one_moment(tmp_path: Path) -> None:
        """The run stands still wherever it was caught, most often half way through writing an invoice."""
        accounts_make(MANY)
        operator = Operator(database_address(), {"BACKUP": str(tmp_path)})
        with closing(sqlite3.connect(live_file())) as reader:
            run = command_start(*RUN)
            until(lambda: reader.execute(COUNT).fetchone()[0], run)
            run.send_signal(signal.SIGSTOP)
            os.waitpid(run.pid, os.WUNTRACED)  # which is told when it stands
        try:
            issued, at_the_copy = number_issued(live_file()), ledger_digest()
            operator.types(*steps_of("SQLite").backup)
        finally:
            run.send_signal(signal.SIGCONT)
        finish(run)
        assert 0 < issued < MANY, "the run was to be in its midst"
        assert ledger_digest() != at_the_copy

        file = tmp_path / "restored" / "scrip.sqlite3"
        file.parent.mkdir()
        restored = restore(tmp_path, file)
        assert restored.was_told("digest") == at_the_copy
        assert number_issued(str(file)) == issued
        rules_check(str(file))
        tmp_path.joinpath("newer").write_text(command("export_heads"))
        copy_check(str(file), str(tmp_path / "newer"))

    def test_a_copy_taken_while_a_run_goes_on_freely_fits_together(tmp_path: Path) -> None:
        accounts_make(MANY)
        operator = Operator(database_address(), {"BACKUP": str(tmp_path)})
        heads, copy = steps_of("SQLite").backup
        operator.types(heads)
        run = command_start(*RUN)
        until(lambda: number_issued(live_file()) >= 1, run)
        operator.types(copy)
        finish(run)
        file = tmp_path / "restored.sqlite3"
        restore(tmp_path, file)
        assert 1 <= number_issued(str(file)) <= MANY
        rules_check(str(file))
        command(*RUN, address=database_address(str(file)))
        assert command("digest", address=database_address(str(file))) == ledger_digest()

    def test_a_copy_never_takes_the_place_of_another(tmp_path: Path) -> None:
        operator = Operator(database_address(), {"BACKUP": str(tmp_path)})
        steps = steps_of("SQLite").backup
        operator.types(*steps)
        first = (tmp_path / "scrip.sqlite3").read_bytes()
        accounts_make(1)
        again = operator.begins(steps[1])
        assert "already exists" in again.communicate(timeout=60)[1]
        assert again.returncode != 0
        assert (tmp_path / "scrip.sqlite3").read_bytes() == first
