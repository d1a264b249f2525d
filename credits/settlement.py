"""What credits do to the lines of one invoice: R3, R4, R5, R6, R11, R12 and R15 put together.

Issuing, projections and scenarios all ask here, so what a page shows is what issuing will do. Corrections
come first (R12), then free units (R11), then money on what they leave (R5). A cap is held against what a
credit could pay once the units are taken and before any money is: so it does not depend on other credits'
luck, it is one more limit at the source, and R5 stays exact.

A credit that may not be used is never an error: its outcome names the first reason that holds, from the
one no date can change (another currency) to the one that a larger invoice would (nothing left to pay).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from credits.allocation import Allocation, Source, Why, allocate
from credits.netting import payable_amounts
from credits.terms import CreditFacts, Item, LineFacts, Moment, Scope, refusal_by_date, use_order
from credits.units import cover


class Outcome(NamedTuple):
    """`used` and `left` are in the credit's own measure: money, or parts of a unit."""

    credit: CreditFacts
    used: int
    left: int  # balance less used, also where that balance can no longer be used
    why: Why
    paid: int  # the money it paid on this invoice: what was used, or what the units used were worth


class Payment(NamedTuple):
    credit: int  # keys
    line: int
    amount: int  # of units it may be zero, where they cost less than the smallest coin
    units: int = 0


class PassedOver(NamedTuple):
    """An amount that a credit could have paid on a line, but left there for a later credit."""

    credit: int  # keys
    line: int
    amount: int


class Settlement(NamedTuple):
    outcomes: tuple[Outcome, ...]  # in the order of use: units before money, each in R4's order
    payments: tuple[Payment, ...]  # by credit in the order of use, then by line
    payable: tuple[int, ...]  # per line, what credits may pay: after R12, nothing where a credit is sold
    passed_over: tuple[PassedOver, ...]
    total: int
    credited: int
    credited_by_line: Mapping[int, int]

    @property
    def due(self) -> int:
        return self.total - self.credited

    def credited_on(self, line: int) -> int:
        return self.credited_by_line.get(line, 0)


NOTHING = Source(0, 0)
Claim = tuple[Source, Why | None]  # what a credit may use and where; or the reason why it may not


def settle(
    credits: Iterable[CreditFacts],
    lines: Sequence[LineFacts],
    *,
    currency: str,
    issued: Moment,
) -> Settlement:
    ordered = sorted(credits, key=use_order)
    of_units = [credit for credit in ordered if credit.unit_item is not None]
    of_money = [credit for credit in ordered if credit.unit_item is None]
    reach = _Reach(lines, issued)
    payable = payable_amounts(lines)
    if reach.sold:
        payable = [0 if reach.sold >> number & 1 else amount for number, amount in enumerate(payable)]
    covered = paid = _Part(payable)
    if of_units:
        covered = _with_units(of_units, [_claim(c, reach, currency) for c in of_units], lines, payable)
    if of_money:
        paid = _with_money(of_money, [_claim(c, reach, currency) for c in of_money], lines, covered.left)
    payments = (*covered.payments, *paid.payments)
    credited_by_line = _by_line(payments)
    total, credited = sum([line.amount for line in lines]), sum(credited_by_line.values())
    if credited > max(total, 0):
        raise AssertionError("Credits would pay more than the invoice.")
    return Settlement(
        outcomes=(*covered.outcomes, *paid.outcomes),
        payments=payments,
        payable=tuple(payable),
        passed_over=paid.passed_over,
        total=total,
        credited=credited,
        credited_by_line=credited_by_line,
    )


class _Part(NamedTuple):
    """What the credits of one measure did, and what they left payable per line."""

    left: Sequence[int]
    outcomes: Sequence[Outcome] = ()
    payments: Sequence[Payment] = ()
    passed_over: tuple[PassedOver, ...] = ()


def _with_units(
    credits: Sequence[CreditFacts],
    claims: Sequence[Claim],
    lines: Sequence[LineFacts],
    payable: Sequence[int],
) -> _Part:
    if any(_is_capped(credit) for credit in credits):
        raise ValueError("A credit of free units has no cap in money.")
    found = cover([source for source, _ in claims], [line.quantity for line in lines], payable)
    used, paid, left = [0] * len(credits), [0] * len(credits), list(payable)
    for part in found:
        used[part.credit] += part.units
        paid[part.credit] += part.amount
        left[part.line] -= part.amount
    outcomes = [
        Outcome(credit, units, credit.balance - units, refusal or _why_units(units, source), money)
        for credit, units, money, (source, refusal) in zip(credits, used, paid, claims, strict=True)
    ]
    payments = [
        Payment(credits[part.credit].key, lines[part.line].key, part.amount, part.units) for part in found
    ]
    return _Part(left, outcomes, payments)


def _why_units(used: int, source: Source) -> Why:
    if used:
        return Why.USED
    return Why.NOTHING_LEFT_TO_PAY if source.scope else Why.OUT_OF_SCOPE


