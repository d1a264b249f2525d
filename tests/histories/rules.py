"""What the rules say money does, written from the words of the rules alone.

Nothing here may come from the product: a mistake shared with it would be invisible. Where the product is
fast, this is plain: R5 is read off Hall's theorem by looking at every set of credits, which is exponential
and obviously right, and quick enough for the few credits of a history.
"""

import functools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

GRACE = timedelta(days=45)
MINOR_UNITS = {"USD": 100, "JPY": 1, "KWD": 1000}
MOST_WHOLE_UNITS = 100_000_000
MILLION = 10**6
MOST_FREE_UNITS = 10**12 * MILLION

Cell = tuple[int, int]
Payment = tuple[int, int, int, int]  # credit, place of the line, amount, millionths of a unit


@dataclass(frozen=True)
class Line:
    item: str
    kind: str
    amount: int
    first_day: date
    last_day: date
    quantity: Decimal
    tags: frozenset[str]
    sells: bool = False  # a credit; and no credit pays for a credit


@dataclass(frozen=True)
class Terms:
    """What a credit promises: an amount of money, or free units of an item, in millionths (R11)."""

    amount: int
    priority: int
    promotional: bool
    effective_from: date
    expires_on: date | None
    whole_invoice: bool = True
    kinds: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    units: int | None = None
    unit_item: str | None = None
    max_amount: int | None = None  # on one invoice
    max_percent: Decimal | None = None  # of what it may pay on one invoice
    price: int | None = None

    def make_sense(self, today: date, currency: str, kinds: Mapping[str, str]) -> bool:
        """What can be granted: R1's amounts, R4's priorities, R3's scopes, and some days still to come."""
        last = self.expires_on or date.max
        return (
            (self._counts_money(currency) or self._counts_units(kinds))
            and 1 <= self.priority <= 100
            and last >= max(self.effective_from, today)
            and self.whole_invoice == (not self.kinds and not self.items and not self.tags)
            and are_tags(self.tags)
            and (self.price is None or not self.promotional)
            and 0 <= (self.price or 0) <= MOST_WHOLE_UNITS * MINOR_UNITS[currency]
            and not self.items & self.excluded
        )

    def _counts_money(self, currency: str) -> bool:
        return (
            0 < self.amount <= MOST_WHOLE_UNITS * MINOR_UNITS[currency]
            and self.units is None
            and self.unit_item is None
            and (self.max_amount is None or self.max_amount > 0)
            and (self.max_percent is None or 0 < self.max_percent <= 100)
        )

    def _counts_units(self, kinds: Mapping[str, str]) -> bool:
        """R11: of one usage item, which is all its scope; and nothing limits it but the units."""
        return (
            self.amount == 0
            and 0 < (self.units or 0) <= MOST_FREE_UNITS
            and kinds.get(self.unit_item or "") == "usage_meter"
            and self.items == {self.unit_item}
            and not (self.kinds or self.tags or self.excluded)
            and self.max_amount is None
            and self.max_percent is None
        )

    def covers(self, line: Line) -> bool:
        """R3: the whole invoice, or chosen kinds, items and tags; in each case less the excluded items."""
        chosen = self.whole_invoice or line.kind in self.kinds or line.item in self.items
        return (chosen or bool(line.tags & self.tags)) and line.item not in self.excluded

    def lives_for(self, line: Line, day: date) -> bool:
        """R6: alive on one day at least of those from the line's first to the day of issue; and the grace."""
        first = min(line.first_day, day)
        begun = self.effective_from <= day
        not_over = self.expires_on is None or self.expires_on >= first
        return begun and not_over and not self.past_grace(day)

    def past_grace(self, day: date) -> bool:
        return self.expires_on is not None and day > self.expires_on + GRACE

    def rank(self, created: datetime, born: int) -> tuple:
        """R4: lower priority, sooner expiry, promotional, effective earlier, created earlier, id."""
        never = self.expires_on is None
        last = self.expires_on or date.max
        return (self.priority, never, last, not self.promotional, self.effective_from, created, born)


def are_tags(words: Iterable[str]) -> bool:
    """A tag is a word of small letters and digits, with single hyphens inside."""
    return all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", word) for word in words)


def priced(quantity: Decimal, unit_price: Decimal, currency: str) -> int:
    """R1: rounded once, half-even (which is how a Fraction rounds), to the minor unit."""
    return round(Fraction(quantity) * Fraction(unit_price) * MINOR_UNITS[currency])


def payable(lines: Sequence[Line]) -> list[int]:
    """R12: what the negative lines leave of the positive ones; nothing, if the total is zero or less."""
    if sum(line.amount for line in lines) <= 0:
        return [0] * len(lines)
    left = [max(line.amount, 0) for line in lines]
    places = range(len(lines))
    for line in lines:
        debt = max(-line.amount, 0)
        own = [at for at in places if lines[at].item == line.item]
        kin = [at for at in places if lines[at].kind == line.kind and at not in own]
        rest = [at for at in reversed(places) if at not in own and at not in kin]
        for at in own + kin + rest:
            cut = min(debt, left[at])
            left[at] -= cut
            debt -= cut
    return left


