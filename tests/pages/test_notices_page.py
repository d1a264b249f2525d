"""Where an operator says whom to tell and when, and where all who may look see what was told."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Notice, NoticeRule
from credits.telling import notice_rule_set, notices_tell
from customers.models import Account, Act
from customers.services import account_close
from tests.factories import a_credit, a_token, a_user, an_account, at, by_now
from tests.pages.conftest import a_person
from tests.pages.reading import Answer, fields, rows, sent, text

pytestmark = pytest.mark.django_db

LIMITS: dict[str, Any] = {"low_balance": 5000, "expiring_days": 30, "email": "winston@example.com"}


@pytest.fixture
def account() -> Account:
    return an_account()


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/notices/"


def a_rule(account: Account, **said: Any) -> None:
    notice_rule_set(account=account, **{**LIMITS, **said}, **by_now("2026-09-01"))


def tell(account: Account, now: str = "2026-09-02") -> None:
    notices_tell(account=account, now=at(now), by_email=False)


def of_role(role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(a_person(role.lower(), role))
    return client


def rule(account: Account) -> tuple[int | None, int | None, str]:
    found = NoticeRule.objects.get(account=account)
    return found.low_balance, found.expiring_days, found.email


def test_a_rule_is_set_and_shown_again_as_it_was_typed(web: Client, account: Account) -> None:
    answer = sent(web, path(account), low_balance="50.00", expiring_days="14", email="winston@example.com")
    assert (answer.status_code, answer["Location"]) == (302, path(account))
    assert rule(account) == (5000, 14, "winston@example.com")
    shown = fields(web.get(path(account)))
    assert (shown["low_balance"], shown["expiring_days"], shown["email"]) == (
        "50.00",
        "14",
        "winston@example.com",
    )
    assert "Understood as $50.00." in text(web.get(path(account)))


def test_empty_fields_are_never_and_nobody(web: Client, account: Account) -> None:
    a_rule(account)
    sent(web, path(account), low_balance="", expiring_days="", email="")
    assert rule(account) == (None, None, "")


def test_the_act_is_the_operator_s_and_stands_in_the_account_s_activity(
    web: Client, account: Account
) -> None:
    sent(web, path(account), low_balance="50.00")
    act = Act.objects.get(kind="notice_rule_set")
    assert (act.actor_name, act.account) == ("olivia", account)
    assert f"olivia set the notices of account {account.pk}" in text(web.get(f"/accounts/{account.pk}/"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"low_balance": "5,000"}, "Type the amount in digits with a point"),
        ({"low_balance": "1e2"}, "Type the amount in digits with a point"),
        ({"low_balance": "-5"}, "Type the amount in digits with a point"),
        ({"low_balance": "0"}, "The amount must not be zero."),
        ({"low_balance": "5.001"}, "USD has 2 decimals, not more."),
        ({"low_balance": "100000000.01"}, "The amount is above the limit of 100,000,000 USD."),
        ({"expiring_days": "0"}, "greater than or equal to 1"),
        ({"expiring_days": "366"}, "less than or equal to 365"),
        ({"expiring_days": "9" * 5000}, "Enter a whole number."),
        ({"expiring_days": "1.5"}, "Enter a whole number."),
        ({"email": "winston"}, "Type one e-mail address, such as billing@example.com."),
        ({"email": "a@example.com, b@example.com"}, "Type one e-mail address"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "Type one e-mail address"),
        ({"request_token": ""}, "it has a new one now"),
    ],
)
def test_whatever_is_refused_is_refused_with_a_sentence_and_the_form_stays_filled(
    web: Client, account: Account, typed: dict[str, str], sentence: str
) -> None:
    plain = {"low_balance": "77.00", "expiring_days": "12", "email": "sofia@example.com"}
    answer = sent(web, path(account), **plain | typed)
    assert sentence in text(answer)
    filled, kept = fields(answer), {n: v for n, v in (plain | typed).items() if n != "request_token"}
    assert {name: filled[name] for name in kept if "\r" not in kept[name]} == {
        name: value for name, value in kept.items() if "\r" not in value
    }
    assert filled["request_token"]
    assert not NoticeRule.objects.exists()


def test_r1_the_currency_says_how_many_decimals(web: Client) -> None:
    for currency, typed, minor in (("JPY", "5000", 5000), ("KWD", "5.125", 5125)):
        account = an_account(currency=currency)
        sent(web, path(account), low_balance=typed)
        assert rule(account)[0] == minor
        assert fields(web.get(path(account)))["low_balance"] == typed


def test_r13_the_same_form_sent_twice_is_one_act(web: Client, account: Account) -> None:
    form = fields(web.get(path(account))) | {"low_balance": "50.00"}
    assert [web.post(path(account), form).status_code for _ in range(2)] == [302, 302]
    assert Act.objects.filter(kind="notice_rule_set").count() == 1
    assert "already used for something else" in text(web.post(path(account), form | {"low_balance": "51"}))
    assert rule(account)[0] == 5000


@pytest.mark.parametrize("role", ["Support", "Auditors", "Administrators"])
def test_who_may_only_look_sees_the_rule_and_no_form(account: Account, role: str) -> None:
    a_rule(account)
    browser = of_role(role)
    seen = text(browser.get(path(account)))
    assert "Below $50.00" in seen
    assert "30 days before the last day" in seen
    assert "winston@example.com" in seen
    assert fields(browser.get(path(account))) == {}
    assert browser.post(path(account), {"request_token": a_token()}).status_code == 403
    assert rule(account) == (5000, 30, "winston@example.com")


def test_a_closed_account_has_no_form_and_a_late_one_is_refused_in_words(
    web: Client, account: Account
) -> None:
    form = fields(web.get(path(account))) | {"low_balance": "50.00"}
    account_close(account=account, reason="Left", **by_now("2026-09-02"))
    closed = web.get(path(account))
    assert fields(closed) == {}
    assert "This account is closed" in text(closed)
    assert "This account is closed: nobody is told of it any more." in text(web.post(path(account), form))
    assert not NoticeRule.objects.exists()


def test_the_page_shows_what_was_told_the_open_ones_first(web: Client, account: Account) -> None:
    a_credit(account, "40.00", name="Referral", expires_on="2026-09-20")
    a_rule(account, low_balance=None)
    tell(account)
    a_rule(account, low_balance=5000, expiring_days=None)
    tell(account, "2026-09-03")
    assert rows(web.get(path(account)))[1:] == [
        "Low balance Open 3 Sep 2026, 12:00 – – $40.00",
        "Expiring soon: Referral last day 20 Sep 2026 Cleared 2 Sep 2026, 12:00 – 1 Sep 2026, 12:00 $40.00",
    ]


def test_notices_without_end_are_shown_page_by_page(web: Client, account: Account) -> None:
    Notice.objects.bulk_create(
        Notice(
            account=account,
            kind="low_balance",
            amount=number,
            told_at=at("2026-09-01"),
            cleared_at=at("2026-09-02"),
        )
        for number in range(1, 61)
    )
    assert [len(rows(web.get(f"{path(account)}?page={page}"))) for page in (1, 2, 99)] == [51, 11, 11]


def test_it_is_said_that_no_mail_server_is_set(web: Client, account: Account, settings: Any) -> None:
    assert "No mail server is set." in text(web.get(path(account)))
    settings.SCRIP_EMAIL_FROM = "billing@example.com"
    assert "No mail server is set." not in text(web.get(path(account)))


def test_the_account_s_page_leads_here(web: Client, account: Account) -> None:
    assert f'href="{path(account)}"' in web.get(f"/accounts/{account.pk}/").content.decode()


# --- The home page ----------------------------------------------------------------------


def on_home(answer: Answer) -> list[str]:
    """The rows of the notices, by their last column's dollars and their date."""
    section = answer.content.decode().partition('id="notices"')[2].partition("</section>")[0]
    answer.content = section.encode()
    return rows(answer)[1:]


