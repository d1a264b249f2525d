"""`grant_schedules`: twice, late, over months' ends, in zones far apart, at once (R10, R13)."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone

from credits import schedule_run
from credits.models import Credit, Entry, Schedule
from credits.schedule_run import ScheduleResult, schedules_run
from credits.schedules import schedule_grant
from customers.acts import Actor, account_lock
from customers.models import Account, Act
from customers.services import account_close
from tests.billing.test_at_once import at_once
from tests.factories import (
    a_schedule,
    an_account,
    an_item,
    at,
    balance,
    by_now,
    day,
    expire,
    stop_schedule,
    void_credit,
)
from tests.forging import past_the_model
from tests.processes import command_start, finish

pytestmark = pytest.mark.django_db

BY = Actor(origin="a test", command="grant_schedules")


def run(now: str, as_of: str = "") -> ScheduleResult:
    return schedules_run(as_of=day(as_of) if as_of else None, by=BY, now=at(now))


def due(schedule: Schedule) -> list[str]:
    """The due days whose credits were granted, in the order of granting."""
    return [str(each) for each in schedule.credits.order_by("pk").values_list("due_on", flat=True)]


def facts(account: Account) -> list[tuple[Any, ...]]:
    """All that a late run may not change: everything but ids and the times of booking."""
    entries = Entry.objects.filter(account=account).select_related("credit").order_by("number")
    return [
        (
            *(str(entry.credit.due_on), entry.credit.name, entry.number, entry.kind, entry.amount),
            *(entry.value_date, entry.credit.effective_from, entry.credit.expires_on),
            *(entry.credit.amount, entry.credit.priority, entry.credit.reason),
        )
        for entry in entries
    ]


def left(result: ScheduleResult) -> list[tuple[Schedule, str, str]]:
    return [(each.schedule, str(each.due_on), each.reason) for each in result.left]


def test_a_credit_is_granted_on_its_due_day_and_not_before() -> None:
    schedule = a_schedule(an_account())
    assert run("2026-08-14").credits == 0
    result = run("2026-08-15")
    assert (result.credits, len(result.accounts), result.sums["USD"].amount) == (1, 1, 5000)
    assert due(schedule) == ["2026-08-15"]


def test_r13_twice_is_once() -> None:
    schedule = a_schedule(an_account())
    run("2026-08-15")
    acts = Act.objects.count()
    assert run("2026-08-15").credits == 0
    assert run("2026-09-14").credits == 0
    assert (due(schedule), Act.objects.count()) == (["2026-08-15"], acts)


def story(*runs: str) -> list[tuple[Any, ...]]:
    """Three schedules of one account, two of them due on the same days, and the command on these days."""
    account = an_account()
    a_schedule(account, day_of_month=31, lifetime_days=10, name="Last day")
    a_schedule(account, "7.00", day_of_month=15, name="Ides")
    a_schedule(account, "3.00", day_of_month=31, priority=1, name="Last day too")
    for now in runs:
        run(now)
    return facts(account)


def every_day(first: str, last: str) -> list[str]:
    days = (day(last) - day(first)).days
    return [str(day(first) + timedelta(days=number)) for number in range(days + 1)]


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param(["2027-03-02"], id="once, seven months late"),
        pytest.param(["2026-08-31", "2026-10-30", "2026-11-30", "2027-03-02"], id="now and then"),
        pytest.param(["2027-03-02", "2027-03-02"], id="late and twice"),
    ],
)
def test_r10_late_is_the_same_as_in_time_but_for_the_times_of_booking(runs: list[str]) -> None:
    in_time = story(*every_day("2026-08-01", "2027-03-02"))
    assert story(*runs) == in_time
    assert len(in_time) == 3 * 7
    assert [row[:2] for row in in_time[:4]] == [
        ("2026-08-15", "Ides"),
        ("2026-08-31", "Last day"),
        ("2026-08-31", "Last day too"),
        ("2026-09-15", "Ides"),
    ]
    # All of the first have come to their last day meanwhile, and some to the end of their grace.
    assert in_time[1][5:8] == (day("2026-08-31"), day("2026-08-31"), day("2026-09-09"))


def test_r10_what_is_granted_after_its_grace_is_booked_as_expired_on_the_day_it_would_have_been() -> None:
    account = an_account()
    schedule = a_schedule(account, lifetime_days=10, ends_on="2026-08-31")
    run("2027-03-02")
    credit = schedule.credits.get()
    assert balance(credit) == 5000
    [entry] = expire(account, "2027-03-02")
    # Last day 24 August, 45 days of grace.
    assert (entry.amount, entry.value_date) == (-5000, day("2026-10-09"))


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (28, ["2027-12-28", "2028-01-28", "2028-02-28", "2028-03-28"]),
        (29, ["2027-12-29", "2028-01-29", "2028-02-29", "2028-03-29"]),
        (30, ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]),
        (31, ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]),
    ],
)
@pytest.mark.parametrize("how", ["each day", "late"])
def test_over_a_month_s_end_each_month_is_granted_once(number: int, wanted: list[str], how: str) -> None:
    schedule = a_schedule(an_account(), day_of_month=number, starts_on="2027-12-01", now="2027-11-30")
    # The days around each month's end are those on which one would be missed or doubled.
    near = [each for each in every_day("2027-12-26", "2028-03-31") if not "03" < each[-2:] < "27"]
    for now in near if how == "each day" else ["2028-03-31"]:
        run(now)
    assert due(schedule) == wanted


@pytest.mark.parametrize(("year", "last"), [("2027", "28"), ("2028", "29"), ("2100", "28")])
def test_the_last_day_of_february_is_granted_on_it_and_not_before(year: str, last: str) -> None:
    schedule = a_schedule(an_account(), day_of_month=31, starts_on=f"{year}-02-01", now=f"{year}-02-01")
    assert run(f"{year}-02-{int(last) - 1}").credits == 0
    assert run(f"{year}-02-{last}").credits == 1
    assert run(f"{year}-03-01").credits == run(f"{year}-03-30").credits == 0
    assert run(f"{year}-03-31").credits == 1
    assert due(schedule) == [f"{year}-02-{last}", f"{year}-03-31"]


def test_the_same_instant_is_another_day_in_zones_far_apart() -> None:
    """At 10:30 in UTC on 30 September: 1 October in Kiritimati, 29 September in Pago Pago."""
    zones = ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago")
    accounts = [an_account(time_zone=zone) for zone in zones]
    ends = [a_schedule(each, day_of_month=31, starts_on="2026-09-01") for each in accounts]
    firsts = [a_schedule(each, day_of_month=1, starts_on="2026-09-02") for each in accounts]
    run("2026-09-30 10:30")
    assert [due(each) for each in ends] == [["2026-09-30"], ["2026-09-30"], []]
    assert [due(each) for each in firsts] == [["2026-10-01"], [], []]
    run("2026-09-30 11:00")
    assert [due(each) for each in ends] == [["2026-09-30"]] * 3
    run("2026-10-01 11:00")
    assert [due(each) for each in firsts] == [["2026-10-01"]] * 3


def test_a_day_that_is_named_is_granted_only_where_it_has_come() -> None:
    east, west = an_account(time_zone="Pacific/Kiritimati"), an_account(time_zone="Pacific/Pago_Pago")
    schedules = [a_schedule(east), a_schedule(west)]
    run("2026-08-15 10:30", as_of="2026-08-15")
    assert [due(each) for each in schedules] == [["2026-08-15"], []]


def test_a_day_of_the_past_grants_what_was_due_then() -> None:
    schedule = a_schedule(an_account())
    run("2026-12-01", as_of="2026-09-15")
    assert due(schedule) == ["2026-08-15", "2026-09-15"]


def test_the_days_of_an_account_with_summer_time_are_its_own() -> None:
    """Midnight of 1 November is 04:00 in UTC in New York, and 05:00 a day later."""
    schedule = a_schedule(an_account(time_zone="America/New_York"), day_of_month=1, starts_on="2026-11-01")
    assert run("2026-11-01 03:59").credits == 0
    assert run("2026-11-01 04:00").credits == 1
    assert run("2026-12-01 04:59").credits == 0
    assert run("2026-12-01 05:00").credits == 1
    assert due(schedule) == ["2026-11-01", "2026-12-01"]


def test_a_stopped_schedule_grants_up_to_the_day_it_was_stopped_also_late() -> None:
    account = an_account()
    before, on_it = a_schedule(account, day_of_month=15), a_schedule(account, day_of_month=20)
    after = a_schedule(account, day_of_month=21)
    for schedule in (before, on_it, after):
        stop_schedule(schedule, "2026-08-20")
    run("2026-12-01")
    assert [due(each) for each in (before, on_it, after)] == [["2026-08-15"], ["2026-08-20"], []]


def test_stopped_between_two_runs_it_keeps_what_it_granted_and_grants_no_more() -> None:
    schedule = a_schedule(an_account())
    run("2026-09-15")
    stop_schedule(schedule, "2026-09-16")
    run("2026-12-01")
    assert due(schedule) == ["2026-08-15", "2026-09-15"]
    assert [balance(credit) for credit in schedule.credits.all()] == [5000, 5000]


def test_an_ended_schedule_grants_through_its_last_day_also_late() -> None:
    schedule = a_schedule(an_account(), ends_on="2026-10-15")
    run("2027-12-01")
    assert due(schedule) == ["2026-08-15", "2026-09-15", "2026-10-15"]


def test_a_credit_that_was_voided_is_not_granted_again() -> None:
    schedule = a_schedule(an_account())
    run("2026-08-15")
    void_credit(schedule.credits.get(), "2026-08-16")
    assert run("2026-08-17").credits == 0


def test_a_gap_that_other_hands_left_is_filled() -> None:
    schedule = a_schedule(an_account())
    schedule_grant(schedule=schedule, due_on=day("2026-09-15"), by=BY, now=at("2026-09-15"), token="by-hand")
    run("2026-09-16")
    assert due(schedule) == ["2026-09-15", "2026-08-15"]


def test_where_nothing_is_owed_one_question_is_all_it_takes(django_assert_num_queries: Any) -> None:
    for _ in range(5):
        a_schedule(an_account())
    run("2026-09-15")
    with django_assert_num_queries(1):
        run("2026-09-20")
    with django_assert_num_queries(1):
        run("2026-09-20", as_of="2026-08-20")


# --- What is left -----------------------------------------------------------------------


def test_a_closed_account_is_left_with_its_reason_until_its_schedule_is_stopped() -> None:
    account = an_account()
    schedule, other = a_schedule(account), a_schedule(an_account())
    account_close(account=account, reason="Left", **by_now("2026-08-20"))
    result = run("2026-09-16")
    assert left(result) == [(schedule, "2026-08-15", "This account is closed: no credit can be granted.")]
    assert due(other) == ["2026-08-15", "2026-09-15"]
    stop_schedule(schedule, "2026-09-16")
    assert left(run("2026-09-17")) == []
    assert not Credit.objects.filter(account=account).exists()


def test_terms_that_cannot_be_read_leave_that_schedule_and_no_other() -> None:
    account, item = an_account(), an_item()
    whole = a_schedule(account)
    bad = a_schedule(account)
    bad.pk, bad.terms = None, {**whole.terms, "items": [item.pk + 999], "applies_to": "selected"}
    past_the_model(Schedule).bulk_create([bad])
    worse = Schedule.objects.create(
        account=an_account(),
        name="x",
        day=1,
        starts_on=day("2026-08-01"),
        terms=7,
        created_at=at("2026-08-01"),
    )
    result = run("2026-08-15")
    cannot = "The terms stored with this schedule cannot be read."
    assert left(result) == [(bad, "2026-08-15", cannot), (worse, "2026-08-01", cannot)]
    assert due(whole) == ["2026-08-15"]


def test_what_is_left_waits_and_is_made_good_later() -> None:
    schedule = a_schedule(an_account())
    with override_settings(SCRIP_MAX_AMOUNT=10):
        assert left(run("2026-09-15")) == [
            (schedule, "2026-08-15", "The amount is above zero and below the limit.")
        ]
    assert run("2026-09-15").left == []
    assert due(schedule) == ["2026-08-15", "2026-09-15"]


def test_each_grant_is_its_own_transaction_and_a_schedule_that_is_stuck_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, free = a_schedule(an_account()), a_schedule(an_account(currency="EUR"))

    def refuse_one(**told: Any) -> Credit:
        if told["schedule"] == stuck and told["due_on"] == day("2026-09-15"):
            raise OperationalError("canceling statement due to lock timeout\nCONTEXT: and more")
        return schedule_grant(**told)

    monkeypatch.setattr(schedule_run, "schedule_grant", refuse_one)
    result = run("2026-10-15")
    assert (due(stuck), due(free)) == (["2026-08-15"], ["2026-08-15", "2026-09-15", "2026-10-15"])
    assert left(result) == [
        (stuck, "2026-09-15", "The database refused: canceling statement due to lock timeout.")
    ]
    with pytest.raises(CommandError, match=r"1 schedule could not be granted\."):
        call_command("grant_schedules", "--as-of", "2026-10-15", stdout=StringIO())


# --- The command ------------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("grant_schedules", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_granted() -> None:
    a_schedule(an_account(), day_of_month=31, starts_on="2026-01-01", now="2026-01-01")
    a_schedule(an_account(currency="JPY"), "500", starts_on="2026-01-01", now="2026-01-01")
    assert json.loads(command("--as-of", "2026-02-28", "--json")) == {
        "as_of": "2026-02-28",
        "accounts": 2,
        "credits": 4,
        "credits_of_units": 0,
        "granted_meanwhile": 0,
        "sums": [
            {"currency": "JPY", "credits": 2, "amount": "1000"},
            {"currency": "USD", "credits": 2, "amount": "100.00"},
        ],
        "left": [],
    }
    assert command("--as-of", "2026-02-28").startswith("Nothing to grant")
    assert command("--as-of", "2026-03-31").splitlines() == [
        "2 credits granted to 2 accounts.",
        "  JPY: 1 credit, 500 JPY.",
        "  USD: 1 credit, 50.00 USD.",
    ]


def test_the_command_names_what_it_left_and_ends_with_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    account = an_account()
    schedule = a_schedule(account, starts_on="2026-01-01", now="2026-01-01")
    account_close(account=account, reason="Left", **by_now("2026-01-20"))
    out = StringIO()
    with pytest.raises(CommandError, match=r"^1 schedule could not be granted\.$"):
        call_command("grant_schedules", "--as-of", "2026-02-28", "--json", stdout=out)
    assert json.loads(out.getvalue())["left"] == [
        {
            "account": account.key,
            "schedule": schedule.pk,
            "due_on": "2026-01-15",
            "reason": "This account is closed: no credit can be granted.",
        }
    ]


def test_a_day_that_has_not_come_yet_is_refused_and_nothing_granted() -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    a_schedule(an_account(), starts_on="2026-01-01", now="2026-01-01")
    with pytest.raises(CommandError, match=f"{tomorrow} has not come yet"):
        command("--as-of", str(tomorrow))
    assert not Credit.objects.exists()


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "yesterday", "", "20260203"])
def test_what_is_no_day_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(CommandError, match=f"--as-of: “{text}” is not a day"):
        command("--as-of", text)


def test_the_first_day_of_the_calendar_is_no_trouble() -> None:
    assert command("--as-of", "0001-01-01").startswith("Nothing to grant")


# --- At once ----------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_r13_two_runs_that_meet_grant_each_due_day_once() -> None:
    account = an_account()
    schedule = a_schedule(account)
    results = at_once(
        lambda: account_lock(account.pk), lambda: run("2027-01-15"), lambda: run("2027-01-15 12:01")
    )
    assert due(schedule) == [f"{month}-15" for month in ("2026-08", "2026-09", "2026-10")] + [
        "2026-11-15",
        "2026-12-15",
        "2027-01-15",
    ]
    assert sum(result.credits for result in results) == 6
    assert sum(result.meanwhile for result in results) == 6
    assert [result.left for result in results] == [[], []]


@pytest.mark.django_db(transaction=True)
def test_r13_two_processes_at_once_grant_each_due_day_once() -> None:
    accounts = [an_account() for _ in range(3)]
    schedules = [
        a_schedule(account, day_of_month=number, starts_on="2024-01-01", now="2024-01-01")
        for account in accounts
        for number in (1, 31)
    ]
    words = ("grant_schedules", "--as-of", "2025-12-31", "--json")
    processes = [command_start(*words), command_start(*words)]
    answers = [json.loads(finish(process)) for process in processes]
    assert [len(due(schedule)) for schedule in schedules] == [24] * 6
    assert Credit.objects.count() == Entry.objects.count() == 24 * 6
    assert sum(answer["credits"] for answer in answers) == 24 * 6
    assert [answer["left"] for answer in answers] == [[], []]
