"""`expire_credits`: what it books, when, and that twice is once (R10)."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from credits import expiry
from credits.expiry import ExpiryResult, expiry_run
from credits.grant_terms import Terms
from credits.models import AppliesTo, Credit, Entry, EntryKind
from credits.services import credit_grant, credit_void, credits_expire
from customers.acts import Actor
from customers.models import Account, Act
from customers.services import account_open, customer_open
from tests.factories import a_unit_credit, an_item

BY = Actor(origin="a test", command="test")
LAST_DAY = date(2026, 3, 31)
GONE = LAST_DAY + timedelta(days=settings.SCRIP_GRACE_DAYS + 1)


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time().replace(hour=12)))


def opened(key: str = "a", zone: str = "UTC", currency: str = "USD") -> Account:
    now = noon(date(2026, 1, 1))
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


def granted(account: Account, ends: date | None = LAST_DAY, amount: int = 1000) -> Credit:
    return credit_grant(
        account=account,
        terms=Terms(
            name="Credit",
            amount=amount,
            priority=50,
            effective_from=date(2026, 1, 1),
            expires_on=ends,
            applies_to=AppliesTo.INVOICE,
        ),
        reason="",
        by=BY,
        now=noon(date(2026, 1, 1)),
        token=f"grant:{Credit.objects.count()}",
    )


def expired(now: datetime, as_of: date | None = None) -> ExpiryResult:
    return expiry_run(as_of=as_of, by=BY, now=now)


def bookings() -> list[tuple[int, date]]:
    entries = Entry.objects.filter(kind=EntryKind.EXPIRED).order_by("pk")
    return list(entries.values_list("amount", "value_date"))


def test_r10_a_balance_is_booked_on_the_first_day_after_the_grace_and_not_before(db: None) -> None:
    granted(opened())
    assert expired(noon(GONE - timedelta(days=1))).credits == 0
    result = expired(noon(GONE))
    assert (result.accounts, result.credits, result.sums["USD"].amount) == (1, 1, 1000)
    assert bookings() == [(-1000, GONE)]


def test_r10_twice_is_once(db: None) -> None:
    granted(opened())
    expired(noon(GONE))
    acts = Act.objects.count()
    assert expired(noon(GONE)).credits == 0
    assert expired(noon(GONE + timedelta(days=9))).credits == 0
    assert (bookings(), Act.objects.count()) == ([(-1000, GONE)], acts)


def test_r10_late_is_as_in_time_but_for_the_booking_time(db: None) -> None:
    granted(opened())
    expired(noon(GONE + timedelta(days=100)))
    assert bookings() == [(-1000, GONE)]


def test_r10_credits_that_never_expire_or_have_nothing_left_are_not_touched(db: None) -> None:
    account = opened()
    granted(account, ends=None)
    voided = granted(account)
    credit_void(credit=voided, reason="Over", by=BY, now=noon(date(2026, 2, 1)), token="void")
    assert expired(noon(GONE)).accounts == 0
    assert bookings() == []


def test_r10_the_day_is_each_accounts_own(db: None) -> None:
    granted(opened("west", "Pacific/Honolulu"))
    granted(opened("east", "Pacific/Kiritimati"), amount=700)
    morning = noon(GONE) - timedelta(hours=11)  # still the day before in Honolulu
    assert expired(morning).sums["USD"].amount == 700
    assert expired(morning + timedelta(days=1)).sums["USD"].amount == 1000


def test_r10_a_day_of_the_past_books_what_was_gone_then(db: None) -> None:
    account = opened()
    granted(account)
    granted(account, ends=LAST_DAY + timedelta(days=30), amount=300)
    assert expired(noon(GONE + timedelta(days=60)), as_of=GONE).sums["USD"].amount == 1000


def test_each_account_is_its_own_transaction_and_one_that_is_stuck_is_named(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = opened("stuck")
    granted(stuck)
    granted(opened("free", currency="EUR"))

    def refuse_one(**act: Any) -> list[Entry]:
        if act["account"] == stuck:
            raise OperationalError("canceling statement due to lock timeout")
        return credits_expire(**act)

    monkeypatch.setattr(expiry, "credits_expire", refuse_one)
    result = expired(noon(GONE))
    assert list(result.sums) == ["EUR"]
    assert [(left.account, left.reason) for left in result.left] == [
        (stuck, "The database refused: canceling statement due to lock timeout.")
    ]
    with pytest.raises(CommandError, match=r"1 account could not be booked\."):
        call_command("expire_credits", stdout=StringIO())


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("expire_credits", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_booked(db: None) -> None:
    granted(opened())
    summary = json.loads(command("--as-of", str(GONE), "--json"))
    assert summary == {
        "as_of": str(GONE),
        "accounts": 1,
        "credits": 1,
        "credits_of_units": 0,
        "sums": [{"currency": "USD", "credits": 1, "amount": "10.00"}],
        "left": [],
    }
    assert command().startswith("Nothing to book")


def test_r11_free_units_are_counted_apart_and_are_no_money(db: None) -> None:
    account = opened()
    granted(account)
    a_unit_credit(
        account, "1000", an_item(), expires_on=LAST_DAY, effective_from=date(2026, 1, 1), now="2026-01-01"
    )
    said = command("--as-of", str(GONE))
    assert said.splitlines() == [
        "2 credits of 1 account booked as expired.",
        "  USD: 1 credit, 10.00 USD.",
        "  Free units: 1 credit.",
    ]


def test_a_day_that_has_not_come_yet_is_refused_and_nothing_booked(db: None) -> None:
    granted(opened())
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(CommandError, match=f"{tomorrow} has not come yet"):
        command("--as-of", str(tomorrow))
    assert bookings() == []


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-3", "yesterday", "", "20260203"])
def test_what_is_no_day_is_refused_by_its_name(db: None, day: str) -> None:
    with pytest.raises(CommandError, match=f"--as-of: “{day}” is not a day"):
        command("--as-of", day)


def test_the_first_day_of_the_calendar_is_no_trouble(db: None) -> None:
    assert command("--as-of", "0001-01-01").startswith("Nothing to book")
