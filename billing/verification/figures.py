"""Checks that need exact arithmetic, which SQL does not have: line amounts, and corrections (R1, R12)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import groupby
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from billing.verification.check import CHUNK, LINE, Check, rows
from customers.money import currency_decimals
from invoices.models import Line

CORRECTED = """
    SELECT i.id AS invoice, COALESCE(i.number, 'draft') AS invoice_number, l.position AS position,
        l.item_id AS item, l.kind AS kind, l.amount AS amount, COALESCE(s.applied, 0) AS applied
    FROM invoices_line l JOIN invoices_invoice i ON i.id = l.invoice_id
    LEFT JOIN (SELECT line_id, -SUM(amount) AS applied FROM credits_entry WHERE kind = 'applied'
        GROUP BY line_id) s ON s.line_id = l.id
    WHERE i.credited > 0 AND EXISTS (SELECT 1 FROM invoices_line n WHERE n.invoice_id = i.id AND n.amount < 0)
    ORDER BY i.id, l.position
"""
LINE_COLUMNS = (
    "position",
    "invoice_id",
    "invoice__number",
    "quantity",
    "unit_price",
    "exact_amount",
    "currency",
    "amount",
)

minor_units = cache(lambda currency: 10 ** currency_decimals(currency))


def wrong_amounts(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Quantity × unit price, or the exact sum a line was imported with, rounded once, half-even."""
    lines = Line.objects.order_by("invoice_id", "position").values_list(*LINE_COLUMNS)
    for position, invoice, number, quantity, price, exact, currency, amount in lines.iterator(CHUNK):
        sum_ = Fraction(exact) if exact else Fraction(quantity) * Fraction(price)
        expected = round(sum_ * minor_units(currency))
        if amount != expected:
            name = LINE.format(position=position, invoice=invoice, invoice_number=number or "draft")
            source = f"its exact sum {exact}" if exact else f"{quantity:f} × {price:f}"
            yield f"{name}its amount is {amount}, and {source} is {expected}"


def wrong_steps(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """What a price list made of a quantity: steps of quantity × unit price and fee, that add up to it; and
    what a charge by the month came to for some of its days."""
    rated = Line.objects.exclude(pricing={}).order_by("invoice_id", "position")
    columns = ("position", "invoice_id", "invoice__number", "exact_amount", "pricing")
    for position, invoice, number, exact, pricing in rated.values_list(*columns).iterator(CHUNK):
        if not _adds_up(pricing, exact):
            name = LINE.format(position=position, invoice=invoice, invoice_number=number or "draft")
            yield f"{name}the steps of its price do not add up to its exact sum {exact or '(none)'}"


def _adds_up(pricing: dict[str, Any], exact: str) -> bool:
    """Whatever cannot be read as steps does not."""
    try:
        if pricing["scheme"] == "charge":
            return _is_part(pricing, exact)
        steps = [_numbers(step) for step in pricing["steps"]]
        return Fraction(exact) == sum(amount for *_, amount in steps) and all(
            amount == counted * price + fee for counted, price, fee, amount in steps
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return False


def _is_part(pricing: dict[str, Any], exact: str) -> bool:
    """A whole month is priced by quantity and unit price; any other keeps its part to 40 decimals."""
    whole = Fraction(pricing["quantity"]) * Fraction(pricing["unit_price"])
    part = whole * pricing["days"] / pricing["days_of_month"]
    return abs(Fraction(exact) - part) < Fraction(1, 10**39) if pricing["prorated"] else not exact


def _numbers(step: dict[str, Any]) -> tuple[Fraction, ...]:
    figures = (step.get("packages", step["quantity"]), step["unit_price"], step["flat_fee"], step["amount"])
    return tuple(Fraction(figure) for figure in figures)


def overpaid_after_corrections(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """A negative line lowers what credits may pay on the others."""
    for _, group in groupby(rows(connection, CORRECTED), key=lambda row: row["invoice"]):
        lines = list(group)
        for row, payable in zip(lines, lowered(lines), strict=True):
            if row["applied"] > payable:
                text = "credits paid {applied} on it, and after corrections {payable} was to be paid"
                yield (LINE + text).format(payable=payable, **row)


def lowered(lines: Sequence[dict[str, Any]]) -> list[int]:
    """What is payable on each line: own item first from the top, own kind, the rest from the bottom."""
    payable = [max(line["amount"], 0) for line in lines]
    for correction in lines:
        rest = max(-correction["amount"], 0)

        def turn(place: int, negative: dict[str, Any] = correction) -> tuple[int, int]:
            if lines[place]["item"] == negative["item"]:
                return 0, place
            return (1, place) if lines[place]["kind"] == negative["kind"] else (2, -place)

        for place in sorted(range(len(lines)), key=turn):
            taken = min(rest, payable[place])
            payable[place] -= taken
            rest -= taken
    return payable


FIGURE_CHECKS = (
    Check("the amount of a line is its price, rounded once", wrong_amounts),
    Check("the steps of a rated line add up to its exact sum", wrong_steps),
    Check("credits pay only what corrections leave", overpaid_after_corrections),
)
