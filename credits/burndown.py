"""The balance of a credit over time, as points for a step chart. No database, no Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FEW_DAYS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    day: date
    balance: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Coordinates in a box of `width` × `height`; `left` and `bottom` leave room for the axes."""

    width: int
    height: int
    left: int
    bottom: int
    line: str
    area: str
    dots: Sequence[Dot]
    days: Sequence[tuple[float, date]]
    amounts: Sequence[tuple[float, int]]


def burndown(
    steps: Sequence[tuple[date, int]], today: date, *, width: int = 1100, height: int = 240, left: int = 90
) -> Chart | None:
    """A chart of `(day, balance after it)`, drawn up to `today`; None without steps.

    Floats here are pixels, never money.
    """
    if not steps:
        return None
    top, bottom, right = 14, height - 28, width - 16
    first, last = steps[0][0], max(today, steps[-1][0], steps[0][0] + timedelta(days=1))
    highest = max(1, *(balance for _, balance in steps))

    def x_of(day: date) -> float:
        return round(left + (right - left) * ((day - first) / (last - first)), 1)

    def y_of(balance: int) -> float:
        return round(bottom - (bottom - top) * balance / highest, 1)

    dots = [Dot(x_of(day), y_of(balance), day, balance) for day, balance in steps]
    line = f"M{dots[0].x} {dots[0].y}" + "".join(f"H{dot.x}V{dot.y}" for dot in dots[1:]) + f"H{right}"
    marked = [first, last] if last - first < FEW_DAYS else [first, first + (last - first) / 2, last]
    return Chart(
        width=width,
        height=height,
        left=left,
        bottom=bottom,
        line=line,
        area=f"{line}V{bottom}H{dots[0].x}Z",
        dots=dots,
        days=[(x_of(day), day) for day in marked],
        amounts=[(y_of(amount), amount) for amount in (0, highest // 2, highest)],
    )
