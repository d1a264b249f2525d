"""Stopping a schedule: once, with a reason, and what was granted stays."""

import pytest
from django.db import IntegrityError, transaction

from credits.models import Credit, Schedule
from credits.schedules import ScheduleRefused, grant_token, schedule_grant, schedule_stop, stop_facts
from customers.acts import FactsChanged, fingerprint
from customers.models import Account, Act
from customers.services import account_close
from tests.factories import a_command, a_schedule, an_account, at, balance, by_now, day, ledger, stop_schedule
from tests.forging import past_the_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def grant(schedule: Schedule, due_on: str, now: str = "") -> Credit:
    return schedule_grant(
        schedule=schedule,
        due_on=day(due_on),
        by=a_command("grant_schedules"),
        now=at(now or due_on),
        token=grant_token(schedule, day(due_on)),
    )


def test_a_schedule_is_stopped_with_a_reason(account: Account) -> None:
    schedule = stop_schedule(a_schedule(account), "2026-09-01")
    schedule.refresh_from_db()
    assert schedule.stopped_at == at("2026-09-01")
    record = Act.objects.latest("pk")
    assert (record.kind, record.reason) == ("schedule_stop", "They left the plan")
    assert record.subject == f"schedule:{schedule.pk}"


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_stopping_needs_a_reason(account: Account, reason: str) -> None:
    schedule = a_schedule(account)
    with pytest.raises(ScheduleRefused, match="needs a reason"):
        schedule_stop(schedule=schedule, reason=reason, **by_now("2026-09-01"))
    assert Schedule.objects.get().stopped_at is None


def test_stopping_twice_is_refused_in_words(account: Account) -> None:
    schedule = stop_schedule(a_schedule(account), "2026-09-01")
    with pytest.raises(ScheduleRefused, match="stopped already"):
        stop_schedule(schedule, "2026-09-02")
    assert Schedule.objects.get().stopped_at == at("2026-09-01")


def test_r13_the_same_token_stops_once_and_shows_the_same(account: Account) -> None:
    schedule, once = a_schedule(account), by_now("2026-09-01")
    first = schedule_stop(schedule=schedule, reason="Enough", **once)
    again = schedule_stop(schedule=schedule, reason="Enough", **once)
    assert (first, first.stopped_at) == (again, again.stopped_at)
    assert Act.objects.filter(kind="schedule_stop").count() == 1


def test_stopping_changes_no_credit_already_granted(account: Account) -> None:
    schedule = a_schedule(account, lifetime_days=30)
    credit = grant(schedule, "2026-08-15")
    before = Credit.objects.values().get(), ledger(account), balance(credit)
    stop_schedule(schedule, "2026-08-16")
    assert (Credit.objects.values().get(), ledger(account), balance(credit)) == before


def test_r13_a_stop_is_shown_again_when_a_credit_was_granted_meanwhile(account: Account) -> None:
    schedule = a_schedule(account)
    shown = fingerprint(stop_facts(schedule))
    grant(schedule, "2026-08-15")
    with pytest.raises(FactsChanged):
        schedule_stop(schedule=schedule, reason="Enough", shown=shown, **by_now("2026-09-01"))
    assert Schedule.objects.get().stopped_at is None


def test_a_schedule_of_a_closed_account_can_be_stopped(account: Account) -> None:
    schedule = a_schedule(account)
    account_close(account=account, reason="Left", **by_now("2026-08-10"))
    assert stop_schedule(schedule, "2026-08-11").stopped_at == at("2026-08-11")


def test_it_grants_due_days_up_to_the_day_it_was_stopped(account: Account) -> None:
    schedule = stop_schedule(a_schedule(account), "2026-09-15")
    assert grant(schedule, "2026-08-15", "2026-12-01").due_on == day("2026-08-15")
    assert grant(schedule, "2026-09-15", "2026-12-01").due_on == day("2026-09-15")
    with pytest.raises(ScheduleRefused, match="2026-10-15 is not a due day"):
        grant(schedule, "2026-10-15", "2026-12-01")


@pytest.mark.parametrize(
    ("zone", "granted"), [("Pacific/Kiritimati", True), ("UTC", False), ("Pacific/Pago_Pago", False)]
)
def test_the_day_it_was_stopped_is_the_account_s_own(zone: str, granted: bool) -> None:
    """At 11:00 in UTC on the 14th it is the 15th already in Kiritimati."""
    schedule = stop_schedule(a_schedule(an_account(time_zone=zone)), "2026-08-14 11:00")
    assert (day("2026-08-15") in schedule.due_days) == granted


def test_stopped_before_it_began_it_has_no_due_day(account: Account) -> None:
    schedule = stop_schedule(a_schedule(account, starts_on="2027-01-01"), "2026-09-01")
    assert list(schedule.due_days) == []


@pytest.mark.parametrize("another", [None, at("2027-01-01")], ids=["run on", "stopped later"])
def test_the_database_lets_no_stop_be_taken_back_or_moved(account: Account, another: object) -> None:
    schedule = stop_schedule(a_schedule(account), "2026-09-01")
    with pytest.raises(IntegrityError, match="only by being stopped, once"), transaction.atomic():
        past_the_model(Schedule).filter(pk=schedule.pk).update(stopped_at=another)
    assert Schedule.objects.get().stopped_at == at("2026-09-01")
