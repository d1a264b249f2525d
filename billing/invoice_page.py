"""What the invoice page shows: line by line which credit paid what, or would; and why others did not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from django.db.models import Q, QuerySet

from credits.allocation import Why
from credits.caps import caps_words
from credits.models import Credit, Entry, EntryKind
from credits.projection import Projection, drafts_project
from credits.words import WHY
from customers.models import Act
from invoices.models import Invoice, Line, Source


@dataclass(frozen=True, slots=True)
class PaidBy:
    """`units` are the free ones whose worth `amount` is; 0 of a credit of money."""

    credit: Credit
    amount: int
    units: int = 0


@dataclass(slots=True)
class LineRow:
    line: Line
    paid_by: list[PaidBy] = field(default_factory=list)
    left_for: list[PaidBy] = field(default_factory=list)

    @property
    def credited(self) -> int:
        return sum(paid.amount for paid in self.paid_by)

    @property
    def free_units(self) -> int:
        return sum(paid.units for paid in self.paid_by)

    @property
    def due(self) -> int:
        return self.line.amount - self.credited


@dataclass(frozen=True, slots=True)
class CreditOutcome:
    """`used` is in the credit's own measure, `paid` the money it paid."""

    credit: Credit
    used: int
    paid: int
    why: str

    @property
    def limit(self) -> str:
        return caps_words(self.credit.max_amount, self.credit.max_percent, self.credit.currency)


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """`projected` marks that nothing of this is written yet; `before` names the drafts that come first,
    `run` the billing run that issued it."""

    rows: Sequence[LineRow]
    outcomes: Sequence[CreditOutcome]
    total: int
    credited: int
    projected: bool
    day: date | None
    before: Sequence[Invoice]
    run: int | None = None

    @property
    def due(self) -> int:
        return self.total - self.credited

    @property
    def used(self) -> Sequence[CreditOutcome]:
        return [outcome for outcome in self.outcomes if outcome.used]

    @property
    def unused(self) -> Sequence[CreditOutcome]:
        return [outcome for outcome in self.outcomes if not outcome.used]


def invoice_view(invoice: Invoice, now: datetime) -> InvoiceView:
    return _projected(invoice, now) if invoice.is_draft else _issued(invoice)


def _projected(invoice: Invoice, now: datetime) -> InvoiceView:
    projections = drafts_project(invoice.account, today=invoice.account.day_of(now))
    place = next(place for place, p in enumerate(projections) if p.invoice.pk == invoice.pk)
    return projected_view(projections[place], [p.invoice for p in projections[:place]])


def projected_view(projection: Projection, before: Sequence[Invoice] = ()) -> InvoiceView:
    settlement = projection.settlement
    credits = _credits([outcome.credit.key for outcome in settlement.outcomes])
    rows = {line.pk: LineRow(line) for line in projection.lines}
    for payment in settlement.payments:
        rows[payment.line].paid_by.append(PaidBy(credits[payment.credit], payment.amount, payment.units))
    for left in settlement.passed_over:
        rows[left.line].left_for.append(PaidBy(credits[left.credit], left.amount))
    return InvoiceView(
        rows=list(rows.values()),
        outcomes=[
            CreditOutcome(credits[o.credit.key], o.used, o.paid, WHY[o.why]) for o in settlement.outcomes
        ],
        total=settlement.total,
        credited=settlement.credited,
        projected=True,
        day=projection.day,
        before=before,
    )


def _issued(invoice: Invoice) -> InvoiceView:
    """From the ledger, and from the record of issuing for the reasons of that day."""
    rows = {line.pk: LineRow(line) for line in invoice.lines.order_by("position")}
    applied = Entry.objects.filter(invoice=invoice, kind=EntryKind.APPLIED).select_related(
        "credit__unit_item"
    )
    paid: dict[int, int] = {}
    for entry in applied.order_by("number"):
        rows[cast("int", entry.line_id)].paid_by.append(
            PaidBy(entry.credit, -entry.amount, -(entry.units or 0))
        )
        paid[entry.credit_id] = paid.get(entry.credit_id, 0) - entry.amount
    record = Act.objects.filter(subject=f"invoice:{invoice.pk}", kind="invoice_issue").first()
    told = record.details["outcomes"] if record else []
    credits = _credits([pk for pk, _, _ in told])
    return InvoiceView(
        rows=list(rows.values()),
        outcomes=[CreditOutcome(credits[pk], used, paid.get(pk, 0), WHY[Why(why)]) for pk, why, used in told],
        total=invoice.total or 0,
        credited=invoice.credited or 0,
        projected=False,
        day=invoice.judged_on,
        before=(),
        run=record.details.get("run") if record else None,
    )


def invoice_acts(invoice: Invoice) -> QuerySet[Act]:
    """What was done to an invoice; the sale that made it is recorded as an act on the credit."""
    done = Q(subject=f"invoice:{invoice.pk}")
    if invoice.source == Source.PURCHASE:
        done |= Q(account=invoice.account_id, kind="credit_sell", details__invoice=invoice.pk)
    return Act.objects.filter(done)


def _credits(keys: Sequence[int]) -> dict[int, Credit]:
    return Credit.objects.select_related("unit_item").in_bulk(keys)
