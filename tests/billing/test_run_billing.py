"""`run_billing`: which drafts it issues, in which order, and what it leaves."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from billing import run
from billing.digest import ledger_digest
from billing.run import billing_run
from billing.services import invoice_issue, issue_token
from credits.models import Entry
from customers.models import Account
from customers.services import account_open, customer_open
from invoices.drafts import DraftLine, invoice_draft
from invoices.models import Invoice, Item, Status
from invoices.services import item_add
from tests.billing.small_ledger import BY, at, granted

AUGUST = {"period_start": date(2026, 8, 1), "period_end": date(2026, 9, 1)}
LATER = at("2026-09-02 08:00")


def opened(key: str, currency: str = "USD", zone: str = "UTC") -> Account:
    now = at("2026-01-01")
    customer = customer_open(key=key, name=key, email="", by=BY, now=now, token=f"customer:{key}")
    return account_open(
        customer=customer,
        key=key,
        name=key,
        currency=currency,
        time_zone=zone,
        by=BY,
        now=now,
        token=f"account:{key}",
    )


@pytest.fixture
def calls(db: None) -> Item:
    now = at("2026-01-01")
    return item_add(key="calls", name="Calls", kind="usage_meter", unit="", by=BY, now=now, token="item")


def drafted(account: Account, item: Item, start: date, end: date, price: str) -> Invoice:
    return invoice_draft(
        account=account,
        period_start=start,
        period_end=end,
        lines=[DraftLine(item, "", Decimal(1), Decimal(price))],
        by=BY,
        now=at("2026-01-01"),
        token=f"draft:{Invoice.objects.count()}",
    )


def august(account: Account, item: Item, price: str = "10.00") -> Invoice:
    return drafted(account, item, date(2026, 8, 1), date(2026, 9, 1), price)


def ran(now: datetime = LATER, **options: Any) -> run.RunResult:
    return billing_run(**{**AUGUST, "before_end": False, **options}, by=BY, now=now)


def status_of(invoice: Invoice) -> str:
    return Invoice.objects.get(pk=invoice.pk).status


def test_drafts_whose_last_day_lies_in_the_month_are_issued_and_no_others(calls: Item) -> None:
    account = opened("a")
    first, last = date(2026, 8, 1), date(2026, 8, 31)
    inside = [
        drafted(account, calls, date(2026, 7, 20), first + timedelta(days=1), "1.00"),
        drafted(account, calls, first, last + timedelta(days=1), "1.00"),
    ]
    outside = [
        drafted(account, calls, date(2026, 7, 1), first, "1.00"),
        drafted(account, calls, first, last + timedelta(days=2), "1.00"),
    ]
    result = ran()
    assert result.issued == 2
    assert result.earlier_drafts == 1
    assert {status_of(invoice) for invoice in inside} == {Status.ISSUED}
    assert {status_of(invoice) for invoice in outside} == {Status.DRAFT}


def test_r7_an_accounts_drafts_are_issued_by_period_end_then_id_each_on_what_the_earlier_leave(
    calls: Item,
) -> None:
    account = opened("a")
    granted(account, "Ten", 1000)
    third = drafted(account, calls, date(2026, 8, 1), date(2026, 9, 1), "8.00")
    first = drafted(account, calls, date(2026, 8, 1), date(2026, 8, 10), "8.00")
    second = drafted(account, calls, date(2026, 8, 10), date(2026, 8, 20), "8.00")
    ran()
    issued = Invoice.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("series_number")
    assert [invoice.pk for invoice in issued] == [first.pk, second.pk, third.pk]
    assert [invoice.credited for invoice in issued] == [800, 200, 0]


def test_sums_are_given_by_currency(calls: Item) -> None:
    dollars, yen = opened("a"), opened("b", "JPY")
    granted(dollars, "Credit", 400)
    august(dollars, calls, "10.00")
    august(yen, calls, "700")
    sums = ran().sums
    assert (sums["USD"].total, sums["USD"].credited, sums["USD"].due) == (1000, 400, 600)
    assert (sums["JPY"].total, sums["JPY"].credited, sums["JPY"].due) == (700, 0, 700)


def test_r13_a_second_run_finds_nothing_and_changes_nothing(calls: Item) -> None:
    august(opened("a"), calls)
    ran()
    digest = ledger_digest()
    again = ran(LATER + timedelta(hours=1))
    assert (again.issued, again.left) == (0, [])
    assert ledger_digest() == digest


def test_r13_a_draft_issued_meanwhile_by_another_run_is_not_counted_as_ones_own(
    calls: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = august(opened("a"), calls)

    def issue_after_another(**act: Any) -> Invoice:
        earlier = LATER - timedelta(minutes=1)
        invoice_issue(invoice=draft, by=BY, now=earlier, token=issue_token(draft))
        return invoice_issue(**act)

    monkeypatch.setattr(run, "invoice_issue", issue_after_another)
    result = ran()
    assert (result.issued, result.meanwhile, result.left) == (0, 1, [])


def test_a_period_not_over_in_the_accounts_zone_is_left_with_the_reason(calls: Item) -> None:
    west, east = opened("west", zone="America/Los_Angeles"), opened("east", zone="Asia/Tokyo")
    waiting, over = august(west, calls), august(east, calls)
    result = ran(at("2026-09-01 03:00"))
    assert status_of(over) == Status.ISSUED
    assert [left.invoice.pk for left in result.left] == [waiting.pk]
    assert "31 August 2026" in result.left[0].reason


def test_a_period_not_over_is_issued_when_the_command_says_so(calls: Item) -> None:
    draft = august(opened("a"), calls)
    assert ran(at("2026-08-20"), before_end=True).issued == 1
    assert status_of(draft) == Status.ISSUED


def test_a_draft_the_database_refuses_is_left_with_its_accounts_later_ones_and_the_others_go_on(
    calls: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, free = opened("stuck"), opened("free")
    granted(stuck, "Credit", 1000)
    poison = drafted(stuck, calls, date(2026, 8, 1), date(2026, 8, 5), "5.00")
    after, other = august(stuck, calls), august(free, calls)

    def refuse_one(**act: Any) -> Invoice:
        if act["invoice"].pk == poison.pk:
            raise OperationalError("canceling statement due to lock timeout\nCONTEXT: somewhere")
        return invoice_issue(**act)

    monkeypatch.setattr(run, "invoice_issue", refuse_one)
    result = ran()
    assert status_of(other) == Status.ISSUED
    assert [(left.invoice.pk, left.reason) for left in result.left] == [
        (poison.pk, "The database refused: canceling statement due to lock timeout."),
        (after.pk, f"Draft {poison.pk} of the same account comes first, and was left."),
    ]
    assert not Entry.objects.filter(kind="applied").exists()


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("run_billing", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_issued(calls: Item) -> None:
    august(opened("a"), calls)
    printed = command("--period", "2026-08")
    assert "1 invoice issued for 2026-08." in printed
    assert "total 10.00 USD, credited 0.00 USD, due 10.00 USD" in printed


def test_the_command_fails_and_prints_its_summary_if_a_draft_was_left(calls: Item) -> None:
    account, today = opened("a"), timezone.localdate()
    draft = drafted(account, calls, today, today + timedelta(days=1), "1.00")
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 draft could not be issued\.$") as failed:
        call_command("run_billing", "--period", f"{today:%Y-%m}", "--json", stdout=out)
    assert failed.value.returncode == 1
    summary = json.loads(out.getvalue())
    assert summary["issued"] == 0
    assert summary["left"][0]["draft"] == draft.pk
    assert summary["left"][0]["account"] == "a"


@pytest.mark.parametrize(
    "period", ["2026-13", "2026-00", "2026-8", "0000-01", "August", "2026-08-01", "", "٢٠٢٦-٠٨"]
)
def test_a_period_that_is_no_month_is_refused_by_its_name(db: None, period: str) -> None:
    with pytest.raises(CommandError, match=f"^--period: “{period}” is not a month"):
        command("--period", period)


def test_the_last_month_of_the_calendar_is_refused_in_words(db: None) -> None:
    with pytest.raises(CommandError, match="“9999-12” is not a month"):
        command("--period", "9999-12")
