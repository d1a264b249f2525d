"""R6 and R10 to the microsecond: a day begins at midnight of the account's zone, or, where the clocks skip
midnight, with the first instant after it; where midnight comes twice, at the first.

Each case is a zone, a day, and the instant (UTC) at which that day begins there.
"""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.services import IssueRefused, invoice_issue
from billing.verification.runner import ledger_verify
from credits.expiry import expiry_run
from credits.grant_terms import GrantRefused
from credits.models import Credit, Entry
from credits.services import credit_grant, credits_expire
from customers.models import Account
from invoices.models import Invoice
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    a_token,
    an_account,
    an_item,
    an_operator,
    at,
    balance,
    terms,
)

pytestmark = pytest.mark.django_db

GRACE = timedelta(days=45)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)

MIDNIGHTS = [
    ("UTC", "2026-10-16", "2026-10-16 00:00"),
    ("Pacific/Kiritimati", "2026-10-16", "2026-10-15 10:00"),  # UTC+14
    ("Pacific/Pago_Pago", "2026-10-16", "2026-10-16 11:00"),  # UTC-11
    ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00"),  # no midnight: 23:59, then 01:00
    ("America/Havana", "2026-03-08", "2026-03-08 05:00"),  # none
    ("America/Havana", "2026-11-01", "2026-11-01 04:00"),  # midnight twice
    ("America/Santiago", "2026-09-06", "2026-09-06 04:00"),  # none
    ("America/Santiago", "2026-04-05", "2026-04-05 04:00"),  # 23:00 to 24:00 of the day before twice
    ("Atlantic/Azores", "2026-03-29", "2026-03-29 01:00"),  # none
    ("Atlantic/Azores", "2026-10-25", "2026-10-25 00:00"),  # twice
    ("Europe/Berlin", "2028-02-29", "2028-02-28 23:00"),  # a leap day begins
    ("Asia/Kathmandu", "2028-03-01", "2028-02-29 18:15"),  # and ends
]
every_midnight = pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [pytest.param(z, date.fromisoformat(d), at(b), id=f"{z} {d}") for z, d, b in MIDNIGHTS],
)


def told(now: datetime) -> dict[str, Any]:
    return {"by": an_operator(), "now": now, "token": a_token()}


def granted(account: Account, **promise: Any) -> Credit:
    """A credit of 50.00, granted on the day it takes effect."""
    promise = {"effective_from": date(2025, 12, 1), **promise}
    now = datetime.combine(promise["effective_from"], datetime.min.time(), ZoneInfo(account.time_zone))
    return credit_grant(
        account=account, terms=terms(account, "50.00", **promise), reason="", **told(now + DAY / 2)
    )


def credited(account: Account, start: date, now: datetime) -> int:
    """What credits pay on 100.00 served from `start`, issued at `now`, be the period over or not."""
    draft = a_draft(account, (an_item(), "100.00"), start=str(start), end=str(start + 5 * DAY))
    issued = invoice_issue(invoice=draft, before_end=True, **told(now))
    assert ledger_verify().breach is None
    return issued.credited or 0


def before_and_from(begins: datetime) -> tuple[datetime, datetime]:
    return begins - INSTANT, begins


@every_midnight
def test_r6_a_credit_takes_effect_at_the_account_s_midnight(zone: str, day: date, begins: datetime) -> None:
    paid = []
    for now in before_and_from(begins):
        account = an_account(time_zone=zone)
        granted(account, effective_from=day)
        paid.append(credited(account, day, now))
    assert paid == [0, 5000]


@every_midnight
def test_r6_the_last_day_ends_at_the_account_s_midnight(zone: str, day: date, begins: datetime) -> None:
    """For service of the next day, billed in advance: the day of issue alone decides."""
    paid = []
    for now in before_and_from(begins):
        account = an_account(time_zone=zone)
        granted(account, expires_on=day - DAY)
        paid.append(credited(account, day, now))
    assert paid == [5000, 0]


@every_midnight
def test_r6_the_grace_ends_at_the_account_s_midnight(zone: str, day: date, begins: datetime) -> None:
    paid = []
    for now in before_and_from(begins):
        account = an_account(time_zone=zone)
        granted(account, expires_on=day - DAY - GRACE)
        paid.append(credited(account, day - DAY - GRACE, now))
    assert paid == [5000, 0]


@every_midnight
def test_r10_what_is_gone_is_booked_from_the_account_s_midnight_on(
    zone: str, day: date, begins: datetime
) -> None:
    account = an_account(time_zone=zone)
    credit = granted(account, expires_on=day - DAY - GRACE)
    before, now = before_and_from(begins)
    with pytest.raises(GrantRefused, match=f"{day} has not come yet"):
        credits_expire(account=account, as_of=day, **told(before))
    assert credits_expire(account=account, as_of=day - DAY, **told(before)) == []
    assert expiry_run(as_of=None, by=a_command(), now=before).credits == 0
    assert balance(credit) == 5000
    assert expiry_run(as_of=None, by=a_command(), now=now).credits == 1
    entry = Entry.objects.get(kind="expired")
    assert (entry.amount, entry.value_date, entry.booked_at) == (-5000, day, now)
    assert ledger_verify().breach is None


