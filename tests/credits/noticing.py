"""What tests of notices share: a rule for an account, and runs that tell."""

from typing import Any

from django.core.mail import EmailMessage

from credits.notice_run import NoticesResult, notices_run
from credits.telling import notice_rule_set
from customers.models import Account
from tests.factories import (
    at,
    by_now,
)

Outbox = list[EmailMessage]
Settings = Any  # pytest-django's; its versions name it differently
ADDRESS = "winston@example.com"


def a_rule(account: Account, **said: Any) -> None:
    plain: dict[str, Any] = {"low_balance": None, "expiring_days": None, "email": ADDRESS}
    notice_rule_set(account=account, **{**plain, **said}, **by_now("2026-08-01"))


def run(now: str) -> NoticesResult:
    return notices_run(clock=lambda: at(now))


def told(now: str) -> tuple[int, int, int]:
    """What a run came to: notices told and cleared, letters sent."""
    result = run(now)
    assert (result.left, result.server_away) == ([], "")
    return result.opened, result.cleared, result.letters
