"""Price lists and prices to start from, made through the acts."""

from datetime import date
from decimal import Decimal
from typing import Any

from customers.models import Account
from invoices.models import AccountPriceList, Invoice, Item, Line, Price, PriceList
from invoices.price_lists import Figures, PlanHeld, figures_of, plans_for
from invoices.price_services import account_price_list_set, price_add, price_list_add
from invoices.rating import Plan, Scheme, Tier
from tests.factories import a_draft, a_token, by_now, day

BEGINNING = "2026-01-02"


def a_price_list(name: str = "Standard", *, currency: str = "USD", default: bool = True) -> PriceList:
    return price_list_add(
        key=f"L-{a_token()}", name=name, currency=currency, is_default=default, **by_now(BEGINNING)
    )


def tiers(*bounds_and_prices: tuple[str, ...]) -> tuple[Tier, ...]:
    """`tiers(("1000", "0.002"), ("", "0.001", "5"))`: up to, unit price, flat fee."""
    return tuple(
        Tier(Decimal(up_to) if up_to else None, Decimal(price), Decimal(fee[0] if fee else 0))
        for up_to, price, *fee in bounds_and_prices
    )


def a_plan(scheme: Scheme = "per_unit", *bounds_and_prices: tuple[str, ...], size: str = "") -> Plan:
    return Plan(scheme, tiers(*bounds_and_prices or (("", "0.002"),)), Decimal(size) if size else None)


GRADUATED = a_plan("graduated", ("1000", "0.002"), ("", "0.001"))


def a_price(
    price_list: PriceList, item: Item, plan: Plan | None = None, since: str = "2026-08-01", **more: Any
) -> Price:
    return price_add(
        price_list=price_list,
        item=item,
        plan=plan or a_plan(),
        effective_from=day(since),
        **(by_now("2026-07-01") | more),
    )


def uses(account: Account, price_list: PriceList | None, since: str = "2026-08-01") -> AccountPriceList:
    return account_price_list_set(
        account=account, price_list=price_list, effective_from=day(since), **by_now("2026-07-01")
    )


def plan_for(account: Account, item: Item, on: date) -> PlanHeld | None:
    return plans_for([account.pk], [item.pk], on).get(account.pk, item.pk)


def rated(account: Account, item: Item, quantity: str, on: str = "2026-08-31") -> Figures:
    held = plan_for(account, item, day(on))
    assert held is not None
    return figures_of(held, Decimal(quantity), account.currency)


def a_rated_draft(account: Account, item: Item, quantity: str) -> Invoice:
    """A draft for August with one line whose figures come from the account's price list."""
    draft = a_draft(account, (item, "1.00"))
    Line.objects.filter(invoice=draft).update(**rated(account, item, quantity)._asdict())
    return draft
