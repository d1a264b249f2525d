"""What tests of charges and usage start from: charges, usage, a price list, and a run of `make_drafts`."""

from datetime import date
from decimal import Decimal
from typing import Any

from customers.models import Account, Act
from invoices.charges import charge_add, charge_end
from invoices.models import Charge, Invoice, Item, Price, PriceList, Source, Status, UsageRecord
from invoices.rating import Scheme
from invoices.recurring_run import DraftsResult, drafts_run
from invoices.usage_records import usage_record_add
from tests.factories import BEGINNING, a_command, at, by_now, day
from tests.invoices import prices
from tests.invoices.prices import a_plan, a_price_list

__all__ = ["a_price_list"]

AFTER = "2026-09-01"


def a_charge(
    account: Account,
    item: Item,
    price: str,
    quantity: str = "1",
    *,
    starts: str = "2026-08-01",
    ends: str = "",
    now: str = "2026-08-01",
    **more: Any,
) -> Charge:
    """`a_charge(account, seats, "9.99", "3", starts="2026-08-15")`."""
    terms: dict[str, Any] = {"description": "", "prorated": True}
    return charge_add(
        account=account,
        item=item,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        starts_on=day(starts),
        ends_on=day(ends) if ends else None,
        **terms | by_now(now) | more,
    )


def end_charge(charge: Charge, last_day: str, now: str = AFTER, **more: Any) -> Charge:
    told: dict[str, Any] = {"reason": "They left"} | by_now(now) | more
    return charge_end(charge=charge, last_day=day(last_day), **told)


def a_usage(
    account: Account, item: Item, quantity: str, on: str = "2026-08-10", now: str = "", **more: Any
) -> UsageRecord:
    """`a_usage(account, calls, "1000", "2026-08-10")`."""
    told: dict[str, Any] = {"reason": ""} | by_now(now or "2026-12-01")
    return usage_record_add(
        account=account, item=item, quantity=Decimal(quantity), day=day(on), **told | more
    )


def a_price(
    price_list: PriceList,
    item: Item,
    *bounds_and_prices: tuple[str, str],
    scheme: Scheme = "per_unit",
    starts: str = "2026-01-02",
) -> Price:
    """`a_price(standard, calls, ("1000", "0.01"), ("", "0.005"), scheme="graduated")`."""
    plan = a_plan(scheme, *bounds_and_prices)
    return prices.a_price(price_list, item, plan, starts, **by_now(BEGINNING))


def make_drafts(month: str = "2026-08", now: str = AFTER) -> DraftsResult:
    return drafts_run(month=day(f"{month}-01"), by=a_command("make_drafts"), now=at(now))


def the_draft(account: Account, month: str = "2026-08") -> Invoice:
    return Invoice.objects.get(
        account=account, source=Source.RECURRING, status=Status.DRAFT, period_start=day(f"{month}-01")
    )


def lines_of(invoice: Invoice) -> list[tuple[str, str, int, date, date]]:
    """Item, quantity as text, amount, first and last day."""
    return [
        (line.name, f"{line.quantity.normalize():f}", line.amount, line.first_day, line.last_day)
        for line in invoice.lines.order_by("position")
    ]


def amounts(invoice: Invoice) -> list[int]:
    return list(invoice.lines.order_by("position").values_list("amount", flat=True))


def draft_acts() -> list[tuple[str, str]]:
    kinds = ("draft_make", "draft_refresh", "invoice_discard")
    return list(Act.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", "actor_name"))
