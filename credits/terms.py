"""The terms of a credit as plain values: what it may pay (R3), its turn (R4), and when (R6).

Moments are days in the product (`starts` is `effective_from`, `ends` the day after `expires_on`, both
in the account's time zone) and instants in a scenario. The same code serves both, since it only ever
compares them; the two are not to be mixed in one question (Python would refuse to compare them).

Units are counted in whole smallest parts of a unit, as money is in minor units. How small a part is does
not matter here, as long as credits and lines mean the same.

All are tuples, since a run makes them by the hundred thousand.
"""

from collections.abc import Hashable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from credits.allocation import Why

Item = Hashable
Moment = date  # or datetime, which to the type checker is a date


class Scope(NamedTuple):
    whole_invoice: bool
    kinds: frozenset[str]
    items: frozenset[Item]
    excluded_items: frozenset[Item]
    tags: frozenset[str] = frozenset()

    def admits(self, item: Item, kind: str, tags: frozenset[str] = frozenset()) -> bool:
        if item in self.excluded_items:
            return False
        if not self.tags.isdisjoint(tags):
            return True
        return self.whole_invoice or kind in self.kinds or item in self.items


class CreditFacts(NamedTuple):
    key: int  # its id, or its place in a scenario; unique, so it ends R4's order
    currency: str
    balance: int  # in minor units, or for a credit of free units in parts of a unit
    priority: int
    purchased: bool
    starts: Moment
    ends: Moment | None  # the first moment after its life; None is never
    last_issue: Moment | None  # it pays no invoice issued after this: R6's grace; None is no limit
    created: Any  # anything that can be ordered: a time, or a number in a scenario
    voided: bool
    scope: Scope
    unit_item: Item | None = None  # a credit of free units of this item (R11)
    max_amount: int | None = None  # the most it may pay on one invoice, in minor units
    max_percent: Decimal | None = None  # the most, in percent of what is payable where it may pay
    unpaid: bool = False  # bought in advance, and its purchase invoice is not paid yet


class LineFacts(NamedTuple):
    key: int
    item: Item
    kind: str
    amount: int
    first: Moment  # of service
    quantity: int = 0  # in parts of a unit
    tags: frozenset[str] = frozenset()
    creditable: bool = True  # False: it sells a credit, and no credit pays for a credit


def use_order(credit: CreditFacts) -> tuple[Any, ...]:
    """R4 as a sort key."""
    # Two that never expire must tie here, and go on to be told apart by what follows.
    expiry = (1,) if credit.ends is None else (0, credit.ends)
    return credit.priority, expiry, credit.purchased, credit.starts, credit.created, credit.key


def refusal_by_date(credit: CreditFacts, first: Moment, issued: Moment) -> Why | None:
    """R6: why a credit may not pay a line served from `first` on an invoice of `issued`, or None.

    It may if it lives at any moment from the earlier of the two through the issue.
    """
    if credit.starts > issued:
        return Why.NOT_YET_EFFECTIVE
    if credit.ends is not None and credit.ends <= max(credit.starts, min(first, issued)):
        return Why.EXPIRED
    if credit.last_issue is not None and credit.last_issue < issued:
        return Why.EXPIRED
    return None
