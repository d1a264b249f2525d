"""Letters of notices: one per account and run, sent once as far as anybody can know."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from credits import notice_run
from credits.models import Notice
from credits.notice_mail import Letter, letter_send
from credits.telling import SENDING_FOR
from customers.acts import account_lock
from customers.models import Account
from invoices.models import Item
from tests.billing.test_at_once import at_once
from tests.credits.mail_server import PostOffice, post_office
from tests.credits.noticing import ADDRESS, Outbox, Settings, a_rule, run, told
from tests.factories import (
    a_credit,
    an_account,
    an_invoice,
    an_item,
    at,
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


def test_a_letter_says_all_that_is_new_of_one_account(
    account: Account, settings: Settings, mailoutbox: Outbox
) -> None:
    settings.SCRIP_ISSUER = "ChatPPT Inc."
    a_credit(account, "40.00", name="Sorry & thanks", expires_on="2026-08-31")
    a_rule(account, low_balance=5000, expiring_days=30)
    assert told("2026-08-02") == (2, 0, 1)
    letter = mailoutbox[0]
    assert letter.subject == "ChatPPT Inc.: low balance and credits about to expire, Main"
    assert (letter.to, letter.from_email) == ([ADDRESS], '"ChatPPT Inc." <billing@scrip.example>')
    assert letter.body.splitlines()[0] == f"Account: Main ({account.key})"
    assert "$40.00 of credit can be used today. You are told below $50.00." in letter.body
    assert "Sorry & thanks: $40.00 left, last day 31 August 2026." in letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_no_name_can_put_a_header_or_a_line_into_a_letter(mailoutbox: Outbox) -> None:
    account = an_account(name="Main\r\nBcc: eve@example.com\u2028x")
    a_credit(account, "40.00", name="Free\r\n\r\nLOW BALANCE\r\nPay now", expires_on="2026-08-31")
    a_rule(account, expiring_days=30)
    told("2026-08-02")
    letter = mailoutbox[0]
    assert letter.subject == "Scrip: credits about to expire, Main Bcc: eve@example.com x"
    assert letter.message()["Bcc"] is None
    assert "\nFree LOW BALANCE Pay now: $40.00 left" in letter.body


def test_without_an_address_nothing_is_sent_until_there_is_one(account: Account, mailoutbox: Outbox) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000, email="")
    assert told("2026-08-02") == (1, 0, 0)
    a_rule(account, low_balance=5000)
    assert [told("2026-08-03"), told("2026-08-04")] == [(0, 0, 1), (0, 0, 0)]
    assert len(mailoutbox) == 1


def test_without_a_mail_server_the_notice_stands_on_the_home_page_and_is_sent_once_there_is_one(
    account: Account, settings: Settings, mailoutbox: Outbox
) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    settings.SCRIP_EMAIL_FROM = ""
    assert told("2026-08-02") == (1, 0, 0)
    assert mailoutbox == []
    settings.SCRIP_EMAIL_FROM = "billing@scrip.example"
    assert told("2026-08-03") == (0, 0, 1)


def test_a_letter_sent_late_says_what_is_left_by_then_and_nothing_that_is_over(
    account: Account, item: Item, settings: Settings, mailoutbox: Outbox
) -> None:
    a_credit(account, "40.00", expires_on="2026-08-20", name="Over")
    a_credit(account, "9.00", name="Rest")
    a_rule(account, low_balance=5000, expiring_days=30)
    settings.SCRIP_EMAIL_FROM = ""
    assert told("2026-08-02")[0] == 2
    settings.SCRIP_EMAIL_FROM = "billing@scrip.example"
    an_invoice(account, (item, "45.00"))
    assert told("2026-09-02") == (0, 1, 1)
    assert "$4.00 of credit can be used today" in mailoutbox[0].body
    assert "EXPIRING" not in mailoutbox[0].body


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with post_office(settings) as office:
        yield office


def test_a_letter_goes_through_a_mail_server_as_it_was_written(account: Account, office: PostOffice) -> None:
    a_credit(account, "40.00", name="Dank für März", expires_on="2026-08-31")
    a_rule(account, expiring_days=30)
    assert told("2026-08-02") == (1, 0, 1)
    (letter,) = office.letters
    assert (letter["To"], letter["From"]) == (ADDRESS, "Scrip <billing@scrip.example>")
    assert letter["Subject"] == "Scrip: credits about to expire, Main"
    assert "Dank für März: $40.00 left" in letter.get_content()


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [
        ("RCPT TO:<WINSTON@", "550 no such user.", "550 no such user"),
        ("MAIL FROM", "553 not from you", "553 not from you"),
        ("LETTER", "554 looks like spam", "554 looks like spam"),
    ],
)
def test_a_letter_that_is_refused_stops_no_other_and_is_sent_by_the_next_run(
    account: Account, office: PostOffice, command: str, answer: str, said: str
) -> None:
    for one, address in ((account, ADDRESS), (an_account(), "sofia@example.com")):
        a_credit(one, "40.00")
        a_rule(one, low_balance=5000, email=address)
    office.refusals = {command: answer}
    result = run("2026-08-02")
    assert result.opened == 2
    assert result.left[0].account == account
    assert result.left[0].reason == f"The mail server refused: {said}."
    assert len(office.letters) == (1 if command.startswith("RCPT") else 0)
    office.refusals = {}
    run("2026-08-02")
    assert sorted(letter["To"] for letter in office.letters) == ["sofia@example.com", ADDRESS]
    assert told("2026-08-03") == (0, 0, 0)
    assert Notice.objects.filter(emailed_at=None).count() == 0


@pytest.mark.parametrize("answer", ["421 closing time", "554 not you"])
def test_a_mail_server_that_is_away_is_asked_once_and_loses_nothing(
    account: Account, office: PostOffice, answer: str
) -> None:
    for one in (account, an_account(), an_account()):
        a_credit(one, "40.00")
        a_rule(one, low_balance=5000)
    office.refusals = {"CONNECT": answer}
    result = run("2026-08-02")
    assert (result.opened, result.letters, result.left, office.visits) == (3, 0, [], 1)
    assert result.server_away == f"The mail server could not be used: {answer}."
    office.refusals = {}
    assert told("2026-08-02") == (0, 0, 3)


def test_nobody_at_the_address_of_the_mail_server_is_said_in_words(
    account: Account, settings: Settings
) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    with post_office(settings):
        pass
    assert run("2026-08-02").server_away.startswith("The mail server could not be used: ")
    assert (Notice.objects.get().emailed_at, Notice.objects.get().sending_at) == (None, None)


class Killed(BaseException):
    """The run dies here."""


def dying(*, sends: bool) -> Callable[[Letter], None]:
    def send(letter: Letter) -> None:
        if sends:
            letter_send(letter)
        raise Killed

    return send


@pytest.mark.parametrize("sends", [False, True], ids=["before it sent", "after it sent"])
def test_what_a_run_was_sending_when_it_was_killed_is_sent_by_one_that_starts_later(
    account: Account, monkeypatch: pytest.MonkeyPatch, mailoutbox: Outbox, sends: bool
) -> None:
    """At least once: it cannot know whether the letter had gone. A second bears the first one's id."""
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    with monkeypatch.context() as patch:
        patch.setattr(notice_run, "letter_send", dying(sends=sends))
        with pytest.raises(Killed):
            run("2026-08-02 12:00")
    assert told("2026-08-02 12:14") == (0, 0, 0)
    assert at("2026-08-02 12:15") - at("2026-08-02 12:00") == SENDING_FOR
    assert told("2026-08-02 12:15") == (0, 0, 1)
    assert len(mailoutbox) == 1 + sends
    assert len({letter.extra_headers["Message-ID"] for letter in mailoutbox}) == 1


@pytest.mark.django_db(transaction=True)
def test_while_a_letter_is_being_sent_no_transaction_waits_and_another_run_does_not_send_it(
    account: Account, monkeypatch: pytest.MonkeyPatch, mailoutbox: Outbox
) -> None:
    a_credit(account, "40.00")
    a_rule(account, low_balance=5000)
    among = []

    def send(letter: Letter) -> None:
        assert not connection.in_atomic_block
        monkeypatch.setattr(notice_run, "letter_send", letter_send)
        among.append(told("2026-08-02"))
        letter_send(letter)

    monkeypatch.setattr(notice_run, "letter_send", send)
    assert told("2026-08-02") == (1, 0, 1)
    assert (among, len(mailoutbox)) == ([(0, 0, 0)], 1)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_once_and_send_one_letter(account: Account, mailoutbox: Outbox) -> None:
    a_credit(account, "40.00", expires_on="2026-08-31")
    a_rule(account, low_balance=5000, expiring_days=30)
    answers = at_once(lambda: account_lock(account.pk), *[lambda: told("2026-08-02")] * 2)
    assert sorted(answers) == [(0, 0, 0), (2, 0, 1)]
    assert (Notice.objects.count(), len(mailoutbox)) == (2, 1)
