"""A ledger in the middle of a billing run, and what has to be true of a copy of it."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections

from billing.database_rules import RULES
from billing.digest import ledger_digest
from customers.models import Account
from customers.triggers import triggers_missing, triggers_present
from tests.factories import a_credit, a_draft, an_account, an_item
from tests.processes import command, command_start, database_address

RUN = ("run_billing", "--period", "2025-01", "--chunk", "1")
COUNT = "SELECT count(*) FROM invoices_invoice WHERE status = 'issued'"


def accounts_make(number: int) -> list[Account]:
    """Each with a credit and a draft of January 2025."""
    item, accounts = an_item(now="2025-01-02"), []
    for place in range(number):
        account = an_account(now="2025-01-02")
        a_credit(account, f"{place + 5}.00", effective_from="2025-01-01", now="2025-01-02")
        a_draft(account, (item, "7.00"), start="2025-01-01", end="2025-02-01", now="2025-02-01")
        accounts.append(account)
    return accounts


def until(true: Callable[[], object], process: "subprocess.Popen[str]", seconds: float = 60) -> None:
    """Wait for something that has to happen while the process is still at work."""
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, f"it has ended: {process.communicate()}"
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.001)


@contextmanager
def connected(name: str) -> Iterator[Any]:
    """A connection of Django's to another database on the same engine."""
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    other.settings_dict = {**other.settings_dict, "NAME": name}
    try:
        yield other
    finally:
        other.close()


def number_issued(name: str) -> int:
    with connected(name) as other, other.cursor() as cursor:
        cursor.execute(COUNT)
        return int(cursor.fetchone()[0])


def rules_check(name: str) -> None:
    """The copy has every trigger that the original has, and they refuse."""
    with connected(name) as copy:
        assert triggers_missing(copy, RULES) == []
        assert triggers_present(copy) == triggers_present(connection)
        with copy.cursor() as cursor, pytest.raises(IntegrityError, match="a saved credit is never changed"):
            cursor.execute("UPDATE credits_credit SET amount = amount + 1")


def copy_check(name: str, newer_heads: str) -> None:
    """The copy says that it is older than heads exported later. Billed to the end it has the money facts of
    the original, in entries of its own: the heads tell that too."""
    address = database_address(name)
    assert "it was exported, and is not there: the ledger was cut, or is an older copy" in refusal(
        address, newer_heads
    )
    command(*RUN, address=address)
    assert command("digest", address=address) == ledger_digest()
    assert "Every sum is right." in command("verify_ledger", address=address)
    assert "its hash is not the one exported" in refusal(address, newer_heads)


def refusal(address: str, heads: str) -> str:
    verify = command_start("verify_ledger", "--heads", heads, address=address)
    _, sentence = verify.communicate(timeout=60)
    assert verify.returncode == 1
    return sentence
