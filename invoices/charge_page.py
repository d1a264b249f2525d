"""What the page of an account's charges and usage shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Max

from customers.models import Account
from invoices.charge_forms import monthly
from invoices.models import Charge, UsageRecord
from invoices.pricing import WIDE
from invoices.proration import DAY, month_after, month_of


class ChargeState(StrEnum):
    """Where a charge stands today; the value is the look of its badge."""

    RUNNING = "live"
    TO_COME = "scheduled"
    OVER = "used"
    NEVER = "voided"


STATE_WORDS = {
    ChargeState.RUNNING: "Running",
    ChargeState.TO_COME: "To come",
    ChargeState.OVER: "Over",
    ChargeState.NEVER: "Never charged",
}


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge as the page lists it. `billed` is the last day that a line bills."""

    charge: Charge
    state: ChargeState
    monthly: int
    billed: date | None
    state_note: str = ""

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def is_open(self) -> bool:
        return self.state in (ChargeState.RUNNING, ChargeState.TO_COME)

    @property
    def can_end(self) -> bool:
        return self.charge.ended_at is None


@dataclass(slots=True)
class Waiting:
    """Usage of a meter in a month that no line bills yet."""

    name: str
    unit: str
    month: date
    quantity: Decimal = Decimal(0)
    records: int = 0


def charge_rows(account: Account, today: date) -> list[ChargeRow]:
    """Those that run or will, in the order they were added; then the others."""
    charges = Charge.objects.filter(account=account).select_related("item").order_by("pk")
    months = charges.values_list("pk").annotate(last=Max("billed_months__month"))
    last_month = dict(months.values_list("pk", "last"))
    rows = [_row(charge, account, last_month.get(charge.pk), today) for charge in charges]
    return sorted(rows, key=lambda row: not row.is_open)


def charge_row(charge: Charge, account: Account, today: date) -> ChargeRow:
    last = charge.billed_months.aggregate(last=Max("month"))["last"]
    return _row(charge, account, last, today)


def usage_waiting(account: Account) -> Sequence[Waiting]:
    """By month and meter; added up here, since not every engine adds decimals exactly."""
    found: dict[tuple[date, int], Waiting] = {}
    records = UsageRecord.objects.unbilled().filter(account=account).order_by("day")
    for item, name, unit, day, quantity in records.values_list(
        "item_id", "item__name", "item__unit", "day", "quantity"
    ).iterator():
        waiting = found.setdefault((month_of(day), item), Waiting(name, unit, month_of(day)))
        waiting.quantity = WIDE.add(waiting.quantity, quantity)
        waiting.records += 1
    return sorted(found.values(), key=lambda waiting: (waiting.month, waiting.name))


def _row(charge: Charge, account: Account, last_month: date | None, today: date) -> ChargeRow:
    billed = None
    if last_month is not None:
        last = month_after(last_month) - DAY
        billed = last if charge.ends_on is None else min(last, charge.ends_on)
    return ChargeRow(charge, _state(charge, today), monthly(charge, account.currency), billed)


def _state(charge: Charge, today: date) -> ChargeState:
    if charge.ends_on is not None and charge.ends_on < charge.starts_on:
        return ChargeState.NEVER
    if charge.ends_on is not None and charge.ends_on < today:
        return ChargeState.OVER
    return ChargeState.TO_COME if charge.starts_on > today else ChargeState.RUNNING
