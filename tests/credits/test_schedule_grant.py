"""Granting the credit of one due day: once, as of that day, whenever it is done (R10, R13)."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from credits.due_days import DueDays
from credits.grant_terms import GrantRefused
from credits.granting import Grant, credit_write
from credits.models import Credit, Entry, Schedule, ScopeRow
from credits.schedules import ScheduleRefused, grant_token, schedule_add, schedule_grant
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Kind
from invoices.services import item_edit
from tests.factories import (
    a_command,
    a_credit,
    a_schedule,
    a_token,
    an_account,
    an_item,
    at,
    balance,
    by_now,
    day,
    ledger,
    terms,
    void_credit,
)
from tests.forging import past_the_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def grant(schedule: Schedule, due_on: str, now: str = "", token: str = "") -> Credit:
    return schedule_grant(
        schedule=schedule,
        due_on=day(due_on),
        by=a_command("grant_schedules"),
        now=at(now or due_on),
        token=token or grant_token(schedule, day(due_on)),
    )


def test_a_due_day_s_credit_has_the_schedule_s_terms_and_its_own_days(account: Account) -> None:
    item = an_item()
    schedule = a_schedule(account, name="Monthly", items=(item,), priority=7, lifetime_days=30)
    credit = grant(schedule, "2026-08-15")
    credit.refresh_from_db()
    assert (credit.account, credit.name, credit.amount, credit.priority) == (account, "Monthly", 5000, 7)
    assert (credit.effective_from, credit.expires_on) == (day("2026-08-15"), day("2026-09-13"))
    assert (credit.schedule, credit.due_on, credit.reason) == (
        schedule,
        day("2026-08-15"),
        "Agreed for the year",
    )
    assert credit.created_at == at("2026-08-15")
    assert [(row.role, row.item) for row in ScopeRow.objects.all()] == [("item", item)]
    assert balance(credit) == 5000


def test_without_a_lifetime_it_never_expires(account: Account) -> None:
    assert grant(a_schedule(account), "2026-08-15").expires_on is None


def test_a_lifetime_of_one_day_is_its_due_day(account: Account) -> None:
    credit = grant(a_schedule(account, lifetime_days=1), "2026-08-15")
    assert credit.effective_from == credit.expires_on == day("2026-08-15")


def test_r14_it_leaves_one_record_that_names_the_credit_and_the_day(account: Account) -> None:
    schedule = a_schedule(account)
    credit = grant(schedule, "2026-08-15")
    record = Act.objects.get(kind="schedule_grant")
    assert (record.subject, record.account) == (f"credit:{credit.pk}", account)
    assert record.token == f"schedule:{schedule.pk}:2026-08-15"
    assert record.details == {"schedule": schedule.pk, "due_on": "2026-08-15"}
    entry = Entry.objects.get()
    assert (entry.kind, entry.act, entry.value_date) == ("granted", record, day("2026-08-15"))


def test_r11_units_are_granted_as_units(account: Account) -> None:
    item = an_item()
    promise = replace(terms(account, "1.00", items=(item,)), amount=0, units=1_000_000_000, unit_item=item)
    schedule = schedule_add(
        account=account,
        terms=promise,
        due_days=DueDays(15, day("2026-08-01")),
        lifetime_days=30,
        reason="",
        **by_now("2026-08-01"),
    )
    credit = grant(schedule, "2026-08-15")
    assert (credit.amount, credit.units, credit.unit_item) == (0, 1_000_000_000, item)
    assert balance(credit) == 1_000_000_000


def test_r13_twice_is_once(account: Account) -> None:
    schedule = a_schedule(account)
    assert grant(schedule, "2026-08-15") == grant(schedule, "2026-08-15", "2026-08-20")
    assert ledger(account) == [("Welcome", "granted", 5000)]


def test_r13_under_another_token_it_is_refused_in_words(account: Account) -> None:
    schedule = a_schedule(account)
    grant(schedule, "2026-08-15")
    with pytest.raises(ScheduleRefused, match="2026-08-15 was granted already"):
        grant(schedule, "2026-08-15", token=a_token())
    assert Credit.objects.count() == 1


def test_a_voided_credit_is_not_granted_again(account: Account) -> None:
    schedule = a_schedule(account)
    void_credit(grant(schedule, "2026-08-15"), "2026-08-16")
    with pytest.raises(ScheduleRefused, match="granted already"):
        grant(schedule, "2026-08-15", "2026-08-17", token=a_token())


@pytest.mark.parametrize(
    ("due_on", "sentence"),
    [
        ("2026-08-14", "is not a due day"),
        ("2026-07-15", "is not a due day"),
        ("2027-08-15", "is not a due day"),
        ("2026-09-15", "has not come yet"),
    ],
    ids=["another day", "before it starts", "after it ended", "tomorrow"],
)
def test_only_a_due_day_that_has_come_is_granted(account: Account, due_on: str, sentence: str) -> None:
    schedule = a_schedule(account, ends_on="2027-08-14")
    with pytest.raises(ScheduleRefused, match=sentence):
        grant(schedule, due_on, "2026-09-14" if due_on < "2027" else "2027-12-01")
    assert not Credit.objects.exists()


@pytest.mark.parametrize(
    ("zone", "early", "moment"),
    [
        ("UTC", "2026-08-14 23:59", "2026-08-15 00:00"),
        ("Pacific/Kiritimati", "2026-08-14 09:59", "2026-08-14 10:00"),
        ("Pacific/Pago_Pago", "2026-08-15 10:59", "2026-08-15 11:00"),
    ],
)
def test_a_due_day_comes_at_midnight_of_the_account_s_zone(zone: str, early: str, moment: str) -> None:
    schedule = a_schedule(an_account(time_zone=zone))
    with pytest.raises(ScheduleRefused, match="has not come yet"):
        grant(schedule, "2026-08-15", early)
    assert grant(schedule, "2026-08-15", moment).effective_from == day("2026-08-15")


def test_r10_late_is_the_same_as_in_time_but_for_the_time_of_booking() -> None:
    """Also where the credit's last day, and its grace, are over meanwhile."""
    found: list[list[object]] = []
    for now in ("2026-08-15", "2027-08-15"):
        credit = grant(a_schedule(an_account(), lifetime_days=30), "2026-08-15", now)
        entry = Entry.objects.get(credit=credit)
        assert (credit.created_at, entry.booked_at) == (at(now), at(now))
        days = [credit.effective_from, credit.expires_on, credit.due_on, entry.value_date]
        found.append([*days, balance(credit), entry.amount])
    assert found[0] == found[1]


