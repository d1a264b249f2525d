"""What a credit bought in advance was cheaper than what it is worth. Rounded down, so that no discount is
ever overstated."""

from decimal import Decimal
from fractions import Fraction


def discount_percent(price: int, worth: int) -> Decimal:
    """Percent of `worth` saved by paying `price`, to a tenth; 0 where nothing was."""
    if price >= worth:
        return Decimal(0)
    return Decimal((worth - price) * 1000 // worth).scaleb(-1)


def discount_text(price: int, worth: int) -> str:
    """`20 % off`, `33.3 % off`; nothing where the discount is none, or too small to be told."""
    percent = discount_percent(price, worth)
    return f"{percent:f} % off".replace(".0 %", " %") if percent else ""


def price_of_part(price: int, part: int, whole: int) -> int:
    """What a part of a credit was bought for, rounded once, half-even."""
    return round(Fraction(price * part, whole))


def price_of_rest(price: int, rest: int, whole: int) -> int:
    """What the used part has left of the price: between the two no cent is lost."""
    return price - price_of_part(price, whole - rest, whole)
