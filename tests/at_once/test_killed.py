"""`run_billing` killed with signal 9 again and again, until it comes to its end: as if nothing had happened.

A kill counts only if it lands in the work: after the process has written its first invoice, and before
the run's last one is written. The others met a program that was starting or had nothing left to do.
"""

import random
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from invoices.models import Invoice, Kind
from tests.at_once.databases import Database
from tests.factories import a_credit, a_draft, a_line, an_account, an_item

KILLS, EACH = 30, 10  # in all, and at most in one database
LONGEST = 0.06  # seconds between a process's first invoice and its end
ACCOUNTS, DRAFTS = 24, 4
# A month that is over whatever the clock of the machine says: the command reads it.
MADE, FIRST, LAST = "2024-04-02", "2024-05-01", "2024-06-01"
# Small chunks, so that there is something between the first invoice and the last.
RUN = ("manage.py", "run_billing", "--period", "2024-05", "--json", "--chunk", "1")
PATIENCE = 60


@pytest.fixture(scope="module")
def waiting(empty: Database, unblocked: None) -> Iterator[Database]:
    """Drafts on several accounts, each with credits that do not suffice for all of its drafts."""
    with empty.copy() as database:
        with database.entered():
            items = [an_item(kind.label, kind, now=MADE) for kind in Kind]
            for _ in range(ACCOUNTS):
                account = an_account(now=MADE)
                a_credit(account, "70.00", effective_from=MADE, priority=20, now=MADE)
                for item in items[:2]:
                    a_credit(account, "60.00", effective_from=MADE, items=(item,), now=MADE)
                for number in range(DRAFTS):
                    lines = [a_line(item, f"{number + 1}.50", "2.5") for item in items]
                    a_draft(account, *lines, start=FIRST, end=LAST, now=MADE)
        yield database


def issued() -> int:
    return Invoice.objects.exclude(status="draft").count()


def run_killed(database: Database, moment: float) -> bool | None:
    """Whether the kill landed in the work; nothing, if the run came to its end before."""
    before = issued()
    with database.start(*RUN, stdout=subprocess.DEVNULL) as process:
        while issued() == before:
            if process.poll() is not None:
                assert process.returncode == 0
                return None
            time.sleep(0.001)
        time.sleep(moment)
        process.kill()
        if process.wait(PATIENCE) == 0:
            return None
    return issued() < ACCOUNTS * DRAFTS


def state() -> tuple[str, object, int]:
    return ledger_digest(), ledger_verify().breach, issued()


def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(
    waiting: Database, seed: int, counted: Callable[[str], None]
) -> None:
    with waiting.copy() as database, database.entered():
        assert database.start(*RUN, stdout=subprocess.DEVNULL).wait(PATIENCE) == 0
        undisturbed = state()
    assert undisturbed[1:] == (None, ACCOUNTS * DRAFTS)

    chance, kills, missed, differing, campaigns = random.Random(seed), 0, 0, 0, 0
    while kills < KILLS:
        campaigns += 1
        with waiting.copy() as database, database.entered():
            for _ in range(EACH):
                landed = run_killed(database, chance.uniform(0, LONGEST))
                kills += landed is True
                missed += landed is False
                if not landed:  # nothing is left to be killed at
                    break
            assert database.start(*RUN, stdout=subprocess.DEVNULL).wait(PATIENCE) == 0
            differing += state() != undisturbed
    counted(
        f"{connection.display_name}: {kills} counted kills of a billing run ({missed} missed it) in "
        f"{campaigns} databases, {differing} differing digests"
    )
    assert differing == 0
