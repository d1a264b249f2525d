"""The act that turns a usage file into drafts: all or nothing, and the same file once (R1, R12, R13).

One draft per account; one line per item, its amount the item's exact sum rounded once. A sum below
zero becomes a correction line. Customers, accounts and items not met before are made and listed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.conf import settings

from customers.acts import Actor, Refusal, accounts_lock, act, act_record, act_repeated
from customers.models import Account, Customer
from customers.money import amount_round, amount_text
from invoices.models import Invoice, Item, Line, Source
from invoices.pricing import LARGEST_MINOR, WIDE, PriceRefused, shown_unit_price, stored_decimal
from invoices.usage_file import SetAside, UsageCharge, UsageFile

Days = Callable[[UsageCharge, Account], tuple[date, date]]


class ImportRefused(Refusal):
    """A usage file that contradicts what is already there."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The report of the first arrival, and whether this one was it."""

    report: dict[str, Any]
    repeated: bool


def import_token(digest: str, period_start: date) -> str:
    """The same file for the same period gives the same token."""
    return f"usage_import:{period_start:%Y-%m}:{digest}"


@act
def usage_import(
    *,
    usage: UsageFile,
    digest: str,
    period_start: date,
    period_end: date,
    by: Actor,
    now: datetime,
    token: str,
) -> ImportResult:
    """Book a usage file's charges as draft invoices for `[period_start, period_end)`.

    `digest` is the SHA-256 of the file. Refuses an account in another currency or closed, and an
    item whose kind in the file is not the one it has.
    """
    content = {"digest": digest, "period_start": period_start, "period_end": period_end}
    if first := act_repeated("usage_import", token, content):
        return ImportResult(first.details, repeated=True)
    accounts, opened = _accounts(usage.charges, now)
    items, added = _items(usage.charges, now)
    doubled = Invoice.objects.filter(
        account__in=accounts.values(), source=Source.USAGE_IMPORT, period_start=period_start
    ).exclude(status="void")
    billed_before = sorted(set(doubled.values_list("account__key", flat=True)))
    days = _civil_days if usage.layout == "simple" else _days_of_service
    lines = _drafts_write(usage.charges, accounts, items, period_start, period_end, now, days)
    report = {
        "rows": usage.rows,
        "drafts": len(accounts),
        "lines": len(lines),
        "sums": _sums(usage.charges, lines),
        "set_aside": _left_out(usage.set_aside),
        "other_periods": _left_out(usage.other_periods),
        **opened,
        "items_added": added,
        "accounts_billed_before": billed_before,
    }
    act_record(
        "usage_import",
        token=token,
        content=content,
        by=by,
        now=now,
        subject=f"import:{period_start:%Y%m}",
        details=report,
    )
    return ImportResult(report, repeated=False)


def _accounts(
    charges: Iterable[UsageCharge], now: datetime
) -> tuple[dict[tuple[str, str], Account], dict[str, list[str]]]:
    """The accounts charged, locked in the order of their ids; those not met before are opened."""
    charged = {(charge.customer_key, charge.account_key): charge for charge in charges}
    customers = {c.key: c for c in Customer.objects.filter(key__in={key for key, _ in charged})}
    customers_opened, accounts_opened = [], []
    known = Account.objects.filter(customer__in=customers.values()).values_list("customer__key", "key", "pk")
    ids = {(customer, key): pk for customer, key, pk in known if (customer, key) in charged}
    accounts = {(a.customer.key, a.key): a for a in accounts_lock(list(ids.values()))} if ids else {}
    for place, charge in charged.items():
        if charge.customer_key not in customers:
            customers[charge.customer_key] = Customer.objects.create(
                key=charge.customer_key, name=charge.customer_name, created_at=now
            )
            customers_opened.append(charge.customer_key)
        if place not in accounts:
            if customers[charge.customer_key].closed_at:
                raise ImportRefused(f"The customer “{charge.customer_key}” is closed.")
            accounts[place] = Account.objects.create(
                customer=customers[charge.customer_key],
                key=charge.account_key,
                name=charge.account_name,
                currency=charge.currency,
                time_zone=settings.SCRIP_TIME_ZONE,
                created_at=now,
            )
            accounts_opened.append(charge.account_key)
        _account_check(accounts[place], charge)
    return accounts, {"customers_opened": customers_opened, "accounts_opened": accounts_opened}


def _account_check(account: Account, charge: UsageCharge) -> None:
    if account.currency != charge.currency:
        raise ImportRefused(
            f"The account “{account.key}” is billed in {account.currency}; "
            f"the file charges it in {charge.currency}."
        )
    if account.closed_at:
        raise ImportRefused(f"The account “{account.key}” is closed.")


