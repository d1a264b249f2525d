"""When a credit can pay (R6), and how what is gone is booked (R10).

A credit that expires on 31 August has 45 days of grace: 15 October is the last day an invoice can
use it, 16 October the first on which what is left is gone.
"""

from typing import Any

import pytest
from django.test import override_settings

from credits.grant_terms import GrantRefused
from credits.models import Entry
from credits.services import credits_expire, expire_token
from customers.models import Account, Act
from invoices.models import Item
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    balance,
    by_now,
    day,
    expire,
    issue,
    ledger,
    void_credit,
)

pytestmark = pytest.mark.django_db

AUGUST = {"start": "2026-08-01", "end": "2026-09-01"}
SEPTEMBER = {"start": "2026-09-01", "end": "2026-10-01"}
OCTOBER = {"start": "2026-10-01", "end": "2026-11-01"}


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def credited(account: Account, item: Item, issued: str, **period: str) -> int:
    draft = a_draft(account, (item, "100.00"), **(period or AUGUST))
    return issue(draft, issued, before_end=True).credited or 0


@pytest.mark.parametrize(
    ("issued", "period", "paid"),
    [
        pytest.param("2026-08-31", AUGUST, 5000, id="on its last day"),
        pytest.param("2026-09-01", AUGUST, 5000, id="the day after, for service it was alive in"),
        pytest.param("2026-10-15", AUGUST, 5000, id="on the last day of grace"),
        pytest.param("2026-10-16", AUGUST, 0, id="the day after the grace"),
        pytest.param("2026-10-01", SEPTEMBER, 0, id="in grace, but for service that began after it"),
        pytest.param("2026-08-31", OCTOBER, 5000, id="alive on the day of issue, for service to come"),
        pytest.param("2026-09-01", OCTOBER, 0, id="expired when service to come is billed"),
    ],
)
def test_r6_a_credit_that_expires_on_31_august(
    account: Account, item: Item, issued: str, period: dict[str, str], paid: int
) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31")
    assert credited(account, item, issued, **period) == paid


@pytest.mark.parametrize(
    ("expires_on", "paid"), [("2026-08-01", 5000), ("2026-07-31", 0)], ids=["on it", "the day before it"]
)
def test_r6_to_expire_on_the_first_day_of_service_is_enough_for_the_whole_line(
    account: Account, item: Item, expires_on: str, paid: int
) -> None:
    a_credit(account, "50.00", effective_from="2026-07-01", expires_on=expires_on, now="2026-07-15")
    assert credited(account, item, "2026-09-01") == paid


@pytest.mark.parametrize(
    ("effective_from", "paid"), [("2026-09-01", 5000), ("2026-09-02", 0)], ids=["on it", "the day after it"]
)
def test_r6_to_take_effect_on_the_day_of_issue_is_enough(
    account: Account, item: Item, effective_from: str, paid: int
) -> None:
    a_credit(account, "50.00", effective_from=effective_from)
    assert credited(account, item, "2026-09-01") == paid


@override_settings(SCRIP_GRACE_DAYS=0)
def test_r6_the_grace_is_a_setting(account: Account, item: Item) -> None:
    a_credit(account, "150.00", expires_on="2026-08-31")
    assert [credited(account, item, issued) for issued in ("2026-08-31", "2026-09-01")] == [10000, 0]


def test_r6_a_credit_without_a_last_day_never_expires(account: Account, item: Item) -> None:
    credit = a_credit(account, "50.00")
    assert expire(account, "2099-12-31") == []
    assert balance(credit) == 5000
    assert credited(account, item, "2099-12-31") == 5000


@pytest.mark.parametrize(
    ("zone", "last_moment", "too_late"),
    [
        ("UTC", "2026-10-15 23:59", "2026-10-16 00:00"),
        ("Pacific/Kiritimati", "2026-10-15 09:59", "2026-10-15 10:00"),
        ("Pacific/Pago_Pago", "2026-10-16 10:59", "2026-10-16 11:00"),
        ("America/New_York", "2026-10-16 03:59", "2026-10-16 04:00"),
        ("Asia/Kathmandu", "2026-10-15 18:14", "2026-10-15 18:15"),
    ],
)
def test_r6_days_begin_and_end_at_midnight_of_the_account_s_zone(
    item: Item, zone: str, last_moment: str, too_late: str
) -> None:
    punctual, late = an_account(time_zone=zone), an_account(time_zone=zone)
    for account in (punctual, late):
        a_credit(account, "50.00", expires_on="2026-08-31")
    assert credited(punctual, item, last_moment) == 5000
    assert credited(late, item, too_late) == 0


@pytest.mark.parametrize(
    ("expires_on", "last_issue"),
    [
        pytest.param("2028-02-29", "2028-04-14", id="on 29 February"),
        pytest.param("2028-01-31", "2028-03-16", id="29 February lies in the grace"),
        pytest.param("2027-01-31", "2027-03-17", id="no 29 February lies in the grace"),
        pytest.param("2027-12-31", "2028-02-14", id="over the end of the year"),
    ],
)
def test_r6_the_last_day_of_the_grace_is_counted_in_days(
    account: Account, expires_on: str, last_issue: str
) -> None:
    credit = a_credit(account, "50.00", expires_on=expires_on)
    assert credit.last_issue == day(last_issue)
    assert not credit.is_gone(day(last_issue))
    assert expire(account, last_issue) == []