@every_midnight
def test_r7_a_period_is_over_at_the_account_s_midnight(zone: str, day: date, begins: datetime) -> None:
    account = an_account(time_zone=zone)
    draft = a_draft(account, (an_item(), "100.00"), start=str(day - DAY), end=str(day))
    before, now = before_and_from(begins)
    with pytest.raises(IssueRefused, match="The period ends on"):
        invoice_issue(invoice=draft, **told(before))
    assert invoice_issue(invoice=draft, **told(now)).issue_date == day


@pytest.mark.parametrize(
    ("zone", "day", "midnights"),
    [
        ("America/Havana", "2026-11-01", ("2026-11-01 04:00", "2026-11-01 05:00")),
        ("Atlantic/Azores", "2026-10-25", ("2026-10-25 00:00", "2026-10-25 01:00")),
    ],
)
def test_r6_a_midnight_that_comes_twice_begins_its_day_once(
    zone: str, day: str, midnights: tuple[str, str]
) -> None:
    """Between the two the clock shows the same hour again; the day stays the same."""
    account = an_account(time_zone=zone)
    for midnight in midnights:
        shown = at(midnight).astimezone(ZoneInfo(zone))
        assert f"{shown:%Y-%m-%d %H:%M}" == f"{day} 00:00"
    credit = granted(account, expires_on=date.fromisoformat(day) - DAY)
    first, second = (at(midnight) for midnight in midnights)
    for now in (first, second - INSTANT, second, second + timedelta(hours=1)):
        assert credited(account, date.fromisoformat(day), now) == 0
    assert credited(account, date.fromisoformat(day), first - INSTANT) == 5000
    assert balance(credit) == 0


# --- 29 February -------------------------------------------------------------------------

LEAP_DAY = date(2028, 2, 29)


@pytest.mark.parametrize(("issued", "paid"), [("2028-02-28", 0), ("2028-02-29", 5000), ("2028-03-01", 5000)])
def test_r6_29_february_can_be_a_first_day(issued: str, paid: int) -> None:
    account = an_account()
    granted(account, effective_from=LEAP_DAY)
    assert credited(account, date(2028, 2, 1), at(issued)) == paid


@pytest.mark.parametrize(
    ("served_from", "issued", "paid"),
    [
        ("2028-02-29", "2028-02-29", 5000),
        ("2028-02-29", "2028-03-01", 5000),
        ("2028-03-01", "2028-03-01", 0),
        ("2028-02-29", "2028-04-14", 5000),
        ("2028-02-29", "2028-04-15", 0),
    ],
)
def test_r6_29_february_can_be_a_last_day(served_from: str, issued: str, paid: int) -> None:
    account = an_account()
    granted(account, expires_on=LEAP_DAY)
    assert credited(account, date.fromisoformat(served_from), at(issued)) == paid


@pytest.mark.parametrize(
    ("expires_on", "last_issue"),
    [
        pytest.param("2028-01-31", "2028-03-16", id="29 February lies in the grace"),
        pytest.param("2028-01-15", "2028-02-29", id="the grace ends on 29 February"),
        pytest.param("2027-01-31", "2027-03-17", id="a year without it"),
        pytest.param("2100-01-31", "2100-03-17", id="a hundredth year without it"),
    ],
)
def test_r6_r10_a_grace_across_the_end_of_february_has_45_days(expires_on: str, last_issue: str) -> None:
    last_day, last = date.fromisoformat(expires_on), date.fromisoformat(last_issue)
    paid = []
    for issued in (last, last + DAY):
        account = an_account()
        granted(account, expires_on=last_day)
        paid.append(credited(account, last_day, at(str(issued))))
    assert paid == [5000, 0]
    expiry_run(as_of=None, by=a_command(), now=at(str(last + 9 * DAY)))
    assert [entry.value_date for entry in Entry.objects.filter(kind="expired")] == [last + DAY]


def test_r7_a_period_may_be_29_february_alone() -> None:
    account = an_account()
    a_credit(account, "50.00")
    draft = a_draft(account, (an_item(), "10.00"), start="2028-02-29", end="2028-03-01")
    line = draft.lines.get()
    assert (line.first_day, line.last_day) == (LEAP_DAY, LEAP_DAY)
    with pytest.raises(IssueRefused, match="ends on 29 February 2028"):
        invoice_issue(invoice=draft, **told(at("2028-02-29 23:59")))
    assert invoice_issue(invoice=draft, **told(at("2028-03-01 00:00"))).credited == 1000
    assert Invoice.objects.get().last_day == LEAP_DAY