def _with_money(
    credits: Sequence[CreditFacts],
    claims: Sequence[Claim],
    lines: Sequence[LineFacts],
    payable: Sequence[int],
) -> _Part:
    if any(map(_is_capped, credits)):
        caps = _Caps(payable)
        claims = [caps.hold(credit, *claim) for credit, claim in zip(credits, claims, strict=True)]
    found = allocate([source for source, _ in claims], payable)
    outcomes = [
        Outcome(credit, used, credit.balance - used, refusal or why, used)
        for credit, used, why, (_, refusal) in zip(credits, found.used, found.why, claims, strict=True)
    ]
    payments = [Payment(credits[place].key, lines[line].key, amount) for place, line, amount in found.cells]
    return _Part((), outcomes, payments, _passed_over(found, credits, lines))


class _Reach:
    """Which lines a credit may pay, as bit masks.

    An invoice has few different scopes and first days, however many credits and lines: each scope is
    held against each (item, kind, tags) once, each credit's dates against each first day once.
    """

    def __init__(self, lines: Sequence[LineFacts], issued: Moment) -> None:
        self.issued = issued
        self.lines_of: dict[tuple[Hashable, str, frozenset[str]], int] = {}
        self.lines_from: dict[Moment, int] = {}
        self.sold = 0  # lines that sell a credit
        bit = 1
        for line in lines:
            first = line.first
            self.lines_from[first] = self.lines_from.get(first, 0) | bit
            if line.creditable:
                sort = line.item, line.kind, line.tags
                self.lines_of[sort] = self.lines_of.get(sort, 0) | bit
            else:
                self.sold |= bit
            bit <<= 1
        self.every = bit - 1
        self.earliest = min(self.lines_from, default=issued)
        self.by_scope: dict[Scope, int] = {}

    def in_scope(self, scope: Scope) -> int:
        if scope.whole_invoice and not scope.excluded_items:
            return self.every ^ self.sold
        found = self.by_scope.get(scope)
        if found is None:
            found = 0
            for sort, lines in self.lines_of.items():
                if scope.admits(*sort):
                    found |= lines
            self.by_scope[scope] = found
        return found

    def of_item(self, wanted: Item) -> int:
        return sum(lines for (item, _, _), lines in self.lines_of.items() if item == wanted)

    def refusal(self, credit: CreditFacts) -> Why | None:
        """Why it can pay no line at all by its dates: the line served first is the one it reaches best."""
        return refusal_by_date(credit, self.earliest, self.issued)

    def in_time(self, credit: CreditFacts) -> int:
        """For a credit that `refusal` lets pass."""
        if len(self.lines_from) == 1:
            return self.every
        return sum(
            lines
            for first, lines in self.lines_from.items()
            if refusal_by_date(credit, first, self.issued) is None
        )


def _claim(credit: CreditFacts, reach: _Reach, currency: str) -> Claim:
    if credit.currency != currency:
        return NOTHING, Why.OTHER_CURRENCY
    if credit.voided:
        return NOTHING, Why.VOIDED
    if credit.unpaid:
        return NOTHING, Why.UNPAID
    if by_date := reach.refusal(credit):
        return NOTHING, by_date
    if not credit.balance:
        return NOTHING, Why.NO_BALANCE
    in_scope = reach.in_scope(credit.scope)
    if credit.unit_item is not None:
        in_scope &= reach.of_item(credit.unit_item)
    in_time = in_scope & reach.in_time(credit)
    if in_scope and not in_time:
        # In scope of some lines and in time for others, but for none both.
        return NOTHING, Why.EXPIRED
    return Source(credit.balance, in_time), None


def _is_capped(credit: CreditFacts) -> bool:
    return credit.max_amount is not None or credit.max_percent is not None


class _Caps:
    """The most that credits may pay on this invoice, where they say so."""

    def __init__(self, payable: Sequence[int]) -> None:
        self.payable = payable
        self.by_lines: dict[int, int] = {}

    def hold(self, credit: CreditFacts, source: Source, refusal: Why | None) -> Claim:
        if refusal or not _is_capped(credit):
            return source, refusal
        payable = self.payable_on(source.scope)
        if not payable:
            # That, or having no lines, is the reason: no cap held it back.
            return source, None
        capacity = credit.balance
        if credit.max_amount is not None:
            capacity = min(capacity, credit.max_amount)
        if credit.max_percent is not None:
            share, of = credit.max_percent.as_integer_ratio()
            capacity = min(capacity, payable * share // (of * 100))
        return (Source(capacity, source.scope), None) if capacity else (NOTHING, Why.CAPPED)

    def payable_on(self, lines: int) -> int:
        if lines not in self.by_lines:
            self.by_lines[lines] = sum(
                amount for line, amount in enumerate(self.payable) if lines >> line & 1
            )
        return self.by_lines[lines]


def _by_line(payments: Iterable[Payment]) -> dict[int, int]:
    credited: dict[int, int] = {}
    for _, line, amount, _ in payments:
        credited[line] = credited.get(line, 0) + amount
    return credited


def _passed_over(
    found: Allocation, ordered: Sequence[CreditFacts], lines: Sequence[LineFacts]
) -> tuple[PassedOver, ...]:
    return tuple(
        PassedOver(ordered[place].key, lines[line].key, amount) for place, line, amount in found.passed_over
    )