def booked() -> list[tuple[int, str]]:
    entries = Entry.objects.filter(kind="expired").order_by("number")
    return [(entry.amount, str(entry.value_date)) for entry in entries]


def test_r10_what_is_left_is_booked_on_the_day_after_the_grace_and_not_before(account: Account) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31")
    assert expire(account, "2026-10-15") == []
    entries = expire(account, "2026-10-16")
    assert [entry.amount for entry in entries] == [-5000]
    assert booked() == [(-5000, "2026-10-16")]


def test_r10_only_what_is_left_is_booked(account: Account, item: Item) -> None:
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    an_invoice(account, (item, "30.00"))
    expire(account, "2026-10-16")
    assert booked() == [(-2000, "2026-10-16")]
    assert balance(credit) == 0


def test_r10_running_late_is_the_same_as_in_time_but_for_the_time_of_booking(account: Account) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2027-03-01")
    assert booked() == [(-5000, "2026-10-16")]
    assert Entry.objects.get(kind="expired").booked_at == at("2027-03-01")


def test_r10_a_day_gone_by_may_be_named(account: Account) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31", name="August")
    a_credit(account, "70.00", expires_on="2026-09-30", name="September")
    expire(account, "2026-10-16", now="2027-03-01")
    assert ledger(account)[2:] == [("August", "expired", -5000)]


def test_r10_running_it_twice_is_once(account: Account) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2026-10-16")
    assert expire(account, "2026-10-16") == []
    assert expire(account, "2026-10-17") == []
    assert booked() == [(-5000, "2026-10-16")]
    assert Act.objects.filter(kind="credits_expire").count() == 1


def test_r10_no_job_is_needed_to_be_right(account: Account, item: Item) -> None:
    """The money is still in the ledger, for nobody booked it; R6 keeps it from being used."""
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    assert credited(account, item, "2026-12-01") == 0
    assert balance(credit) == 5000


def test_r10_credits_that_are_voided_used_up_or_alive_are_left_alone(account: Account, item: Item) -> None:
    used = a_credit(account, "30.00", name="Used", priority=1, expires_on="2026-08-31")
    an_invoice(account, (item, "30.00"))
    voided = a_credit(account, "50.00", name="Voided", expires_on="2026-08-31", now="2026-08-31")
    void_credit(voided, "2026-09-01")
    alive = a_credit(account, "60.00", name="Alive", expires_on="2026-09-01")
    assert expire(account, "2026-10-16") == []
    assert [balance(credit) for credit in (used, voided, alive)] == [0, 0, 6000]


def test_r10_several_credits_are_booked_in_one_act(account: Account) -> None:
    for name, amount in (("A", "10.00"), ("B", "20.00")):
        a_credit(account, amount, name=name, expires_on="2026-08-31")
    entries = expire(account, "2026-10-16")
    assert {entry.act_id for entry in entries} == {Act.objects.get(kind="credits_expire").pk}
    assert sorted(ledger(account)[2:]) == [("A", "expired", -1000), ("B", "expired", -2000)]


def test_r10_a_day_that_has_not_come_is_refused(account: Account) -> None:
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    with pytest.raises(GrantRefused, match="2026-10-16 has not come yet"):
        expire(account, "2026-10-16", now="2026-10-15")
    assert balance(credit) == 5000


def test_r10_whether_a_day_has_come_is_judged_in_the_account_s_zone() -> None:
    east, west = an_account(time_zone="Pacific/Kiritimati"), an_account(time_zone="Pacific/Pago_Pago")
    for account in (east, west):
        a_credit(account, "50.00", expires_on="2026-08-31")
    assert len(expire(east, "2026-10-16", now="2026-10-15 10:00")) == 1
    with pytest.raises(GrantRefused, match="has not come yet"):
        expire(west, "2026-10-16", now="2026-10-16 10:59")


def test_r13_a_run_of_the_same_day_on_the_same_ledger_has_the_same_token(account: Account) -> None:
    a_credit(account, "50.00", expires_on="2026-08-31")
    before = expire_token(account, day("2026-10-16"))
    assert before == expire_token(account, day("2026-10-16"))
    told: dict[str, Any] = {"by": a_command("expire_credits"), "now": at("2026-10-16"), "token": before}
    assert len(credits_expire(account=account, as_of=day("2026-10-16"), **told)) == 1
    assert credits_expire(account=account, as_of=day("2026-10-16"), **told) == []
    assert expire_token(account, day("2026-10-16")) != before


def test_r13_a_run_that_found_nothing_leaves_its_token_free(account: Account) -> None:
    once = by_now("2026-10-16")
    assert credits_expire(account=account, as_of=day("2026-10-16"), **once) == []
    assert not Act.objects.filter(token=once["token"]).exists()


def test_r10_the_balance_as_of_a_day_gone_by_goes_by_the_time_of_booking(account: Account) -> None:
    """On 1 November 50.00 were still in the books, though no invoice could use them."""
    credit = a_credit(account, "50.00", expires_on="2026-08-31")
    expire(account, "2026-12-01")
    assert [e.amount for e in credit.entries.filter(booked_at__lte=at("2026-11-01"))] == [5000]
