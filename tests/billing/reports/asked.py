"""Reports as tests ask for them, and a check of all five against the recount."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from billing.reports.breakage import breakage
from billing.reports.cost_basis import CostRow, cost_basis
from billing.reports.days import Period, age_words
from billing.reports.entries import CreditClass
from billing.reports.owed import owed
from billing.reports.roll_forward import roll_forward
from billing.reports.use import use
from credits.grant_terms import Terms
from credits.models import AppliesTo, Credit
from credits.services import credit_grant
from customers.models import Account
from invoices.models import Item
from tests.billing.reports.recount import Class, Recount
from tests.factories import GRANTED, by_now

BEGINNING = "2025-01-01"


def asked(as_of: str, since: str = BEGINNING, zone: str = "UTC") -> Period:
    return Period(date.fromisoformat(since), date.fromisoformat(as_of), ZoneInfo(zone))


def some_units(account: Account, item: Item, units: int, **more: Any) -> Credit:
    """A credit of free units, in millionths, granted on 1 August."""
    promise = Terms(
        name="Units",
        priority=50,
        effective_from=date(2026, 8, 1),
        units=units,
        unit_item=item,
        applies_to=AppliesTo.SELECTED,
        items=(item,),
        **more,
    )
    return credit_grant(account=account, terms=promise, reason="", **by_now(GRANTED))


def key(of: CreditClass) -> Class:
    return of.currency, of.category, of.item_id


def owed_sums(period: Period) -> dict[tuple[Class, str], tuple[int, int]]:
    report = owed(period)
    assert report.untied == []
    return {(key(row.of), age_words()[row.age]): (row.credits, row.amount) for row in report.rows}


def cost_rows(period: Period) -> dict[str, CostRow]:
    report = cost_basis(period)
    assert report.untied == []
    return {row.name: row for row in report.rows}


def rolled(period: Period) -> dict[Class, dict[str, int]]:
    """By class; all lines of it without those that are zero."""
    found = {}
    for row in roll_forward(period):
        assert row.difference == 0
        flow = row.flow
        lines = {
            "opening": row.opening,
            "granted": flow.granted,
            "used": flow.used,
            "voided": flow.voided,
            "expired": flow.expired,
            "closing": row.closing,
        }
        found[key(row.of)] = {name: value for name, value in lines.items() if value}
    return found


def recounted(recount: Recount, period: Period) -> None:
    """Every figure of every report is what plain Python finds in the entries."""
    since, as_of = period.since, period.as_of
    assert owed_sums(period) == recount.owed(as_of)
    _rolled_recounted(recount, period)
    ended = breakage(period)
    assert ended.untied == []
    assert {
        (key(row.of), row.month.year, row.month.month): _not_zero(voided=row.voided, expired=row.expired)
        for row in ended.rows
    } == {place: _not_zero(**sums) for place, sums in recount.ended(since, as_of).items()}
    used = use(period)
    assert used.untied == []
    assert {
        (row.month.year, row.month.month, row.currency, row.item_id): _not_zero(
            money=row.by_money, by_units=row.by_units, units=row.units
        )
        for row in used.rows
    } == {
        place: _not_zero(money=sums["money"], by_units=sums["by units"], units=sums["units"])
        for place, sums in recount.used(since, as_of).items()
    }
    cost = cost_basis(period)
    assert cost.untied == []
    assert {row.credit_id: (row.price, row.earned_on_use, row.deferred) for row in cost.rows} == (
        recount.earned(as_of)
    )


def _rolled_recounted(recount: Recount, period: Period) -> None:
    wanted = {}
    for of, sums in recount.by_kind(period.since, period.as_of).items():
        lines = {name: sums[name] for name in ("opening", "granted", "closing")}
        lines |= {"used": -sums["applied"] - sums["reversed"]}
        lines |= {name: -sums[name] for name in ("voided", "expired")}
        assert (
            lines["opening"] + lines["granted"] - lines["used"] - lines["voided"] - lines["expired"]
            == lines["closing"]
        )
        wanted[of] = {name: value for name, value in lines.items() if value}
    found = rolled(period)
    assert {of: lines for of, lines in found.items() if lines} == {
        of: lines for of, lines in wanted.items() if lines
    }


def _not_zero(**sums: Any) -> dict[str, int]:
    return {name: value for name, value in sums.items() if value}
