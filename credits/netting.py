"""What is payable on each line once corrections are set against charges (rule R12).

A negative line first lowers the positive lines of its own item from the top, then those of its kind
from the top, then the rest from the bottom. Several are taken in the order of the invoice. Nothing is
payable on a zero or negative line, nor on any line when the total is zero or less.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol


class Charge(Protocol):
    @property
    def item(self) -> Hashable: ...
    @property
    def kind(self) -> str: ...
    @property
    def amount(self) -> int: ...


def payable_amounts(lines: Sequence[Charge]) -> list[int]:
    amounts = [line.amount for line in lines]
    total = sum(amounts)
    if total <= 0:
        return [0] * len(lines)
    if min(amounts) >= 0:
        return amounts
    payable = [max(amount, 0) for amount in amounts]
    for correction in lines:
        excess = max(-correction.amount, 0)
        if excess:
            for number in _lowered_by(correction, lines):
                lowered = min(excess, payable[number])
                payable[number] -= lowered
                excess -= lowered
        if excess:
            raise AssertionError("A correction was larger than all charges of a positive total.")
    if sum(payable) != total:
        raise AssertionError("What is payable must be the total of the invoice.")
    return payable


def _lowered_by(correction: Charge, lines: Sequence[Charge]) -> Iterator[int]:
    """Line numbers in the order in which a correction lowers them; meeting one again does no harm."""
    yield from (number for number, line in enumerate(lines) if line.item == correction.item)
    yield from (number for number, line in enumerate(lines) if line.kind == correction.kind)
    yield from reversed(range(len(lines)))
