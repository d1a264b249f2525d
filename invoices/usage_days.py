"""Reading a usage file for its quantities alone: one exact sum per account, meter and day (R1).

**What goes in.** A FOCUS 1.x cost-and-usage CSV, or our daily CSV with the columns `customer, account,
item, day, quantity` and optionally `unit`; the header tells which. Prices are not read: a price list sets
them.

**What it promises.** As `invoices.usage_file`: no digit is lost, the whole file is refused at its first
wrong cell, every row is counted in one of three places, and the result depends on the set of rows, not on
their order.

**Which day.** In a FOCUS file the one on which the service began, in the account's time zone, but within
the billing period that the row states: an hour that the provider bills in September is September's wherever
the account is.

**What it leaves out, and says so.** Rows of other categories than Usage and Adjustment, and rows of other
periods.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from invoices.usage_cells import Cells, UsageRefused, csv_records
from invoices.usage_columns import DAILY, FOCUS, KINDS, UsageRow, header_read, item_keys, item_name
from invoices.usage_file import EXACT


@dataclass(frozen=True, slots=True)
class UsageDay:
    customer_key: str
    account_key: str
    currency: str
    item_key: str
    item_name: str
    unit: str
    day: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class UsageDays:
    """`set_aside` and `other_periods` are pairs of a reason and the number of its rows."""

    rows: int
    days: tuple[UsageDay, ...]
    set_aside: tuple[tuple[str, int], ...]
    other_periods: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Zones:
    """In which zone an account's days are, by the keys of customer and account."""

    known: Mapping[tuple[str, str], tzinfo]
    others: tzinfo

    def day_of(self, row: UsageRow, period_start: date, period_end: date) -> date:
        zone = self.known.get((row.customer_key, row.account_key), self.others)
        day = row.first_served.astimezone(zone).date()
        return min(max(day, period_start), period_end - timedelta(days=1))


@dataclass(slots=True)
class _Tally:
    sums: dict[tuple[str, str, tuple[str, ...], date], Decimal] = field(default_factory=dict)
    items: dict[tuple[str, ...], UsageRow] = field(default_factory=dict)
    currencies: dict[tuple[str, str], UsageRow] = field(default_factory=dict)
    set_aside: Counter[str] = field(default_factory=Counter)
    other_periods: Counter[str] = field(default_factory=Counter)

    def add(self, row: UsageRow, day: date, cells: Cells, currency_column: str) -> None:
        account = (row.customer_key, row.account_key)
        first = self.currencies.setdefault(account, row)
        if first.currency != row.currency:
            sentence = f"The account “{row.account_key}” is in {first.currency} in row {first.row}"
            raise cells.refused(currency_column, f"{sentence} and in {row.currency} here.")
        known = self.items.setdefault(row.item, row)
        if known.unit != row.unit:
            sentence = f"Item “{row.item[0]}” has “{known.unit}” in row {known.row} and “{row.unit}” here"
            raise cells.refused("unit", f"{sentence}: it must be the same throughout.")
        key = (*account, row.item, day)
        self.sums[key] = EXACT.add(self.sums.get(key, Decimal(0)), row.quantity)

    def days(self) -> tuple[UsageDay, ...]:
        keys = item_keys(self.items)
        found = (
            UsageDay(
                customer_key=customer,
                account_key=account,
                currency=self.currencies[customer, account].currency,
                item_key=keys[item],
                item_name=item_name(item),
                unit=self.items[item].unit,
                day=day,
                quantity=quantity,
            )
            for (customer, account, item, day), quantity in self.sums.items()
            if quantity
        )
        return tuple(sorted(found, key=lambda d: (d.customer_key, d.account_key, d.item_key, d.day)))


def usage_days_read(
    lines: Iterable[str], *, period_start: date, period_end: date, currencies: Collection[str], zones: Zones
) -> UsageDays:
    """The usage of one period `[start, end)`; raises UsageRefused at the first wrong cell."""
    records = csv_records(lines)
    header = next(records, None)
    if header is None:
        raise UsageRefused(1, DAILY.required[0], "The file is empty: it has not even a header.")
    layout, columns = header_read(*header, layouts=(FOCUS, DAILY))
    tally, rows = _Tally(), 0
    for number, values in records:
        rows += 1
        cells = Cells(number, columns, values)
        row = layout.read(cells, period_start, period_end)
        if layout.currency and row.currency not in currencies:
            known = ", ".join(sorted(currencies))
            raise cells.refused(layout.currency, f"“{row.currency}” is not a currency in use here: {known}.")
        if row.other_period:
            tally.other_periods[row.other_period] += 1
        elif row.set_aside or row.kind != KINDS[0]:
            tally.set_aside[row.set_aside or "Purchase"] += 1
        else:
            day = zones.day_of(row, period_start, period_end) if layout is FOCUS else row.first_served.date()
            tally.add(row, day, cells, layout.currency)
    return UsageDays(
        rows=rows,
        days=tally.days(),
        set_aside=tuple(sorted(tally.set_aside.items())),
        other_periods=tuple(sorted(tally.other_periods.items())),
    )
