"""Reading a usage file: from a provider's rows to one exact sum per account and item (R1).

**What goes in.** A FOCUS 1.x cost-and-usage CSV, or our simple CSV; the header tells which. A FOCUS
file has a row per resource and hour, most of them a fraction of a cent, so rows cannot be invoiced
one by one: rounding each would lose or invent money. They are summed first, at full precision, per
customer (BillingAccountId), account (SubAccountId), currency and item (ServiceName with
PricingUnit). The sum is rounded once, later, by whoever makes the invoice line.

**What it promises.** No digit is lost: the arithmetic raises before it rounds. Every row of the file
is in exactly one of three places: in a charge, set aside, or in another period; each counts its rows
and sums its amounts, so the parts can be compared with the whole. The result depends on the set of
rows, not on their order. The clock, the disk and the database are not touched.

**What it leaves out, and says so.** Rows of category Credit and Tax are set aside: a provider's
credits are not ours to give, and tax is no charge of a meter. Rows whose billing period is another
one (FOCUS: BillingPeriodStart; simple: first_day) are left for that period. An adjustment corrects
what a meter charged, so it is summed with it; a purchase is an item of its own, a fixed fee.

**What it refuses.** The whole file, at its first wrong cell, with row and column: a column missing,
doubled or (simple only) unknown; a row with more or fewer cells than the header; broken quoting;
what is not a number, time or known word; a currency the caller did not list; an account in two
currencies; control characters where we read, NUL anywhere. Rows that are left out are checked too.

**Names and keys.** Ids are kept as written. When a name changes within the file, the one of the latest
service holds, and an id without a name is its own name. An item's key is a slug. In a FOCUS file two
items whose slugs agree both get a short hash of their own text, and so does an item whose slug would
be too long or would lose letters. In a simple file an item written as a key is that key, and two
spellings of one key are refused.

Open the file with `newline=""`, and with `errors="surrogateescape"` if it may not be UTF-8: then the
bad byte is refused by row and column here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Literal

from invoices.usage_cells import Cells, UsageRefused, csv_records
from invoices.usage_columns import (
    FOCUS,
    SIMPLE,
    Layout,
    UsageRow,
    header_read,
    item_keys,
    item_name,
    item_slug,
)

__all__ = ["SetAside", "UsageCharge", "UsageFile", "UsageRefused", "usage_read"]

# A number has at most 40 decimals and stays below 10^15, so a thousand million of them need 64
# digits; 100 hold every sum.
EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True)
class UsageCharge:
    customer_key: str
    customer_name: str
    account_key: str
    account_name: str
    currency: str
    item_key: str
    item_name: str
    unit: str
    kind: str
    quantity: Decimal
    exact_amount: Decimal
    first_served: datetime
    last_served: datetime  # exclusive
    rows: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows counted and left out: `reason` is their category, or their own billing period."""

    reason: str
    currency: str
    rows: int
    exact_amount: Decimal


@dataclass(frozen=True, slots=True)
class UsageFile:
    layout: Literal["focus", "simple", "daily"]
    rows: int
    charges: tuple[UsageCharge, ...]
    set_aside: tuple[SetAside, ...]
    other_periods: tuple[SetAside, ...]


@dataclass(slots=True)
class Total:
    first: datetime
    last: datetime
    rows: int = 0
    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)

    def add(self, row: UsageRow) -> None:
        self.rows += 1
        self.quantity = EXACT.add(self.quantity, row.quantity)
        self.amount = EXACT.add(self.amount, row.amount)
        self.first = min(self.first, row.first_served)
        self.last = max(self.last, row.last_served)


