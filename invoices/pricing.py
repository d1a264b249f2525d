"""Prices and quantities, without a database (R1).

Decimals carry at most 15 significant digits, which both databases keep exactly, and at most 12
places after the point. A priced line's amount is quantity × unit price, computed exactly and
rounded once, half-even, to the minor unit of its currency.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

SIGNIFICANT_DIGITS = 15
MOST_PLACES = 12
LARGEST_MINOR = LARGEST = 10**15
GRAMMAR = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", re.ASCII)
WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
STORED = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


class PriceRefused(ValueError):
    """A quantity, price or product that cannot be billed, with a sentence."""


def decimal_parse(text: str) -> Decimal:
    """A quantity or unit price typed as text.

    Refuses all but ASCII digits with at most one point and a leading minus, more than 12 decimals
    and more than 15 significant digits.
    """
    typed = text.strip(" ")
    if not GRAMMAR.fullmatch(typed):
        raise PriceRefused(
            "Type a number in digits with a point before the decimals (12 at most), such as 0.0004: "
            "no spaces, commas or other characters."
        )
    number = Decimal(typed)
    if len(number.as_tuple().digits) > SIGNIFICANT_DIGITS:
        raise PriceRefused(f"A number has at most {SIGNIFICANT_DIGITS} significant digits.")
    return number


def priced_amount(quantity: Decimal, unit_price: Decimal, decimals: int) -> int:
    """Minor units of quantity × unit price, rounded once, half-even. Refuses what no invoice can hold."""
    return minor_units(WIDE.multiply(quantity, unit_price), decimals)


def minor_units(exact: Decimal, decimals: int) -> int:
    """An exact amount in minor units, rounded once, half-even. Refuses what no invoice can hold."""
    minor = int(WIDE.scaleb(exact, decimals).to_integral_value(rounding=ROUND_HALF_EVEN))
    if abs(minor) > LARGEST_MINOR:
        raise PriceRefused("Quantity times unit price is more than an invoice can hold.")
    return minor


def stored_decimal(number: Decimal) -> Decimal:
    """The nearest number the databases keep exactly. Refuses more than 15 digits before the point."""
    stored = STORED.plus(number).quantize(Decimal(1).scaleb(-MOST_PLACES), context=WIDE).normalize(WIDE)
    if abs(stored) >= LARGEST:
        raise PriceRefused(f"A quantity of {number:,.0f} is more than an invoice can hold.")
    return stored


def shown_unit_price(exact_amount: Decimal, quantity: Decimal) -> Decimal:
    """What one unit came to, for display; the sum itself where there is no quantity, or next to none."""
    price = WIDE.divide(exact_amount, quantity) if quantity else exact_amount
    return stored_decimal(price if abs(price) < LARGEST - 1 else exact_amount)
