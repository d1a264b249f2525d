"""One chunk of a run: what it does with an account that cannot be billed, and what it counts."""

from typing import Any

import pytest

from billing.issuing.chunk import chunk_issue
from billing.issuing.drafts import Order
from billing.models import Run, RunPart
from customers.acts import Refusal
from customers.models import Account
from invoices.models import Invoice, Status
from tests.billing.test_run_billing import refuse
from tests.factories import a_command, a_draft, a_run, an_account, an_item, at, day

pytestmark = pytest.mark.django_db


def an_order(**more: Any) -> Order:
    """A run that is only opened."""
    run = Run.objects.create(
        period_start=day("2026-08-01"),
        period_end=day("2026-09-01"),
        actor_name="run_billing",
        started_at=at("2026-09-02"),
    )
    return Order(run, a_command(), at("2026-09-02"), **more)


def issued() -> set[Account]:
    return {invoice.account for invoice in Invoice.objects.filter(status=Status.ISSUED)}


@pytest.mark.parametrize("broken", range(5))
def test_one_chunk_issues_all_but_the_account_that_is_to_blame(
    monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    accounts, item, order = [an_account() for _ in range(5)], an_item(), an_order()
    drafts = [a_draft(account, (item, "10.00")) for account in accounts]
    refuse(monkeypatch, drafts[broken], Refusal("Not this one."))
    assert chunk_issue(order, after=0, size=5) == (accounts[-1].pk, 5)
    assert issued() == {*accounts} - {accounts[broken]}
    assert [(parked.account, parked.waiting) for parked in order.run.parked.all()] == [(accounts[broken], 1)]
    assert sum(RunPart.objects.values_list("invoices", flat=True)) == 4, "what was rolled back counts nowhere"
    assert order.run.drafts_done() == 5


def test_an_account_is_issued_up_to_the_draft_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    account, item, order = an_account(), an_item(), an_order()
    drafts = [a_draft(account, (item, "10.00")) for _ in range(4)]
    refuse(monkeypatch, drafts[2], Refusal("Not this one."))
    assert chunk_issue(order, after=0, size=5) == (account.pk, 4)
    statuses = Invoice.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Status.ISSUED, Status.ISSUED, Status.DRAFT, Status.DRAFT]
    assert list(order.run.parked.values_list("draft", "waiting")) == [(drafts[2].pk, 2)]
    assert order.run.drafts_done() == 4


def test_a_chunk_takes_the_next_accounts_of_its_range_and_no_others() -> None:
    accounts, item = [an_account() for _ in range(5)], an_item()
    for account in accounts:
        a_draft(account, (item, "10.00"))
    order = an_order(first_account=accounts[1].pk, last_account=accounts[3].pk)
    assert chunk_issue(order, after=0, size=2) == (accounts[2].pk, 2)
    assert issued() == {accounts[1], accounts[2]}
    assert chunk_issue(order, after=accounts[2].pk, size=2) == (accounts[3].pk, 1)
    assert chunk_issue(order, after=accounts[3].pk, size=2) == (None, 0)
    assert issued() == {*accounts[1:4]}


def test_drafts_whose_period_is_over_are_issued_and_the_account_s_others_wait_and_are_counted() -> None:
    account, item = an_account(), an_item()
    over = a_draft(account, (item, "10.00"), start="2026-08-01", end="2026-08-20")
    for end in ("2026-08-21", "2026-09-01"):
        a_draft(account, (item, "10.00"), start="2026-08-01", end=end)
    run = a_run("2026-08", "2026-08-20")
    assert [invoice.pk for invoice in Invoice.objects.filter(status=Status.ISSUED)] == [over.pk]
    [parked] = run.parked.all()
    assert (parked.waiting, run.drafts_done()) == (2, 3)
    assert "The period ends on 20 August 2026" in parked.reason
