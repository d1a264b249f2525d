"""Adding a schedule: what it promises is checked once, kept as plain values, and grants nothing yet."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from credits.due_days import DueDays
from credits.grant_terms import GrantRefused, Terms
from credits.models import AppliesTo, Category, Credit, Schedule
from credits.schedule_terms import LEFT_OUT, TermsUnreadable, terms_of, terms_plain
from credits.schedules import schedule_add
from customers.acts import Refusal, TokenReused
from customers.models import Account, Act
from customers.services import account_close
from invoices.models import Kind
from tests.factories import a_schedule, an_account, an_item, at, by_now, day, stop_schedule, terms
from tests.forging import past_the_model, rules_lifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def full_terms(account: Account) -> Terms:
    """Every part of terms that money can have, none as it is by default."""
    return Terms(
        name="Partner",
        priority=7,
        effective_from=day("2026-08-15"),
        expires_on=day("2026-09-13"),
        amount=5000,
        max_amount=2000,
        max_percent=Decimal("12.50"),
        price_paid=4000,
        category=Category.PURCHASED,
        applies_to=AppliesTo.SELECTED,
        kinds=(Kind.ADD_ON, Kind.LICENSE),
        items=(an_item("API"), an_item("Storage")),
        excluded_items=(an_item("Support"),),
        tags=("blue", "team-red"),
    )


def add(account: Account, **changes: Any) -> Schedule:
    told: dict[str, Any] = {
        "terms": terms(account, "50.00"),
        "due_days": DueDays(15, day("2026-08-01")),
        "lifetime_days": None,
        "reason": "",
        **by_now("2026-08-01"),
    }
    return schedule_add(account=account, **told | changes)


def test_a_schedule_is_added_with_all_it_promises(account: Account) -> None:
    schedule = a_schedule(
        account,
        day_of_month=31,
        starts_on="2026-08-01",
        ends_on="2027-07-31",
        lifetime_days=30,
        name=" Monthly ",
    )
    schedule.refresh_from_db()
    assert (schedule.account, schedule.name, schedule.day) == (account, "Monthly", 31)
    assert (schedule.starts_on, schedule.ends_on) == (day("2026-08-01"), day("2027-07-31"))
    assert (schedule.lifetime_days, schedule.reason) == (30, "Agreed for the year")
    assert (schedule.created_at, schedule.stopped_at) == (at("2026-08-01"), None)
    record = Act.objects.latest("pk")
    assert (record.kind, record.subject, record.account) == (
        "schedule_add",
        f"schedule:{schedule.pk}",
        account,
    )


def test_it_grants_nothing_before_a_due_day_has_come(account: Account) -> None:
    a_schedule(account)
    assert not Credit.objects.exists()


def test_its_terms_are_plain_values_without_name_and_dates(account: Account) -> None:
    item = an_item()
    schedule = a_schedule(account, items=(item,), kinds=(Kind.LICENSE,), priority=3)
    schedule.refresh_from_db()
    assert schedule.terms == {
        "amount": 5000,
        "priority": 3,
        "category": "promotional",
        "applies_to": "selected",
        "kinds": ["license"],
        "items": [item.pk],
        "excluded_items": [],
    }


def test_every_part_of_terms_comes_back_as_it_was_given(account: Account) -> None:
    promise = full_terms(account)
    untold = {f.name for f in fields(Terms) if getattr(promise, f.name) == f.default} - {"units", "unit_item"}
    assert untold == set(), "this test has to give every part another value than the default"
    schedule = add(account, terms=promise, lifetime_days=30)
    schedule.refresh_from_db()
    assert terms_of(schedule, day("2026-08-15")) == promise


def test_r11_units_come_back_too(account: Account) -> None:
    item = an_item()
    promise = replace(
        terms(account, "1.00"),
        amount=0,
        units=1_000_500_000,
        unit_item=item,
        applies_to=AppliesTo.SELECTED,
        items=(item,),
        effective_from=day("2026-08-15"),
    )
    schedule = add(account, terms=promise)
    schedule.refresh_from_db()
    assert terms_of(schedule, day("2026-08-15")) == promise


def test_the_dates_of_a_credit_follow_from_its_due_day_and_no_other(account: Account) -> None:
    wrong = replace(terms(account, "50.00"), effective_from=day("1999-01-01"), expires_on=day("1999-01-02"))
    schedule = add(account, terms=wrong, lifetime_days=30)
    read = terms_of(schedule, day("2027-02-15"))
    assert (read.effective_from, read.expires_on) == (day("2027-02-15"), day("2027-03-16"))
    assert terms_of(add(account), day("2027-02-15")).expires_on is None


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "day 0": ({"due_days": DueDays(0, day("2026-08-01"))}, "from 1 to 31"),
    "day 32": ({"due_days": DueDays(32, day("2026-08-01"))}, "from 1 to 31"),
    "ends before it starts": (
        {"due_days": DueDays(1, day("2026-08-01"), day("2026-07-31"))},
        "cannot end before it starts",
    ),
    "no due day": (
        {"due_days": DueDays(15, day("2026-08-16"), day("2026-09-14"))},
        "No due day lies between",
    ),
    "a start long ago": ({"due_days": DueDays(1, day("1999-12-31"))}, "between the years 2000 and 2200"),
    "an end far off": (
        {"due_days": DueDays(1, day("2026-08-01"), date(2201, 1, 1))},
        "between the years 2000 and 2200",
    ),
    "no lifetime": ({"lifetime_days": 0}, "lives from 1 to 36,525 days"),
    "an endless lifetime": ({"lifetime_days": 36_526}, "lives from 1 to 36,525 days"),
    "over before it was promised": (
        {"due_days": DueDays(1, day("2026-07-01")), "lifetime_days": 31},
        "The last day of this credit is over already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_never_be_granted_is_refused_in_words(account: Account, case: str) -> None:
    wrong, sentence = REFUSED[case]
    with pytest.raises(Refusal, match=sentence):
        add(account, **wrong)
    assert not Schedule.objects.exists()
    assert not Act.objects.filter(kind="schedule_add").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "needs a name"),
        ({"amount": 0}, "above zero"),
        ({"priority": 101}, "from 1 to 100"),
        ({"applies_to": AppliesTo.SELECTED}, "at least one kind, item or tag"),
    ],
)
def test_terms_that_no_credit_can_have_are_refused_as_granting_refuses_them(
    account: Account, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(GrantRefused, match=sentence):
        add(account, terms=replace(terms(account, "50.00"), **change))


def test_a_closed_account_gets_no_schedule(account: Account) -> None:
    account_close(account=account, reason="Left", **by_now("2026-08-01"))
    with pytest.raises(GrantRefused, match="This account is closed"):
        a_schedule(account)


def test_a_schedule_may_begin_in_the_past(account: Account) -> None:
    assert a_schedule(account, starts_on="2026-01-01").starts_on == day("2026-01-01")


def test_the_first_credit_may_be_on_its_last_day(account: Account) -> None:
    assert add(account, due_days=DueDays(1, day("2026-08-01")), lifetime_days=1).lifetime_days == 1


def test_r13_the_same_token_adds_one_schedule(account: Account) -> None:
    once = by_now("2026-08-01")
    assert add(account, **once) == add(account, **once)
    assert Schedule.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"due_days": DueDays(16, day("2026-08-01"))},
        {"due_days": DueDays(15, day("2026-08-02"))},
        {"due_days": DueDays(15, day("2026-08-01"), day("2027-08-01"))},
        {"lifetime_days": 30},
        {"reason": "Another"},
    ],
)
def test_r13_the_same_token_with_other_content_is_refused(account: Account, other: dict[str, Any]) -> None:
    once = by_now("2026-08-01")
    add(account, **once)
    with pytest.raises(TokenReused):
        add(account, **once, **other)


BAD_TERMS: dict[str, Any] = {
    "no object": [1, 2],
    "nothing": None,
    "a text": "50.00",
    "empty": {},
    "an amount in words": {"amount": "5000"},
    "a float": {"amount": 50.5},
    "a truth for a number": {"amount": True},
    "an unknown kind": {"kinds": ["gift"]},
    "an unknown category": {"category": "stolen"},
    "an item that is not there": {"items": [10**6]},
    "an item beyond every database": {"items": [10**30]},
    "an item of no number": {"items": ["x"]},
    "a list that is none": {"items": 7},
    "no percentage": {"max_percent": "half"},
    "an item in an object": {"unit_item": {}},
}


@pytest.mark.parametrize("case", BAD_TERMS)
def test_terms_that_other_hands_wrote_are_refused_in_words(account: Account, case: str) -> None:
    bad = BAD_TERMS[case]
    schedule = Schedule(account=account, name="Bad", day=1, starts_on=day("2026-08-01"))
    schedule.terms = {**terms_plain(terms(account, "1.00")), **bad} if isinstance(bad, dict) and bad else bad
    with pytest.raises(TermsUnreadable, match="cannot be read"):
        terms_of(schedule, day("2026-08-01"))


def test_terms_leave_out_only_what_the_schedule_says_itself(account: Account) -> None:
    promise = full_terms(account)
    assert set(terms_plain(promise)) == set(promise.content()) - set(LEFT_OUT)


# --- The database -----------------------------------------------------------------------

CHANGES: dict[str, Any] = {
    "name": "Another",
    "day": 1,
    "starts_on": day("2026-08-02"),
    "ends_on": day("2030-01-01"),
    "lifetime_days": 3,
    "terms": {"amount": 1},
    "reason": "Another",
    "created_at": at("2020-01-01"),
}


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("field", CHANGES)
def test_no_fact_of_a_schedule_ever_changes(account: Account, field: str, stopped: bool) -> None:
    schedule = a_schedule(account)
    if stopped:
        stop_schedule(schedule)
    before = Schedule.objects.values().get()
    with pytest.raises(IntegrityError, match="only by being stopped, once"), transaction.atomic():
        past_the_model(Schedule).filter(pk=schedule.pk).update(**{field: CHANGES[field]})
    setattr(schedule, field, CHANGES[field])
    with pytest.raises(IntegrityError, match="only by being stopped, once"), transaction.atomic():
        schedule.save()
    assert Schedule.objects.values().get() == before


def test_a_schedule_never_moves_to_another_account_or_number(account: Account) -> None:
    schedule = a_schedule(account)
    other = an_account()
    for change in ({"account": other}, {"id": schedule.pk + 1000}):
        with pytest.raises(IntegrityError, match="only by being stopped, once"), transaction.atomic():
            past_the_model(Schedule).filter(pk=schedule.pk).update(**change)


def test_a_schedule_is_never_deleted(account: Account) -> None:
    schedule = a_schedule(account)
    for delete in (
        schedule.delete,
        Schedule.objects.all().delete,
        lambda: past_the_model(Schedule)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="a schedule is never deleted"), transaction.atomic():
            delete()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM credits_schedule")
    assert Schedule.objects.count() == 1


def test_a_statement_that_changes_nothing_is_let_through(account: Account) -> None:
    schedule = a_schedule(account)
    Schedule.objects.get(pk=schedule.pk).save()
    Schedule.objects.update(name="Welcome", day=15)
    assert Schedule.objects.get().name == "Welcome"


def test_without_our_rules_it_would_change(account: Account) -> None:
    """The tests above would pass as well if the statements were wrong."""
    a_schedule(account)
    with rules_lifted():
        assert past_the_model(Schedule).update(**CHANGES) == 1