def _items(charges: Iterable[UsageCharge], now: datetime) -> tuple[dict[str, Item], list[str]]:
    """The items charged, by the file's keys; those not met before are added.

    A known item is found by its name, unit and kind before its key: the key of two names that look
    alike depends on whether a file has both, and credits scoped to the known item must go on paying.
    """
    charged = {charge.item_key: charge for charge in charges}
    named = {
        (item.name, item.unit, item.kind): item
        for item in Item.objects.filter(name__in={charge.item_name for charge in charged.values()})
    }
    keyed = {item.key: item for item in Item.objects.filter(key__in=charged)}
    items, added = {}, []
    for key, charge in charged.items():
        item = named.get((charge.item_name, charge.unit, charge.kind)) or keyed.get(key)
        if item is None:
            item = Item.objects.create(
                key=key, name=charge.item_name, kind=charge.kind, unit=charge.unit, created_at=now
            )
            added.append(key)
        if item.kind != charge.kind:
            raise ImportRefused(
                f"The item “{key}” is of kind {item.kind}; the file has it as {charge.kind}, "
                "and a kind never changes."
            )
        items[key] = item
    return items, added


def _drafts_write(
    charges: Iterable[UsageCharge],
    accounts: dict[tuple[str, str], Account],
    items: dict[str, Item],
    period_start: date,
    period_end: date,
    now: datetime,
    days: Days,
) -> list[Line]:
    drafts = Invoice.objects.bulk_create(
        Invoice(
            account=account,
            currency=account.currency,
            period_start=period_start,
            period_end=period_end,
            source=Source.USAGE_IMPORT,
            created_at=now,
        )
        for account in accounts.values()
    )
    draft_of = dict(zip(accounts, drafts, strict=True))
    lines = []
    by_account = groupby(charges, key=lambda charge: (charge.customer_key, charge.account_key))
    for place, charged in by_account:
        for position, charge in enumerate(charged, start=1):
            lines.append(
                _line(draft_of[place], accounts[place], items[charge.item_key], position, charge, days)
            )
    return Line.objects.bulk_create(lines, batch_size=500)


def _line(
    draft: Invoice, account: Account, item: Item, position: int, charge: UsageCharge, days: Days
) -> Line:
    amount = amount_round(charge.exact_amount, charge.currency)
    too_much = ImportRefused(
        f"The item “{item.key}” of account “{account.key}” comes to more than an invoice can hold."
    )
    if abs(amount) > LARGEST_MINOR:
        raise too_much
    try:
        quantity = stored_decimal(charge.quantity)
        unit_price = shown_unit_price(charge.exact_amount, charge.quantity)
    except PriceRefused:
        raise too_much from None
    first_day, last_day = days(charge, account)
    return Line(
        account=account,
        invoice=draft,
        position=position,
        item=item,
        kind=item.kind,
        name=item.name,
        unit=item.unit,
        tags=item.tags,
        description="Correction" if amount < 0 else "",
        quantity=quantity,
        unit_price=unit_price,
        exact_amount=f"{charge.exact_amount:f}",
        currency=charge.currency,
        amount=amount,
        first_day=first_day,
        last_day=last_day,
    )


def _days_of_service(charge: UsageCharge, account: Account) -> tuple[date, date]:
    """First and last day of instants, in the account's zone."""
    last_served = max(charge.first_served, charge.last_served - timedelta(microseconds=1))
    return account.day_of(charge.first_served), account.day_of(last_served)


def _civil_days(charge: UsageCharge, account: Account) -> tuple[date, date]:
    """A simple file says days, not instants: they are the same days in any zone."""
    return charge.first_served.date(), (charge.last_served - timedelta(days=1)).date()


def _sums(charges: Iterable[UsageCharge], lines: Iterable[Line]) -> list[dict[str, str]]:
    """Per currency: the exact sum, the sum booked, and their difference, as decimal strings."""
    exact: dict[str, Decimal] = {}
    for charge in charges:
        exact[charge.currency] = WIDE.add(exact.get(charge.currency, Decimal(0)), charge.exact_amount)
    booked: dict[str, int] = {}
    for line in lines:
        booked[line.currency] = booked.get(line.currency, 0) + line.amount
    return [
        {
            "currency": currency,
            "exact": f"{total:f}",
            "booked": amount_text(booked[currency], currency),
            "difference": f"{WIDE.subtract(Decimal(amount_text(booked[currency], currency)), total):f}",
        }
        for currency, total in sorted(exact.items())
    ]


def _left_out(parts: Iterable[SetAside]) -> list[dict[str, Any]]:
    return [
        {
            "reason": part.reason,
            "currency": part.currency,
            "rows": part.rows,
            "exact": f"{part.exact_amount:f}",
        }
        for part in parts
    ]
