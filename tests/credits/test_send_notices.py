"""`send_notices`: each crossing told once, whenever and however often it runs; by e-mail if that goes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from billing.account_page import available_by_account
from credits import notice_run
from credits.models import Notice
from credits.notice_mail import Letter, ServerAway
from credits.services import credit_replace
from credits.telling import Told, account_standing, notices_tell
from customers.models import Account
from customers.services import account_close
from invoices.models import Item
from tests.credits.mail_server import PostOffice, post_office
from tests.credits.noticing import Outbox, Settings, a_rule, run, told
from tests.factories import (
    a_credit,
    a_sale,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    at,
    by_now,
    day,
    issue,
    pay,
    sale_of,
    terms,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(settings: Settings) -> None:
    settings.SCRIP_EMAIL_FROM = "billing@scrip.example"


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


# --- Low balance ------------------------------------------------------------------------


def test_a_low_balance_is_told_once_however_often_it_runs(account: Account, mailoutbox: Outbox) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    assert told("2026-08-02") == (1, 0, 1)
    assert [told(f"2026-08-{n}") for n in ("02", "03", "31")] == [(0, 0, 0)] * 3
    notice = Notice.objects.get()
    assert (notice.kind, notice.amount, notice.credit) == ("low_balance", 4000, None)
    assert (notice.told_at, notice.emailed_at) == (at("2026-08-02"), at("2026-08-02"))
    assert len(mailoutbox) == 1


def test_at_its_threshold_a_balance_is_not_low(account: Account) -> None:
    a_credit(account, "50.00")
    a_rule(account, low_balance=5000)
    assert told("2026-08-02") == (0, 0, 0)


def test_recovery_resets_it_and_a_second_crossing_is_told_again(
    account: Account, item: Item, mailoutbox: Outbox
) -> None:
    a_credit(account, "60.00")
    a_rule(account, low_balance=5000)
    assert told("2026-08-31") == (0, 0, 0)
    an_invoice(account, (item, "20.00"))
    assert told("2026-09-02") == (1, 0, 1)
    a_credit(account, "10.00", now="2026-09-03")
    assert told("2026-09-04") == (0, 1, 0)
    an_invoice(account, (item, "5.00"), now="2026-09-05")
    assert told("2026-09-06") == (1, 0, 1)
    assert list(Notice.objects.order_by("pk").values_list("amount", "cleared_at")) == [
        (4000, at("2026-09-04")),
        (4500, None),
    ]
    assert len({letter.extra_headers["Message-ID"] for letter in mailoutbox}) == 2


def test_what_recovered_before_anybody_looked_is_not_told(account: Account, item: Item) -> None:
    """Late tells what holds by then."""
    a_credit(account, "60.00")
    a_rule(account, low_balance=5000)
    an_invoice(account, (item, "20.00"))
    a_credit(account, "60.00", now="2026-09-02")
    assert told("2026-09-10") == (0, 0, 0)


def test_an_account_that_never_had_a_credit_is_not_told_and_one_that_used_all_is(
    account: Account, item: Item
) -> None:
    a_rule(account, low_balance=5000)
    assert told("2026-08-02") == (0, 0, 0)
    a_credit(account, "50.00", effective_from="2026-08-20", now="2026-08-03")
    assert told("2026-08-19") == (0, 0, 0), "a balance that has yet to begin did not fall"
    assert told("2026-08-20") == (0, 0, 0)
    an_invoice(account, (item, "50.00"))
    assert told("2026-09-02") == (1, 0, 1)
    assert Notice.objects.get().amount == 0


def test_a_credit_that_waits_for_its_payment_is_no_balance_yet(account: Account) -> None:
    sold = a_sale(account, "100.00", "80.00", waits=True)
    a_rule(account, low_balance=5000)
    assert told("2026-08-20") == (0, 0, 0), "there was no balance that can have fallen"
    issue(sale_of(sold), "2026-09-01")
    assert told("2026-09-01") == (0, 0, 0)
    a_credit(account, "10.00", now="2026-09-02")
    assert told("2026-09-02") == (1, 0, 1)
    pay(sale_of(sold), "2026-09-15")
    assert told("2026-09-15") == (0, 1, 0)


def test_r11_free_units_are_no_money(account: Account, item: Item) -> None:
    a_unit_credit(account, "740", item)
    a_rule(account, low_balance=5000)
    assert told("2026-08-02") == (0, 0, 0)
    a_credit(account, "49.99")
    assert told("2026-08-02") == (1, 0, 1)


def test_what_is_available_is_what_the_pages_say_it_is(account: Account, item: Item) -> None:
    """In grace, not begun, gone, voided, of units: the same sum on the account's page and here."""
    a_credit(account, "1.00")
    a_credit(account, "2.00", expires_on="2026-08-31")
    a_credit(account, "4.00", effective_from="2026-10-16")
    void_credit(a_credit(account, "8.00"))
    a_unit_credit(account, "740", item)
    for today, available in (("2026-10-15", 300), ("2026-10-16", 500)):
        assert account_standing(account, day(today)).available == available
        assert available_by_account([account.pk], day(today))[account.pk].money == available


