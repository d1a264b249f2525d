"""Which price holds, and what a line comes to by it (R1, R15).

Whoever makes lines asks once for a chunk of accounts, and then rates each quantity without the database:

    plans = plans_for(account_ids, item_ids, day)       # 4 statements, however many accounts and items
    held = plans.get(account_id, item_id)               # None: nothing on the account's list has a price
    figures = figures_of(held, quantity, currency)
    Line(..., **figures._asdict())                      # quantity, unit_price, exact_amount, amount, pricing

`day` is a day of the account's calendar. A line has one price: ask for one day of its period, and say which.
Quantities of one line are summed up first, corrections with them, and rated as one: tiers are a period's.
The line's amount is the exact sum rounded once, half-even. `exact_amount` keeps that sum as an imported line
does, and a draft whose figures are left alone keeps it; `pricing` keeps how it came about:

    {"scheme": "graduated", "price_list": "standard", "effective_from": "2026-08-01",
     "steps": [{"quantity": "1000", "unit_price": "0.002", "flat_fee": "0", "amount": "2",
                "above": "0", "up_to": "1000"}, …]}

and for packages also `package_size`, and `packages` in the step. The steps' amounts add up to `exact_amount`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from customers.models import Account
from customers.money import currency_decimals
from invoices.models import AccountPriceList, Price, PriceList
from invoices.plan_text import plain, steps_text
from invoices.pricing import PriceRefused, minor_units, shown_unit_price, stored_decimal
from invoices.rating import Plan, rate

LONGEST_EXACT = 80


@dataclass(frozen=True, slots=True)
class PlanHeld:
    """A plan that held on a day, and where it comes from: the key of its list, its first day, its row."""

    plan: Plan
    price_list: str
    effective_from: date
    price: int


class Figures(NamedTuple):
    """What a line takes over from its price; the names are those of its fields."""

    quantity: Decimal
    unit_price: Decimal
    exact_amount: str
    amount: int
    pricing: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plans:
    """What was read for some accounts and items on a day. Plans are shared by all accounts of a list."""

    list_of: Mapping[int, int]
    held: Mapping[tuple[int, int], PlanHeld]

    def get(self, account_id: int, item_id: int) -> PlanHeld | None:
        price_list = self.list_of.get(account_id)
        return None if price_list is None else self.held.get((price_list, item_id))


def plans_for(account_ids: Collection[int], item_ids: Collection[int], day: date) -> Plans:
    """The prices that hold on `day`: on the account's own list, else on the default of its currency, for each
    item the latest that begins no later. Reads a fixed number of statements; give it a chunk of accounts."""
    list_of = lists_on(account_ids, day)
    prices = Price.objects.holding_on(day).select_related("price_list")
    prices = prices.filter(price_list__in=set(list_of.values()), item__in=set(item_ids))
    held = {
        (price.price_list_id, price.item_id): PlanHeld(
            price.plan, price.price_list.key, price.effective_from, price.pk
        )
        for price in prices
    }
    return Plans(list_of, held)


def lists_on(account_ids: Collection[int], day: date) -> dict[int, int]:
    """The list that each account uses on a day; an account without one is left out. Three statements."""
    chosen: dict[int, int | None] = dict(
        AccountPriceList.objects.until(day)
        .filter(account__in=account_ids)
        .values_list("account_id", "price_list_id")
    )
    defaults = dict(PriceList.objects.filter(is_default=True).values_list("currency", "pk"))
    accounts = Account.objects.filter(pk__in=account_ids).values_list("pk", "currency")
    found = {pk: chosen.get(pk) or defaults.get(currency) for pk, currency in accounts}
    return {pk: price_list for pk, price_list in found.items() if price_list is not None}


def figures_of(held: PlanHeld, quantity: Decimal, currency: str) -> Figures:
    """What a line of this quantity comes to. Refuses what no invoice can hold (two kinds of ValueError)."""
    rated = rate(held.plan, quantity)
    exact = plain(rated.exact)
    if len(exact) > LONGEST_EXACT:
        raise PriceRefused("The quantity has more digits than an invoice can hold.")
    return Figures(
        quantity=stored_decimal(quantity),
        unit_price=_shown_unit_price(held.plan, rated.exact, quantity),
        exact_amount=exact,
        amount=minor_units(rated.exact, currency_decimals(currency)),
        pricing=_pricing(held, steps_text(rated.steps)),
    )


def _shown_unit_price(plan: Plan, exact: Decimal, quantity: Decimal) -> Decimal:
    if plan.scheme == "per_unit" and not plan.tiers[0].flat_fee:
        return stored_decimal(plan.tiers[0].unit_price)
    return shown_unit_price(exact, quantity)


def _pricing(held: PlanHeld, steps: list[dict[str, Any]]) -> dict[str, Any]:
    size = held.plan.package_size
    return {
        "scheme": held.plan.scheme,
        "price_list": held.price_list,
        "effective_from": held.effective_from.isoformat(),
        **({} if size is None else {"package_size": plain(size)}),
        "steps": steps,
    }
