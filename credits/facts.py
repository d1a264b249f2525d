"""The facts a settlement is made of, read for any number of accounts and invoices at once.

Plain values, no object per row: pages, previews and issuing all read here, so they see the same.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from functools import cache, partial
from operator import eq
from typing import NamedTuple

from credits.models import Category, Credit, ScopePart, ScopeRow, last_issue, scope_of
from credits.terms import CreditFacts, LineFacts
from customers.reading import Reading
from invoices.models import Line, Status
from invoices.units import units_whole


def credits_usable(accounts: Collection[int]) -> dict[int, list[CreditFacts]]:
    """By account, its credits with something left, in two statements."""
    found: dict[int, list[CreditFacts]] = defaultdict(list)
    # Accounts have many credits of few scopes.
    scopes, scope = _scopes(accounts), cache(scope_of)
    for account, key, currency, balance, priority, purchased, starts, life, *terms in CREDITS.rows(accounts):
        created, voided, applies_to, unit_item, max_amount, max_percent, waits, paid = terms
        parts = tuple(scopes[key]) if key in scopes else ()
        found[account].append(
            CreditFacts(
                *(key, currency, balance, priority, purchased, starts, life.ends, life.last_issue, created),
                *(voided, scope(applies_to, parts), unit_item, max_amount, max_percent, waits and not paid),
            )
        )
    return found


def lines_facts(invoices: Collection[int]) -> dict[int, list[LineFacts]]:
    """By invoice, its lines in their order, in one statement."""
    found: dict[int, list[LineFacts]] = defaultdict(list)
    of_invoice, *facts = LINES.columns(invoices)
    for invoice, line in zip(of_invoice, map(LineFacts, *facts), strict=True):
        found[invoice].append(line)
    return found


def _scopes(accounts: Collection[int]) -> dict[int, list[ScopePart]]:
    found: dict[int, list[ScopePart]] = defaultdict(list)
    of_credit, *facts = SCOPES.columns(accounts)
    for credit, part in zip(of_credit, map(ScopePart, *facts), strict=True):
        found[credit].append(part)
    return found


class Life(NamedTuple):
    """The first day after a credit's life, and the last day of an invoice that it may pay."""

    ends: date | None
    last_issue: date | None


def _life(expires_on: date | None) -> Life:
    return Life(expires_on and expires_on + timedelta(days=1), last_issue(expires_on))


CREDITS = Reading(
    lambda accounts: Credit.objects.filter(kept__account__among=accounts, kept__balance__gt=0).order_by(),
    *("account", "pk", "currency", "kept__balance", "priority", "category", "effective_from", "expires_on"),
    *("created_at", "kept__voided", "applies_to", "unit_item", "max_amount", "max_percent"),
    *("usable_once_paid", "purchase_line__invoice__status"),
    category=partial(eq, Category.PURCHASED),
    expires_on=_life,
    purchase_line__invoice__status=partial(eq, Status.PAID),
)
SCOPES = Reading(
    lambda accounts: ScopeRow.objects.filter(
        credit__kept__account__among=accounts, credit__kept__balance__gt=0
    ).order_by(),
    *("credit", "role", "kind", "item", "tag"),
)
LINES = Reading(
    lambda invoices: Line.objects.filter(invoice__among=invoices).order_by("invoice", "position"),
    *("invoice", "pk", "item", "kind", "amount", "first_day", "quantity", "tags", "creditable"),
    quantity=units_whole,
    tags=frozenset,
)
