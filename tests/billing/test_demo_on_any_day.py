"""The demo tells its story, and is right, on any day that it is made.

One company is made for each day, and taken back when all tests have looked at it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from billing.demo.founding import demo_make
from billing.models import Run
from billing.run_page import accounts_to_retry
from billing.verification.runner import ledger_verify
from credits.models import Credit, Entry, EntryKind, ScopeRole
from credits.projection import drafts_project
from credits.words import State, credit_state
from customers.acts import Actor
from customers.models import Account, Act
from invoices.models import Invoice, Line, Source, Status, UsageRecord

BY = Actor(origin="a test", command="test")
DAYS = [
    datetime(2026, 11, 23, 3, 30, tzinfo=UTC),
    datetime(2026, 8, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 9, 1, 0, 0, tzinfo=UTC),
    datetime(2027, 1, 1, 0, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 12, 0, tzinfo=UTC),
]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=DAYS, ids=str)
def now(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[datetime]:
    with django_db_blocker.unblock(), transaction.atomic():
        demo_make(by=BY, now=request.param)
        yield request.param
        transaction.set_rollback(True)


def test_the_story_is_told_on_any_day(now: datetime) -> None:
    invoice = Invoice.objects.get(
        account__name="ChatPPT", account__customer__name="John Wick", status=Status.ISSUED
    )
    year = now.year if now.date() >= date(now.year, 9, 1) else now.year - 1
    assert (invoice.period_start, invoice.period_end) == (date(year, 8, 1), date(year, 9, 1))
    assert invoice.issue_date == date(year, 9, 1)
    assert (invoice.currency, invoice.total, invoice.credited, invoice.amount_due) == (
        "USD",
        10000,
        5000,
        5000,
    )
    applied = Entry.objects.filter(invoice=invoice, kind=EntryKind.APPLIED)
    [credit] = Credit.objects.with_balance().filter(pk__in=applied.values("credit"))
    assert (credit.name, credit.amount, credit.balance) == ("Referral credit", 5000, 0)
    assert set(credit.scope_rows.values_list("role", flat=True)) == {ScopeRole.ITEM}


def test_every_state_of_a_credit_is_there_on_any_day(now: datetime) -> None:
    credits = Credit.objects.with_balance().select_related("account")
    assert {credit_state(credit, credit.account.day_of(now)) for credit in credits} == set(State)
    assert Entry.objects.filter(kind=EntryKind.EXPIRED).exists()
    assert Credit.objects.filter(replaces__isnull=False).exists()


def test_its_ledger_is_right_and_nothing_in_it_lies_in_the_future(now: datetime) -> None:
    assert ledger_verify().breach is None
    assert not Act.objects.filter(at__gt=now).exists()
    assert not Entry.objects.filter(booked_at__gt=now).exists()
    numbered = Invoice.objects.exclude(status=Status.DRAFT).order_by("series__year", "series_number")
    issued = [invoice.issued_at for invoice in numbered if invoice.issued_at]
    assert issued == sorted(issued)


def test_r5_a_credit_that_moves_aside_is_seen_on_a_draft(now: datetime) -> None:
    projections = [
        projection
        for account in Account.objects.all()
        for projection in drafts_project(account, today=account.day_of(now))
    ]
    assert any(projection.settlement.passed_over for projection in projections)


def test_every_month_has_its_run_and_the_last_one_left_an_account_to_take_up_again(now: datetime) -> None:
    runs = Run.objects.order_by("pk")
    assert runs.values("period_start").distinct().count() == 6
    assert all(run.started_at <= now and run.finished_at for run in runs)
    last = runs.latest("pk")
    assert 0 < last.parked.count() < last.drafts_done()
    assert {left.reason[-22:] for left in last.parked.all()} == {", and is not over yet."}
    assert not any(accounts_to_retry(run, by=BY, now=now) for run in runs.exclude(pk=last.pk))


def test_each_month_of_use_and_charges_is_billed_by_its_own_invoice(now: datetime) -> None:
    recurring = Invoice.objects.filter(source=Source.RECURRING)
    assert recurring.count() == recurring.values("account").distinct().count() * 4
    for month in recurring.filter(period_end__lte=now.date()).values_list("period_start", flat=True):
        assert not UsageRecord.objects.unbilled().filter(day__lt=month).exists()
    lines = Line.objects.filter(invoice__in=recurring, usage__isnull=False)
    early = [line for line in lines if line.first_day < line.invoice.period_start]
    assert all(line.amount < 0 and line.pricing["billed_before"] for line in early)