# --- Expiring soon ----------------------------------------------------------------------


def test_an_expiry_is_told_once_per_credit_and_cleared_when_it_is_over(
    account: Account, mailoutbox: Outbox
) -> None:
    a_credit(account, "40.00", name="First", expires_on="2026-08-31")
    a_credit(account, "50.00", name="Second", expires_on="2026-09-02")
    a_rule(account, expiring_days=7)
    days = ["23", "24", "25", "26", "27", "31"]
    assert [told(f"2026-08-{n}")[:2] for n in days] == [(0, 0), (1, 0), (0, 0), (1, 0), (0, 0), (0, 0)]
    assert told("2026-09-01") == (0, 1, 0)
    assert told("2026-09-02") == (0, 0, 0)
    assert told("2026-09-03") == (0, 1, 0)
    assert [letter.body.count("last day") for letter in mailoutbox] == [1, 1]


@pytest.mark.parametrize("how", ["used up", "voided", "replaced", "out of the window"])
def test_a_credit_that_is_used_up_voided_replaced_or_out_of_the_window_is_cleared(
    account: Account, item: Item, how: str
) -> None:
    credit = a_credit(account, "40.00", expires_on="2026-09-10")
    a_rule(account, expiring_days=30)
    assert told("2026-08-12") == (1, 0, 1)
    if how == "used up":
        an_invoice(account, (item, "40.00"))
    elif how == "voided":
        void_credit(credit, "2026-09-01")
    elif how == "replaced":
        longer = terms(account, "40.00", expires_on="2026-12-31")
        credit_replace(credit=credit, terms=longer, reason="Longer", **by_now("2026-09-01"))
    else:
        a_rule(account, expiring_days=5)
        assert Notice.objects.get().cleared_at == at("2026-08-01")
    assert told("2026-09-01")[0] == 0
    assert not Notice.objects.filter(cleared_at=None).exists()


def test_a_credit_that_had_nothing_left_and_gets_some_back_is_a_new_crossing(
    account: Account, item: Item
) -> None:
    a_credit(account, "40.00", expires_on="2026-09-10")
    a_rule(account, expiring_days=30)
    assert told("2026-08-31") == (1, 0, 1)
    invoice = an_invoice(account, (item, "40.00"))
    assert told("2026-09-02") == (0, 1, 0)
    void(invoice, "2026-09-03")
    assert told("2026-09-03") == (1, 0, 1)


def test_r11_an_expiry_of_free_units_is_told_in_units(
    account: Account, item: Item, mailoutbox: Outbox
) -> None:
    a_unit_credit(account, "740", item, name="Free calls", expires_on="2026-08-31")
    a_rule(account, expiring_days=7)
    assert told("2026-08-31") == (1, 0, 1)
    assert Notice.objects.get().amount == 740_000_000
    assert "Free calls: 740 API calls left, last day 31 August 2026." in mailoutbox[0].body


