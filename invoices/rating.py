"""What a quantity costs under a price, exactly, and how that came about. Pure: values in, values out (R1).

A plan has a scheme and tiers. A tier reaches up to and including its `up_to`; the last one is open. All
arithmetic is exact, with unit prices of any fraction of a cent: `Rated.exact` is never rounded here. A line
rounds it once, half-even, to the minor unit of its currency (`invoices.pricing.minor_units`).

- `per_unit`: one tier; the quantity times its unit price.
- `graduated`: each tier's part of the quantity at that tier's unit price.
- `volume`: the whole quantity at the unit price of the tier that it reaches. So it may cost less than a
  slightly smaller quantity does.
- `package`: one tier, whose unit price is that of a package; a package that is begun is paid whole.

A tier's flat fee is due once something falls into the tier (for `volume`: into the tier that is reached), so
nothing used costs nothing, whatever the scheme: what is due without use is a charge of its own.

A quantity below zero (what is left of corrections once they are summed up with the use of their period)
takes back what that quantity alone would have cost: `rate(plan, -q)` is `rate(plan, q)` with signs turned.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, Inexact, InvalidOperation, localcontext
from typing import Literal, get_args

from invoices.pricing import WIDE

Scheme = Literal["per_unit", "graduated", "volume", "package"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
MOST_TIERS = 50
ZERO = Decimal(0)


class PlanRefused(ValueError):
    """A plan that prices nothing, or a quantity no exact sum can be had of, with a sentence."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and including `up_to`, or without end."""

    up_to: Decimal | None
    unit_price: Decimal
    flat_fee: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Plan:
    """Refuses to be made of nonsense, so whoever holds one can rate by it."""

    scheme: Scheme
    tiers: tuple[Tier, ...]
    package_size: Decimal | None = None

    def __post_init__(self) -> None:
        _plan_check(self)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the amount: `quantity × unit_price + flat_fee`, or `packages × unit_price + flat_fee`.

    It is what lies above `above`, up to and including `up_to` (None: without end) of the tier.
    """

    quantity: Decimal
    unit_price: Decimal
    flat_fee: Decimal
    amount: Decimal
    above: Decimal = ZERO
    up_to: Decimal | None = None
    packages: int | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """The exact amount, in whole units of a currency, and its steps, which add up to it."""

    exact: Decimal
    steps: tuple[Step, ...]


def rate(plan: Plan, quantity: Decimal) -> Rated:
    """What `quantity` costs. Refuses one with so many digits that the sum would have to be rounded."""
    if not isinstance(quantity, Decimal) or not quantity.is_finite():
        raise PlanRefused("A quantity is a finite decimal number.")
    with localcontext(WIDE) as context:
        context.traps[Inexact] = True
        try:
            steps = tuple(_steps(plan, abs(quantity)))
            if quantity < 0:
                steps = tuple(_turned(step) for step in steps)
            return Rated(exact=sum((step.amount for step in steps), ZERO), steps=steps)
        except (Inexact, InvalidOperation):
            raise PlanRefused("The quantity has more digits than an exact sum can be had of.") from None


def _steps(plan: Plan, quantity: Decimal) -> Iterator[Step]:
    if not quantity:
        return
    if plan.scheme == "package":
        yield _package_step(plan, quantity)
        return
    above = ZERO
    for tier in plan.tiers:
        reached = tier.up_to is None or quantity <= tier.up_to
        if plan.scheme != "volume":
            yield _tier_step(tier, above, (quantity if reached else tier.up_to or ZERO) - above)
        elif reached:
            yield _tier_step(tier, above, quantity)
        if reached:
            return
        above = tier.up_to or ZERO


def _tier_step(tier: Tier, above: Decimal, quantity: Decimal) -> Step:
    amount = quantity * tier.unit_price + tier.flat_fee
    return Step(quantity, tier.unit_price, tier.flat_fee, amount, above, tier.up_to)


def _package_step(plan: Plan, quantity: Decimal) -> Step:
    [tier] = plan.tiers
    whole, begun = divmod(quantity, plan.package_size or ZERO)
    packages = int(whole) + bool(begun)
    amount = packages * tier.unit_price + tier.flat_fee
    return Step(quantity, tier.unit_price, tier.flat_fee, amount, packages=packages)


def _turned(step: Step) -> Step:
    return replace(
        step,
        quantity=-step.quantity,
        flat_fee=ZERO - step.flat_fee,
        amount=ZERO - step.amount,
        packages=None if step.packages is None else -step.packages,
    )


def _plan_check(plan: Plan) -> None:
    if plan.scheme not in SCHEMES:
        raise PlanRefused(f"No price is reckoned “{plan.scheme}”: it is one of {', '.join(SCHEMES)}.")
    if plan.scheme in ("per_unit", "package") and len(plan.tiers) != 1:
        raise PlanRefused("A price per unit or per package has one tier.")
    if not 1 <= len(plan.tiers) <= MOST_TIERS:
        raise PlanRefused(f"A price has 1 to {MOST_TIERS} tiers.")
    if (plan.package_size is not None) != (plan.scheme == "package"):
        raise PlanRefused("A price per package, and no other, says how many units a package holds.")
    if plan.package_size is not None and not _sane(plan.package_size, least_above=ZERO):
        raise PlanRefused("A package holds more than zero units.")
    _tiers_check(plan.tiers)


def _tiers_check(tiers: tuple[Tier, ...]) -> None:
    above = ZERO
    for number, tier in enumerate(tiers, start=1):
        where = f"Tier {number}: a" if len(tiers) > 1 else "A"
        if not _sane(tier.unit_price) or not _sane(tier.flat_fee):
            raise PlanRefused(f"{where} price and a fee are zero or more.")
        if number == len(tiers):
            if tier.up_to is not None:
                raise PlanRefused("The last tier is open: it has no upper bound.")
        elif tier.up_to is None:
            raise PlanRefused(f"Tier {number}: only the last tier is open, without an upper bound.")
        elif not _sane(tier.up_to, least_above=above):
            raise PlanRefused(f"Tier {number}: its upper bound lies above {above:f}, where it begins.")
        else:
            above = tier.up_to


def _sane(number: Decimal, *, least_above: Decimal | None = None) -> bool:
    if not isinstance(number, Decimal) or not number.is_finite():
        return False
    return number >= 0 if least_above is None else number > least_above
