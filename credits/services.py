"""Acts on credits: grant, void, replace, expire; and the steps that issuing and voiding invoices take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from credits.ledger import Posting, credit_get, entries_write, entry_count
from credits.models import (
    AppliesTo,
    Category,
    Credit,
    Entry,
    EntryKind,
    ScopeRole,
    ScopeRow,
    credits_of,
    last_issue,
)
from credits.settlement import Settlement
from credits.terms import CreditFacts, Scope
from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated, facts_check
from customers.models import Account, Act
from customers.money import currency_decimals
from invoices.models import Invoice, Item, Kind

UNSAVED = 2**63


class GrantRefused(Refusal):
    """Terms that no credit can have."""


class VoidRefused(Refusal):
    """A credit that cannot be voided."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a credit promises. `amount` in minor units of the account's currency; both days inclusive."""

    name: str
    amount: int
    priority: int
    effective_from: date
    expires_on: date | None = None
    category: Category = Category.PROMOTIONAL
    applies_to: AppliesTo = AppliesTo.INVOICE
    kinds: tuple[Kind, ...] = ()
    items: tuple[Item, ...] = ()
    excluded_items: tuple[Item, ...] = ()

    def content(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "amount": self.amount,
            "priority": self.priority,
            "effective_from": self.effective_from,
            "expires_on": self.expires_on,
            "category": self.category.value,
            "applies_to": self.applies_to.value,
            "kinds": sorted(kind.value for kind in self.kinds),
            "items": sorted(item.pk for item in self.items),
            "excluded_items": sorted(item.pk for item in self.excluded_items),
        }

    def facts(self, account: Account, now: datetime) -> CreditFacts:
        """These terms as the allocation sees them, in the place they would take: the newest of equals."""
        return CreditFacts(
            key=UNSAVED,
            currency=account.currency,
            balance=self.amount,
            priority=self.priority,
            purchased=self.category == Category.PURCHASED,
            starts=self.effective_from,
            ends=self.expires_on and self.expires_on + timedelta(days=1),
            last_issue=last_issue(self.expires_on),
            created=now,
            voided=False,
            scope=Scope(
                whole_invoice=self.applies_to == AppliesTo.INVOICE,
                kinds=frozenset(self.kinds),
                items=frozenset(item.pk for item in self.items),
                excluded_items=frozenset(item.pk for item in self.excluded_items),
            ),
        )


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
    credit = _credit_write(account, terms, reason=reason, now=now)
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
    entries_write(account, record, [_granted(credit)], now=now)
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
    entries_write(account, record, [_voided(credit, account.day_of(now))], now=now)
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
    replacement = _credit_write(account, terms, reason=reason, now=now, replaces=credit)
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
    postings = [_voided(credit, account.day_of(now)), _granted(replacement)]
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
    return entries_write(account, record, [_expired(credit, credit.balance) for credit in gone], now=now)


def expire_token(account: Account, as_of: date) -> str:
    """The same ledger and day give the same token; a ledger that has moved on gives another."""
    return f"credits_expire:{account.pk}:{as_of}:{entry_count(account)}"


def void_facts(credit: Credit) -> dict[str, Any]:
    """What a void would do, for the confirmation's fingerprint."""
    return {"credit": credit.pk, "balance": credit.balance, "voided": credit.voided}


def terms_check(account: Account, terms: Terms, *, now: datetime) -> None:
    """Refuses terms that contradict themselves or the account."""
    today = account.day_of(now)
    limit = settings.SCRIP_MAX_AMOUNT * 10 ** currency_decimals(account.currency)
    selected = terms.applies_to == AppliesTo.SELECTED
    refusals = (
        (account.closed_at is not None, "This account is closed: no credit can be granted."),
        (not terms.name.strip(), "A credit needs a name."),
        (not 0 < terms.amount <= limit, "The amount is above zero and below the limit."),
        (not 1 <= terms.priority <= 100, "The priority is a number from 1 to 100."),
        (
            terms.expires_on is not None and terms.expires_on < terms.effective_from,
            "A credit cannot expire before it takes effect.",
        ),
        (
            terms.expires_on is not None and terms.expires_on < today,
            "The last day of this credit is over already.",
        ),
        (
            selected and not (terms.kinds or terms.items),
            "Choose at least one kind or item the credit may pay.",
        ),
        (
            not selected and bool(terms.kinds or terms.items),
            "A credit for the whole invoice has no list of its own.",
        ),
        (
            not {item.pk for item in terms.items}.isdisjoint(item.pk for item in terms.excluded_items),
            "An item cannot be both chosen and excluded.",
        ),
    )
    for refused, sentence in refusals:
        if refused:
            raise GrantRefused(sentence)


