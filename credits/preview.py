"""What a credit that is still a form would do to the open drafts: before, after, and the difference.

Adding a credit never raises what is due, but it can move other credits' money to other lines; so
the preview shows every credit before and after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from credits.allocation import Why
from credits.grant_terms import UNSAVED, Terms, terms_check
from credits.models import Credit
from credits.projection import Projection, drafts_project
from credits.settlement import Settlement
from credits.words import WHY
from customers.models import Account
from invoices.models import Invoice, Line


@dataclass(frozen=True, slots=True)
class LinePreview:
    line: Line
    others: int
    this: int

    @property
    def due(self) -> int:
        return self.line.amount - self.others - self.this


@dataclass(frozen=True, slots=True)
class CreditPreview:
    """Another credit whose use changes."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class DraftPreview:
    invoice: Invoice
    lines: Sequence[LinePreview]
    total: int
    others: int
    this: int
    due_before: int
    due: int
    why: str
    moved: Sequence[CreditPreview]

    @property
    def used(self) -> bool:
        return self.this > 0


@dataclass(frozen=True, slots=True)
class GrantPreview:
    drafts: Sequence[DraftPreview]
    place: int
    of: int
    used: int
    left: int


def grant_preview(
    account: Account, terms: Terms, *, now: datetime, replaced: Credit | None = None
) -> GrantPreview:
    """Settle the account's drafts without and with the credit. Writes nothing.

    Refuses the terms that granting would refuse.
    """
    terms_check(account, terms, now=now)
    today = account.day_of(now)
    facts = terms.facts(account, now)
    before = drafts_project(account, today=today)
    after = drafts_project(account, today=today, extra=facts, without=replaced.pk if replaced else None)
    names = _names(account, before + after)
    drafts = [_draft(old, new, names) for old, new in zip(before, after, strict=True)]
    used = sum(draft.this for draft in drafts)
    order = [outcome.credit.key for outcome in after[0].settlement.outcomes] if after else [UNSAVED]
    return GrantPreview(drafts, order.index(UNSAVED) + 1, len(order), used, terms.amount - used)


def _draft(before: Projection, after: Projection, names: dict[object, str]) -> DraftPreview:
    settlement = after.settlement
    mine = {p.line: p.amount for p in settlement.payments if p.credit == UNSAVED}
    lines = [
        LinePreview(line, settlement.credited_on(line.pk) - mine.get(line.pk, 0), mine.get(line.pk, 0))
        for line in after.lines
    ]
    this = sum(mine.values())
    why = next(outcome.why for outcome in settlement.outcomes if outcome.credit.key == UNSAVED)
    return DraftPreview(
        invoice=after.invoice,
        lines=lines,
        total=settlement.total,
        others=settlement.credited - this,
        this=this,
        due_before=before.settlement.due,
        due=settlement.due,
        why="" if why == Why.USED else WHY[why],
        moved=_moved(before.settlement, settlement, names),
    )


def _moved(before: Settlement, after: Settlement, names: dict[object, str]) -> list[CreditPreview]:
    """Other credits that would be used for another amount than now."""
    old = {outcome.credit.key: outcome.used for outcome in before.outcomes}
    new = {outcome.credit.key: outcome.used for outcome in after.outcomes if outcome.credit.key != UNSAVED}
    return [
        CreditPreview(names[key], old.get(key, 0), new.get(key, 0))
        for key in old | new
        if old.get(key, 0) != new.get(key, 0)
    ]


def _names(account: Account, projections: Sequence[Projection]) -> dict[object, str]:
    if not projections:
        return {}
    return dict(Credit.objects.filter(account=account).values_list("pk", "name"))
