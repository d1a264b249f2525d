"""The column layouts of a usage file, and what an item in it is called.

`FOCUS` is the FinOps Open Cost and Usage Specification, 1.x: of its many columns thirteen are read
and the others are passed over. `SIMPLE` is our own, one line per charge, for whoever has no such
export; it is ours, so a column it does not know is a typing error and refused. `DAILY` is ours too, for
usage that has no price yet: so much of a meter on a day. Any way a line becomes one `UsageRow`.

An item has a name for people and a key that is a slug of its text.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from invoices.usage_cells import CONTROL, KEY_MOST, NAME_MOST, Cells, UsageRefused

UNIT_MOST = 60
KEY = re.compile(r"[a-z0-9]+(?:[-_.:][a-z0-9]+)*")
HASHED = re.compile(r"(?:\A|-)[0-9a-f]{12}\Z")
SUMMED = {"Usage": "usage_meter", "Adjustment": "usage_meter", "Purchase": "fixed_fee"}
SET_ASIDE = ("Credit", "Tax")
KINDS = ("usage_meter", "add_on", "fixed_fee", "license")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One line of either layout. A name is empty if the line has none."""

    row: int
    customer_key: str
    customer_name: str
    account_key: str
    account_name: str
    currency: str
    item: tuple[str, ...]
    unit: str
    kind: str
    quantity: Decimal
    amount: Decimal
    first_served: datetime
    last_served: datetime
    set_aside: str
    other_period: str


def focus_row(cells: Cells, period_start: date, period_end: date) -> UsageRow:
    category = cells.needed("ChargeCategory")
    if category not in SUMMED and category not in SET_ASIDE:
        known = ", ".join((*SUMMED, *SET_ASIDE))
        raise cells.refused("ChargeCategory", f"“{category}” is not one of {known}.")
    aside = category in SET_ASIDE
    first, last = cells.instant("ChargePeriodStart"), cells.instant("ChargePeriodEnd")
    if first > last:
        raise cells.refused("ChargePeriodEnd", "The charge ends before it starts.")
    billed = cells.instant("BillingPeriodStart").date()
    customer, customer_name = cells.needed("BillingAccountId", KEY_MOST), cells.text("BillingAccountName")
    account = cells.text("SubAccountId", KEY_MOST)
    service = cells.text("ServiceName") if aside else cells.needed("ServiceName")
    unit = cells.text("PricingUnit", UNIT_MOST)
    item = (service, unit, "Purchase" if category == "Purchase" else "")
    if len(item_name(item)) > NAME_MOST:
        raise cells.refused("ServiceName", f"With its unit the name is longer than {NAME_MOST} characters.")
    return UsageRow(
        row=cells.row,
        customer_key=customer,
        customer_name=customer_name,
        account_key=account or customer,
        account_name=cells.text("SubAccountName") if account else customer_name,
        currency=cells.needed("BillingCurrency"),
        item=item,
        unit=unit,
        kind=SUMMED.get(category, ""),
        quantity=cells.number("PricingQuantity", missing=Decimal(0)),
        amount=cells.number("BilledCost"),
        first_served=first,
        last_served=last,
        set_aside=category if aside else "",
        other_period="" if billed == period_start else billed.isoformat(),
    )


def simple_row(cells: Cells, period_start: date, period_end: date) -> UsageRow:
    kind = cells.text("kind") or KINDS[0]
    if kind not in KINDS:
        raise cells.refused("kind", f"“{kind}” is not one of {', '.join(KINDS)}.")
    first, last = cells.day("first_day"), cells.day("last_day")
    if first > last:
        raise cells.refused("last_day", "The charge ends before it starts.")
    if last == date.max:
        raise cells.refused("last_day", f"{last} is not a day of service.")
    customer = cells.needed("customer", KEY_MOST)
    account = cells.text("account", KEY_MOST) or customer
    return UsageRow(
        row=cells.row,
        customer_key=customer,
        customer_name=customer,
        account_key=account,
        account_name=account,
        currency=cells.needed("currency"),
        item=(cells.needed("item"),),
        unit=cells.text("unit", UNIT_MOST),
        kind=kind,
        quantity=cells.number("quantity", missing=Decimal(0)),
        amount=cells.number("amount"),
        first_served=datetime.combine(first, time(), UTC),
        last_served=datetime.combine(last + timedelta(days=1), time(), UTC),
        set_aside="",
        other_period="" if period_start <= first < period_end else f"{first:%Y-%m}",
    )


