"""Lists and reports from a real streaming replica; all the rest, and everything in need, from the primary.

What the replica shows is told apart by stopping its replay: from then on it does not know what is new.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from billing.bench.server import Cluster
from billing.digest import ledger_digest
from customers.models import Customer
from customers.replica import ALWAYS, FIT, NEVER
from invoices.models import Invoice
from tests.at_once.databases import Database, asked
from tests.at_once.server import Browser, operator_make, served
from tests.factories import a_credit, a_draft, an_account, an_invoice, an_item
from tests.machine import postgresql_replica
from tests.processes import until

pytestmark = pytest.mark.postgresql

PATIENCE = 30
OLD, NEW = "Winston of old", "Somebody new"


@pytest.fixture(scope="module")
def replica(empty: Database) -> Iterator[Cluster]:
    if "SCRIP_TEST_DATABASE_URL" in os.environ:
        pytest.skip("a replica is made of a server of the suite's own")
    with postgresql_replica(os.environ["DATABASE_URL"]) as cluster:
        yield cluster


def told(replica: Cluster, question: str, *values: Any, name: str = "postgres") -> Any:
    with psycopg.connect(f"{replica.address}/{name}", autocommit=True) as connection:
        row = connection.execute(question.encode(), values).fetchone()
        assert row is not None
        return row[0]


def caught_up(replica: Cluster) -> None:
    [[place]] = asked("SELECT pg_current_wal_insert_lsn()::text")
    until(lambda: told(replica, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", place))


@contextmanager
def stopped_replay(replica: Cluster) -> Iterator[None]:
    """The replica still receives, and shows what it has."""
    caught_up(replica)
    told(replica, "SELECT pg_wal_replay_pause()")
    until(lambda: told(replica, "SELECT pg_get_wal_replay_pause_state() = 'paused'"))
    try:
        yield
    finally:
        told(replica, "SELECT pg_wal_replay_resume()")


@contextmanager
def served_with(replica: Cluster, database: Database, **more: str) -> Iterator[int]:
    settings = {
        "SCRIP_REPLICA_URL": f"{replica.address}/{database.name}",
        "SCRIP_REPLICA_LAG": "3600",
        **more,
    }
    with served(database, threads=2, told=settings) as port:
        yield port


def shows(browser: Browser, path: str, words: str) -> bool:
    reply = browser.get(path)
    assert reply.status == 200, path
    return words.encode() in reply.content


def test_lists_and_reports_come_from_the_replica_and_nothing_else_does(
    replica: Cluster, database: Database
) -> None:
    operator_make()
    item, old = an_item(), an_account(name=OLD)
    a_credit(old, "50.00")
    with served_with(replica, database) as port:
        browser, other = Browser(port), Browser(port)
        assert (browser.sign_in().status, other.sign_in().status) == (302, 302)
        with stopped_replay(replica):
            new = an_account(name=NEW)
            credit = a_credit(new, "70.00")
            draft, issued = a_draft(new, (item, "30.00")), an_invoice(new, (item, "20.00"))
            Customer.objects.filter(pk=new.customer_id).update(name=NEW)
            fresh = {
                f"/customers/{new.customer_id}/": NEW,
                f"/accounts/{new.pk}/": NEW,
                f"/credits/{credit.pk}/void/": "50.00",
                f"/invoices/{draft.pk}/issue/": NEW,
                f"/invoices/{draft.pk}/edit/": NEW,
                f"/invoices/{issued.pk}/": NEW,
                f"/accounts/{new.pk}/credits/add/": NEW,
            }
            assert {path: shows(browser, path, words) for path, words in fresh.items()} == dict.fromkeys(
                fresh, True
            )
            lists = {"/": NEW, "/customers/": NEW, "/invoices/": NEW, "/reports/owed/": "$100.00"}
            stale = {path: shows(browser, path, words) for path, words in lists.items()}
            assert stale == dict.fromkeys(lists, False), "the replica has not heard of it"

            # Who changes something sees it at once; who did not may still be shown what was.
            typed = browser.get("/customers/add/").form | {"key": "C-MINE", "name": "My own"}
            assert browser.post("/customers/add/", typed).status == 302
            assert shows(browser, "/customers/", "My own")
            assert shows(browser, "/customers/", NEW)
            assert not shows(other, "/customers/", "My own")

            # Nor does an act read what the replica shows: the draft that it does not know is issued.
            assert other.post(f"/invoices/{draft.pk}/issue/", confirmed(other, draft)).status == 302
            assert Invoice.objects.get(pk=draft.pk).status == "issued"
        caught_up(replica)
        lists |= {"/reports/owed/": "$70.00", "/customers/": "My own"}  # the draft took $30.00
        assert {path: shows(other, path, words) for path, words in lists.items()} == dict.fromkeys(
            lists, True
        )


def confirmed(browser: Browser, draft: Invoice) -> dict[str, str]:
    return browser.get(f"/invoices/{draft.pk}/issue/").form | {"before_end": "on"}


def test_a_replica_that_lags_or_is_gone_breaks_no_page(replica: Cluster, database: Database) -> None:
    operator_make()
    with served_with(replica, database, SCRIP_REPLICA_LAG="1") as port:
        browser = Browser(port)
        assert browser.sign_in().status == 302
        with stopped_replay(replica):
            an_account(name=NEW)
            Customer.objects.update(name=NEW)
            time.sleep(1.1)
            assert shows(browser, "/customers/", NEW), "it lags too far: the primary answers"
        replica.stop()
        try:
            Customer.objects.update(name="Meanwhile")
            for path in ("/", "/customers/", "/invoices/", "/reports/owed/", "/items/"):
                assert browser.get(path).status == 200, path
            assert shows(browser, "/customers/", "Meanwhile")
            assert max(reply.seconds for reply in browser.replies[-6:]) < 5, "nobody waits for it"
        finally:
            replica.start()


def test_a_replica_is_asked_only_while_it_follows_and_has_come_far_enough(
    replica: Cluster, database: Database
) -> None:
    def fit(place: str = ALWAYS, lag: float = 60) -> bool:
        """Asked by somebody who may do next to nothing."""
        with psycopg.connect(f"{replica.address}/postgres", autocommit=True) as connection:
            connection.execute("SET ROLE pg_signal_backend")
            [[answer]] = connection.execute(FIT.encode(), (place, lag)).fetchall()
            return bool(answer)

    caught_up(replica)
    until(fit)
    [[place]] = asked("SELECT pg_current_wal_insert_lsn()::text")
    assert (fit(place), fit(NEVER)) == (True, False)
    with stopped_replay(replica):
        an_account()
        [[place]] = asked("SELECT pg_current_wal_insert_lsn()::text")
        until(lambda: told(replica, "SELECT pg_last_wal_receive_lsn() >= %s::pg_lsn", place))
        assert (fit(), fit(place), fit(lag=0.001)) == (True, False, False)
    until(lambda: fit(place, lag=0.001))
    following = told(replica, "SHOW primary_conninfo")
    set_following(replica, "")
    until(lambda: not fit())
    set_following(replica, following)
    until(fit)
    [[on_primary]] = asked(FIT, ALWAYS, 60)
    assert not on_primary, "a primary is nobody's replica"


def set_following(replica: Cluster, address: str) -> None:
    with psycopg.connect(f"{replica.address}/postgres", autocommit=True) as connection:
        connection.execute(
            f"ALTER SYSTEM SET primary_conninfo = '{address.replace(chr(39), chr(39) * 2)}'".encode()
        )
        connection.execute("SELECT pg_reload_conf()")


def test_the_commands_that_only_read_work_on_the_replica_and_a_migration_is_refused(
    replica: Cluster, database: Database
) -> None:
    account = an_account()
    a_credit(account, "50.00")
    an_invoice(account, (an_item(), "20.00"))
    caught_up(replica)
    copy = f"{replica.address}/{database.name}"

    def said(*words: str, **settings: str) -> tuple[int, str, str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with database.start("manage.py", *words, told=settings, **pipes) as process:
            out, error = process.communicate(timeout=PATIENCE)
        return process.returncode, out, error

    code, verified, error = said("verify_ledger", DATABASE_URL=copy)
    assert (code, "Every sum is right." in verified) == (0, True), error
    assert said("digest", DATABASE_URL=copy) == (0, f"{ledger_digest()}\n", "")
    code, _, error = said("migrate", "--database", "replica", SCRIP_REPLICA_URL=copy)
    assert (code, error) == (
        1,
        "CommandError: The replica gets its tables from the primary: migrate that one.\n",
    )
