"""Telling, account after account, each its own transaction; and sending what is told by e-mail.

An account that cannot be told is named, and leaves the others alone. A mail server that is away is asked
once, not once per account: what was not sent is sent by the next run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import Error
from django.db.models import Q

from credits.models import Notice, NoticeRule
from credits.notice_mail import Letter, LetterRefused, ServerAway, letter_send, mail_server_set
from credits.telling import letter_put_back, letter_sent, notices_tell
from customers.acts import Refusal
from customers.commands import AccountLeft, Progress, refused_by_database, unseen
from customers.models import Account

Clock = Callable[[], datetime]


@dataclass(slots=True)
class NoticesResult:
    accounts: int = 0
    opened: int = 0
    cleared: int = 0
    letters: int = 0
    server_away: str = ""
    left: list[AccountLeft] = field(default_factory=list)


def notices_run(*, clock: Clock, progress: Progress = unseen) -> NoticesResult:
    """Tell what holds now. The clock is read for each account: who is long at it takes up no letter in
    the past."""
    result = NoticesResult()
    for account in progress(_accounts(), "Telling"):
        try:
            _tell(account, result, clock)
        except Refusal as refused:
            result.left.append(AccountLeft(account, str(refused)))
        except Error as trouble:
            result.left.append(AccountLeft(account, refused_by_database(trouble)))
    return result


def _accounts() -> Sequence[Account]:
    """Those with a rule, and those with a notice that may have to be cleared."""
    with_rule = Q(pk__in=NoticeRule.objects.values("account"))
    told = Q(pk__in=Notice.objects.filter(cleared_at=None).order_by().values("account"))
    return list(Account.objects.filter(with_rule | told).order_by("pk"))


def _tell(account: Account, result: NoticesResult, clock: Clock) -> None:
    by_email = mail_server_set() and not result.server_away
    told = notices_tell(account=account, now=clock(), by_email=by_email)
    result.accounts += 1
    result.opened += len(told.opened)
    result.cleared += told.cleared
    if told.letter:
        _send(told.letter, result, clock)


def _send(letter: Letter, result: NoticesResult, clock: Clock) -> None:
    try:
        letter_send(letter)
    except LetterRefused as refused:
        letter_put_back(letter)
        result.left.append(AccountLeft(letter.account, str(refused)))
    except ServerAway as away:
        letter_put_back(letter)
        result.server_away = str(away)
    else:
        result.letters += 1
        letter_sent(letter, now=clock())
