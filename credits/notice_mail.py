"""Notices by e-mail: one letter per account and run, in plain text, through Django's mail settings.

A letter is sent outside of any transaction: a slow mail server holds no account. It is taken up before
and marked as sent after. So a letter that fails is sent by the next run, and two runs at once send it
once; but a run that is killed or cut off between the two may have sent it, and a later run will send it
again, under the same message id, by which many mailboxes know the second for the first.
"""

import hashlib
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from credits.models import Credit
from credits.notice_words import left_words
from customers.models import Account
from customers.money import money_display

LONGEST_SUBJECT = 150
OF_ONE_LETTER = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
    ValueError,  # an address that cannot be written in a header
)


class LetterRefused(Exception):
    """The mail server does not take this letter."""


class ServerAway(Exception):
    """The mail server cannot be reached, or does not let us in: no letter can be sent now."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one account is told by e-mail: what is left of which credit; None is the whole balance."""

    account: Account
    address: str
    low_balance: int | None
    told: Sequence[tuple[Credit | None, int]]
    notices: Sequence[int]
    taken_at: datetime


def mail_server_set() -> bool:
    return bool(settings.SCRIP_EMAIL_FROM)


def letter_send(letter: Letter) -> None:
    """Refuses with the mail server's own words."""
    try:
        _message(letter).send()
    except OF_ONE_LETTER as refused:
        raise LetterRefused(f"The mail server refused: {_said(refused)}.") from refused
    except OSError as trouble:  # smtplib's own are among them
        raise ServerAway(f"The mail server could not be used: {_said(trouble)}.") from trouble


def _message(letter: Letter) -> EmailMessage:
    context = _context(letter)
    subject = one_line(render_to_string("credits/notice_subject.txt", context))
    sender = settings.SCRIP_EMAIL_FROM
    known_by = f"{letter.account.pk} {letter.account.created_at} {letter.notices}"
    proof = hashlib.sha256(known_by.encode()).hexdigest()[:32]
    return EmailMessage(
        subject=subject[:LONGEST_SUBJECT],
        body=render_to_string("credits/notice_body.txt", context),
        from_email=formataddr((one_line(settings.SCRIP_ISSUER), sender)),
        to=[letter.address],
        headers={
            "Message-ID": f"<notices-{proof}@{sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _context(letter: Letter) -> dict[str, object]:
    """All in words, each on one line: what a name says cannot pass for a header or a line of ours."""
    currency = letter.account.currency
    balance = [left for credit, left in letter.told if credit is None]
    return {
        "issuer": one_line(settings.SCRIP_ISSUER),
        "account": one_line(letter.account.name),
        "key": one_line(letter.account.key),
        "available": money_display(balance[0], currency) if balance else "",
        "low_balance": money_display(letter.low_balance or 0, currency),
        "ending": [
            {
                "name": one_line(credit.name),
                "left": one_line(left_words(left, credit, currency)),
                "last_day": credit.expires_on,
            }
            for credit, left in letter.told
            if credit is not None
        ],
    }


def one_line(text: str) -> str:
    """Without line breaks and other characters that do not print."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _said(trouble: Exception) -> str:
    """What the server answered, in one line and without its full stop."""
    words = str(trouble) or type(trouble).__name__
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        words = "; ".join(_answer(code, said) for code, said in trouble.recipients.values())
    elif isinstance(trouble, smtplib.SMTPResponseException):
        words = _answer(trouble.smtp_code, trouble.smtp_error)
    return one_line(words)[:300].rstrip(".")


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
