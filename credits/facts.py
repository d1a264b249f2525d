"""The facts a settlement is made of, read for any number of accounts and invoices at once.

Plain values, no object per row: pages, previews and issuing all read here, so they see the same.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from functools import cache

from credits.models import Category, Credit, ScopePart, ScopeRow, last_issue, scope_of
from credits.terms import CreditFacts, LineFacts
from customers.setwise import rows_read
from invoices.models import Line, Status
from invoices.units import units_whole


def credits_usable(accounts: Collection[int]) -> dict[int, list[CreditFacts]]:
    """By account, its credits with something left, in two statements."""
    rows = rows_read(
        Credit.objects.filter(kept__account__among=accounts, kept__balance__gt=0).order_by(),
        *("account", "pk", "currency", "kept__balance", "priority", "category", "effective_from"),
        *("expires_on", "created_at", "kept__voided", "applies_to", "unit_item", "max_amount", "max_percent"),
        *("usable_once_paid", "purchase_line__invoice__status"),
        expires_on=_ends,
    )
    found: dict[int, list[CreditFacts]] = defaultdict(list)
    # Accounts have many credits of few scopes.
    scopes, scope = _scopes(accounts), cache(scope_of)
    for account, key, currency, balance, priority, category, starts, *terms in rows:
        (ends, last), created, voided, applies_to, unit_item, max_amount, max_percent, waits, sold_on = terms
        found[account].append(
            CreditFacts(
                *(key, currency, balance, priority, category == Category.PURCHASED, starts, ends, last),
                *(created, voided, scope(applies_to, tuple(scopes.get(key, ()))), unit_item),
                *(max_amount, max_percent, waits and sold_on != Status.PAID),
            )
        )
    return found


def lines_facts(invoices: Collection[int]) -> dict[int, list[LineFacts]]:
    """By invoice, its lines in their order, in one statement."""
    rows = rows_read(
        Line.objects.filter(invoice__among=invoices).order_by("invoice", "position"),
        *("invoice", "pk", "item", "kind", "amount", "first_day", "quantity", "tags", "creditable"),
        quantity=units_whole,
        tags=frozenset,
    )
    found: dict[int, list[LineFacts]] = defaultdict(list)
    for invoice, *facts in rows:
        found[invoice].append(LineFacts(*facts))
    return found


def _scopes(accounts: Collection[int]) -> dict[int, list[ScopePart]]:
    usable = ScopeRow.objects.filter(credit__kept__account__among=accounts, credit__kept__balance__gt=0)
    found: dict[int, list[ScopePart]] = defaultdict(list)
    for credit, *part in rows_read(usable.order_by(), "credit", "role", "kind", "item", "tag"):
        found[credit].append(ScopePart(*part))
    return found


def _ends(expires_on: date | None) -> tuple[date | None, date | None]:
    """The first day after its life, and the last day of an invoice that it may pay."""
    return expires_on and expires_on + timedelta(days=1), last_issue(expires_on)
