"""Prices in words, and how the amount of a rated line came about (`invoices.price_lists` keeps the codes)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers.commands import counted
from customers.money import currency_decimals, exact_display, money_display
from invoices.models import Line
from invoices.plan_text import plain, steps_read
from invoices.pricing import WIDE
from invoices.rating import Plan, Step

# How `invoices.recurring_lines` marks what a charge by the month comes to.
CHARGE = "charge"
AVERAGE_DIGITS = 3
TAKEN_BACK, BILLED_BEFORE = "taken back", "less what was billed before"


@dataclass(frozen=True, slots=True)
class PricingWords:
    """`price_list` is a key; a charge by the month has none. `steps` are the parts of the sum, `end` is what
    became of it."""

    price_list: str
    effective_from: date | None
    steps: Sequence[str]
    end: str


def pricing_words(line: Line) -> PricingWords | None:
    """How a line's amount came about; None where neither a price list nor a charge was asked."""
    if not line.pricing:
        return None
    told = line.pricing
    if told["scheme"] == CHARGE:
        return _charge_words(line)
    size = told.get("package_size")
    steps = [
        step_words(told["scheme"], step, line.currency, size and Decimal(size))
        for step in steps_read(told["steps"])
    ]
    if "billed_before" in told:
        steps = [words.replace(TAKEN_BACK, BILLED_BEFORE, 1) for words in steps]
    return PricingWords(
        price_list=told["price_list"],
        effective_from=date.fromisoformat(told["effective_from"]),
        steps=steps,
        end=sum_words(Decimal(line.exact_amount), line.amount, line.currency),
    )


def _charge_words(line: Line) -> PricingWords:
    """A charge by the month: `3 at $20.00 a month = $60.00`, and what became of it for a part of a month."""
    told, amount = line.pricing, money_display(line.amount, line.currency)
    price, quantity = Decimal(told["unit_price"]), Decimal(told["quantity"])
    whole = exact_display(WIDE.multiply(price, quantity), line.currency)
    steps = [f"{number_words(quantity)} at {exact_display(price, line.currency)} a month = {whole}"]
    days, end = f"{told['days']} of {counted(told['days_of_month'], 'day')}", f"{amount} in all"
    if told["prorated"]:
        steps.append(f"by days: {days}")
        end = f"{whole} × {told['days']} ÷ {told['days_of_month']}, rounded to {amount}"
    elif told["days"] < told["days_of_month"]:
        steps.append(f"not by days: the whole of it for {days}")
    return PricingWords("", None, steps, end)


def step_words(scheme: str, step: Step, currency: str, package_size: Decimal | None = None) -> str:
    """A part of a sum: `first 1,000 at $0.002 = $2.00`, `2 packages of 1,000 at $3.00 = $6.00`."""
    quantity = number_words(abs(step.quantity))
    price = exact_display(step.unit_price, currency)
    if scheme == "package":
        part = f"{counted(abs(step.packages or 0), 'package')} of {number_words(package_size or Decimal(1))}"
    elif scheme == "graduated":
        part = f"{'next' if step.above else 'first'} {quantity}"
    else:
        part = f"all {quantity}" if scheme == "volume" else quantity
    paid = f"{part} at {price}{_plus(abs(step.flat_fee), currency)} = {exact_display(step.amount, currency)}"
    if scheme == "volume":
        paid += f" (the price {_reach(step.above, step.up_to)})"
    return f"{TAKEN_BACK}: {paid}" if step.quantity < 0 else paid


def sum_words(exact: Decimal, amount: int, currency: str) -> str:
    """What became of the exact sum: `$2.50 in all`, or `exactly $2.505, rounded to $2.50`."""
    rounded = money_display(amount, currency)
    if WIDE.scaleb(exact, currency_decimals(currency)) == amount:
        return f"{rounded} in all"
    return f"exactly {exact_display(exact, currency)}, rounded to {rounded}"


def unit_price_words(line: Line) -> str:
    """`$0.10`; and `≈ $0.00133`, the average, where the amount did not come of one price alone."""
    price, decimals = line.unit_price, currency_decimals(line.currency)
    if not line.exact_amount or WIDE.multiply(line.quantity, price) == Decimal(line.exact_amount):
        return exact_display(price, line.currency)
    places = max(decimals, AVERAGE_DIGITS - 1 - price.adjusted())
    return f"≈ {exact_display(price.quantize(Decimal(1).scaleb(-places), context=WIDE), line.currency)}"


def plan_words(plan: Plan, currency: str, unit: str = "") -> list[str]:
    """A price, tier by tier: `first 1,000 at $0.002`, `next 9,000 at $0.001`, `above 10,000 at $0.0005`."""
    if plan.scheme in ("package", "per_unit"):
        [only] = plan.tiers
        measure = unit or "unit"
        if plan.package_size is not None:
            measure = f"package of {number_words(plan.package_size)} {unit}".strip()
        price = exact_display(only.unit_price, currency)
        return [f"{price} per {measure}{_plus(only.flat_fee, currency)}"]
    above = [Decimal(0), *(tier.up_to for tier in plan.tiers if tier.up_to is not None)]
    graduated = plan.scheme == "graduated"
    return [
        f"{_part(low, tier.up_to) if graduated else _reach(low, tier.up_to)} "
        f"at {exact_display(tier.unit_price, currency)}{_plus(tier.flat_fee, currency)}"
        for low, tier in zip(above, plan.tiers, strict=True)
    ]


def number_words(number: Decimal) -> str:
    """A quantity for a person: `1,500` or `−0.5`."""
    shown = f"{Decimal(plain(abs(number))):,f}"
    return f"−{shown}" if number < 0 else shown


def _part(above: Decimal, up_to: Decimal | None) -> str:
    if up_to is None:
        return _reach(above, up_to)
    return f"{'next' if above else 'first'} {number_words(up_to - above)}"


def _reach(above: Decimal, up_to: Decimal | None) -> str:
    if up_to is not None:
        return f"up to {number_words(up_to)}"
    return f"above {number_words(above)}" if above else "for any quantity"


def _plus(fee: Decimal, currency: str) -> str:
    return f" and a fee of {exact_display(fee, currency)}" if fee else ""
