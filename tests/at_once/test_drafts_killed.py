"""`make_drafts` killed with signal 9 again and again, until it comes to its end: as if nothing had happened.

A kill counts only if it lands in the work: after the process has made its first draft, and before the last
one is made. Then what it left is made by the same command, and issued: nothing twice, nothing missing.
"""

import random
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from billing.digest import ledger_digest
from billing.verification.runner import ledger_verify
from invoices.models import BilledMonth, Invoice, Kind, Line, UsageRecord
from tests.at_once.databases import Database
from tests.factories import a_run, an_account, an_item
from tests.invoices.recurring import a_charge, a_price, a_price_list, a_usage

KILLS = 5
LONGEST = 0.03  # seconds between a process's first draft and its end
ACCOUNTS = 30
# The command's own chunks are of 100 accounts: so that there is something between the first and the last.
SMALL_CHUNKS = """
import sys
import django
django.setup()
from django.core.management import execute_from_command_line
from invoices import recurring_run
recurring_run.MOST_ACCOUNTS = 1
execute_from_command_line(["manage.py", "make_drafts", "--period", "2024-05", "--json"])
"""
MADE = "2024-04-02"
PATIENCE = 60


@pytest.fixture(scope="module")
def waiting(empty: Database, unblocked: None) -> Iterator[Database]:
    """Two charges, one of them begun in an earlier month, and usage of two meters on every account."""
    with empty.copy() as database:
        with database.entered():
            seats, fee = an_item("Seats", Kind.LICENSE, now=MADE), an_item("Fee", Kind.FIXED_FEE, now=MADE)
            calls, mails = an_item("Calls", now=MADE), an_item("Mails", now=MADE)
            prices = a_price_list()
            a_price(prices, calls, ("10", "0.0123"), ("", "0.00456"), scheme="graduated", starts=MADE)
            a_price(prices, mails, ("", "0.0007"), starts=MADE)
            for _ in range(ACCOUNTS):
                account = an_account(now=MADE)
                a_charge(account, seats, "9.99", "3", starts="2024-04-20", now=MADE)
                a_charge(account, fee, "31.00", starts="2024-05-11", now=MADE)
                for meter, day in ((calls, "2024-05-03"), (calls, "2024-05-20"), (mails, "2024-04-30")):
                    a_usage(account, meter, "7.5", day)
        yield database


def started(database: Database) -> "subprocess.Popen[str]":
    return database.start("-c", SMALL_CHUNKS, stdout=subprocess.DEVNULL)


def drafts() -> int:
    return Invoice.objects.count()


def make_killed(database: Database, moment: float) -> bool | None:
    """Whether the kill landed in the work; nothing, if the command came to its end before."""
    before = drafts()
    with started(database) as process:
        while drafts() == before:
            if process.poll() is not None:
                assert process.returncode == 0
                return None
            time.sleep(0.001)
        time.sleep(moment)
        process.kill()
        if process.wait(PATIENCE) == 0:
            return None
    return drafts() < ACCOUNTS


def state() -> tuple[str, object, int, int, int, str]:
    """What the drafts say and what is behind them; and the digest once they are issued."""
    drafted, behind = ledger_digest(), UsageRecord.objects.unbilled().count()
    a_run("2024-05", "2024-06-03")
    counts = (behind, BilledMonth.objects.count(), Line.objects.count())
    return (drafted, ledger_verify().breach, *counts, ledger_digest())


def test_drafts_made_by_a_command_killed_at_any_moment_are_as_if_it_had_not_been(
    waiting: Database, seed: int, counted: Callable[[str], None]
) -> None:
    with waiting.copy() as database, database.entered():
        assert started(database).wait(PATIENCE) == 0
        undisturbed = state()
    # Of each account two months of seats, one of the fee, and a line for each meter.
    assert undisturbed[1:5] == (None, 0, 3 * ACCOUNTS, 5 * ACCOUNTS)

    chance, kills, missed, differing, campaigns = random.Random(seed), 0, 0, 0, 0
    while kills < KILLS:
        campaigns += 1
        with waiting.copy() as database, database.entered():
            landed: bool | None = True
            while landed and kills < KILLS:
                landed = make_killed(database, chance.uniform(0, LONGEST))
                kills += landed is True
                missed += landed is False
            assert started(database).wait(PATIENCE) == 0
            differing += state() != undisturbed
    counted(
        f"{connection.display_name}: {kills} counted kills of make_drafts ({missed} missed it) in "
        f"{campaigns} databases, {differing} differing digests"
    )
    assert differing == 0
