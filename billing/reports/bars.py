"""Bars beside each other, each of parts on top of each other, as coordinates. No database, no Django."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

TOP, RIGHT, FOOT = 14, 16, 28
LETTER = 6.5  # pixels, roughly


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle: `series` counts from 1, and `words` say what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: int
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    width: int
    height: int
    left: int
    zero: float
    parts: Sequence[Part]
    names: Sequence[tuple[float, str]]
    amounts: Sequence[tuple[float, str]]


def bars(
    values: Sequence[tuple[str, Sequence[int]]],
    series: Sequence[str],
    shown: Callable[[int], str],
    *,
    size: tuple[int, int],
) -> Bars | None:
    """Parts above zero are heaped upwards, those below it downwards; None if there is nothing to draw.

    Floats here are pixels, never money.
    """
    width, height = size
    highest = max((sum(part for part in parts if part > 0) for _, parts in values), default=0)
    lowest = min((sum(part for part in parts if part < 0) for _, parts in values), default=0)
    if highest == lowest:
        return None
    marks = _marks(lowest, highest)
    left = 16 + round(LETTER * max(len(shown(mark)) for mark in marks))
    bottom, slot = height - FOOT, (width - RIGHT - left) / len(values)

    def y_of(value: int) -> float:
        return round(bottom - (bottom - TOP) * (value - marks[0]) / (marks[-1] - marks[0]), 1)

    parts = []
    for place, (name, amounts) in enumerate(values):
        up = down = 0
        for number, amount in enumerate(amounts, 1):
            low, high = (up, up + amount) if amount > 0 else (down + amount, down)
            up, down = max(up, high), min(down, low)
            if amount:
                x, tall = round(left + slot * (place + 0.15), 1), max(y_of(low) - y_of(high), 1)
                words = f"{name}, {series[number - 1]}: {shown(amount)}"
                parts.append(Part(x, y_of(high), round(slot * 0.7, 1), round(tall, 1), number, words))
    each = 1 + int(LETTER * max(len(name) for name, _ in values) / slot)
    names = [(round(left + slot * (n + 0.5), 1), values[n][0]) for n in range(len(values) - 1, -1, -each)]
    return Bars(
        width, height, left, y_of(0), parts, names[::-1], [(y_of(mark), shown(mark)) for mark in marks]
    )


def _marks(lowest: int, highest: int) -> list[int]:
    """Round numbers from below the lowest to above the highest, four or five steps of 1, 2 or 5."""
    step = 1
    while (highest - lowest) / step > 4:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return [step * count for count in range(lowest // step, -(-highest // step) + 1)]
