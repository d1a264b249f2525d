"""The facts a settlement is made of, read for any number of accounts and invoices at once.

Plain values, no object per row: pages, previews and issuing all read here, so they see the same.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

from credits.models import AppliesTo, Category, Credit, ScopePart, ScopeRow, last_issue, scope_of
from credits.terms import CreditFacts, LineFacts
from invoices.models import Line, Status
from invoices.units import units_whole

# Most credits are of the whole invoice, and need no scope of their own.
BARE = {applies_to: scope_of(applies_to, ()) for applies_to in AppliesTo.values}


def credits_usable(accounts: Collection[int]) -> dict[int, list[CreditFacts]]:
    """By account, its credits with something left, in two statements."""
    usable = Credit.objects.filter(account__in=accounts, kept__balance__gt=0).order_by()
    rows = usable.values_list(
        *("account", "pk", "currency", "kept__balance", "priority", "category", "effective_from"),
        *("expires_on", "created_at", "kept__voided", "applies_to", "unit_item", "max_amount", "max_percent"),
        *("usable_once_paid", "purchase_line__invoice__status"),
    )
    found: dict[int, list[CreditFacts]] = defaultdict(list)
    scopes = _scopes(accounts)
    for account, key, currency, balance, priority, category, starts, *terms in rows:
        expires_on, created, voided, applies_to, unit_item, max_amount, max_percent, waits, sold_on = terms
        facts = CreditFacts(
            key=key,
            currency=currency,
            balance=balance,
            priority=priority,
            purchased=category == Category.PURCHASED,
            starts=starts,
            ends=expires_on and expires_on + timedelta(days=1),
            last_issue=last_issue(expires_on),
            created=created,
            voided=voided,
            scope=scope_of(applies_to, scopes[key]) if key in scopes else BARE[applies_to],
            unit_item=unit_item,
            max_amount=max_amount,
            max_percent=max_percent,
            unpaid=waits and sold_on != Status.PAID,
        )
        found[account].append(facts)
    return found


def lines_facts(invoices: Collection[int]) -> dict[int, list[LineFacts]]:
    """By invoice, its lines in their order, in one statement."""
    found: dict[int, list[LineFacts]] = defaultdict(list)
    lines = Line.objects.filter(invoice__in=invoices).order_by("invoice", "position")
    for invoice, key, item, kind, amount, first, quantity, tags, creditable in lines.values_list(
        *("invoice", "pk", "item", "kind", "amount", "first_day", "quantity", "tags", "creditable")
    ):
        found[invoice].append(
            LineFacts(key, item, kind, amount, first, units_whole(quantity), frozenset(tags), creditable)
        )
    return found


def _scopes(accounts: Collection[int]) -> dict[int, list[ScopePart]]:
    rows = ScopeRow.objects.filter(credit__account__in=accounts, credit__kept__balance__gt=0).order_by()
    found: dict[int, list[ScopePart]] = defaultdict(list)
    for credit, role, kind, item, tag in rows.values_list("credit", "role", "kind", "item", "tag"):
        found[credit].append(ScopePart(role, kind, item, tag))
    return found