def daily_row(cells: Cells, period_start: date, period_end: date) -> UsageRow:
    day = cells.day("day")
    if day == date.max:
        raise cells.refused("day", f"{day} is not a day of service.")
    customer = cells.needed("customer", KEY_MOST)
    account = cells.text("account", KEY_MOST) or customer
    cells.needed("quantity")
    midnight = datetime.combine(day, time(), UTC)
    return UsageRow(
        row=cells.row,
        customer_key=customer,
        customer_name="",
        account_key=account,
        account_name="",
        currency="",
        item=(cells.needed("item"),),
        unit=cells.text("unit", UNIT_MOST),
        kind=KINDS[0],
        quantity=cells.number("quantity"),
        amount=Decimal(0),
        first_served=midnight,
        last_served=midnight + timedelta(days=1),
        set_aside="",
        other_period="" if period_start <= day < period_end else f"{day:%Y-%m}",
    )


def item_name(item: tuple[str, ...]) -> str:
    return " · ".join(part for part in item if part)


def item_slug(item: tuple[str, ...]) -> str:
    """The key an item has by itself: a text already written as a key is that key."""
    if len(item) == 1 and KEY.fullmatch(item[0]) and len(item[0]) <= KEY_MOST:
        return item[0]
    plain = [unicodedata.normalize("NFKD", part) for part in item if part]
    letters = ["".join(sign for sign in part if not unicodedata.combining(sign)) for part in plain]
    slug = ":".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in letters)
    whole = KEY.fullmatch(slug) and len(slug) <= KEY_MOST and not HASHED.search(slug)
    return slug if whole and all(part.isascii() for part in letters) else item_hashed(item, slug)


def item_hashed(item: tuple[str, ...], slug: str) -> str:
    digest = hashlib.sha256("\0".join(item).encode()).hexdigest()[:12]
    return f"{slug[: KEY_MOST - 13].strip(':-')}-{digest}".strip("-")


def item_keys(items: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A key each. Two that would share a slug both get the hash, whichever came first."""
    slugs = {item: item_slug(item) for item in items}
    taken = Counter(slugs.values())
    return {item: slug if taken[slug] == 1 else item_hashed(item, slug) for item, slug in slugs.items()}


@dataclass(frozen=True, slots=True)
class Layout:
    name: Literal["focus", "simple", "daily"]
    currency: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    others_allowed: bool
    read: Callable[[Cells, date, date], UsageRow]


FOCUS = Layout(
    name="focus",
    currency="BillingCurrency",
    required=(
        *("BillingAccountId", "BillingCurrency", "BillingPeriodStart"),
        *("ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd"),
        *("ServiceName", "PricingUnit", "PricingQuantity", "BilledCost"),
    ),
    optional=("BillingAccountName", "SubAccountId", "SubAccountName"),
    others_allowed=True,
    read=focus_row,
)
SIMPLE = Layout(
    name="simple",
    currency="currency",
    required=(
        *("customer", "account", "currency", "item", "unit"),
        *("first_day", "last_day", "quantity", "amount"),
    ),
    optional=("kind",),
    others_allowed=False,
    read=simple_row,
)
DAILY = Layout(
    name="daily",
    currency="",
    required=("customer", "account", "item", "day", "quantity"),
    optional=("unit",),
    others_allowed=False,
    read=daily_row,
)


def header_read(
    row: int, header: list[str], layouts: Sequence[Layout] = (FOCUS, SIMPLE)
) -> tuple[Layout, dict[str, int]]:
    """Which of the layouts this is, and where its columns are."""
    names = [name.lower() for name in header]
    for place, name in enumerate(names):
        if found := CONTROL.search(name):
            raise UsageRefused(
                row, str(place + 1), f"The name holds the control character U+{ord(found[0]):04X}."
            )
        if name in names[:place]:
            raise UsageRefused(row, header[place][:NAME_MOST], "The column is there twice.")
    layout = max(layouts, key=lambda known: sum(column.lower() in names for column in known.required))
    if not any(column.lower() in names for column in layout.required):
        raise UsageRefused(
            row,
            header[0][:NAME_MOST],
            f"The header is neither FOCUS nor ours, which has {', '.join(layouts[-1].required)}.",
        )
    for column in layout.required:
        if column.lower() not in names:
            raise UsageRefused(
                row, column, f"The column is missing (the header was taken for the {layout.name} layout)."
            )
    known = {column.lower(): column for column in (*layout.required, *layout.optional)}
    for place, name in enumerate(names):
        if name not in known and not layout.others_allowed:
            raise UsageRefused(
                row, header[place][:NAME_MOST], f"Our layout has no such column: {', '.join(known)}."
            )
    return layout, {known[name]: place for place, name in enumerate(names) if name in known}