@dataclass(slots=True)
class Tally:
    """What the rows read so far add up to."""

    charges: dict[tuple[str, str, tuple[str, ...]], Total] = field(default_factory=dict)
    set_aside: dict[tuple[str, str], Total] = field(default_factory=dict)
    other_periods: dict[tuple[str, str], Total] = field(default_factory=dict)
    accounts: dict[tuple[str, str], UsageRow] = field(default_factory=dict)
    names: dict[tuple[str, ...], tuple[datetime, str]] = field(default_factory=dict)
    items: dict[tuple[str, ...], UsageRow] = field(default_factory=dict)
    spelled: dict[str, UsageRow] = field(default_factory=dict)

    def add(self, row: UsageRow, layout: Layout) -> None:
        account = (row.customer_key, row.account_key)
        before = self.accounts.setdefault(account, row)
        if before.currency != row.currency:
            sentence = f"The account “{row.account_key}” is in {before.currency} in row {before.row}"
            raise UsageRefused(row.row, layout.currency, f"{sentence} and in {row.currency} here.")
        new = Total(row.first_served, row.last_served)
        if row.other_period:
            self.other_periods.setdefault((row.other_period, row.currency), new).add(row)
        elif row.set_aside:
            self.set_aside.setdefault((row.set_aside, row.currency), new).add(row)
        else:
            if layout is SIMPLE:
                self.item_agrees(row)
            self.items.setdefault(row.item, row)
            self.charges.setdefault((*account, row.item), new).add(row)
            self.name((row.customer_key,), row.customer_name, row.last_served)
            self.name(account, row.account_name, row.last_served)

    def item_agrees(self, row: UsageRow) -> None:
        """An item typed by hand has one spelling, one unit and one kind."""
        before = self.spelled.setdefault(item_slug(row.item), row)
        for column, was, now in (
            ("item", before.item[0], row.item[0]),
            ("unit", before.unit, row.unit),
            ("kind", before.kind, row.kind),
        ):
            if was != now:
                sentence = f"Item “{before.item[0]}” has “{was}” in row {before.row} and “{now}” here"
                raise UsageRefused(row.row, column, f"{sentence}: it must be the same throughout.")

    def name(self, key: tuple[str, ...], name: str, served: datetime) -> None:
        if name:
            self.names[key] = max(self.names.get(key, (served, name)), (served, name))

    def name_of(self, *key: str) -> str:
        """The name; for an account that is its customer's own, the customer's; else the id."""
        for known in (key, key[-1:]):
            if known in self.names:
                return self.names[known][1]
        return key[-1]

    def finished(self) -> tuple[UsageCharge, ...]:
        keys = item_keys(self.items)
        charges = [
            UsageCharge(
                customer_key=customer,
                customer_name=self.name_of(customer),
                account_key=account,
                account_name=self.name_of(customer, account),
                currency=self.accounts[customer, account].currency,
                item_key=keys[item],
                item_name=item_name(item),
                unit=self.items[item].unit,
                kind=self.items[item].kind,
                quantity=total.quantity,
                exact_amount=total.amount,
                first_served=total.first,
                last_served=total.last,
                rows=total.rows,
            )
            for (customer, account, item), total in self.charges.items()
        ]
        return tuple(sorted(charges, key=lambda c: (c.customer_key, c.account_key, c.item_name, c.item_key)))


def usage_read(
    lines: Iterable[str], *, period_start: date, period_end: date, currencies: Collection[str]
) -> UsageFile:
    """The charges of one period `[start, end)`; raises UsageRefused at the first wrong cell."""
    records = csv_records(lines)
    header = next(records, None)
    if header is None:
        raise UsageRefused(1, FOCUS.required[0], "The file is empty: it has not even a header.")
    layout, columns = header_read(*header)
    tally, rows = Tally(), 0
    for number, values in records:
        rows += 1
        cells = Cells(number, columns, values)
        row = layout.read(cells, period_start, period_end)
        if row.currency not in currencies:
            known = ", ".join(sorted(currencies))
            raise cells.refused(layout.currency, f"“{row.currency}” is not a currency in use here: {known}.")
        tally.add(row, layout)
    return UsageFile(
        layout=layout.name,
        rows=rows,
        charges=tally.finished(),
        set_aside=left_out(tally.set_aside),
        other_periods=left_out(tally.other_periods),
    )


def left_out(totals: dict[tuple[str, str], Total]) -> tuple[SetAside, ...]:
    return tuple(SetAside(*key, total.rows, total.amount) for key, total in sorted(totals.items()))
