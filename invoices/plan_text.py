"""How plans and what they came to are kept: codes and decimal strings, never floating point (R1).

Tiers: `[{"up_to": "1000", "unit_price": "0.002", "flat_fee": "0"}, …, {"up_to": null, …}]`.

Steps: `[{"quantity", "unit_price", "flat_fee", "amount", "above", "up_to"}, …]`, and `packages` where they
were counted.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from invoices.pricing import PriceRefused, decimal_parse
from invoices.rating import Plan, PlanRefused, Scheme, Step, Tier

FIGURES = ("quantity", "unit_price", "flat_fee", "amount")
TIER = frozenset({"up_to", "unit_price", "flat_fee"})


def plan_read(scheme: str, tiers: Any, package_size: Decimal | None) -> Plan:
    """The plan that these stand for. Refuses what `tiers_text` does not write."""
    if not isinstance(tiers, Sequence) or isinstance(tiers, str) or not all(_is_tier(tier) for tier in tiers):
        raise PlanRefused("Tiers are a list, each with up_to, unit_price and flat_fee as decimal strings.")
    read = (
        Tier(
            up_to=None if tier["up_to"] is None else _number(tier["up_to"]),
            unit_price=_number(tier["unit_price"]),
            flat_fee=_number(tier["flat_fee"]),
        )
        for tier in tiers
    )
    return Plan(cast("Scheme", scheme), tuple(read), package_size)


def tiers_text(plan: Plan) -> list[dict[str, str | None]]:
    return [
        {
            "up_to": None if tier.up_to is None else plain(tier.up_to),
            "unit_price": plain(tier.unit_price),
            "flat_fee": plain(tier.flat_fee),
        }
        for tier in plan.tiers
    ]


def steps_text(steps: Sequence[Step]) -> list[dict[str, str | int | None]]:
    return [
        {
            **{name: plain(getattr(step, name)) for name in FIGURES},
            "above": plain(step.above),
            "up_to": None if step.up_to is None else plain(step.up_to),
            **({} if step.packages is None else {"packages": step.packages}),
        }
        for step in steps
    ]


def steps_read(steps: Sequence[dict[str, Any]]) -> list[Step]:
    return [
        Step(
            **{name: Decimal(step[name]) for name in FIGURES},
            above=Decimal(step["above"]),
            up_to=None if step["up_to"] is None else Decimal(step["up_to"]),
            packages=step.get("packages"),
        )
        for step in steps
    ]


def plain(number: Decimal) -> str:
    """Digits and a point, without exponent or trailing zeros: the same number is the same text."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_tier(tier: Any) -> bool:
    return (
        isinstance(tier, dict)
        and tier.keys() == TIER
        and all(isinstance(tier[name], str) for name in ("unit_price", "flat_fee"))
        and (tier["up_to"] is None or isinstance(tier["up_to"], str))
    )


def _number(text: str) -> Decimal:
    try:
        return decimal_parse(text)
    except PriceRefused as refused:
        raise PlanRefused(str(refused)) from refused
