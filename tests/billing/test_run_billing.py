"""`run_billing`: which drafts it issues, in which order, and what it leaves."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.digest import ledger_digest
from billing.issuing import chunk, claim
from billing.issuing.drafts import Issue, Order, day_of
from billing.issuing.loop import drafts_issue
from billing.issuing.writing import issues_write
from billing.models import Run, Sums
from billing.run import RunRefused, billing_run, billing_run_dry, drafts_from_before, run_start
from billing.verification.runner import ledger_verify
from credits.models import Entry
from customers.acts import Refusal, TokenReused
from customers.models import Account, Act
from customers.services import account_open, customer_open
from invoices.drafts import DraftLine, invoice_draft
from invoices.models import Invoice, Item, Status
from invoices.services import item_add
from tests.billing.small_ledger import BY, at, granted

AUGUST: dict[str, Any] = {"period_start": date(2026, 8, 1), "period_end": date(2026, 9, 1)}
LATER = at("2026-09-02 08:00")
BROKEN = "It contradicts a rule: "


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


def ran(now: datetime = LATER, **options: Any) -> Run:
    token = f"run:{Run.objects.count()}"
    return billing_run(**{**AUGUST, "before_end": False, **options}, by=BY, now=now, token=token)


def issued_by(run: Run) -> int:
    return sum(of.invoices for of in run.sums())


def parked_by(run: Run) -> list[tuple[int, int, str]]:
    """Of each parked account the draft it was left at, how many wait, and why."""
    return list(run.parked.values_list("draft", "waiting", "reason"))


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
    assert issued_by(result) == 2
    assert drafts_from_before(result) == 1
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
    result = ran()
    issued = Invoice.objects.filter(pk__in=[first.pk, second.pk, third.pk]).order_by("series_number")
    assert [invoice.pk for invoice in issued] == [first.pk, second.pk, third.pk]
    assert [invoice.credited for invoice in issued] == [800, 200, 0]
    assert result.parts.count() == 1, "in one transaction: none had to be tried again by itself"


def test_sums_are_given_by_currency(calls: Item) -> None:
    dollars, yen = opened("a"), opened("b", "JPY")
    granted(dollars, "Credit", 400)
    august(dollars, calls, "10.00")
    august(yen, calls, "700")
    yen_sums, dollar_sums = ran().sums()
    assert (yen_sums, yen_sums.due) == (Sums("JPY", 1, 700, 0), 700)
    assert (dollar_sums, dollar_sums.due) == (Sums("USD", 1, 1000, 400), 600)


def test_r13_a_second_run_finds_nothing_and_changes_nothing(calls: Item) -> None:
    august(opened("a"), calls)
    ran()
    digest = ledger_digest()
    again = ran(LATER + timedelta(hours=1))
    assert (issued_by(again), parked_by(again)) == (0, [])
    assert ledger_digest() == digest


def test_a_period_not_over_in_the_accounts_zone_is_left_with_the_reason(calls: Item) -> None:
    west, east = opened("west", zone="America/Los_Angeles"), opened("east", zone="Asia/Tokyo")
    waiting, over = august(west, calls), august(east, calls)
    result = ran(at("2026-09-01 03:00"))
    assert status_of(over) == Status.ISSUED
    [(draft, number, reason)] = parked_by(result)
    assert (draft, number) == (waiting.pk, 1)
    assert "31 August 2026" in reason


def test_a_period_not_over_is_issued_when_the_command_says_so(calls: Item) -> None:
    draft = august(opened("a"), calls)
    assert issued_by(ran(at("2026-08-20"), before_end=True)) == 1
    assert status_of(draft) == Status.ISSUED


def refuse(monkeypatch: pytest.MonkeyPatch, poison: Invoice, trouble: Exception) -> None:
    """Let whatever would issue this draft fail as it is written."""

    def write(issues: list[Issue], **act: Any) -> None:
        issues_write(issues, **act)
        if poison.pk in {issue.draft.id for issue in issues}:
            raise trouble

    monkeypatch.setattr(chunk, "issues_write", write)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (
            OperationalError("canceling statement due to lock timeout\nCONTEXT: somewhere"),
            "The database refused: canceling statement due to lock timeout.",
        ),
        (
            AssertionError("Credits would pay more than the invoice."),
            BROKEN + "Credits would pay more than the invoice.",
        ),
        (KeyError("poison"), BROKEN + "'poison'."),
        (AttributeError("no such thing"), BROKEN + "no such thing."),
        (Refusal("Not this one."), "Not this one."),
    ],
    ids=["database", "rule", "code", "typing", "refusal"],
)
def test_a_draft_that_cannot_be_issued_parks_its_account_from_there_on_and_the_others_go_on(
    calls: Item, monkeypatch: pytest.MonkeyPatch, trouble: Exception, reason: str
) -> None:
    accounts = [opened(key) for key in "abcdefg"]
    stuck = accounts[3]
    granted(stuck, "Credit", 1000)
    before = drafted(stuck, calls, date(2026, 8, 1), date(2026, 8, 3), "4.00")
    poison = drafted(stuck, calls, date(2026, 8, 3), date(2026, 8, 5), "5.00")
    others = [august(account, calls) for account in accounts]
    refuse(monkeypatch, poison, trouble)
    result = ran()
    assert parked_by(result) == [(poison.pk, 2, reason)]
    assert {status_of(draft) for draft in (before, *others[:3], *others[4:])} == {Status.ISSUED}
    assert (status_of(poison), status_of(others[3])) == (Status.DRAFT, Status.DRAFT)
    assert issued_by(result) == 7
    assert [entry.amount for entry in Entry.objects.filter(kind="applied")] == [-400]
    numbers = Invoice.objects.exclude(number=None).values_list("series_number", flat=True)
    assert sorted(filter(None, numbers)) == list(range(1, 8)), "what was rolled back left no gap"


def test_an_account_in_a_zone_unknown_here_is_left_and_the_others_go_on(
    calls: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machines know different zones: old names leave one system before another."""
    accounts = [opened("far", zone="US/Pacific"), opened("b"), opened("c")]
    lost, *others = [august(account, calls) for account in accounts]

    def day_here(now: datetime, zone: str) -> date:
        return day_of(now, "No/Such" if zone == "US/Pacific" else zone)

    monkeypatch.setattr(claim, "day_of", day_here)
    found = billing_run_dry(Run(**AUGUST), by=BY, now=LATER)
    assert (found.invoices, [(parked.draft, parked.waiting) for parked in found.parked]) == (
        2,
        [(lost.pk, 1)],
    )
    result = ran()
    assert parked_by(result) == [(lost.pk, 1, BROKEN + "'No time zone found with key No/Such'.")]
    assert {status_of(draft) for draft in others} == {Status.ISSUED}


