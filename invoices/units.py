"""Units as whole numbers: millionths of a unit, which every database adds and compares exactly (R11)."""

import re
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation

PARTS = 10**6
PLACES = 6
GRAMMAR = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,6}))?", re.ASCII)
WIDE = Context(prec=80, rounding=ROUND_DOWN, traps=[InvalidOperation])


class UnitsRefused(ValueError):
    """Text that is no number of units, with a sentence a person can act on."""


def units_parse(text: str, *, limit: int) -> int:
    """Millionths of a unit, typed as units. Refuses all but ASCII digits with at most one point and six
    decimals, zero, and more than `limit` units."""
    match = GRAMMAR.fullmatch(text.strip(" "))
    if match is None:
        raise UnitsRefused(
            "Type the units in digits with a point before the decimals (6 at most), such as 1000: "
            "no sign, spaces, commas or other characters."
        )
    units = int(match[1]) * PARTS + int((match[2] or "").ljust(PLACES, "0"))
    if not units:
        raise UnitsRefused("The units must not be zero.")
    if units > limit * PARTS:
        raise UnitsRefused(f"More than the limit of {limit:,} units.")
    return units


def units_whole(quantity: Decimal) -> int:
    """Millionths in a quantity, rounded down: units never cover more than a line has."""
    return int(WIDE.scaleb(quantity, PLACES))


def units_text(units: int) -> str:
    """Plain decimal text, such as `740` or `0.5`; what `units_parse` reads."""
    sign, whole, fraction = "-" if units < 0 else "", *divmod(abs(units), PARTS)
    decimals = f"{fraction:06d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def units_display(units: int, name: str = "") -> str:
    """For a person, such as `1,000 API calls` or `−0.5`."""
    sign, whole, fraction = "−" if units < 0 else "", *divmod(abs(units), PARTS)
    decimals = f"{fraction:06d}".rstrip("0")
    shown = f"{sign}{whole:,}.{decimals}" if decimals else f"{sign}{whole:,}"
    return f"{shown} {name}".strip()
