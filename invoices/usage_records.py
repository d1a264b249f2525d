"""Acts on usage records: type one in, book a file of them. They become lines of drafts by `make_drafts`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from customers.acts import Actor, Refusal, account_lock, accounts_lock, act, act_record, act_repeated
from customers.models import Account
from invoices.models import Item, Kind, UsageRecord, UsageSource
from invoices.plan_text import plain
from invoices.pricing import WIDE, PriceRefused, stored_decimal
from invoices.usage_days import UsageDay, UsageDays

FIRST_YEAR = 2000
BATCH = 1000


class UsageRecordRefused(Refusal):
    """Usage that cannot be recorded."""


@dataclass(frozen=True, slots=True)
class RecordsResult:
    """The report of the first arrival, and whether this one was it."""

    report: dict[str, Any]
    repeated: bool


@act
def usage_record_add(
    *,
    account: Account,
    item: Item,
    quantity: Decimal,
    day: date,
    reason: str,
    by: Actor,
    now: datetime,
    token: str,
) -> UsageRecord:
    """Record so much of a usage meter on a day of the account's calendar; below zero it corrects another.

    Refuses on a closed account, what is no usage meter, nothing at all, and a day that has not come yet.
    """
    content = {
        "account": account.pk,
        "item": item.pk,
        "quantity": plain(quantity),
        "day": day,
        "reason": reason,
    }
    account = account_lock(account.pk)
    if first := act_repeated("usage_record_add", token, content):
        return UsageRecord.objects.get(act=first)
    if account.closed_at:
        raise UsageRecordRefused("This account is closed: no usage can be recorded.")
    if item.kind != Kind.USAGE_METER:
        raise UsageRecordRefused(f"{item} is no usage meter: charge it by the month, or on a draft.")
    if not quantity:
        raise UsageRecordRefused("The quantity must not be zero.")
    if day.year < FIRST_YEAR:
        raise UsageRecordRefused(f"A day of use lies after the year {FIRST_YEAR - 1}.")
    if day > account.day_of(now):
        raise UsageRecordRefused(f"{day:%-d %B %Y} has not come yet for this account.")
    record = act_record(
        "usage_record_add",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"item:{item.pk}",
        details={"quantity": plain(quantity), "day": day.isoformat()},
    )
    return UsageRecord.objects.create(
        account=account,
        item=item,
        quantity=quantity,
        day=day,
        source=UsageSource.TYPED,
        act=record,
        created_at=now,
    )


def records_token(digest: str, month: date) -> str:
    """The same file for the same month gives the same token."""
    return f"usage_records:{month:%Y-%m}:{digest}"


@act
def usage_records_import(
    *, usage: UsageDays, digest: str, month: date, by: Actor, now: datetime, token: str
) -> RecordsResult:
    """Book a file's usage as records, one for each account, meter and day: all of it or nothing.

    `digest` is the SHA-256 of the file. Refuses accounts and usage meters that are not there, accounts that
    are closed or in another currency, and more of a meter in a day than a record can hold.
    """
    content = {"digest": digest, "month": month}
    if first := act_repeated("usage_records_import", token, content):
        return RecordsResult(first.details, repeated=True)
    accounts = _accounts(usage.days)
    items = _items(usage.days)
    records = [
        UsageRecord(
            account=accounts[each.customer_key, each.account_key],
            item=items[each.item_key],
            quantity=_quantity(each),
            day=each.day,
            source=UsageSource.IMPORT,
            created_at=now,
        )
        for each in usage.days
    ]
    report = {
        "rows": usage.rows,
        "records": len(records),
        "accounts": len(accounts),
        "meters": _sums(usage.days),
        "rounded": sum(
            record.quantity != each.quantity for record, each in zip(records, usage.days, strict=True)
        ),
        "set_aside": [{"reason": reason, "rows": rows} for reason, rows in usage.set_aside],
        "other_periods": [{"reason": reason, "rows": rows} for reason, rows in usage.other_periods],
    }
    record = act_record(
        "usage_records_import",
        token=token,
        content=content,
        by=by,
        now=now,
        subject=f"usage_records:{len(records)}",
        details=report,
    )
    for each in records:
        each.act = record
    UsageRecord.objects.bulk_create(records, batch_size=BATCH)
    return RecordsResult(report, repeated=False)


def zones_known() -> dict[tuple[str, str], ZoneInfo]:
    """The time zone of every account, by the keys that files know it by."""
    rows = Account.objects.values_list("customer__key", "key", "time_zone")
    return {(customer, key): ZoneInfo(zone) for customer, key, zone in rows}


def zone_default() -> ZoneInfo:
    return ZoneInfo(settings.SCRIP_TIME_ZONE)


def _accounts(days: Iterable[UsageDay]) -> dict[tuple[str, str], Account]:
    """The accounts of the file, locked in the order of their ids."""
    named = {(day.customer_key, day.account_key): day for day in days}
    known = Account.objects.filter(customer__key__in={customer for customer, _ in named})
    ids = {
        (customer, key): pk
        for customer, key, pk in known.values_list("customer__key", "key", "pk")
        if (customer, key) in named
    }
    accounts = {(one.customer.key, one.key): one for one in accounts_lock(list(ids.values()))} if ids else {}
    for place, day in named.items():
        if place not in accounts:
            raise UsageRecordRefused(
                f"There is no account “{day.account_key}” of a customer “{day.customer_key}”. Open it first."
            )
        if accounts[place].closed_at:
            raise UsageRecordRefused(f"The account “{day.account_key}” is closed.")
        if day.currency and day.currency != accounts[place].currency:
            raise UsageRecordRefused(
                f"The account “{day.account_key}” is billed in {accounts[place].currency}; "
                f"the file charges it in {day.currency}."
            )
    return accounts


def _quantity(of: UsageDay) -> Decimal:
    try:
        return stored_decimal(of.quantity)
    except PriceRefused as refused:
        raise UsageRecordRefused(
            f"“{of.item_name}” of account “{of.account_key}” on {of.day:%-d %B %Y}: {refused}"
        ) from refused


def _items(days: Sequence[UsageDay]) -> dict[str, Item]:
    """The meters of the file: found by name and unit before the key, as a usage file's items are."""
    named = {day.item_key: day for day in days}
    meters = Item.objects.filter(kind=Kind.USAGE_METER)
    by_name = {(item.name, item.unit): item for item in meters.filter(name__in={d.item_name for d in days})}
    by_key = {item.key: item for item in meters.filter(key__in=named)}
    items = {}
    for key, day in named.items():
        item = by_name.get((day.item_name, day.unit)) or by_key.get(key)
        if item is None:
            raise UsageRecordRefused(_no_meter(key, day))
        items[key] = item
    return items


def _no_meter(key: str, day: UsageDay) -> str:
    if other := Item.objects.filter(key=key).first():
        return f"“{other}” ({key}) is no usage meter: charge it by the month, or on a draft."
    return f"There is no usage meter “{day.item_name}” ({key}). Add the item first."


def _sums(days: Iterable[UsageDay]) -> list[dict[str, str]]:
    """How much of each meter the file has, exactly."""
    sums: dict[tuple[str, str], Decimal] = {}
    for day in days:
        key = (day.item_key, day.unit)
        sums[key] = WIDE.add(sums.get(key, Decimal(0)), day.quantity)
    return [
        {"meter": key, "unit": unit, "quantity": plain(total)} for (key, unit), total in sorted(sums.items())
    ]
