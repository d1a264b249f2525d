"""What a billing run holds and passes over (R7). PostgreSQL only; SQLite lets one writer in at a time."""

from datetime import date
from typing import Any

import pytest

from billing.models import Run
from billing.run import billing_run
from customers.acts import account_lock
from invoices.models import Invoice, Status
from invoices.numbering import numbers_take
from tests.billing.sessions import free, waiting_for
from tests.factories import a_command, a_credit, a_draft, an_account, an_item, at

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

AUGUST: dict[str, Any] = {"period_start": date(2026, 8, 1), "period_end": date(2026, 9, 1)}


def run() -> Run:
    told: dict[str, Any] = {"by": a_command(), "now": at("2026-09-02"), "token": "run"}
    return billing_run(**AUGUST, before_end=False, **told)


def test_r7_the_accounts_of_a_chunk_are_held_until_it_is_written() -> None:
    """Here it waits for its numbers, which come last."""
    accounts, item = [an_account(), an_account()], an_item()
    for account in accounts:
        a_credit(account, "4.00")
        a_draft(account, (item, "10.00"))
    with waiting_for(lambda: numbers_take(2026, 1), run) as session:
        assert "invoices_series" in session.statements[-1]
        assert [free("customers_account", account.pk) for account in accounts] == [False, False]
    assert session.error is None
    assert [sums.invoices for sums in Run.objects.get().sums()] == [2]


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
