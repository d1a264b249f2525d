"""Saying when an account's people are told of a low balance or an expiry, and who they are."""

from typing import Any

import pytest

from credits.models import Notice, NoticeRule
from credits.telling import NoticeRefused, notice_rule_set, notices_tell
from customers.acts import TokenReused
from customers.models import Account, Act
from customers.services import account_close, customer_close, customer_erase
from tests.factories import a_credit, a_token, an_account, at, by_now

pytestmark = pytest.mark.django_db

MILLIARD = 100_000_000


@pytest.fixture
def account() -> Account:
    return an_account()


def a_rule(account: Account, now: str = "2026-09-01", **said: Any) -> NoticeRule:
    plain: dict[str, Any] = {"low_balance": None, "expiring_days": None, "email": ""}
    return notice_rule_set(account=account, **{**plain, **by_now(now), **said})


def tell(account: Account, now: str) -> None:
    notices_tell(account=account, now=at(now), by_email=False)


def open_kinds(account: Account) -> list[str]:
    return list(Notice.objects.filter(account=account, cleared_at=None).values_list("kind", flat=True))


def test_a_rule_is_set_and_leaves_a_record_without_the_address(account: Account) -> None:
    a_rule(account, low_balance=5000, expiring_days=14, email="winston@example.com")
    rule = NoticeRule.objects.get()
    assert (rule.account, rule.low_balance, rule.expiring_days) == (account, 5000, 14)
    assert rule.email == "winston@example.com"
    act = Act.objects.get(kind="notice_rule_set")
    assert (act.account, act.subject) == (account, f"account:{account.pk}")
    assert act.details == {"low_balance": 5000, "expiring_days": 14}


def test_a_rule_is_changed_and_the_account_keeps_one(account: Account) -> None:
    a_rule(account, low_balance=5000, email="winston@example.com")
    a_rule(account, expiring_days=3)
    assert list(NoticeRule.objects.values_list("low_balance", "expiring_days", "email")) == [(None, 3, "")]


def test_the_same_values_again_are_fine(account: Account) -> None:
    for _ in range(2):
        a_rule(account, low_balance=5000, email="winston@example.com")
    assert (NoticeRule.objects.count(), Act.objects.filter(kind="notice_rule_set").count()) == (1, 2)


def test_r13_the_same_token_is_once_and_with_other_values_refused(account: Account) -> None:
    once = {"token": a_token()}
    first = a_rule(account, low_balance=5000, **once)
    assert a_rule(account, low_balance=5000, **once) == first
    assert Act.objects.filter(kind="notice_rule_set").count() == 1
    with pytest.raises(TokenReused):
        a_rule(account, low_balance=5001, **once)
    assert NoticeRule.objects.get().low_balance == 5000


@pytest.mark.parametrize("amount", [1, MILLIARD * 100])
def test_a_low_balance_lies_between_one_cent_and_the_largest_credit(account: Account, amount: int) -> None:
    assert a_rule(account, low_balance=amount).low_balance == amount


@pytest.mark.parametrize("amount", [0, -1, MILLIARD * 100 + 1, 2**63])
def test_another_low_balance_is_refused_in_words(account: Account, amount: int) -> None:
    with pytest.raises(NoticeRefused, match=r"above zero and up to 100,000,000 USD\."):
        a_rule(account, low_balance=amount)


def test_the_limit_of_a_low_balance_is_in_whole_units_of_the_currency() -> None:
    yen = an_account(currency="JPY")
    assert a_rule(yen, low_balance=MILLIARD).low_balance == MILLIARD
    with pytest.raises(NoticeRefused):
        a_rule(yen, low_balance=MILLIARD + 1)


@pytest.mark.parametrize("days", [1, 365])
def test_an_expiry_is_told_up_to_a_year_ahead(account: Account, days: int) -> None:
    assert a_rule(account, expiring_days=days).expiring_days == days


@pytest.mark.parametrize("days", [0, -1, 366, 2**31])
def test_no_day_and_more_than_a_year_are_refused(account: Account, days: int) -> None:
    with pytest.raises(NoticeRefused, match=r"1 to 365 days ahead\."):
        a_rule(account, expiring_days=days)


