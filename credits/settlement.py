"""What credits do to the lines of one invoice: the rules R3, R4, R5, R6, R12 and R15 put together.

Issuing, projections and scenarios all ask here, so what a page shows is what issuing will do. A credit
that may not be used is never an error: its outcome names the first reason that holds, from the one no
date can change (another currency) to the one that a larger invoice would (nothing left to pay).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from credits.allocation import Allocation, Source, Why, allocate
from credits.netting import payable_amounts
from credits.terms import CreditFacts, LineFacts, Moment, Scope, refusal_by_date, use_order


@dataclass(frozen=True, slots=True)
class Outcome:
    credit: CreditFacts
    used: int
    left: int  # balance less used, also where that balance can no longer be used
    why: Why


@dataclass(frozen=True, slots=True)
class Payment:
    credit: int  # keys
    line: int
    amount: int
    units: int = 0


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An amount that a credit could have paid on a line, but left there for a later credit."""

    credit: int  # keys
    line: int
    amount: int


@dataclass(frozen=True, slots=True)
class Settlement:
    outcomes: tuple[Outcome, ...]  # in R4's order
    payments: tuple[Payment, ...]  # by credit in R4's order, then by line
    payable: tuple[int, ...]  # per line, after R12
    passed_over: tuple[PassedOver, ...]
    total: int
    credited: int
    credited_by_line: Mapping[int, int]

    @property
    def due(self) -> int:
        return self.total - self.credited

    def credited_on(self, line: int) -> int:
        return self.credited_by_line.get(line, 0)


def settle(
    credits: Iterable[CreditFacts],
    lines: Sequence[LineFacts],
    *,
    currency: str,
    issued: Moment,
) -> Settlement:
    ordered = sorted(credits, key=use_order)
    reach = _Reach(lines, issued)
    payable = payable_amounts(lines)
    claims = [_claim(credit, reach, currency) for credit in ordered]
    found = allocate([source for source, _ in claims], payable)
    total, credited = sum(line.amount for line in lines), sum(found.used)
    if credited > max(total, 0):
        raise AssertionError("Credits would pay more than the invoice.")
    return Settlement(
        outcomes=tuple(
            Outcome(credit, used, credit.balance - used, refusal or why)
            for credit, used, why, (_, refusal) in zip(ordered, found.used, found.why, claims, strict=True)
        ),
        payments=tuple(
            Payment(ordered[cell.credit].key, lines[cell.line].key, cell.amount) for cell in found.cells
        ),
        payable=tuple(payable),
        passed_over=_passed_over(found, ordered, lines),
        total=total,
        credited=credited,
        credited_by_line=_by_line(found, lines),
    )


NOTHING = Source(0, 0)


class _Reach:
    """Which lines a credit may pay, as bit masks.

    An invoice has few different scopes and first days, however many credits and lines: each scope is
    held against each (item, kind) once, each credit's dates against each first day once.
    """

    def __init__(self, lines: Sequence[LineFacts], issued: Moment) -> None:
        self.issued = issued
        self.lines_of: dict[tuple[Hashable, str], int] = {}
        self.lines_from: dict[Moment, int] = {}
        for number, line in enumerate(lines):
            self.lines_of[line.item, line.kind] = self.lines_of.get((line.item, line.kind), 0) | 1 << number
            self.lines_from[line.first] = self.lines_from.get(line.first, 0) | 1 << number
        self.earliest = min(self.lines_from, default=issued)
        self.by_scope: dict[Scope, int] = {}

    def in_scope(self, scope: Scope) -> int:
        if scope not in self.by_scope:
            self.by_scope[scope] = sum(
                lines for (item, kind), lines in self.lines_of.items() if scope.admits(item, kind)
            )
        return self.by_scope[scope]

    def refusal(self, credit: CreditFacts) -> Why | None:
        """Why it can pay no line at all by its dates: the line served first is the one it reaches best."""
        return refusal_by_date(credit, self.earliest, self.issued)

    def in_time(self, credit: CreditFacts) -> int:
        return sum(
            lines
            for first, lines in self.lines_from.items()
            if refusal_by_date(credit, first, self.issued) is None
        )


def _claim(credit: CreditFacts, reach: _Reach, currency: str) -> tuple[Source, Why | None]:
    """What a credit may pay with, and where; or the reason why it may not."""
    if credit.currency != currency:
        return NOTHING, Why.OTHER_CURRENCY
    if credit.voided:
        return NOTHING, Why.VOIDED
    if by_date := reach.refusal(credit):
        return NOTHING, by_date
    if not credit.balance:
        return NOTHING, Why.NO_BALANCE
    in_scope = reach.in_scope(credit.scope)
    in_time = in_scope & reach.in_time(credit)
    if in_scope and not in_time:
        # In scope of some lines and in time for others, but for none both.
        return NOTHING, Why.EXPIRED
    return Source(credit.balance, in_time), None


def _by_line(found: Allocation, lines: Sequence[LineFacts]) -> dict[int, int]:
    credited: dict[int, int] = {}
    for cell in found.cells:
        key = lines[cell.line].key
        credited[key] = credited.get(key, 0) + cell.amount
    return credited


def _passed_over(
    found: Allocation, ordered: Sequence[CreditFacts], lines: Sequence[LineFacts]
) -> tuple[PassedOver, ...]:
    return tuple(
        PassedOver(ordered[cell.credit].key, lines[cell.line].key, cell.amount) for cell in found.passed_over
    )
