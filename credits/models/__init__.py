"""What is set against an invoice: credits, their scope, and the ledger (R2, R3, R8–R11).

A credit and its scope are written once. What happens to a credit happens in its entries; the
balance is their sum, which the database itself keeps beside them, and nobody else can write.
"""

from credits.models.credit import (
    AppliesTo,
    Category,
    Credit,
    CreditQuerySet,
    ScopePart,
    ScopeRole,
    ScopeRow,
    credits_of,
    last_issue,
    scope_of,
)
from credits.models.entry import Balance, Entry, EntryKind
from credits.models.notice import Notice, NoticeKind, NoticeRule
from credits.models.schedule import Schedule

__all__ = (
    "AppliesTo",
    "Balance",
    "Category",
    "Credit",
    "CreditQuerySet",
    "Entry",
    "EntryKind",
    "Notice",
    "NoticeKind",
    "NoticeRule",
    "Schedule",
    "ScopePart",
    "ScopeRole",
    "ScopeRow",
    "credits_of",
    "last_issue",
    "scope_of",
)
