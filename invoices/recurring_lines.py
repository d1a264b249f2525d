"""The lines a month's draft of an account is to have: charges first, then usage, each in the order of its
days.

Usage of a meter is summed up by calendar month and rated as one, at the price that holds on the month's
last day. The lines that bill one month stand on each other: what comes late, or corrects what was billed,
costs what the month's use costs with it, less what it costs without. Each line keeps where it begins
(`billed_before`), so one that is voided or made anew is rated again where it stood, and not on top of what
was billed after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers.acts import Refusal
from customers.models import Account
from customers.money import currency_decimals
from invoices.models import Charge, Item, Line
from invoices.plan_text import plain
from invoices.price_lists import Figures, PlanHeld, figures_of
from invoices.pricing import (
    WIDE,
    PriceRefused,
    minor_units,
    priced_amount,
    shown_unit_price,
    stored_decimal,
)
from invoices.pricing_words import CHARGE
from invoices.proration import DAY, Part, months_between, part_of, prorate
from invoices.rating import PlanRefused
from invoices.recurring_facts import ChargedMonth, Facts, Used

COMPARED = (
    *("item_id", "kind", "name", "unit", "tags", "description", "quantity", "unit_price", "exact_amount"),
    *("pricing", "amount", "first_day", "last_day"),
)


class LinesRefused(Refusal):
    """Charges and usage of which no line can be made, with the reason."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line to be written, and what is behind it: a month of a charge, or else usage records."""

    line: Line
    charged: ChargedMonth | None = None
    used: Used | None = None

    @property
    def content(self) -> tuple[object, ...]:
        return line_content(self.line)


def line_content(line: Line) -> tuple[object, ...]:
    """What makes two lines say the same."""
    return tuple(getattr(line, name) for name in COMPARED)


def lines_wanted(account: Account, facts: Facts) -> list[Wanted]:
    """Refuses a meter without a price, and what comes to more than an invoice can hold."""
    wanted = [*_of_charges(account, facts), *_of_usage(account, facts)]
    for position, each in enumerate(wanted, start=1):
        each.line.position = position
    return wanted


def _of_charges(account: Account, facts: Facts) -> Iterator[Wanted]:
    found = []
    for charge in facts.charges[account.pk]:
        last = facts.end - DAY if charge.ends_on is None else min(facts.end - DAY, charge.ends_on)
        for month in months_between(charge.starts_on, last):
            part = part_of(month, charge.starts_on, charge.ends_on)
            if part and (charge.pk, month) not in facts.months_elsewhere:
                found.append((month, charge, part))
    for month, charge, part in sorted(found, key=lambda each: (each[0], each[1].pk)):
        figures = _charge_figures(charge, part, account.currency)
        line = _line(account, charge.item, charge.description, figures, part.first, part.last)
        yield Wanted(line, charged=(charge.pk, month))


def _charge_figures(charge: Charge, part: Part, currency: str) -> Figures:
    decimals = currency_decimals(currency)
    prorated = charge.prorated and not part.is_whole
    pricing = {
        "scheme": CHARGE,
        "unit_price": plain(charge.unit_price),
        "quantity": plain(charge.quantity),
        "days": part.days,
        "days_of_month": part.of,
        "prorated": prorated,
    }
    if not prorated:
        amount = priced_amount(charge.quantity, charge.unit_price, decimals)
        return Figures(charge.quantity, charge.unit_price, "", amount, pricing)
    exact = prorate(charge.quantity, charge.unit_price, part)
    return Figures(
        quantity=charge.quantity,
        unit_price=shown_unit_price(exact, charge.quantity),
        exact_amount=plain(exact),
        amount=minor_units(exact, decimals),
        pricing=pricing,
    )


def _of_usage(account: Account, facts: Facts) -> Iterator[Wanted]:
    def place(key: tuple[int, int, date]) -> tuple[date, str, int]:
        return key[2], facts.items[key[1]].name, key[1]

    for key in sorted(facts.used[account.pk], key=place):
        _, item_id, month = key
        item, used = facts.items[item_id], facts.used[account.pk][key]
        held = facts.plans[month].get(account.pk, item_id)
        if held is None:
            raise LinesRefused(
                f"The meter “{item}” ({item.key}) has no price for this account in {month:%Y-%m}."
            )
        try:
            figures = _usage_figures(held, used.quantity, facts.used_below.get(key), account.currency)
        except (PriceRefused, PlanRefused) as refused:
            raise LinesRefused(f"The meter “{item}” ({item.key}) in {month:%Y-%m}: {refused}") from refused
        yield Wanted(_line(account, item, "", figures, used.first, used.last), used=used)


def _usage_figures(held: PlanHeld, quantity: Decimal, before: Decimal | None, currency: str) -> Figures:
    """`before` is what other lines bill of the month, below this one."""
    if not before:
        return figures_of(held, quantity, currency)
    whole = figures_of(held, WIDE.add(before, quantity), currency)
    billed = figures_of(held, -before, currency)
    exact = WIDE.add(Decimal(whole.exact_amount), Decimal(billed.exact_amount))
    return Figures(
        quantity=stored_decimal(quantity),
        unit_price=shown_unit_price(exact, quantity),
        exact_amount=plain(exact),
        amount=minor_units(exact, currency_decimals(currency)),
        pricing={
            **whole.pricing,
            "steps": [*whole.pricing["steps"], *billed.pricing["steps"]],
            "billed_before": plain(before),
        },
    )


def _line(
    account: Account, item: Item, description: str, figures: Figures, first_day: date, last_day: date
) -> Line:
    return Line(
        account=account,
        item=item,
        kind=item.kind,
        name=item.name,
        unit=item.unit,
        tags=item.tags,
        description=description,
        currency=account.currency,
        first_day=first_day,
        last_day=last_day,
        **figures._asdict(),
    )
