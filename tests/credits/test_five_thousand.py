"""Five thousand grants from one file: one act, its locks held for seconds, and a wrong row undoes all of it.

How long it holds them is printed (`pytest -s`). The promise is 5 seconds; a machine that has other things to
do gets three times as long. What must not grow with the rows is the number of statements: that one is fixed.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from billing.verification.runner import ledger_verify
from credits.batch_services import batch_token, credits_grant, credits_void
from credits.batches import BatchRefused
from credits.models import Balance, Credit, Entry
from customers.models import Act
from tests.credits.batches import grant, many_accounts, read
from tests.factories import by_now, day

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 5_000
SECONDS = 15.0


def inserts(model: type[Model]) -> int:
    """Statements that insert a row of it for each account: SQLite takes so many values at a time, which its
    version and Django's decide."""
    columns = [field for field in model._meta.concrete_fields if not field.primary_key]
    return math.ceil(ROWS / connection.ops.bulk_batch_size(columns, range(ROWS)))


def statements(counted: int) -> int:
    """SQLite also begins its transaction by one that is counted. The entries of all accounts are one."""
    return counted + (connection.vendor == "sqlite")


class Watch:
    def __init__(self) -> None:
        self.statements: list[str] = []
        self.begun = 0.0
        self.seconds = 0.0

    def noted(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.begun = self.begun or time.perf_counter()
        self.statements.append(sql)
        return execute(sql, params, many, context)


@contextmanager
def watched() -> Iterator[Watch]:
    """From the first statement, which locks, to the end of the commit."""
    watch = Watch()
    with connection.execute_wrapper(watch.noted):
        yield watch
        watch.seconds = time.perf_counter() - watch.begun


def test_five_thousand_grants_are_one_act_that_holds_its_locks_for_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    batch = read(many_accounts(ROWS), name="Sorry", expires_on="2026-12-31")
    told = by_now("2026-08-01")
    told["token"] = batch_token(batch.source["digest"])
    with watched() as granting:
        record = credits_grant(batch=batch, reason="The outage", **told).batch
    why = {"reason": "By mistake", **by_now("2026-08-02")}
    with watched() as voiding:
        credits_void(batch=record, **why)
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{connection.vendor}: {ROWS} grants held their locks {granting.seconds:.2f} s "
            f"({len(granting.statements)} statements), voiding them {voiding.seconds:.2f} s "
            f"({len(voiding.statements)} statements)"
        )
    assert (Act.objects.count(), Credit.objects.count(), Entry.objects.count()) == (2, ROWS, 2 * ROWS)
    assert Credit.objects.filter(amount=1000, expires_on=day("2026-12-31")).count() == ROWS
    assert Balance.objects.filter(balance=0, voided=True).count() == ROWS
    assert len(granting.statements) == statements(5 + inserts(Credit))
    assert len(voiding.statements) == statements(8)
    assert granting.seconds < SECONDS
    assert voiding.seconds < SECONDS
    assert ledger_verify().breach is None


def test_a_wrong_row_4321_is_named_and_nothing_is_granted() -> None:
    lines = many_accounts(ROWS).splitlines(keepends=True)
    lines[4320] = lines[4320].replace(b"10.00", b"10.0O")  # the header is line 1
    with pytest.raises(BatchRefused, match=r"Row 4321, column amount: Type the amount in digits") as refused:
        grant(b"".join(lines))
    assert str(refused.value).endswith("Nothing was granted.")
    assert (Act.objects.count(), Credit.objects.count(), Entry.objects.count()) == (0, 0, 0)
