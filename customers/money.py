"""Money at the rim and integers inside (R1).

Inside, an amount is an integer number of minor units (cents; yen; thousandths of a dinar) beside
an ISO 4217 code. Text and `Money` exist only here, where people and files meet the product. How
many decimals a currency has comes from one source, py-moneyed's table; the settings admit only
currencies whose minor unit is a power of ten.
"""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from django.conf import settings
from djmoney.money import Money
from moneyed import get_currency
from moneyed.l10n import format_money

GRAMMAR = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])


class AmountRefused(ValueError):
    """Text that is not an amount, with a sentence a person can act on."""


def currency_decimals(currency: str) -> int:
    return len(str(get_currency(currency).sub_unit)) - 1


def amount_parse(
    text: str, currency: str, *, negative: bool = False, zero: bool = False, limit: int | None = None
) -> int:
    """Minor units typed as text.

    Refuses all but ASCII digits with at most one point and no more decimals than the currency has:
    no sign (a leading minus only if `negative`), exponent, separator or underscore; zero unless
    `zero`; and more than `limit` whole units (default: the setting SCRIP_MAX_AMOUNT).
    """
    digits = currency_decimals(currency)
    match = GRAMMAR.fullmatch(text.strip(" "))
    if match is None or (match[1] and not negative):
        example = "1234" if digits == 0 else f"1234.{'5'.ljust(digits, '0')}"
        raise AmountRefused(
            f"Type the amount in digits with a point before the decimals, such as {example}: "
            "no sign, spaces, commas or other characters."
        )
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > digits:
        raise AmountRefused(
            f"{currency} has no decimals." if digits == 0 else f"{currency} has {digits} decimals, not more."
        )
    most = settings.SCRIP_MAX_AMOUNT if limit is None else limit
    if len(whole.lstrip("0")) > 15 or int(whole + fraction.ljust(digits, "0")) > most * 10**digits:
        raise AmountRefused(f"The amount is above the limit of {most:,} {currency}.")
    minor = int(whole + fraction.ljust(digits, "0"))
    if minor == 0 and not zero:
        raise AmountRefused("The amount must not be zero.")
    return -minor if sign else minor


def amount_text(minor: int, currency: str) -> str:
    """The amount as a plain decimal string, such as `50.00`; what `amount_parse` reads."""
    digits = currency_decimals(currency)
    sign, figures = ("-" if minor < 0 else ""), str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else f"{sign}{figures}"


def amount_round(exact: Decimal, currency: str) -> int:
    """Minor units of an exact decimal, rounded once, half-even."""
    scaled = EXACT.scaleb(exact, currency_decimals(currency))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_EVEN))


def money_from_minor(minor: int, currency: str) -> Money:
    return Money(EXACT.scaleb(Decimal(minor), -currency_decimals(currency)), currency)


def money_to_minor(money: Money) -> int:
    """Minor units of a `Money`; refuses a fraction of a minor unit instead of rounding it away."""
    currency = str(money.currency)
    scaled = EXACT.scaleb(money.amount, currency_decimals(currency))
    if scaled != scaled.to_integral_value():
        raise AmountRefused(f"{money.amount} {currency} is not a whole number of minor units.")
    return int(scaled)


def money_display(minor: int, currency: str) -> str:
    """The amount for a person, such as `$1,234.50` or `−¥500`."""
    shown = str(format_money(money_from_minor(abs(minor), currency), locale="en_US"))
    return f"−{shown}" if minor < 0 else shown


def exact_display(exact: Decimal, currency: str) -> str:
    """A sum or price that is not rounded, for a person, such as `$0.0004` or `−¥2.5`."""
    shown = str(format_money(Money(EXACT.abs(exact), currency), locale="en_US", decimal_quantization=False))
    return f"−{shown}" if exact < 0 else shown