def test_the_home_page_shows_the_open_notices_of_all_open_accounts(web: Client, account: Account) -> None:
    closed, eased = an_account(), an_account()
    for one in (account, closed, eased):
        a_credit(one, "40.00")
        a_rule(one)
        tell(one)
    account_close(account=closed, reason="Left", **by_now("2026-09-03"))
    a_rule(eased, low_balance=4000)
    assert on_home(web.get("/")) == ["Main John Wick Low balance 2 Sep 2026 $40.00"]


def test_the_home_page_shows_the_first_twenty_the_newest_first(web: Client) -> None:
    for number in range(1, 23):
        one = an_account(name=f"Account {number}")
        a_credit(one, "40.00")
        a_rule(one)
        tell(one, f"2026-09-{number:02}")
    found = on_home(web.get("/"))
    assert len(found) == 20
    assert (found[0].split(" John")[0], found[-1].split(" John")[0]) == ("Account 22", "Account 3")


def test_the_home_page_keeps_no_room_for_notices_that_are_not_there(web: Client) -> None:
    assert "Notices" not in text(web.get("/"))


def test_who_may_not_see_notices_sees_none_on_the_home_page(account: Account) -> None:
    a_credit(account, "40.00")
    a_rule(account)
    tell(account)
    reader = a_user("customers.view_account", "invoices.view_invoice", "credits.view_credit")
    browser = Client()
    browser.force_login(reader)
    assert 'id="notices"' not in browser.get("/").content.decode()
    assert path(account) not in browser.get(f"/accounts/{account.pk}/").content.decode()
