"""What free units cover, and what that is worth (rule R11). Integers in, integers out.

Unit credits come in the order in which they are to be used. Each covers, on the lines that it may pay
and in the order of the invoice, up to what is left of it and of the line's quantity.

Covering `c` of a quantity `q` is worth `amount × c ÷ q`, rounded half-even, *in all*: what one credit is
worth on a line is the value of all that is covered after it, less the value of all that was before. So
however many credits share a line, their parts add up to what one credit in their place would be worth,
and a line covered whole is paid whole. Where a unit costs less than the smallest coin, a part may be
worth nothing and still use its units.

The amount is what is payable on the line once corrections are set against it (R12), so covering never
pays more than that. A line without quantity, or with nothing payable, takes no units.
"""

from collections.abc import Sequence
from typing import NamedTuple

from credits.allocation import Source, refuse_nonsense


class Covered(NamedTuple):
    """Units that a credit covers on a line (both by index), and what they are worth."""

    credit: int
    line: int
    units: int
    amount: int


def cover(sources: Sequence[Source], quantities: Sequence[int], payables: Sequence[int]) -> list[Covered]:
    """By credit, then line. A source's balance is in units, as the quantities are."""
    refuse_nonsense(sources, payables)
    _refuse_quantities(quantities, payables)
    open_lines = sum(
        1 << line for line, payable in enumerate(payables) if payable > 0 and quantities[line] > 0
    )
    found: list[Covered] = []
    covered = [0] * len(payables)
    for number, source in enumerate(sources):
        rest, candidates = source.balance, source.scope & open_lines
        while rest and candidates:
            bit = candidates & -candidates
            candidates ^= bit
            line = bit.bit_length() - 1
            quantity, before = quantities[line], covered[line]
            after = min(quantity, before + rest)
            worth = _part(payables[line], after, quantity) - _part(payables[line], before, quantity)
            found.append(Covered(number, line, after - before, worth))
            rest -= after - before
            covered[line] = after
            if after == quantity:
                open_lines ^= bit
    return found


def _part(amount: int, covered: int, quantity: int) -> int:
    return round_half_even(amount * covered, quantity)


def round_half_even(numerator: int, denominator: int) -> int:
    """The whole number nearest to a quotient, the even one of two. The denominator is positive."""
    whole, rest = divmod(numerator, denominator)
    up = 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
    return whole + up


def _refuse_quantities(quantities: Sequence[int], payables: Sequence[int]) -> None:
    if len(quantities) != len(payables):
        raise ValueError(f"{len(payables)} lines have as many quantities, not {len(quantities)}.")
    for quantity in quantities:
        if type(quantity) is not int:
            raise ValueError(f"A quantity is a whole number of parts of a unit, not {quantity!r}.")
