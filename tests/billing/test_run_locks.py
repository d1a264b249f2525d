"""What a billing run holds and passes over (R7). PostgreSQL only; SQLite lets one writer in at a time."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from billing.issuing.drafts import Order
from billing.issuing.loop import drafts_issue
from billing.models import Run
from billing.run import billing_run, run_start
from customers.acts import account_lock
from invoices.models import Invoice, Status
from invoices.numbering import numbers_take
from tests.billing.sessions import free, waiting_for
from tests.factories import a_command, a_credit, a_draft, an_account, an_item, at
from tests.forging import execute

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

AUGUST: dict[str, Any] = {"period_start": date(2026, 8, 1), "period_end": date(2026, 9, 1)}
BY, NOW = a_command(), at("2026-09-02")
TOLD: dict[str, Any] = {"by": BY, "now": NOW, "token": "run"}


def run() -> Run:
    return billing_run(**AUGUST, before_end=False, **TOLD)


# What the writing of a chunk begins with, and what it ends with.
FIRST_AND_LAST: dict[str, Callable[[], object]] = {
    "customers_act": lambda: execute("LOCK TABLE customers_act IN SHARE MODE"),
    "invoices_series": lambda: numbers_take(2026, 1),
}


@pytest.mark.parametrize("table", FIRST_AND_LAST)
def test_r7_a_chunk_s_accounts_are_held_from_its_first_write_to_its_last(table: str) -> None:
    accounts, item = [an_account(), an_account()], an_item()
    for account in accounts:
        a_credit(account, "4.00")
        a_draft(account, (item, "10.00"))
    opened = run_start(**AUGUST, before_end=False, **TOLD)
    with waiting_for(FIRST_AND_LAST[table], lambda: drafts_issue(Order(opened, BY, NOW))) as session:
        assert table in session.statements[-1]
        assert [free("customers_account", account.pk) for account in accounts] == [False, False]
    assert session.error is None
    assert [sums.invoices for sums in opened.sums()] == [2]


def test_r7_an_account_that_somebody_holds_is_passed_over_and_waited_for_last() -> None:
    stuck, other, item = an_account(), an_account(), an_item()
    held, taken = a_draft(stuck, (item, "10.00")), a_draft(other, (item, "10.00"))

    def statuses() -> list[str]:
        return [Invoice.objects.get(pk=draft.pk).status for draft in (held, taken)]

    with waiting_for(lambda: account_lock(stuck.pk), run) as session:
        assert statuses() == [Status.DRAFT, Status.ISSUED], "whoever is free does not wait"
        assert "FOR NO KEY UPDATE" in session.statements[-1]
    assert session.error is None
    assert statuses() == [Status.ISSUED, Status.ISSUED]
    assert not Run.objects.get().parked.exists()
