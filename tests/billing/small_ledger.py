"""A small ledger in which every kind of entry occurs, made by the acts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.services import invoice_issue, invoice_void
from credits.grant_terms import Terms
from credits.models import AppliesTo, Credit
from credits.services import credit_grant, credit_void, credits_expire
from customers.acts import Actor
from customers.models import Account
from customers.services import account_open, customer_open
from invoices.drafts import DraftLine, invoice_draft
from invoices.models import Invoice, Item
from invoices.services import item_add
from invoices.units import PARTS
from invoices.usage_file import usage_read
from invoices.usage_import import usage_import

BY = Actor(origin="a test", command="test")
IMPORT = (
    "customer,account,currency,item,unit,first_day,last_day,quantity,amount\n",
    "acme,A,USD,api-calls,call,2026-03-01,2026-03-31,3,12.345\n",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def granted(account: Account, name: str, amount: int, items: Sequence[Item] = (), **terms: Any) -> Credit:
    return credit_grant(
        account=account,
        terms=Terms(
            **{"effective_from": date(2025, 12, 1), "priority": 20, **terms},
            name=name,
            amount=amount,
            applies_to=AppliesTo.SELECTED if items else AppliesTo.INVOICE,
            items=tuple(items),
        ),
        reason="",
        by=BY,
        now=at("2025-12-01"),
        token=f"grant:{ascii(name).replace(' ', '-')}",
    )


def drafted(account: Account, month: int, *charges: tuple[Item, str], quantity: int = 1) -> Invoice:
    return invoice_draft(
        account=account,
        period_start=date(2026, month, 1),
        period_end=date(2026, month + 1, 1),
        lines=[DraftLine(item, "", Decimal(quantity), Decimal(price)) for item, price in charges],
        by=BY,
        now=at(f"2026-0{month + 1}-01"),
        token=f"draft:{account.key!a}:{month}",
    )


def issued(draft: Invoice) -> Invoice:
    return invoice_issue(invoice=draft, by=BY, now=at(f"{draft.period_end} 09:00"), token=f"issue:{draft.pk}")


def ledger_make() -> None:
    """Account A, entries 1 to 11: four credits granted, one voided, three invoices (the second void, the
    third imported) and a draft. Account B, entries 1 to 5: a credit voided, then given money back. Account C,
    entries 1 and 2: a credit of units, some of them used."""
    acme = customer_open(key="acme", name="Acme", email="", by=BY, now=at("2025-12-01"), token="acme")
    one, two, three = (
        account_open(
            customer=acme,
            key=key,
            name=key,
            currency=currency,
            time_zone="UTC",
            by=BY,
            now=at("2025-12-01"),
            token=f"open:{key}",
        )
        for key, currency in (("A", "USD"), ("B", "EUR"), ("C", "USD"))
    )
    calls, seats, kit = catalogue()
    granted(one, "Whole", 10000)
    granted(one, "Calls", 5000, [calls], priority=10)
    granted(one, "Trial", 3000, [kit], expires_on=date(2025, 12, 31))
    twice = granted(one, "Twice", 2000)
    credit_void(credit=twice, reason="Twice", by=BY, now=at("2025-12-02"), token="void:Twice")
    issued(drafted(one, 1, (calls, "60.00"), (seats, "40.00"), (calls, "-10.00")))
    second = issued(drafted(one, 2, (calls, "30.00")))
    invoice_void(invoice=second, reason="Wrong", by=BY, now=at("2026-03-02"), token="void:second")
    credits_expire(account=one, as_of=date(2026, 3, 3), by=BY, now=at("2026-03-03"), token="expire")
    imported()
    issued(Invoice.objects.get(account=one, status="draft"))
    drafted(one, 4, (calls, "5.00"))
    late = granted(two, "Late", 1000)
    other = issued(drafted(two, 4, (calls, "7.00")))
    credit_void(credit=late, reason="Late", by=BY, now=at("2026-05-02"), token="void:Late")
    invoice_void(invoice=other, reason="Wrong", by=BY, now=at("2026-05-03"), token="void:other")
    granted(three, "Free calls", 0, [calls], units=1000 * PARTS, unit_item=calls)
    issued(drafted(three, 5, (calls, "0.01"), quantity=260))


def imported() -> None:
    period = {"period_start": date(2026, 3, 1), "period_end": date(2026, 4, 1)}
    usage = usage_read(IMPORT, **period, currencies=["USD"])
    usage_import(usage=usage, digest="0" * 64, **period, by=BY, now=at("2026-04-01"), token="import")


def catalogue() -> list[Item]:
    return [
        item_add(key=key, name=name, kind=kind, unit=unit, by=BY, now=at("2025-12-01"), token=f"add:{key}")
        for key, name, kind, unit in (
            ("api-calls", "api-calls", "usage_meter", "call"),
            ("seats", "Seats", "license", "seat"),
            ("kit", "Kit", "add_on", ""),
        )
    ]
