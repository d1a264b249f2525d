"""What a credit that is still a form would do to the open drafts: before, after, and the difference.

Adding a credit never raises what is due, but it can move other credits' money to other lines; so
the preview shows every credit before and after. The drafts and credits are read once and settled twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from credits.allocation import Why
from credits.grant_terms import UNSAVED, Terms, terms_check
from credits.models import Credit
from credits.projection import Projection, drafts_open, drafts_settle, line_facts, usable_facts
from credits.settlement import Outcome, Settlement, settle
from credits.words import WHY
from customers.models import Account
from invoices.models import Invoice, Item, Line


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
    """Another credit whose use changes, in its own measure; and the money it pays."""

    credit: Credit
    before: int
    after: int
    paid_before: int
    paid_after: int


@dataclass(frozen=True, slots=True)
class DraftPreview:
    """All in money but `used`, which is in the credit's own measure. `unlimited` is what it would pay without
    its limit, where that holds it back."""

    invoice: Invoice
    lines: Sequence[LinePreview]
    total: int
    others: int
    this: int
    used: int
    unlimited: int | None
    due_before: int
    due: int
    why: str
    moved: Sequence[CreditPreview]


@dataclass(frozen=True, slots=True)
class GrantPreview:
    """`paid` is money; `used`, `left` and `size` are in the credit's own measure."""

    currency: str
    unit_item: Item | None
    drafts: Sequence[DraftPreview]
    place: int
    of: int
    paid: int
    used: int
    size: int

    @property
    def left(self) -> int:
        return self.size - self.used


def grant_preview(
    account: Account,
    terms: Terms,
    *,
    now: datetime,
    replaced: Credit | None = None,
    waits: bool = False,
) -> GrantPreview:
    """Settle the account's drafts without and with the credit, which `waits` for its payment. Writes nothing.

    Refuses the terms that granting would refuse.
    """
    terms_check(account, terms, now=now)
    today, drafts = account.day_of(now), drafts_open(account)
    facts = usable_facts(account) if drafts else []
    others = [fact for fact in facts if replaced is None or fact.key != replaced.pk]
    this = terms.facts(account, now)._replace(unpaid=waits)
    before = drafts_settle(drafts, facts, today=today)
    after = drafts_settle(drafts, [*others, this], today=today)
    names = Credit.objects.select_related("unit_item").in_bulk([fact.key for fact in facts])
    seen = [_draft(old, new, names) for old, new in zip(before, after, strict=True)]
    order = [outcome.credit.key for outcome in after[0].settlement.outcomes] if after else [UNSAVED]
    return GrantPreview(
        currency=account.currency,
        unit_item=terms.unit_item,
        drafts=seen,
        place=order.index(UNSAVED) + 1,
        of=len(order),
        paid=sum(draft.this for draft in seen),
        used=sum(draft.used for draft in seen),
        size=terms.size,
    )


def _draft(before: Projection, after: Projection, credits: Mapping[int, Credit]) -> DraftPreview:
    settlement, outcome = after.settlement, _this(after.settlement)
    mine = {p.line: p.amount for p in settlement.payments if p.credit == UNSAVED}
    lines = [
        LinePreview(line, settlement.credited_on(line.pk) - mine.get(line.pk, 0), mine.get(line.pk, 0))
        for line in after.lines
    ]
    return DraftPreview(
        invoice=after.invoice,
        lines=lines,
        total=settlement.total,
        others=settlement.credited - outcome.paid,
        this=outcome.paid,
        used=outcome.used,
        unlimited=_unlimited(after, outcome),
        due_before=before.settlement.due,
        due=settlement.due,
        why="" if outcome.why == Why.USED else WHY[outcome.why],
        moved=_moved(before.settlement, settlement, credits),
    )


def _this(settlement: Settlement) -> Outcome:
    return next(outcome for outcome in settlement.outcomes if outcome.credit.key == UNSAVED)


def _unlimited(projection: Projection, outcome: Outcome) -> int | None:
    """What it would pay here if no limit held it back; None where none does."""
    if outcome.credit.max_amount is None and outcome.credit.max_percent is None:
        return None
    free = outcome.credit._replace(max_amount=None, max_percent=None)
    facts = [free if fact.key == UNSAVED else fact for fact in projection.facts]
    lines, draft = line_facts(projection.lines), projection.invoice
    paid = _this(settle(facts, lines, currency=draft.currency, issued=projection.day)).paid
    return paid if paid > outcome.paid else None


def _moved(before: Settlement, after: Settlement, credits: Mapping[int, Credit]) -> list[CreditPreview]:
    """Other credits that would be used for another amount than now."""
    old = {outcome.credit.key: (outcome.used, outcome.paid) for outcome in before.outcomes}
    new = {outcome.credit.key: (outcome.used, outcome.paid) for outcome in after.outcomes}
    found = []
    for key in dict.fromkeys((*old, *new)):
        (used, paid), (then_used, then_paid) = old.get(key, (0, 0)), new.get(key, (0, 0))
        if key != UNSAVED and (used, paid) != (then_used, then_paid):
            found.append(CreditPreview(credits[key], used, then_used, paid, then_paid))
    return found
