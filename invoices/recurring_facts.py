"""What a month's drafts are made from, read for a chunk of accounts in a fixed number of statements.

*Pending* is what is to be billed up to the month's end and is on no line yet, or only on the draft that is
about to be made anew. What other lines bill already matters too: tiers are a month's, so what is late is
rated from where they end.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q

from customers.models import Account, Act
from invoices.models import BilledMonth, Charge, Invoice, Item, Line, Source, Status, UsageRecord
from invoices.price_lists import Plans, plans_for
from invoices.pricing import WIDE
from invoices.proration import DAY, month_after, month_of

# An account's use of a meter in a month: account, item, first day of the month.
Metered = tuple[int, int, date]
ChargedMonth = tuple[int, date]
BEGINS = "line__pricing__billed_before"


@dataclass(slots=True)
class Used:
    """Usage that one line bills. `loose` counts the records that are on no line yet."""

    first: date
    last: date
    quantity: Decimal = Decimal(0)
    records: int = 0
    loose: int = 0

    def add(self, quantity: Decimal, day: date, *, loose: bool) -> None:
        self.quantity = WIDE.add(self.quantity, quantity)
        self.first, self.last = min(self.first, day), max(self.last, day)
        self.records += 1
        self.loose += loose


@dataclass(slots=True)
class Billed:
    """What another line bills of a meter's use in a month: `quantity`, rated as what follows on `begins`."""

    begins: Decimal
    quantity: Decimal = Decimal(0)

    def add(self, quantity: Decimal) -> None:
        self.quantity = WIDE.add(self.quantity, quantity)


@dataclass(slots=True)
class Facts:
    """By account, unless it says otherwise. `drafts` are those to be made anew; `kept` holds what stays as
    it is: the month's recurring invoice that was issued, or its draft that somebody edited."""

    month: date
    drafts: dict[int, Invoice] = field(default_factory=dict)
    kept: dict[int, Invoice] = field(default_factory=dict)
    lines: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))
    charges: dict[int, list[Charge]] = field(default_factory=lambda: defaultdict(list))
    months_elsewhere: set[ChargedMonth] = field(default_factory=set)
    months_own: dict[int, set[ChargedMonth]] = field(default_factory=lambda: defaultdict(set))
    used: dict[int, dict[Metered, Used]] = field(default_factory=lambda: defaultdict(dict))
    used_below: dict[Metered, Decimal] = field(default_factory=dict)
    items: Mapping[int, Item] = field(default_factory=dict)
    plans: dict[date, Plans] = field(default_factory=dict)

    @property
    def end(self) -> date:
        return month_after(self.month)


def facts_read(accounts: Collection[Account], month: date) -> Facts:
    """What is so while these accounts are locked."""
    facts = Facts(month)
    ids = [account.pk for account in accounts]
    _read_invoices(facts, ids)
    _read_charges(facts, ids)
    _read_usage(facts, ids)
    items = {item for account in facts.used.values() for _, item, _ in account}
    facts.items = Item.objects.in_bulk(items)
    used_in = sorted({in_month for account in facts.used.values() for _, _, in_month in account})
    facts.plans = {each: plans_for(ids, items, month_after(each) - DAY) for each in used_in}
    return facts


def _read_invoices(facts: Facts, ids: Sequence[int]) -> None:
    of_month = Invoice.objects.filter(
        account__in=ids, source=Source.RECURRING, period_start=facts.month
    ).exclude(status=Status.VOID)
    found = list(of_month)
    edited = edited_by_hand(invoice for invoice in found if invoice.is_draft)
    for invoice in found:
        anew = invoice.is_draft and invoice.pk not in edited
        (facts.drafts if anew else facts.kept)[invoice.account_id] = invoice
    for line in Line.objects.filter(invoice__in=facts.drafts.values()).order_by("position"):
        facts.lines[line.account_id].append(line)


def edited_by_hand(drafts: Iterable[Invoice]) -> set[int]:
    """Those of the drafts that somebody has edited since they were made."""
    subjects = {f"invoice:{draft.pk}": draft.pk for draft in drafts}
    edits = Act.objects.filter(kind="invoice_edit", subject__in=subjects).values_list("subject", flat=True)
    return {subjects[subject] for subject in edits}


def _read_charges(facts: Facts, ids: Sequence[int]) -> None:
    own = {draft.pk: draft.account_id for draft in facts.drafts.values()}
    begun = Charge.objects.filter(account__in=ids, starts_on__lt=facts.end).select_related("item")
    for charge in begun.order_by("pk"):
        facts.charges[charge.account_id].append(charge)
    billed = BilledMonth.objects.filter(account__in=ids, month__lt=facts.end)
    for charge_id, month, invoice in billed.values_list("charge_id", "month", "line__invoice_id"):
        if invoice in own:
            facts.months_own[own[invoice]].add((charge_id, month))
        else:
            facts.months_elsewhere.add((charge_id, month))


def _read_usage(facts: Facts, ids: Sequence[int]) -> None:
    columns = ("account_id", "item_id", "day", "quantity", "line_id")
    of_drafts = Q(line__invoice__in=[draft.pk for draft in facts.drafts.values()])
    records = UsageRecord.objects.filter(account__in=ids, day__lt=facts.end).order_by()
    for pending in (records.unbilled(), records.filter(of_drafts)):
        for account, item, day, quantity, line in pending.values_list(*columns).iterator():
            used = facts.used[account].setdefault((account, item, month_of(day)), Used(day, day))
            used.add(quantity, day, loose=line is None)
    metered = [key for account in facts.used.values() for key in account]
    if not metered:
        return
    elsewhere = records.filter(
        account__in={account for account, _, _ in metered},
        item__in={item for _, item, _ in metered},
        day__gte=min(month for _, _, month in metered),
    ).exclude(Q(line=None) | of_drafts)
    billed: dict[Metered, dict[int, Billed]] = defaultdict(dict)
    for account, item, day, quantity, line, begins in elsewhere.values_list(*columns, BEGINS).iterator():
        lines = billed[account, item, month_of(day)]
        lines.setdefault(line, Billed(Decimal(begins or 0))).add(quantity)
    facts.used_below = {key: _billed_below(lines.values()) for key, lines in billed.items()}


def _billed_below(lines: Iterable[Billed]) -> Decimal:
    """How much of a month's use other lines bill, up to the first gap that a voided or discarded one left.
    What stands above a gap was rated from where it stands; what comes into it, as if that were not there."""
    billed = highest = Decimal(0)
    for line in sorted(lines, key=lambda line: line.begins):
        if line.begins > highest:
            break
        billed = WIDE.add(billed, line.quantity)
        highest = max(highest, WIDE.add(line.begins, line.quantity))
    return billed