def credit_apply(
    account: Account, record: Act, invoice: Invoice, settlement: Settlement, *, day: date, now: datetime
) -> None:
    """Write one `applied` entry per credit and line, in the order of the allocation."""
    entries_write(
        account,
        record,
        [
            Posting(payment.credit, EntryKind.APPLIED, -payment.amount, day, invoice.pk, payment.line)
            for payment in settlement.payments
        ],
        now=now,
    )


def credit_reverse(
    account: Account, record: Act, invoice: Invoice, *, today: date, now: datetime, keep_expired: bool
) -> None:
    """Put each applied amount back, and close again in the same breath what may not stay open (R9).

    `keep_expired` leaves money of expired credits open for the correction that is about to use it.
    """
    applied = applied_entries(invoice)
    postings = [
        Posting(e.credit_id, EntryKind.REVERSED, -e.amount, today, invoice.pk, e.line_id, e.pk)
        for e in applied
    ]
    returned: dict[int, int] = {}
    for entry in applied:
        returned[entry.credit_id] = returned.get(entry.credit_id, 0) - entry.amount
    for credit in credits_of(account, pk__in=returned):
        if credit.voided:
            postings.append(Posting(credit.pk, EntryKind.VOIDED, -returned[credit.pk], today, invoice.pk))
        elif credit.is_gone(today) and not keep_expired:
            postings.append(Posting(credit.pk, EntryKind.EXPIRED, -returned[credit.pk], today, invoice.pk))
    entries_write(account, record, postings, now=now)


def applied_entries(invoice: Invoice) -> Sequence[Entry]:
    """The invoice's applied entries that no reversal has undone, in the ledger's order."""
    return list(
        Entry.objects.filter(invoice=invoice, kind=EntryKind.APPLIED, reversed_by=None)
        .select_related("credit")
        .order_by("number")
    )


def _credit_write(
    account: Account, terms: Terms, *, reason: str, now: datetime, replaces: Credit | None = None
) -> Credit:
    """The credit and its scope. The granted entry comes after: it seals the scope."""
    credit = Credit.objects.create(
        account=account,
        name=terms.name.strip(),
        category=terms.category,
        currency=account.currency,
        amount=terms.amount,
        priority=terms.priority,
        effective_from=terms.effective_from,
        expires_on=terms.expires_on,
        applies_to=terms.applies_to,
        replaces=replaces,
        reason=reason,
        created_at=now,
    )
    rows = [ScopeRow(credit=credit, role=ScopeRole.KIND, kind=kind) for kind in dict.fromkeys(terms.kinds)]
    rows += [ScopeRow(credit=credit, role=ScopeRole.ITEM, item=item) for item in dict.fromkeys(terms.items)]
    rows += [
        ScopeRow(credit=credit, role=ScopeRole.EXCLUDED_ITEM, item=item)
        for item in dict.fromkeys(terms.excluded_items)
    ]
    ScopeRow.objects.bulk_create(rows)
    return credit


def _void_check(credit: Credit, reason: str, shown: str) -> None:
    if not reason.strip():
        raise VoidRefused("Voiding a credit needs a reason.")
    if credit.voided:
        raise VoidRefused("This credit was voided already.")
    facts_check(shown, void_facts(credit))


def _granted(credit: Credit) -> Posting:
    return Posting(credit.pk, EntryKind.GRANTED, credit.amount, credit.effective_from)


def _voided(credit: Credit, today: date) -> Posting:
    return Posting(credit.pk, EntryKind.VOIDED, -credit.balance, today)


def _expired(credit: Credit, amount: int) -> Posting:
    """Valued on the first day no invoice could use it, whenever it is booked (R10)."""
    gone_on = (credit.last_issue or credit.effective_from) + timedelta(days=1)
    return Posting(credit.pk, EntryKind.EXPIRED, -amount, gone_on)


def _is_gone(credit: Credit, as_of: date) -> bool:
    return credit.is_gone(as_of) and credit.balance > 0


def _days_corrections_need(account: Account) -> list[date]:
    drafts = Invoice.objects.drafts().filter(account=account, judged_on__isnull=False)
    return [draft.judged_on for draft in drafts if draft.judged_on]
