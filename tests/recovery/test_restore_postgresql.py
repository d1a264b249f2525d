"""README's backup of PostgreSQL, taken during a run, and its restore into an empty database."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from billing.digest import ledger_digest
from customers.models import Account
from tests.processes import command, command_start, database_address, finish
from tests.recovery.readme import Operator, steps_of
from tests.recovery.story import RUN, accounts_make, copy_check, number_issued, rules_check, until

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND (application_name = 'pg_dump') = %s
"""
SERVER = "postgres"  # the database that every server has


@pytest.fixture
def restored() -> Iterator[str]:
    """The name of a database that is not there, and will not be."""
    name = f"{connection.settings_dict['NAME']}_restored"

    def drop() -> None:
        with psycopg.connect(database_address(SERVER), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    drop()
    yield name
    drop()


def waits(dump: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING, [dump])
        return bool(cursor.fetchone()[0])


def test_a_dump_taken_during_a_run_is_restored_as_it_was_at_its_snapshot(
    restored: str, tmp_path: Path
) -> None:
    """The run waits for the last account while the dump takes its snapshot, and is over before the dump has
    read a row: whatever the dump has of the run, it has by its snapshot alone."""
    accounts, steps = accounts_make(5), steps_of("PostgreSQL")
    words = {"BACKUP": str(tmp_path), "SERVER_URL": database_address(SERVER), "NAME": restored}
    live = Operator(database_address(), words)
    with psycopg.connect(database_address()) as account, psycopg.connect(database_address()) as table:
        account.execute("SELECT 1 FROM customers_account WHERE id = %s FOR NO KEY UPDATE", [accounts[2].pk])
        run = command_start(*RUN, address=database_address(options="-c lock_timeout=60s"))
        until(lambda: waits(dump=False), run)
        at_snapshot = ledger_digest()
        assert number_issued(str(connection.settings_dict["NAME"])) == 4
        table.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        *before, the_dump = steps.backup
        live.types(*before)
        dump = live.begins(the_dump)
        until(lambda: waits(dump=True), dump)
        account.rollback()
        finish(run)
        at_the_end = ledger_digest()
        assert dump.poll() is None, "it still waits, with its snapshot of half the run"
        table.rollback()
        finish(dump)
    assert at_the_end != at_snapshot

    new = Operator(database_address(restored), words)
    create, restore, *look = steps.restore
    new.types(create, restore)
    rules_check(restored)
    new.types(*look)
    assert new.was_told("digest") == at_snapshot
    assert "Every sum is right." in new.was_told("verify_ledger")
    assert number_issued(restored) == 4
    tmp_path.joinpath("newer").write_text(command("export_heads"))
    copy_check(restored, str(tmp_path / "newer"))


def test_a_restored_database_goes_on_counting_where_the_dump_ended(restored: str, tmp_path: Path) -> None:
    """Ids, entries' numbers and invoices' numbers: a sequence left behind would give one out again."""
    accounts_make(1)
    command(*RUN)
    steps = steps_of("PostgreSQL")
    words = {"BACKUP": str(tmp_path), "SERVER_URL": database_address(SERVER), "NAME": restored}
    Operator(database_address(), words).types(*steps.backup)
    new = Operator(database_address(restored), words)
    new.types(*steps.restore)
    assert new.was_told("digest") == ledger_digest()
    settings = connection.settings_dict
    here = settings["NAME"]
    connection.close()
    settings["NAME"] = restored
    try:
        accounts_make(1)
        command(*RUN, address=new.address)
        assert Account.objects.count() == 2
        command("verify_ledger", address=new.address)
        assert number_issued(restored) == 2
    finally:
        connection.close()
        settings["NAME"] = here


def test_the_restore_is_refused_where_something_is_already(restored: str, tmp_path: Path) -> None:
    """A restore over a ledger in use would mix two of them: the first error ends it."""
    steps = steps_of("PostgreSQL")
    words = {"BACKUP": str(tmp_path), "SERVER_URL": database_address(SERVER), "NAME": restored}
    live = Operator(database_address(), words)
    live.types(*steps.backup)
    before = ledger_digest()
    refused = live.begins(steps.restore[1])
    _, error = refused.communicate(timeout=60)
    assert refused.returncode != 0
    assert "already exists" in error
    assert ledger_digest() == before
    assert urlsplit(live.address).path.lstrip("/") == connection.settings_dict["NAME"]