@pytest.mark.parametrize(
    ("last_day", "first_day"),
    [
        pytest.param("2027-02-28", "2027-01-29", id="29 January"),
        pytest.param("2027-03-01", "2027-01-30", id="30 January"),
        pytest.param("2027-03-02", "2027-01-31", id="31 January"),
        pytest.param("2028-02-29", "2028-01-30", id="on 29 February"),
        pytest.param("2028-03-30", "2028-02-29", id="from 29 February"),
        pytest.param("2027-01-30", "2026-12-31", id="over the end of the year"),
    ],
)
def test_the_window_of_thirty_days_across_the_ends_of_months(
    account: Account, last_day: str, first_day: str
) -> None:
    a_credit(account, "40.00", expires_on=last_day)
    a_rule(account, expiring_days=30)
    before, after = at(first_day) - timedelta(days=1), at(last_day) + timedelta(days=1)
    assert told(f"{before.date()}") == (0, 0, 0)
    assert [told(first_day), told(first_day), told(last_day)] == [(1, 0, 1), (0, 0, 0), (0, 0, 0)]
    assert told(f"{after.date()}") == (0, 1, 0)


@pytest.mark.parametrize(
    ("zone", "before", "on_it", "over"),
    [
        ("UTC", "2026-08-23 23:59", "2026-08-24 00:00", "2026-09-01 00:00"),
        ("Pacific/Kiritimati", "2026-08-23 09:59", "2026-08-23 10:00", "2026-08-31 10:00"),
        ("Pacific/Pago_Pago", "2026-08-24 10:59", "2026-08-24 11:00", "2026-09-01 11:00"),
        ("America/New_York", "2026-08-24 03:59", "2026-08-24 04:00", "2026-09-01 04:00"),
    ],
)
def test_days_are_the_account_s_own(zone: str, before: str, on_it: str, over: str) -> None:
    account = an_account(time_zone=zone)
    a_credit(account, "40.00", expires_on="2026-08-31")
    a_rule(account, expiring_days=7)
    assert [told(before), told(on_it)] == [(0, 0, 0), (1, 0, 1)]
    assert told(over) == (0, 1, 0)


# --- Accounts ---------------------------------------------------------------------------


def test_a_closed_account_is_told_nothing_and_its_notices_are_cleared(account: Account) -> None:
    a_credit(account, "40.00", expires_on="2026-09-30")
    a_rule(account, low_balance=5000, expiring_days=30)
    assert told("2026-09-01")[:2] == (2, 0)
    account_close(account=account, reason="Left", **by_now("2026-09-02"))
    assert told("2026-09-03") == (0, 2, 0)
    assert told("2026-09-04") == (0, 0, 0)


def test_each_account_is_its_own_transaction_and_one_that_is_stuck_is_named(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = an_account()
    for one in (account, free):
        a_credit(one, "40.00")
        a_rule(one, low_balance=5000)

    def refuse_one(**step: Any) -> Told:
        if step["account"] == account:
            raise OperationalError("canceling statement due to lock timeout")
        return notices_tell(**step)

    monkeypatch.setattr(notice_run, "notices_tell", refuse_one)
    result = run("2026-08-02")
    assert [(left.account, left.reason) for left in result.left] == [
        (account, "The database refused: canceling statement due to lock timeout.")
    ]
    assert [notice.account for notice in Notice.objects.all()] == [free]


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with post_office(settings) as office:
        yield office


# --- The command ------------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("send_notices", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_did(
    account: Account, monkeypatch: pytest.MonkeyPatch, mailoutbox: Outbox
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at("2026-08-02"))
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    assert json.loads(command("--json")) == {
        "accounts": 1,
        "told": 1,
        "cleared": 0,
        "emails": 1,
        "mail_server": True,
        "mail_server_away": "",
        "left": [],
    }
    assert command() == "1 account looked at: 0 notices told, 0 cleared.\n0 e-mails sent.\n"


def test_the_command_says_that_no_mail_server_is_set(account: Account, settings: Settings) -> None:
    settings.SCRIP_EMAIL_FROM = ""
    assert command().splitlines() == [
        "0 accounts looked at: 0 notices told, 0 cleared.",
        "No mail server is set (SCRIP_EMAIL_URL): notices stand on the home page alone.",
    ]


def test_the_command_fails_when_a_letter_could_not_be_sent(
    account: Account, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at("2026-08-02"))
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    office.refusals = {"RCPT": "550 no such user"}
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 account could not be told\."):
        call_command("send_notices", stdout=out)
    assert f"  Left: account {account.key}: The mail server refused: 550 no such user." in out.getvalue()

    def away(letter: Letter) -> None:
        raise ServerAway("The mail server could not be used: it sleeps.")

    monkeypatch.setattr(notice_run, "letter_send", away)
    with pytest.raises(CommandError, match="the next run sends the rest"):
        command("--json")
