"""Acts on credits: grant, void, replace, expire."""

from datetime import date, datetime
from typing import Any

from credits.grant_terms import GrantRefused, Terms, terms_check
from credits.granting import Grant, credit_write
from credits.ledger import credit_get, entries_write, entry_count
from credits.models import Category, Credit, Entry, credits_of
from credits.postings import expired, granted, voided
from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated, facts_check
from customers.models import Account
from invoices.models import Invoice


class VoidRefused(Refusal):
    """A credit that cannot be voided."""


@act
def credit_grant(
    *, account: Account, terms: Terms, reason: str, by: Actor, now: datetime, token: str
) -> Credit:
    """Grant a credit. Refuses on a closed account and terms that contradict themselves."""
    content = {"account": account.pk, "reason": reason, **terms.content()}
    account = account_lock(account.pk)
    if first := act_repeated("credit_grant", token, content):
        return Credit.objects.get(pk=first.subject_id)
    terms_check(account, terms, now=now)
    credit = credit_write(Grant(account, terms), reason=reason, now=now)
    record = act_record(
        "credit_grant",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"credit:{credit.pk}",
    )
    entries_write(account, record, [granted(credit)], now=now)
    return credit


@act
def credit_void(
    *, credit: Credit, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> Credit:
    """Take what is left of a credit to zero, for good (R8). What it paid stays paid.

    Refuses without a reason, on a credit already voided, and when `shown`, the fingerprint of
    the confirmation page, is of other facts.
    """
    content = {"credit": credit.pk, "reason": reason}
    account = account_lock(credit.account_id)
    if act_repeated("credit_void", token, content):
        return credit_get(credit.pk)
    credit = credit_get(credit.pk)
    _void_check(credit, reason, shown)
    record = act_record(
        "credit_void",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"credit:{credit.pk}",
    )
    entries_write(account, record, [voided(credit, account.day_of(now))], now=now)
    return credit_get(credit.pk)


@act
def credit_replace(
    *,
    credit: Credit,
    terms: Terms,
    reason: str,
    by: Actor,
    now: datetime,
    token: str,
) -> Credit:
    """Void the rest of a credit and grant another, linked to it, as one act (R2)."""
    content = {"credit": credit.pk, "reason": reason, **terms.content()}
    account = account_lock(credit.account_id)
    if first := act_repeated("credit_replace", token, content):
        return Credit.objects.get(pk=first.subject_id)
    credit = credit_get(credit.pk)
    _void_check(credit, reason, shown="")
    terms_check(account, terms, now=now)
    if credit.purchase_line_id and terms.category != Category.PURCHASED:
        raise GrantRefused("A credit that was sold on an invoice is replaced by a purchased one.")
    replacement = credit_write(Grant.replacing(account, terms, credit), reason=reason, now=now)
    record = act_record(
        "credit_replace",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"credit:{replacement.pk}",
        details={"replaced": credit.pk},
    )
    postings = [voided(credit, account.day_of(now)), granted(replacement)]
    entries_write(account, record, postings, now=now)
    return replacement


@act
def credits_expire(*, account: Account, as_of: date, by: Actor, now: datetime, token: str) -> list[Entry]:
    """Book what is gone: balances of credits past their expiry and its grace (R10).

    A credit that the correction of an invoice may still need is left until that draft is issued or
    discarded. Refuses a day that has not come yet: what is booked cannot be undone.
    """
    content = {"account": account.pk, "as_of": as_of}
    account = account_lock(account.pk)
    if act_repeated("credits_expire", token, content):
        return []
    if as_of > account.day_of(now):
        raise GrantRefused(f"{as_of} has not come yet for this account.")
    gone = [credit for credit in credits_of(account, expires_on__lt=as_of) if _is_gone(credit, as_of)]
    held = _days_corrections_need(account)
    gone = [credit for credit in gone if all(credit.is_gone(day) for day in held)]
    if not gone:
        return []
    record = act_record(
        "credits_expire",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"account:{account.pk}",
        details={"credits": [credit.pk for credit in gone]},
    )
    entries_write(account, record, [expired(credit) for credit in gone], now=now)
    return list(Entry.objects.filter(act=record).order_by("number"))


def expire_token(account: Account, as_of: date) -> str:
    """The same ledger and day give the same token; a ledger that has moved on gives another."""
    return f"credits_expire:{account.pk}:{as_of}:{entry_count(account)}"


def void_facts(credit: Credit) -> dict[str, Any]:
    """What a void would do, for the confirmation's fingerprint."""
    return {"credit": credit.pk, "balance": credit.balance, "voided": credit.voided}


def _void_check(credit: Credit, reason: str, shown: str) -> None:
    if not reason.strip():
        raise VoidRefused("Voiding a credit needs a reason.")
    if credit.voided:
        raise VoidRefused("This credit was voided already.")
    facts_check(shown, void_facts(credit))


def _is_gone(credit: Credit, as_of: date) -> bool:
    return credit.is_gone(as_of) and credit.balance > 0


def _days_corrections_need(account: Account) -> list[date]:
    drafts = Invoice.objects.drafts().filter(account=account, judged_on__isnull=False)
    return [draft.judged_on for draft in drafts if draft.judged_on]
