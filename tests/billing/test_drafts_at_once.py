"""Two at the same moment on charges, usage and what is behind a line: once (R9, R13). PostgreSQL only."""

from datetime import date
from typing import Any

import pytest

from billing.services import invoice_correct, invoice_void
from customers.acts import Refusal, account_lock
from customers.models import Account, Act
from invoices.drafts import invoice_discard
from invoices.models import BilledMonth, Invoice, Kind, Line, Status, UsageRecord
from invoices.recurring import drafts_make
from invoices.usage_records import usage_record_add
from tests.billing.test_at_once import at_once
from tests.factories import a_command, an_account, an_item, at, by_now, day, issue
from tests.invoices.recurring import a_charge, a_price, a_price_list, a_usage, make_drafts, the_draft

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

AUGUST = date(2026, 8, 1)


@pytest.fixture
def account() -> Account:
    """20.00 of seats and 5.00 of calls in August."""
    account, calls = an_account(), an_item("API calls")
    a_charge(account, an_item("Seats", Kind.LICENSE), "20.00", ends="2026-08-31")
    a_price(a_price_list(), calls, ("", "0.01"))
    a_usage(account, calls, "500")
    return account


def make(account: Account) -> Any:
    told: Any = {"by": a_command("make_drafts"), "now": at("2026-09-10")}
    return lambda: drafts_make(account_ids=[account.pk], month=AUGUST, **told)


def all_billed() -> int:
    lines = Line.objects.exclude(invoice__status=Status.VOID)
    return sum(lines.values_list("amount", flat=True))


def test_r13_two_who_make_the_drafts_make_them_once(account: Account) -> None:
    answers = at_once(lambda: account_lock(account.pk), make(account), make(account))
    assert sorted(answer[0].outcome for answer in answers) == ["draft_make", "unchanged"]
    assert (Invoice.objects.count(), all_billed()) == (1, 2500)
    assert Act.objects.filter(kind="draft_make").count() == 1


def test_usage_typed_while_drafts_are_made_is_on_the_draft_or_waits(account: Account) -> None:
    calls = UsageRecord.objects.get().item
    typed: dict[str, Any] = {"item": calls, "quantity": 100, "day": day("2026-08-20"), "reason": ""}
    told = by_now("2026-09-10")
    at_once(
        lambda: account_lock(account.pk),
        make(account),
        lambda: usage_record_add(account=account, **typed, **told),
    )
    waiting = UsageRecord.objects.unbilled().count()
    assert all_billed() == 2500 + (0 if waiting else 100)
    make_drafts()
    assert (all_billed(), UsageRecord.objects.unbilled().count()) == (2600, 0)


@pytest.mark.parametrize("undo", [invoice_void, invoice_correct])
def test_r9_what_an_invoice_frees_while_drafts_are_made_is_billed_once(account: Account, undo: Any) -> None:
    make_drafts()
    invoice, told = issue(the_draft(account)), by_now("2026-09-10")
    at_once(
        lambda: account_lock(account.pk),
        lambda: undo(invoice=invoice, reason="Wrong", **told),
        make(account),
        make(account),
    )
    make_drafts()
    assert all_billed() == 2500
    assert BilledMonth.objects.count() == 1


def test_a_draft_discarded_while_it_is_made_anew_leaves_nothing_billed_twice(account: Account) -> None:
    make_drafts()
    draft, told = the_draft(account), by_now("2026-09-10")
    a_usage(account, UsageRecord.objects.get().item, "100", now="2026-09-10")
    answers = at_once(
        lambda: account_lock(account.pk), lambda: invoice_discard(invoice=draft, **told), make(account)
    )
    assert not [answer for answer in answers if isinstance(answer, Refusal)]
    make_drafts()
    assert all_billed() == 2600
