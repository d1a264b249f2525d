"""Opening an account: one currency, one time zone (R15)."""

from datetime import date
from typing import Any

import pytest

from customers.models import Account, Act
from customers.services import CustomerRefused, account_open
from tests.factories import a_customer, an_account, at, by_now

pytestmark = pytest.mark.django_db


def test_an_account_is_opened_with_its_currency_and_zone() -> None:
    customer = a_customer()
    opened = account_open(
        customer=customer,
        key="A-1",
        name="Main",
        currency="JPY",
        time_zone="Asia/Tokyo",
        **by_now("2026-01-02"),
    )
    opened.refresh_from_db()
    assert (opened.customer, opened.key, opened.name) == (customer, "A-1", "Main")
    assert (opened.currency, opened.time_zone) == ("JPY", "Asia/Tokyo")
    assert (opened.created_at, opened.closed_at) == (at("2026-01-02"), None)


@pytest.mark.parametrize("currency", ["XAU", "usd", "", "DOLLARS", "MRU"])
def test_r15_a_currency_not_set_up_here_is_refused(currency: str) -> None:
    with pytest.raises(CustomerRefused, match="not among the currencies"):
        an_account(currency=currency)
    assert not Account.objects.exists()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "UTC+2", "utc "])
def test_r6_a_zone_that_no_calendar_knows_is_refused(zone: str) -> None:
    with pytest.raises(CustomerRefused, match="not a known time zone"):
        an_account(time_zone=zone)
    assert not Account.objects.exists()


def test_a_key_is_taken_once_per_customer() -> None:
    customer = a_customer()
    terms: dict[str, Any] = {"key": "A-1", "currency": "USD", "time_zone": "UTC"}
    account_open(customer=customer, name="First", **terms, **by_now("2026-01-02"))
    with pytest.raises(CustomerRefused, match="already has an account with the key “A-1”"):
        account_open(customer=customer, name="Second", **terms, **by_now("2026-01-02"))
    account_open(customer=a_customer(), name="Another's", **terms, **by_now("2026-01-02"))
    assert set(Account.objects.values_list("name", flat=True)) == {"First", "Another's"}


def test_r13_the_same_token_opens_one_account() -> None:
    customer, once = a_customer(), by_now("2026-01-02")
    terms: dict[str, Any] = {"key": "A-1", "name": "Main", "currency": "USD", "time_zone": "UTC"}
    first = account_open(customer=customer, **terms, **once)
    assert account_open(customer=customer, **terms, **once) == first
    assert Account.objects.count() == 1


def test_r14_the_record_names_the_account() -> None:
    account = an_account()
    record = Act.objects.get(kind="account_open")
    assert (record.account, record.subject) == (account, f"account:{account.pk}")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Kiritimati", date(2026, 9, 2)),
        ("UTC", date(2026, 9, 1)),
        ("America/New_York", date(2026, 9, 1)),
        ("Pacific/Pago_Pago", date(2026, 8, 31)),
    ],
)
def test_r6_a_day_is_counted_in_the_account_s_zone(zone: str, day: date) -> None:
    assert an_account(time_zone=zone).day_of(at("2026-09-01 10:30")) == day
