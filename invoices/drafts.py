"""Acts on drafts: made, edited and discarded by an operator until issued (R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated
from customers.models import Account, Act
from customers.money import currency_decimals
from invoices.models import Invoice, Item, Line, Source, Status
from invoices.pricing import priced_amount

LONGEST_PERIOD = timedelta(days=366)
PLACES_AWAY = 1_000_000
Days = tuple[date, date]


class DraftRefused(Refusal):
    """A draft that cannot be made, edited or discarded."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A charge as typed. `kept` is the line it stands for when a draft is edited and this line's
    figures were left alone: such a line keeps its amount, also where that came from an import."""

    item: Item
    description: str
    quantity: Decimal
    unit_price: Decimal
    kept: Line | None = None

    def content(self) -> dict[str, Any]:
        return {
            "item": self.item.pk,
            "description": self.description,
            "quantity": str(self.quantity),
            "unit_price": str(self.unit_price),
            "kept": self.kept.pk if self.kept else None,
        }


@act
def invoice_draft(
    *,
    account: Account,
    period_start: date,
    period_end: date,
    lines: Sequence[DraftLine],
    by: Actor,
    now: datetime,
    token: str,
) -> Invoice:
    """Make a draft for `[period_start, period_end)`, in days of the account's zone.

    Refuses on a closed account, an empty or over-long period, and a draft without lines.
    """
    content = {"account": account.pk, **_content(period_start, period_end, lines)}
    account = account_lock(account.pk)
    if first := act_repeated("invoice_draft", token, content):
        return _drafted_before(first)
    if account.closed_at:
        raise DraftRefused("This account is closed: no invoice can be drafted.")
    _check(period_start, period_end, lines)
    invoice = Invoice.objects.create(
        account=account,
        currency=account.currency,
        period_start=period_start,
        period_end=period_end,
        created_at=now,
        source=Source.OPERATOR,
    )
    _write_lines(invoice, lines)
    _record("invoice_draft", invoice, content, by=by, now=now, token=token)
    return invoice


@act
def invoice_edit(
    *,
    invoice: Invoice,
    period_start: date,
    period_end: date,
    lines: Sequence[DraftLine],
    by: Actor,
    now: datetime,
    token: str,
) -> Invoice:
    """Replace a draft's period and lines. A line that is kept goes on billing what is behind it; what was
    behind one taken out is free to be billed again. Refuses once it is issued, and to move a month's
    recurring draft."""
    content = {"invoice": invoice.pk, **_content(period_start, period_end, lines)}
    account_lock(invoice.account_id)
    if act_repeated("invoice_edit", token, content):
        return invoice_get(invoice.pk)
    invoice = draft_get(invoice.pk)
    _check(period_start, period_end, lines)
    if invoice.source == Source.RECURRING and invoice.period_start != period_start:
        raise DraftRefused("This draft is of one month's charges and usage: its first day stays.")
    before = (invoice.period_start, invoice.last_day)
    invoice.period_start, invoice.period_end = period_start, period_end
    invoice.save(update_fields=["period_start", "period_end"])
    _rewrite_lines(invoice, lines, before)
    _record("invoice_edit", invoice, content, by=by, now=now, token=token)
    return invoice


@act
def invoice_discard(*, invoice: Invoice, by: Actor, now: datetime, token: str) -> Account:
    """Throw a draft away. Refuses once it is issued. Returns the account it was for."""
    content = {"invoice": invoice.pk}
    account = account_lock(invoice.account_id)
    if act_repeated("invoice_discard", token, content):
        return account
    invoice = draft_get(invoice.pk)
    _record("invoice_discard", invoice, content, by=by, now=now, token=token)
    invoice.delete()
    return account


def invoice_get(pk: int) -> Invoice:
    """The invoice, read after the account was locked. Refuses a draft that is gone."""
    invoice = Invoice.objects.filter(pk=pk).first()
    if invoice is None:
        raise DraftRefused("This draft was discarded.")
    return invoice


def draft_get(pk: int) -> Invoice:
    """The draft, read after the account was locked. Refuses what is issued or gone."""
    invoice = invoice_get(pk)
    if invoice.status != Status.DRAFT:
        raise DraftRefused(f"Invoice {invoice} was issued: it can no longer be changed.")
    return invoice


def _drafted_before(first: Act) -> Invoice:
    invoice = Invoice.objects.filter(pk=first.subject_id).first()
    if invoice is None:
        raise DraftRefused(
            "The draft made by this form was discarded since. Load the page again for another."
        )
    return invoice


def _content(period_start: date, period_end: date, lines: Sequence[DraftLine]) -> dict[str, Any]:
    return {
        "period_start": period_start,
        "period_end": period_end,
        "lines": [line.content() for line in lines],
    }


def _check(period_start: date, period_end: date, lines: Sequence[DraftLine]) -> None:
    if not period_start < period_end:
        raise DraftRefused("The period must have at least one day.")
    if period_end - period_start > LONGEST_PERIOD:
        raise DraftRefused("A period is at most a year long.")
    if not lines:
        raise DraftRefused("A draft needs at least one line.")
    kept = [line.kept.pk for line in lines if line.kept]
    if len(set(kept)) < len(kept):
        raise DraftRefused("Two rows stand for the same line: load the page again.")


def _write_lines(invoice: Invoice, lines: Sequence[DraftLine], before: Days | None = None) -> None:
    Line.objects.bulk_create(
        _line(invoice, position, line, before) for position, line in enumerate(lines, start=1)
    )


def _rewrite_lines(invoice: Invoice, typed: Sequence[DraftLine], before: Days) -> None:
    """Kept lines stay the same rows, for the sake of what is behind them."""
    lines = [_line(invoice, position, line, before) for position, line in enumerate(typed, start=1)]
    invoice.lines.exclude(pk__in=[line.pk for line in lines if line.pk]).delete()
    # Out of the way of each other's new places.
    invoice.lines.update(position=F("position") + PLACES_AWAY)
    fields = [field.name for field in Line._meta.concrete_fields if not field.primary_key]
    Line.objects.bulk_create(lines, update_conflicts=True, unique_fields=["pk"], update_fields=fields)


def _line(invoice: Invoice, position: int, typed: DraftLine, before: Days | None) -> Line:
    """`before` is the first and last day of the period until this edit: a line served through all of
    it is served through all of the new one; a line with days of its own keeps them."""
    kept = typed.kept
    served = (invoice.period_start, invoice.last_day)
    if kept and (kept.first_day, kept.last_day) != before:
        served = (kept.first_day, kept.last_day)
    same_item = kept is not None and kept.item_id == typed.item.pk
    figures_kept = kept is not None and (kept.quantity, kept.unit_price) == (typed.quantity, typed.unit_price)
    return Line(
        # It keeps its id too, so that the same form sent twice names the same lines.
        pk=kept.pk if kept and kept.invoice_id == invoice.pk else None,
        account_id=invoice.account_id,
        invoice=invoice,
        position=position,
        item=typed.item,
        kind=typed.item.kind,
        name=kept.name if kept and same_item else typed.item.name,
        unit=kept.unit if kept and same_item else typed.item.unit,
        tags=kept.tags if kept and same_item else typed.item.tags,
        description=typed.description,
        quantity=typed.quantity,
        unit_price=typed.unit_price,
        exact_amount=kept.exact_amount if kept and figures_kept else "",
        pricing=kept.pricing if kept and figures_kept and same_item else {},
        currency=invoice.currency,
        amount=(
            kept.amount
            if kept and figures_kept
            else priced_amount(typed.quantity, typed.unit_price, currency_decimals(invoice.currency))
        ),
        first_day=served[0],
        last_day=served[1],
    )


def _record(
    kind: str, invoice: Invoice, content: dict[str, Any], *, by: Actor, now: datetime, token: str
) -> None:
    act_record(
        kind,
        token=token,
        content=content,
        by=by,
        now=now,
        account=invoice.account,
        subject=f"invoice:{invoice.pk}",
    )
