"""Writing credits with their scopes, any number in a few statements. The granted entry comes after: it seals
the scope."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from credits.grant_terms import Terms
from credits.models import Credit, Schedule, ScopeRole, ScopeRow
from customers.models import Account
from invoices.models import Line


@dataclass(frozen=True, slots=True)
class Grant:
    """A credit to be written, and what it follows from."""

    account: Account
    terms: Terms
    replaces: Credit | None = None
    purchase_line: Line | None = None
    usable_once_paid: bool = False
    schedule: Schedule | None = None
    due_on: date | None = None

    @classmethod
    def replacing(cls, account: Account, terms: Terms, credit: Credit) -> "Grant":
        """What was bought on an invoice stays bought on it, and waits for its payment as before."""
        line, waits = credit.purchase_line, credit.usable_once_paid
        return cls(account, terms, replaces=credit, purchase_line=line, usable_once_paid=waits)


def credit_write(grant: Grant, *, reason: str, now: datetime) -> Credit:
    return credits_write([grant], reason=reason, now=now)[0]


def credits_write(grants: Sequence[Grant], *, reason: str, now: datetime) -> list[Credit]:
    """Write the credits, in the order of `grants`, and their scopes."""
    credits = Credit.objects.bulk_create(credit_promised(grant, reason, now) for grant in grants)
    rows = (
        row for grant, credit in zip(grants, credits, strict=True) for row in scope_rows(credit, grant.terms)
    )
    ScopeRow.objects.bulk_create(rows)
    return list(credits)


def credit_promised(grant: Grant, reason: str, now: datetime) -> Credit:
    """Not saved: what the terms promise, as a credit."""
    terms = grant.terms
    return Credit(
        account=grant.account,
        name=terms.name.strip(),
        category=terms.category,
        currency=grant.account.currency,
        amount=terms.amount,
        units=terms.units,
        unit_item=terms.unit_item,
        max_amount=terms.max_amount,
        max_percent=terms.max_percent,
        price_paid=terms.price_paid,
        purchase_line=grant.purchase_line,
        usable_once_paid=grant.usable_once_paid,
        priority=terms.priority,
        effective_from=terms.effective_from,
        expires_on=terms.expires_on,
        applies_to=terms.applies_to,
        replaces=grant.replaces,
        schedule=grant.schedule,
        due_on=grant.due_on,
        reason=reason,
        created_at=now,
    )


def scope_rows(credit: Credit, terms: Terms) -> Iterator[ScopeRow]:
    for kind in dict.fromkeys(terms.kinds):
        yield ScopeRow(credit=credit, role=ScopeRole.KIND, kind=kind)
    for item in dict.fromkeys(terms.items):
        yield ScopeRow(credit=credit, role=ScopeRole.ITEM, item=item)
    for tag in dict.fromkeys(terms.tags):
        yield ScopeRow(credit=credit, role=ScopeRole.TAG, tag=tag)
    for item in dict.fromkeys(terms.excluded_items):
        yield ScopeRow(credit=credit, role=ScopeRole.EXCLUDED_ITEM, item=item)
