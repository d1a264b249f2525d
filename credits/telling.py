"""The rule of an account's notices, and the step that tells: opens what holds, clears what no longer does.

A notice is no money and no promise: the step leaves no act, its notices are their own record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from credits.models import Credit, Notice, NoticeKind, NoticeRule
from credits.notice_mail import Letter
from credits.notices import BALANCE, Key, Limits, OpenCredit, Standing, notices_decide, notices_hold
from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated
from customers.models import Account
from customers.money import currency_decimals

LONGEST_AHEAD = 365
# How long a run may take to send one letter before another run takes it up again.
SENDING_FOR = timedelta(minutes=15)


class NoticeRefused(Refusal):
    """A rule of notices that cannot be set."""


@dataclass(frozen=True, slots=True)
class Told:
    """What telling one account came to; the letter is taken up, and has yet to be sent."""

    opened: Sequence[Notice]
    cleared: int
    letter: Letter | None


@act
def notice_rule_set(
    *,
    account: Account,
    low_balance: int | None,
    expiring_days: int | None,
    email: str,
    by: Actor,
    now: datetime,
    token: str,
) -> NoticeRule:
    """Say when to tell and whom; None is never, an empty address nobody by e-mail. What no longer holds
    by it is cleared at once; what holds anew is told by the next run.

    Refuses on a closed account, limits out of their bounds, and what is no e-mail address.
    """
    limits = {"low_balance": low_balance, "expiring_days": expiring_days}
    content = {"account": account.pk, "email": email, **limits}
    account = account_lock(account.pk)
    if act_repeated("notice_rule_set", token, content):
        return NoticeRule.objects.get(account=account)
    _rule_check(account, low_balance, expiring_days, email)
    rule, _ = NoticeRule.objects.update_or_create(account=account, defaults={"email": email, **limits})
    _clear(_open(account), notices_held(account, rule, now), now)
    # The address is a person's, so it is kept in the rule alone, where it can be erased (R16).
    act_record(
        "notice_rule_set",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"account:{account.pk}",
        details=limits,
    )
    return rule


def notices_tell(*, account: Account, now: datetime, by_email: bool) -> Told:
    """Tell what holds and is not told yet, clear what no longer holds, and take up, if `by_email`, the
    letter that tells what was not e-mailed yet."""
    with transaction.atomic():
        account = account_lock(account.pk)
        rule = NoticeRule.objects.filter(account=account).first()
        held = notices_held(account, rule, now)
        told = _open(account)
        cleared = _clear(told, held, now)
        opened = Notice.objects.bulk_create(
            Notice(account=account, kind=_kind(key), credit_id=key, amount=left, told_at=now)
            for key, left in notices_decide(held, told).tell.items()
        )
        letter = _letter(account, rule, held, now) if by_email and rule and rule.email else None
    return Told(opened, cleared, letter)


def notices_held(account: Account, rule: NoticeRule | None, now: datetime) -> dict[Key, int]:
    """What holds for a locked account; for a closed one nothing does."""
    if rule is None or account.closed_at:
        return {}
    return notices_hold(
        Limits(rule.low_balance, rule.expiring_days), account_standing(account, account.day_of(now))
    )


def account_standing(account: Account, today: date) -> Standing:
    credits: QuerySet[Any] = Credit.objects.filter(account=account).with_balance()
    left = list(credits.filter(balance__gt=0, voided=False).order_by("pk"))
    begun = credits.filter(units=None, unpaid=False, effective_from__lte=today)
    return Standing(
        today=today,
        available=sum(
            credit.balance for credit in left if credit.units is None and credit.is_available(today)
        ),
        had_credit=begun.exists(),
        credits=[OpenCredit(credit.pk, credit.balance, credit.expires_on) for credit in left],
    )


def letter_sent(letter: Letter, *, now: datetime) -> None:
    Notice.objects.filter(pk__in=letter.notices, emailed_at=None).update(emailed_at=now)


def letter_put_back(letter: Letter) -> None:
    """It could not be sent: the next run need not wait until nobody can be sending it any more."""
    mine = Notice.objects.filter(pk__in=letter.notices, sending_at=letter.taken_at)
    mine.update(sending_at=None)


def addresses_erase(account_ids: Sequence[int]) -> None:
    """What notices know of people who are erased (R16)."""
    NoticeRule.objects.filter(account__in=account_ids).update(email="")


def _rule_check(account: Account, low_balance: int | None, expiring_days: int | None, email: str) -> None:
    if account.closed_at:
        raise NoticeRefused("This account is closed: nobody is told of it any more.")
    most = settings.SCRIP_MAX_AMOUNT * 10 ** currency_decimals(account.currency)
    if low_balance is not None and not 0 < low_balance <= most:
        raise NoticeRefused(
            f"A low balance lies above zero and up to {settings.SCRIP_MAX_AMOUNT:,} {account.currency}."
        )
    if expiring_days is not None and not 0 < expiring_days <= LONGEST_AHEAD:
        raise NoticeRefused(f"An expiry is told 1 to {LONGEST_AHEAD} days ahead.")
    if email:
        address_check(email)


def address_check(email: str) -> None:
    """Refuses all but one plain address: no line break, no list and no name can hide in it."""
    try:
        validate_email(email)
    except ValidationError:
        plain = False
    else:
        plain = email.isprintable() and not set(email) & set(' ",;:<>()[]\\') and len(email) <= 254
    if not plain:
        raise NoticeRefused("Type one e-mail address, such as billing@example.com.")


def _open(account: Account) -> dict[Key, Notice]:
    return {notice.credit_id: notice for notice in Notice.objects.filter(account=account, cleared_at=None)}


def _clear(told: Mapping[Key, Notice], held: Mapping[Key, int], now: datetime) -> int:
    gone = [told[key].pk for key in notices_decide(held, told).clear]
    return Notice.objects.filter(pk__in=gone).update(cleared_at=now) if gone else 0


def _kind(key: Key) -> NoticeKind:
    return NoticeKind.LOW_BALANCE if key is BALANCE else NoticeKind.EXPIRING


def _letter(account: Account, rule: NoticeRule, held: Mapping[Key, int], now: datetime) -> Letter | None:
    """Take up the open notices that were not e-mailed and that no other run is sending."""
    free = Q(sending_at=None) | Q(sending_at__lte=now - SENDING_FOR)
    due = Notice.objects.filter(free, account=account, cleared_at=None, emailed_at=None)
    notices = {notice.credit_id: notice for notice in due.select_related("credit__unit_item")}
    if not notices:
        return None
    taken = [notice.pk for notice in notices.values()]
    Notice.objects.filter(pk__in=taken).update(sending_at=now)
    # Told late, it says what is left by now.
    told = [(notices[key].credit, left) for key, left in held.items() if key in notices]
    return Letter(account, rule.email, rule.low_balance, told, sorted(taken), taken_at=now)