@pytest.mark.parametrize(
    "email",
    ["winston@example.com", "a.b+credits@sub.example.co.uk", "x@localhost", "winston@bücher.example"],
)
def test_one_address_is_taken(account: Account, email: str) -> None:
    assert a_rule(account, email=email).email == email


@pytest.mark.parametrize(
    "email",
    [
        *("winston", "@example.com", "winston@", "winston@example", "win ston@example.com", " "),
        *("a@example.com,b@example.com", "a@example.com;b@example.com", "Winston <a@example.com>"),
        *("a@example.com\n", "a@example.com\r\nBcc: b@example.com", "a\n@example.com", "a@example.com\x0b"),
        *('"a\x0bb"@example.com', '"a b"@example.com', "a@example.com\u2028", "a@[127.0.0.1]"),
        "a" * 250 + "@example.com",
    ],
)
def test_what_is_not_one_plain_address_is_refused(account: Account, email: str) -> None:
    with pytest.raises(NoticeRefused, match="Type one e-mail address"):
        a_rule(account, email=email)
    assert not NoticeRule.objects.exists()


def test_a_closed_account_has_no_rule_to_set(account: Account) -> None:
    account_close(account=account, reason="Left", **by_now("2026-08-20"))
    with pytest.raises(NoticeRefused, match="closed"):
        a_rule(account, low_balance=5000)


def test_a_threshold_lowered_clears_what_no_longer_holds_and_one_raised_tells_by_the_next_run(
    account: Account,
) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    tell(account, "2026-09-02")
    assert open_kinds(account) == ["low_balance"]
    a_rule(account, low_balance=4000, now="2026-09-03")
    assert open_kinds(account) == []
    assert Notice.objects.get().cleared_at == at("2026-09-03")
    a_rule(account, low_balance=4001, now="2026-09-04")
    assert open_kinds(account) == []
    tell(account, "2026-09-05")
    assert open_kinds(account) == ["low_balance"]


def test_a_change_under_which_a_notice_still_holds_leaves_it_open_and_tells_nothing_again(
    account: Account,
) -> None:
    a_credit(account, "40.00", expires_on="2026-09-10")
    a_rule(account, low_balance=5000, expiring_days=30)
    tell(account, "2026-09-02")
    a_rule(account, low_balance=9000, expiring_days=20, email="winston@example.com")
    tell(account, "2026-09-03")
    assert sorted(Notice.objects.values_list("kind", "cleared_at")) == [
        ("expiring", None),
        ("low_balance", None),
    ]


def test_a_rule_removed_clears_all_its_notices(account: Account) -> None:
    a_credit(account, "40.00", expires_on="2026-09-10")
    a_rule(account, low_balance=5000, expiring_days=30)
    tell(account, "2026-09-02")
    assert len(open_kinds(account)) == 2
    a_rule(account)
    assert open_kinds(account) == []


def test_another_account_s_notices_are_left_alone(account: Account) -> None:
    neighbour = an_account()
    for one in (account, neighbour):
        a_credit(one, "40.00")
        a_rule(one, low_balance=5000)
        tell(one, "2026-09-02")
    a_rule(account)
    assert open_kinds(neighbour) == ["low_balance"]


def test_r16_erasing_a_customer_erases_the_address_and_keeps_the_rest() -> None:
    account, other = an_account(), an_account()
    for one in (account, other):
        a_rule(one, low_balance=5000, email="winston@example.com")
    account_close(account=account, reason="Left", **by_now("2026-09-02"))
    customer_close(customer=account.customer, reason="Left", **by_now("2026-09-03"))
    customer_erase(customer=account.customer, reason="Asked", **by_now("2026-09-04"))
    assert NoticeRule.objects.get(account=account).email == ""
    assert NoticeRule.objects.get(account=account).low_balance == 5000
    assert NoticeRule.objects.get(account=other).email == "winston@example.com"
    assert not any("winston" in str(act.details) for act in Act.objects.all())