def test_a_retry_takes_up_what_was_parked_and_nothing_else(
    calls: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, free = opened("stuck"), opened("free")
    poison = august(stuck, calls)
    with monkeypatch.context() as patched:
        refuse(patched, poison, AssertionError("Broken"))
        first = ran()
    late = august(free, calls)
    retry = run_start(**AUGUST, before_end=False, by=BY, now=LATER, token="retry", retries=first)
    drafts_issue(Order(retry, BY, LATER))
    assert (issued_by(retry), status_of(poison), status_of(late)) == (1, Status.ISSUED, Status.DRAFT)
    with pytest.raises(RunRefused, match="nothing to retry"):
        run_start(**AUGUST, before_end=False, by=BY, now=LATER, token="again", retries=retry)


@pytest.mark.parametrize("end", [date(2026, 8, 1), date(2026, 7, 31)])
def test_a_period_without_a_day_starts_no_run(db: None, end: date) -> None:
    with pytest.raises(RunRefused, match="must end after it begins"):
        run_start(
            period_start=date(2026, 8, 1), period_end=end, before_end=False, by=BY, now=LATER, token="a"
        )
    assert (Run.objects.count(), Act.objects.count()) == (0, 0)


def test_r13_a_run_is_started_once_per_token_and_the_token_is_for_no_other(db: None) -> None:
    order: dict[str, Any] = {**AUGUST, "before_end": False, "by": BY, "now": LATER, "token": "once"}
    assert run_start(**order) == run_start(**order)
    with pytest.raises(TokenReused):
        run_start(**{**order, "before_end": True})
    assert (Run.objects.count(), Act.objects.filter(kind="run_start").count()) == (1, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 250])
def test_the_size_of_a_chunk_changes_nothing(calls: Item, size: int) -> None:
    for number in range(5):
        account = opened(f"a{number}", "USD" if number % 2 else "JPY")
        granted(account, f"Credit {number}", 700)
        for _ in range(2):
            august(account, calls, "5")
    result = ran(chunk=size)
    assert result.sums() == [Sums("JPY", 6, 30, 30), Sums("USD", 4, 2000, 1400)]
    assert ledger_verify().breach is None


def test_statements_do_not_grow_with_what_a_chunk_issues(
    calls: Item,
) -> None:
    def counted(accounts: int, name: str) -> int:
        for number in range(accounts):
            account = opened(f"{name}{number}")
            for priority in range(accounts):
                granted(account, f"{name} {number} {priority}", 100 + priority)
            august(account, calls)
        with CaptureQueriesContext(connection) as captured:
            assert issued_by(ran()) == accounts
        return len(captured)

    assert counted(2, "few") == counted(9, "more")


def test_a_dry_run_tells_what_would_be_issued_and_left_and_writes_nothing(calls: Item) -> None:
    west, east = opened("west", zone="America/Los_Angeles"), opened("east", zone="Asia/Tokyo")
    granted(east, "Credit", 1500)
    waiting = august(west, calls)
    for _ in range(2):
        august(east, calls)
    digest, now = ledger_digest(), at("2026-09-01 03:00")
    found = billing_run_dry(Run(**AUGUST), by=BY, now=now)
    assert found.sums == {"USD": Sums("USD", 2, 2000, 1500)}
    assert [(parked.draft, parked.waiting) for parked in found.parked] == [(waiting.pk, 1)]
    assert ledger_digest() == digest
    real = ran(now)
    assert (real.sums(), parked_by(real)) == ([*found.sums.values()], [tuple(found.parked[0][1:])])


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
    with pytest.raises(CommandError, match=r"^1 account could not be billed to the end\.$") as failed:
        call_command("run_billing", "--period", f"{today:%Y-%m}", "--json", stdout=out)
    assert failed.value.returncode == 1
    summary = json.loads(out.getvalue())
    assert summary["issued"] == 0
    assert summary["parked"][0]["draft"] == draft.pk
    assert summary["parked"][0]["account"] == "a"


@pytest.mark.parametrize(
    "period", ["2026-13", "2026-00", "2026-8", "0000-01", "August", "2026-08-01", "", "٢٠٢٦-٠٨"]
)
def test_a_period_that_is_no_month_is_refused_by_its_name(db: None, period: str) -> None:
    with pytest.raises(CommandError, match=f"^--period: “{period}” is not a month"):
        command("--period", period)


def test_the_last_month_of_the_calendar_is_refused_in_words(db: None) -> None:
    with pytest.raises(CommandError, match="“9999-12” is not a month"):
        command("--period", "9999-12")
