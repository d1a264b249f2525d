"""What a quantity costs: every scheme, at its boundaries, against reckoning in fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.pricing import minor_units
from invoices.rating import SCHEMES, Plan, PlanRefused, Rated, Scheme, Tier, rate


def d(text: str) -> Decimal:
    return Decimal(text)


def tiers(*bounds_and_prices: tuple[str, str] | tuple[str, str, str]) -> tuple[Tier, ...]:
    """`tiers(("1000", "0.002"), ("", "0.001", "5"))`: up to, unit price, flat fee."""
    return tuple(
        Tier(d(up_to) if up_to else None, d(price), d(fee[0]) if fee else d("0"))
        for up_to, price, *fee in bounds_and_prices
    )


TIERED = tiers(("1000", "0.002"), ("10000", "0.001"), ("", "0.0005"))
FEES = tiers(("10", "5", "1"), ("", "4", "100"))
PER_UNIT = Plan("per_unit", tiers(("", "0.0004")))
GRADUATED, VOLUME = Plan("graduated", TIERED), Plan("volume", TIERED)
PACKAGES = Plan("package", tiers(("", "3")), d("1000"))

EXAMPLES = [
    (PER_UNIT, "0", "0"),
    (PER_UNIT, "1", "0.0004"),
    (PER_UNIT, "123456", "49.3824"),
    (PER_UNIT, "0.5", "0.0002"),
    (Plan("per_unit", tiers(("", "0.000000000001"))), "1", "0.000000000001"),
    (Plan("per_unit", tiers(("", "2", "10"))), "3", "16"),
    (Plan("per_unit", tiers(("", "2", "10"))), "0", "0"),
    (GRADUATED, "0", "0"),
    (GRADUATED, "999", "1.998"),
    (GRADUATED, "1000", "2"),
    (GRADUATED, "1001", "2.001"),
    (GRADUATED, "1500", "2.5"),
    (GRADUATED, "10000", "11"),
    (GRADUATED, "10001", "11.0005"),
    (GRADUATED, "1000.5", "2.0005"),
    (Plan("graduated", FEES), "10", "51"),
    (Plan("graduated", FEES), "11", "155"),
    (VOLUME, "0", "0"),
    (VOLUME, "1000", "2"),
    (VOLUME, "1001", "1.001"),
    (VOLUME, "10000", "10"),
    (VOLUME, "10001", "5.0005"),
    (Plan("volume", FEES), "10", "51"),
    (Plan("volume", FEES), "11", "144"),
    (PACKAGES, "0", "0"),
    (PACKAGES, "0.000001", "3"),
    (PACKAGES, "1000", "3"),
    (PACKAGES, "1000.000001", "6"),
    (PACKAGES, "2500", "9"),
    (Plan("package", tiers(("", "3", "0.5")), d("0.25")), "0.6", "9.5"),
]


@pytest.mark.parametrize(("plan", "quantity", "exact"), EXAMPLES)
def test_what_a_quantity_costs(plan: Plan, quantity: str, exact: str) -> None:
    assert rate(plan, d(quantity)).exact == d(exact)


@pytest.mark.parametrize(("plan", "quantity", "exact"), EXAMPLES)
def test_a_correction_takes_back_what_its_quantity_alone_would_have_cost(
    plan: Plan, quantity: str, exact: str
) -> None:
    taken = rate(plan, -d(quantity))
    assert taken.exact == -d(exact)
    assert [step.amount for step in taken.steps] == [-step.amount for step in rate(plan, d(quantity)).steps]


def test_graduated_steps_say_which_part_of_the_quantity_fell_where() -> None:
    rated = rate(GRADUATED, d("1500"))
    assert [
        (step.above, step.up_to, step.quantity, step.unit_price, step.amount) for step in rated.steps
    ] == [
        (d("0"), d("1000"), d("1000"), d("0.002"), d("2")),
        (d("1000"), d("10000"), d("500"), d("0.001"), d("0.5")),
    ]


def test_a_volume_step_is_the_whole_quantity_in_the_tier_it_reaches() -> None:
    [step] = rate(VOLUME, d("1500")).steps
    assert (step.above, step.up_to, step.quantity, step.unit_price) == (
        d("1000"),
        d("10000"),
        d("1500"),
        d("0.001"),
    )


def test_a_package_step_counts_the_packages_begun() -> None:
    [step] = rate(PACKAGES, d("1500")).steps
    assert (step.packages, step.quantity, step.unit_price, step.amount) == (2, d("1500"), d("3"), d("6"))
    [taken] = rate(PACKAGES, d("-1500")).steps
    assert (taken.packages, taken.quantity, taken.amount) == (-2, d("-1500"), d("-6"))


@pytest.mark.parametrize(
    ("quantity", "decimals", "minor"),
    [("1500", 2, 250), ("1500", 0, 2), ("1500", 3, 2500), ("1000.5", 3, 2000), ("1250", 2, 225)],
)
def test_r1_the_sum_is_rounded_once_half_even_to_dollars_yen_and_dinars(
    quantity: str, decimals: int, minor: int
) -> None:
    assert minor_units(rate(GRADUATED, d(quantity)).exact, decimals) == minor


def test_r1_steps_are_not_rounded_each() -> None:
    plan = Plan("graduated", tiers(("1", "0.004"), ("2", "0.004"), ("", "0.004")))
    rated = rate(plan, d("3"))
    assert [minor_units(step.amount, 2) for step in rated.steps] == [0, 0, 0]
    assert minor_units(rated.exact, 2) == 1


NONSENSE = {
    "is of no known scheme": (("sliding", tiers(("", "1")), None), "reckoned"),
    "has no tiers": (("graduated", (), None), "1 to 50 tiers"),
    "has too many": (
        ("volume", (*tiers(*((str(n), "1") for n in range(1, 51))), Tier(None, d("1"))), None),
        "1 to 50",
    ),
    "has two tiers per unit": (("per_unit", tiers(("1", "1"), ("", "1")), None), "one tier"),
    "has two tiers of packages": (("package", tiers(("1", "1"), ("", "1")), d("5")), "one tier"),
    "has a last tier with an end": (("graduated", tiers(("1", "1")), None), "last tier is open"),
    "is open in the middle": (("graduated", tiers(("", "1"), ("", "1")), None), "only the last tier"),
    "has tiers that fall": (("graduated", tiers(("5", "1"), ("4", "1"), ("", "1")), None), "above 5"),
    "has an empty tier": (("volume", tiers(("5", "1"), ("5", "1"), ("", "1")), None), "Tier 2.*above 5"),
    "has a tier up to zero": (("volume", tiers(("0", "1"), ("", "1")), None), "Tier 1.*above 0"),
    "has a price below zero": (("per_unit", tiers(("", "-1")), None), "A price and a fee are zero or more"),
    "has a price below zero in a tier": (
        ("volume", tiers(("5", "1"), ("", "-1")), None),
        "Tier 2: a price and a fee are zero",
    ),
    "has a fee below zero": (("per_unit", tiers(("", "1", "-1")), None), "zero or more"),
    "has a price that is no number": (("per_unit", (Tier(None, d("NaN")),), None), "zero or more"),
    "has a price of floating point": (("per_unit", (Tier(None, 0.1),), None), "zero or more"),  # type: ignore[arg-type]
    "has an endless bound": (("volume", (Tier(d("Infinity"), d("1")), *tiers(("", "1"))), None), "Tier 1"),
    "has packages of no size": (("package", tiers(("", "1")), None), "how many units"),
    "has packages of size zero": (("package", tiers(("", "1")), d("0")), "more than zero"),
    "has packages of a size below zero": (("package", tiers(("", "1")), d("-5")), "more than zero"),
    "has a package size, but no packages": (("per_unit", tiers(("", "1")), d("5")), "no other"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_a_plan_is_refused_that(case: str) -> None:
    (scheme, bands, size), sentence = NONSENSE[case]
    with pytest.raises(PlanRefused, match=sentence):
        Plan(scheme, bands, size)  # type: ignore[arg-type]


@pytest.mark.parametrize("plan", [PER_UNIT, GRADUATED, VOLUME, PACKAGES])
@pytest.mark.parametrize("quantity", [d("NaN"), d("Infinity"), 1.5, 3, d("1" * 90), d("1" * 90 + ".1")])
def test_a_quantity_is_refused_that_no_exact_sum_can_be_had_of(plan: Plan, quantity: Decimal) -> None:
    with pytest.raises(PlanRefused):
        rate(plan, quantity)


figures = st.decimals(min_value=0, max_value=10**6, places=6)
prices = st.decimals(min_value=0, max_value=1000, places=12)
fees = st.one_of(st.just(Decimal(0)), st.decimals(min_value=0, max_value=100, places=4))


@st.composite
def plans(draw: st.DrawFn, schemes: tuple[Scheme, ...] = SCHEMES, with_fees: bool = True) -> Plan:
    scheme = draw(st.sampled_from(schemes))
    tiered = scheme in ("graduated", "volume")
    bounds = draw(st.lists(figures.filter(bool), max_size=6 if tiered else 0, unique=True))
    fee = fees if with_fees else st.just(Decimal(0))
    bands = tuple(Tier(up_to, draw(prices), draw(fee)) for up_to in (*sorted(bounds), None))
    return Plan(scheme, bands, draw(figures.filter(bool)) if scheme == "package" else None)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, Decimal]:
    """A plan, and a quantity that is often right on a bound or just past one."""
    plan = draw(plans())
    bounds = [tier.up_to for tier in plan.tiers if tier.up_to] + [plan.package_size or Decimal(1)]
    tiny = Decimal("0.000001")
    near = st.sampled_from([*bounds, *(bound + tiny for bound in bounds)])
    return plan, draw(st.one_of(figures, near, st.just(Decimal(0))))


def oracle(plan: Plan, quantity: Decimal) -> Fraction:
    """The same rules, reckoned another way: in fractions, from the top tier down."""
    q = Fraction(quantity)
    if q == 0:
        return Fraction(0)
    if plan.package_size:
        return -(-q // Fraction(plan.package_size)) * Fraction(plan.tiers[0].unit_price) + Fraction(
            plan.tiers[0].flat_fee
        )
    floors = [Fraction(0), *(Fraction(tier.up_to) for tier in plan.tiers if tier.up_to is not None)]
    entered = [(tier, floor) for tier, floor in zip(plan.tiers, floors, strict=True) if q > floor]
    if plan.scheme == "volume":
        [*_, (tier, _floor)] = entered
        return q * Fraction(tier.unit_price) + Fraction(tier.flat_fee)
    cost, rest = Fraction(0), q
    for tier, floor in reversed(entered):
        cost += (rest - floor) * Fraction(tier.unit_price) + Fraction(tier.flat_fee)
        rest = floor
    return cost


def rounded_half_even(exact: Fraction) -> int:
    return round(exact)


@given(cases(), st.sampled_from([0, 2, 3]))
def test_r1_rated_and_rounded_once_is_what_fractions_say(case: tuple[Plan, Decimal], decimals: int) -> None:
    plan, quantity = case
    rated, expected = rate(plan, quantity), oracle(plan, quantity)
    assert Fraction(rated.exact) == expected
    assert minor_units(rated.exact, decimals) == rounded_half_even(expected * 10**decimals)


@given(cases())
def test_the_parts_add_up(case: tuple[Plan, Decimal]) -> None:
    plan, quantity = case
    rated = rate(plan, quantity)
    assert sum((step.quantity for step in rated.steps), Decimal(0)) == quantity
    assert sum((Fraction(step.amount) for step in rated.steps), Fraction(0)) == Fraction(rated.exact)
    for step in rated.steps:
        counted = step.quantity if step.packages is None else Decimal(step.packages)
        assert Fraction(step.amount) == Fraction(counted) * Fraction(step.unit_price) + Fraction(
            step.flat_fee
        )
        if plan.scheme == "graduated":
            assert step.up_to is None or step.above + step.quantity <= step.up_to


@given(cases())
def test_a_correction_is_the_mirror_of_its_quantity(case: tuple[Plan, Decimal]) -> None:
    plan, quantity = case
    assert rate(plan, -quantity).exact == -rate(plan, quantity).exact


@given(plans(("per_unit", "graduated", "package")), figures, figures)
def test_more_never_costs_less_except_by_volume(plan: Plan, one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))
    assert rate(plan, less).exact <= rate(plan, more).exact


@given(plans(("graduated",), with_fees=False))
def test_without_fees_graduated_tiers_join_without_a_leap(plan: Plan) -> None:
    tiny = Decimal("0.000000000001")
    most = Fraction(max(tier.unit_price for tier in plan.tiers)) * Fraction(tiny)
    for tier in plan.tiers:
        if tier.up_to is not None:
            at, past = rate(plan, tier.up_to), rate(plan, tier.up_to + tiny)
            assert 0 <= Fraction(past.exact) - Fraction(at.exact) <= most


@given(plans(("graduated", "volume")), figures)
def test_tiers_of_one_price_are_a_price_per_unit(plan: Plan, quantity: Decimal) -> None:
    price = plan.tiers[0].unit_price
    alike = Plan(plan.scheme, tuple(Tier(tier.up_to, price) for tier in plan.tiers))
    assert rate(alike, quantity).exact == rate(Plan("per_unit", (Tier(None, price),)), quantity).exact


def test_zero_has_no_steps() -> None:
    assert rate(GRADUATED, d("0.000")) == Rated(exact=Decimal(0), steps=())
