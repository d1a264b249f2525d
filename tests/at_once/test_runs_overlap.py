"""Two billing runs of a month at once, and operators who void credits meanwhile: no error at all (R7)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import DatabaseError, connection

from billing.run import billing_run
from billing.verification.runner import ledger_verify
from credits.models import Credit
from credits.services import credit_void
from customers.models import Act
from invoices.models import Invoice, Kind
from tests.at_once.databases import Database
from tests.factories import a_command, a_credit, a_draft, a_line, an_account, an_item, at

ACCOUNTS, DRAFTS = 40, 4
MADE, FIRST, LAST = "2024-04-02", "2024-05-01", "2024-06-01"
MONTH: dict[str, Any] = {"period_start": date(2024, 5, 1), "period_end": date(2024, 6, 1)}
NOW = at("2024-06-03")


def month_end() -> list[int]:
    """Drafts on many accounts; the credits that operators are going to void."""
    items = [an_item(kind.label, kind, now=MADE) for kind in Kind]
    doomed = []
    for _ in range(ACCOUNTS):
        account = an_account(now=MADE)
        for priority in (10, 20):
            credit = a_credit(account, "15.00", effective_from=MADE, priority=priority, now=MADE)
        doomed.append(credit.pk)
        for number in range(DRAFTS):
            lines = [a_line(item, f"{number + 1}.50", "2.5") for item in items]
            a_draft(account, *lines, start=FIRST, end=LAST, now=MADE)
    return doomed


def ran(chunk: int, ready: Barrier) -> tuple[int, list[str]]:
    """How many invoices a run issued, and why it left any."""
    try:
        ready.wait()
        told: dict[str, Any] = {"by": a_command(), "now": NOW, "token": f"run:{chunk}"}
        run = billing_run(**MONTH, before_end=False, chunk=chunk, **told)
        return sum(of.invoices for of in run.sums()), [parked.reason for parked in run.parked.all()]
    finally:
        connection.close()


def voided(credits: list[int], ready: Barrier, over: Event) -> Counter[str]:
    """What an operator's acts came to, until the runs are over."""
    came: Counter[str] = Counter()
    try:
        ready.wait()
        for credit in credits:
            if over.is_set():
                break
            told: dict[str, Any] = {"by": a_command(), "now": NOW, "token": f"void:{credit}"}
            try:
                credit_void(credit=Credit.objects.get(pk=credit), reason="A mistake", **told)
                came["done"] += 1
            except DatabaseError as trouble:
                came[str(trouble).splitlines()[0]] += 1
    finally:
        connection.close()
    return came


@pytest.mark.postgresql
def test_two_overlapping_runs_and_operators_who_void_meet_no_error(
    database: Database, counted: Callable[[str], None]
) -> None:
    doomed = month_end()
    connection.close()
    ready, over = Barrier(4), Event()
    with ThreadPoolExecutor(4) as people:
        runs = [people.submit(ran, chunk, ready) for chunk in (3, 5)]
        operators = [people.submit(voided, part, ready, over) for part in (doomed[::2], doomed[1::2][::-1])]
        issued, parked = zip(*(run.result() for run in runs), strict=True)
        over.set()
        came = sum((operator.result() for operator in operators), Counter())
    assert parked == ([], [])
    assert sum(issued) == ACCOUNTS * DRAFTS
    assert min(issued) > 0, "one run did it all"
    counted(
        f"PostgreSQL: two runs issued {issued[0]} and {issued[1]}, "
        f"operators voided {came['done']} credits meanwhile, 0 errors"
    )
    assert set(came) == {"done"}
    numbers = Invoice.objects.exclude(number=None).values_list("series_number", flat=True)
    assert sorted(filter(None, numbers)) == list(range(1, ACCOUNTS * DRAFTS + 1))
    assert Act.objects.filter(kind="invoice_issue").count() == ACCOUNTS * DRAFTS
    assert ledger_verify().breach is None
    assert database.deadlocks() == 0
