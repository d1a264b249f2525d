"""Which credit pays which line (rule R5). Integers in, integers out.

What it promises. Credits come in the order in which they are to be used, lines in the order of the
invoice. A credit pays no more than its balance and only lines in its scope; a line takes no more
than what is payable on it. Then

1. every credit, in its turn, is used as much as the credits before it allow, and *which* lines
   those pay is never the reason that it cannot be used. So the first k credits together pay as much
   as any way of using them could, for every k; the invoice is left with the least possible due.
2. among all ways to use exactly these amounts, the answer is the one whose matrix of amounts, read
   credit by credit and line by line, is lexicographically largest.

The operator's sentence: *credits are used in order; each pays the lines it may pay from the top of
the invoice, but leaves money on a line that a later credit can only use there.*

Why there is exactly one answer. The amounts that a set of credits can place together form a
polymatroid (the most that each set can place is submodular in the set), so being greedy about the
first credit never costs the total of any longer row of credits: promise 1 fixes how much each
credit is used. Promise 2 then chooses from finitely many matrices by a total order. Hence the
answer does not depend on how it is found, and a test can check every cell. Moving a line up or down
changes who pays it, never what is due. The chosen matrix is a corner of its polytope: its cells
form a forest, so there are at most credits + lines - 1 of them.

How it is found, in two pieces. *The walk* lets each credit pay from the top, and asks after each
credit that still has money whether earlier ones took the lines that it needed. If never, the walk
is the answer: no matrix is larger, and promise 1 holds. If once, the answer comes from *the
move-aside step* (`credits.moving_aside`), which is exact and costs more.

What it refuses: anything but whole numbers that are not negative, and scopes naming lines that are
not there. It knows nothing of dates, currencies or negative lines; `credits.settlement` turns those
into balances, scopes and payable amounts. A cap on what a credit may pay here makes its balance
smaller, and nothing else: to the flow it is the same thing.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from credits.moving_aside import move_aside


class Why(StrEnum):
    """Why a credit was used, or why not. All but the first four are told by `credits.settlement`."""

    USED = "used"
    NOTHING_LEFT_TO_PAY = "nothing_left_to_pay"
    OUT_OF_SCOPE = "out_of_scope"
    NO_BALANCE = "no_balance"
    CAPPED = "capped"
    EXPIRED = "expired"
    NOT_YET_EFFECTIVE = "not_yet_effective"
    UNPAID = "not_paid_yet"
    VOIDED = "voided"
    OTHER_CURRENCY = "other_currency"


USED = Why.USED


class Source(NamedTuple):
    balance: int  # or its cap, if that is less
    scope: int  # bit i is set: may pay line i


Cell = tuple[int, int, int]
"""Credit, line (both by index) and amount. A bare tuple, since a run makes these by the hundred thousand."""


class Allocation(NamedTuple):
    cells: tuple[Cell, ...]  # sorted by credit, then line
    used: tuple[int, ...]  # per credit
    why: tuple[Why, ...]  # per credit
    passed_over: tuple[Cell, ...]  # what a credit left on a line for a later one, though it paid below


def allocate(sources: Sequence[Source], payables: Sequence[int]) -> Allocation:
    refuse_nonsense(sources, payables)
    return _walk(sources, payables) or _exact(sources, payables)


def refuse_nonsense(sources: Sequence[Source], payables: Sequence[int]) -> None:
    for payable in payables:
        if type(payable) is not int or payable < 0:
            raise ValueError(f"A payable amount is a whole number of at least 0, not {payable!r}.")
    for balance, scope in sources:
        if type(balance) is not int or balance < 0:
            raise ValueError(f"A balance is a whole number of at least 0, not {balance!r}.")
        if type(scope) is not int or scope < 0 or scope >> len(payables):
            raise ValueError(f"A scope is a bit mask over {len(payables)} lines, not {scope!r}.")


def _walk(sources: Sequence[Source], payables: Sequence[int]) -> Allocation | None:
    """Each credit pays from the top. None as soon as a credit is stranded by those before it."""
    cells: list[Cell] = []
    used: list[int] = []
    why: list[Why] = []
    left = list(payables)
    open_lines = _mask_of_open(payables)
    paid: dict[int, int] = {}  # scope: the lines that credits of this scope have paid
    dead = 0  # lines from which no exchange leads to an open line, now or later
    for number, (balance, scope) in enumerate(sources):
        rest = balance
        mine = candidates = scope & open_lines
        while rest and candidates:
            bit = candidates & -candidates
            candidates ^= bit
            line = bit.bit_length() - 1
            amount = left[line]
            if amount <= rest:
                open_lines ^= bit
            else:
                amount = rest
            left[line] -= amount
            rest -= amount
            cells.append((number, line, amount))
        used.append(balance - rest)
        if rest < balance:
            why.append(USED)
            paid[scope] = paid.get(scope, 0) | mine ^ candidates
        else:
            why.append(_why_not(balance, scope))
        if rest and open_lines and scope & ~dead:
            reached = _reached(scope, paid)
            if reached & open_lines:
                return None
            dead |= reached
    if sum(used) + sum(left) != sum(payables):
        raise AssertionError("What is paid and what is left must add up to what was payable.")
    return Allocation(tuple(cells), tuple(used), tuple(why), ())


def _why_not(balance: int, scope: int) -> Why:
    if not balance:
        return Why.NO_BALANCE
    return Why.NOTHING_LEFT_TO_PAY if scope else Why.OUT_OF_SCOPE


def _mask_of_open(payables: Sequence[int]) -> int:
    mask, bit = 0, 1
    for payable in payables:
        if payable:
            mask |= bit
        bit <<= 1
    return mask


def _reached(scope: int, paid: dict[int, int]) -> int:
    """The lines to which money in this scope could go, if earlier credits made way for it."""
    reached, before = scope, 0
    while reached != before:
        before = reached
        for other, lines in paid.items():
            if lines & reached:
                reached |= other
    return reached


def _exact(sources: Sequence[Source], payables: Sequence[int]) -> Allocation:
    cells = move_aside([source.balance for source in sources], [source.scope for source in sources], payables)
    used, left = [0] * len(sources), list(payables)
    for credit, line, amount in cells:
        used[credit] += amount
        left[line] -= amount
    if any(amount > source.balance for source, amount in zip(sources, used, strict=True)):
        raise AssertionError("A credit would pay more than its balance.")
    if left and min(left) < 0:
        raise AssertionError("A line would be paid more than is payable on it.")
    why = [USED if amount else _why_not(*source) for source, amount in zip(sources, used, strict=True)]
    return Allocation(tuple(cells), tuple(used), tuple(why), _passed_over(sources, payables, cells))


def _passed_over(sources: Sequence[Source], payables: Sequence[int], cells: list[Cell]) -> tuple[Cell, ...]:
    """Per credit and line, the smaller of what its turn left on the line and what it put further down."""
    rows: list[list[Cell]] = [[] for _ in sources]
    for cell in cells:
        rows[cell[0]].append(cell)
    found: list[Cell] = []
    left, open_lines = list(payables), _mask_of_open(payables)
    for number, row in enumerate(rows):
        for _, line, amount in row:
            left[line] -= amount
            if not left[line]:
                open_lines ^= 1 << line
        above_last = (1 << row[-1][1]) - 1 if row else 0
        skipped = sources[number].scope & open_lines & above_last
        further_down, at = sum(amount for _, _, amount in row), 0
        while skipped:
            bit = skipped & -skipped
            skipped ^= bit
            line = bit.bit_length() - 1
            while row[at][1] <= line:
                further_down -= row[at][2]
                at += 1
            found.append((number, line, min(left[line], further_down)))
    return tuple(found)