def test_a_closed_account_is_granted_nothing(account: Account) -> None:
    schedule = a_schedule(account)
    account_close(account=account, reason="Left", **by_now("2026-08-20"))
    with pytest.raises(GrantRefused, match="This account is closed: no credit can be granted"):
        grant(schedule, "2026-08-15", "2026-08-21")


def test_terms_are_judged_again_by_the_rules_of_the_day(account: Account) -> None:
    schedule = a_schedule(account)
    with override_settings(SCRIP_MAX_AMOUNT=10), pytest.raises(GrantRefused, match="below the limit"):
        grant(schedule, "2026-08-15")


def test_an_item_of_its_scope_may_be_renamed_meanwhile(account: Account) -> None:
    item = an_item("API calls")
    schedule = a_schedule(account, items=(item,), excluded_items=(an_item("Support", Kind.ADD_ON),))
    item_edit(item=item, name="API requests", unit="call", **by_now("2026-08-10"))
    credit = grant(schedule, "2026-08-15")
    assert [row.item.name for row in credit.scope_rows.order_by("pk") if row.item] == [
        "API requests",
        "Support",
    ]


# --- The database -----------------------------------------------------------------------


def test_the_database_takes_one_credit_of_a_schedule_and_day(account: Account) -> None:
    schedule = a_schedule(account)
    grant(schedule, "2026-08-15")
    again = Grant(account, terms(account, "50.00"), schedule=schedule, due_on=day("2026-08-15"))
    with pytest.raises(IntegrityError), transaction.atomic():
        credit_write(again, reason="", now=at("2026-08-15"))
    assert Credit.objects.count() == 1


def test_the_database_takes_no_credit_of_another_account_s_schedule(account: Account) -> None:
    schedule, other = a_schedule(account), an_account()
    with pytest.raises(IntegrityError, match="a schedule of its own account"), transaction.atomic():
        credit_write(
            Grant(other, terms(other, "50.00"), schedule=schedule, due_on=day("2026-08-15")),
            reason="",
            now=at("2026-08-15"),
        )
    assert not Credit.objects.exists()


@pytest.mark.parametrize("part", ["schedule", "due_on"])
def test_the_database_takes_a_schedule_and_a_due_day_only_together(account: Account, part: str) -> None:
    credit = a_credit(account, "1.00")
    credit.pk = None
    setattr(credit, part, {"schedule": a_schedule(account), "due_on": day("2026-08-15")}[part])
    with pytest.raises(IntegrityError), transaction.atomic():
        past_the_model(Credit).bulk_create([credit])
