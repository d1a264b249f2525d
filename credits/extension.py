"""Extending credits: void the rest of each and grant it anew, linked, with a later last day (R2).

The replacement has the same terms and, as its size, what is left; as its price, what the used part has left
of the price. It belongs to no schedule: that one has given its credit for the day already.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from credits.discount import price_of_rest
from credits.grant_terms import GrantRefused, Terms, terms_check
from credits.granting import Grant, credits_write
from credits.ledger import entries_write_all
from credits.models import AppliesTo, Category, Credit, CreditQuerySet, ScopeRole
from credits.postings import granted, voided
from customers.acts import Actor, Refusal, accounts_lock, act, act_record, act_repeated, facts_check
from customers.models import Account, Act
from invoices.models import Kind

MOST_CREDITS = 5_000


class ExtensionRefused(Refusal):
    """Credits that cannot be extended, or not to this day."""


@act
def credits_extend(
    *,
    credits: Sequence[Credit],
    expires_on: date,
    reason: str,
    by: Actor,
    now: datetime,
    token: str,
    shown: str = "",
) -> Act:
    """Replace each of these credits by one that lives longer, all of them or none.

    Refuses without a reason, a day that is not later for each, credits that are voided, used up or over,
    and when `shown`, the fingerprint of the confirmation page, is of other facts.
    """
    wanted = sorted({credit.pk for credit in credits})
    content = {"credits": wanted, "expires_on": expires_on, "reason": reason}
    ids = list({credit.account_id for credit in credits})
    accounts = {account.pk: account for account in accounts_lock(ids)}
    if first := act_repeated("credits_extend", token, content):
        return first
    if not reason.strip():
        raise ExtensionRefused("Extending credits needs a reason.")
    if not wanted:
        raise ExtensionRefused("Choose at least one credit to extend.")
    current = list(extension_credits(wanted))
    facts_check(shown, extension_facts(current, expires_on))
    grants = [_grant(credit, accounts[credit.account_id], expires_on, now) for credit in current]
    replacements = credits_write(grants, reason=reason, now=now)
    record = act_record(
        "credits_extend",
        token=token,
        content=content,
        by=by,
        now=now,
        reason=reason,
        subject=f"credits:{len(replacements)}",
        details={
            "expires_on": expires_on.isoformat(),
            "replaced": [[old.pk, new.pk] for old, new in zip(current, replacements, strict=True)],
        },
    )
    postings = []
    for old, new in zip(current, replacements, strict=True):
        account = accounts[old.account_id]
        postings += [(account, voided(old, account.day_of(now))), (account, granted(new))]
    entries_write_all(record, postings, now=now)
    return record


def extension_credits(pks: Iterable[int]) -> CreditQuerySet:
    """These credits with all that their replacements need, account by account in the order they were made."""
    return (
        Credit.objects.filter(pk__in=set(pks))
        .with_balance()
        .select_related("account__customer", "unit_item", "purchase_line")
        .prefetch_related("scope_rows__item")
        .order_by("account_id", "pk")
    )


def extension_facts(credits: Iterable[Credit], expires_on: date) -> dict[str, Any]:
    """What extending would do, for the confirmation's fingerprint."""
    return {
        "credits": [(credit.pk, credit.balance, credit.voided) for credit in credits],
        "expires_on": expires_on,
    }


def extension_check(credits: Sequence[Credit], expires_on: date, *, now: datetime) -> None:
    """Refuses what cannot be extended, as the act would."""
    for credit in credits:
        _grant(credit, credit.account, expires_on, now)


def extended_terms(credit: Credit, expires_on: date) -> Terms:
    """The terms of what is left of a credit, with another last day."""
    rows = list(credit.scope_rows.all())
    in_units = credit.units is not None
    return Terms(
        name=credit.name,
        priority=credit.priority,
        effective_from=credit.effective_from,
        expires_on=expires_on,
        amount=0 if in_units else credit.balance,
        units=credit.balance if in_units else None,
        unit_item=credit.unit_item,
        max_amount=credit.max_amount,
        max_percent=credit.max_percent,
        price_paid=_price(credit),
        category=Category(credit.category),
        applies_to=AppliesTo(credit.applies_to),
        kinds=tuple(Kind(row.kind) for row in rows if row.role == ScopeRole.KIND),
        items=tuple(row.item for row in rows if row.role == ScopeRole.ITEM and row.item),
        excluded_items=tuple(row.item for row in rows if row.role == ScopeRole.EXCLUDED_ITEM and row.item),
        tags=tuple(row.tag for row in rows if row.role == ScopeRole.TAG),
    )


def _price(credit: Credit) -> int | None:
    if credit.price_paid is None:
        return None
    return price_of_rest(credit.price_paid, credit.balance, credit.size)


def _grant(credit: Credit, account: Account, expires_on: date, now: datetime) -> Grant:
    today = account.day_of(now)
    named = f"“{credit.name}” (credit {credit.pk}, account {account.key})"
    for refused, sentence in (
        (credit.voided, f"{named} is voided, or was replaced already."),
        (not credit.balance, f"Nothing is left of {named}."),
        (credit.is_gone(today), f"{named} and its grace are over. Grant a new credit instead."),
        (credit.expires_on is None, f"{named} never expires: there is no later day."),
        (
            credit.expires_on is not None and expires_on <= credit.expires_on,
            f"{named} already lives until {credit.expires_on}. Choose a later day.",
        ),
    ):
        if refused:
            raise ExtensionRefused(sentence)
    terms = extended_terms(credit, expires_on)
    try:
        terms_check(account, terms, now=now)
    except GrantRefused as refusal:
        raise ExtensionRefused(f"{named}: {refusal}") from refusal
    return Grant.replacing(account, terms, credit)