def allocated(ranked: Sequence[tuple[Terms, int]], lines: Sequence[Line], day: date) -> list[Payment]:
    """Who pays what on an invoice issued on this day; a credit by its place, units before money (R11).

    `ranked` are the credits that may still be used, in R4's order, with what is left of them.
    """
    may = [
        frozenset(at for at, line in enumerate(lines) if terms.covers(line) and terms.lives_for(line, day))
        for terms, _ in ranked
    ]
    room = payable(lines)
    payments: list[Payment] = []
    for at, line in enumerate(lines):
        payments += _covered(at, line, room[at], ranked, may, payments)
    payments.sort()
    for _, at, worth, _ in payments:
        room[at] -= worth
    supply = [
        0 if terms.units else _capped(terms, left, sum(room[at] for at in may[place]))
        for place, (terms, left) in enumerate(ranked)
    ]
    # A credit that can pay nothing takes no part in R5, and would only double the sets to look at.
    taking = [place for place in range(len(ranked)) if supply[place] and may[place]]
    cells = allocation(
        tuple(supply[place] for place in taking), tuple(room), tuple(may[place] for place in taking)
    )
    return payments + [(taking[row], at, amount, 0) for (row, at), amount in cells.items()]


def _covered(
    at: int,
    line: Line,
    amount: int,
    ranked: Sequence[tuple[Terms, int]],
    may: Sequence[frozenset[int]],
    earlier: Sequence[Payment],
) -> list[Payment]:
    """R11: the units that each credit covers of a line, in turn, after those of the lines above.

    All that is covered so far is worth its share of the amount, rounded; a part is what it adds to that.
    """
    quantity = max(math.floor(line.quantity * MILLION), 0) if amount else 0
    takers, marks = [], [0]
    for place, (terms, left) in enumerate(ranked):
        if terms.units and at in may[place]:
            spent = sum(units for payer, _, _, units in earlier if payer == place)
            takers.append(place)
            marks.append(min(quantity, marks[-1] + left - spent))
    worth = [round(Fraction(amount * mark, quantity)) if mark else 0 for mark in marks]
    return [
        (place, at, worth[turn + 1] - worth[turn], marks[turn + 1] - marks[turn])
        for turn, place in enumerate(takers)
        if marks[turn + 1] > marks[turn]
    ]


def _capped(terms: Terms, left: int, open_to_it: int) -> int:
    """At most what is left, the amount per invoice, and the share of what it may pay after the units."""
    limits = [left]
    if terms.max_amount is not None:
        limits.append(terms.max_amount)
    if terms.max_percent is not None:
        limits.append(math.floor(Fraction(terms.max_percent) / 100 * open_to_it))
    return min(limits)


@functools.lru_cache(maxsize=10_000)
def allocation(
    supply: tuple[int, ...], capacity: tuple[int, ...], may: tuple[frozenset[int], ...]
) -> dict[Cell, int]:
    """R5: the used amounts lexicographically largest, and then the matrix, read row by row."""
    use: list[int] = []
    for row in range(len(supply)):
        # As much as the first credits can pay together, less what those before this one pay.
        use.append(_most(supply[: row + 1], capacity, may) - sum(use))
    rest, room, open_to = list(use), list(capacity), [set(lines) for lines in may]
    cells: dict[Cell, int] = {}
    for row in range(len(use)):
        for at in sorted(may[row]):
            # No set of the others may be left with more to pay than the lines it reaches can take (Hall).
            needed = [
                sum(room[line] for line in reach) - sum(rest[other] for other in group)
                for group in _sets(other for other in range(row, len(use)) if other != row)
                if at in (reach := set[int]().union(*(open_to[other] for other in group)))
            ]
            amount = min([rest[row], room[at], *needed])
            rest[row] -= amount
            room[at] -= amount
            open_to[row].discard(at)
            if amount:
                cells[row, at] = amount
    assert not any(rest), "the model found no place for what it said could be used"
    return cells


def _most(supply: Sequence[int], capacity: Sequence[int], may: Sequence[frozenset[int]]) -> int:
    """The largest sum that these credits can pay together: the smallest cut, found by trying them all."""
    return min(
        sum(supply) - sum(supply[row] for row in group) + sum(capacity[line] for line in reach)
        for group in _sets(range(len(supply)))
        for reach in [frozenset[int]().union(*(may[row] for row in group))]
    )


def _sets(rows: Iterable[int]) -> list[tuple[int, ...]]:
    everyone = list(rows)
    return [group for size in range(len(everyone) + 1) for group in combinations(everyone, size)]
