"""What the pages of price lists show: prices in words, which of them hold, and a worked example."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from customers.money import currency_decimals
from invoices.models import Price, PriceList
from invoices.pricing import PriceRefused, minor_units
from invoices.pricing_words import number_words, plan_words, step_words, sum_words
from invoices.rating import Plan, PlanRefused, rate

STATES = (("current", "Current"), ("coming", "Coming"), ("past", "Past"), ("replaced", "Replaced"))
STATE_BADGES = {"current": "live", "coming": "waiting", "past": "used", "replaced": "voided"}


@dataclass(frozen=True, slots=True)
class PriceRow:
    price: Price
    words: Sequence[str]
    state: str
    last_day: date | None

    @property
    def state_words(self) -> str:
        return dict(STATES)[self.state]

    @property
    def badge(self) -> str:
        return STATE_BADGES[self.state]


@dataclass(frozen=True, slots=True)
class Example:
    """What a quantity would come to: steps and the end, or why there is no answer."""

    quantity: str
    steps: Sequence[str]
    end: str
    refused: str = ""


def price_rows(prices: Iterable[Price], price_list: PriceList, today: date) -> list[PriceRow]:
    """Prices read `with_next()`."""
    return [_row(price, price_list, today) for price in prices]


def _row(price: Price, price_list: PriceList, today: date) -> PriceRow:
    following = price.next_from
    state = "coming" if price.effective_from > today else "current"
    if following == price.effective_from:
        state = "replaced"
    elif following and following <= today:
        state = "past"
    return PriceRow(
        price=price,
        words=plan_words(price.plan, price_list.currency, price.item.unit),
        state=state,
        last_day=following and following - timedelta(days=1),
    )


def price_words(price: Price | None) -> str:
    """All of a price in one line; nothing of none."""
    if price is None:
        return ""
    return ", ".join(plan_words(price.plan, price.price_list.currency, price.item.unit))


def example(plan: Plan, quantity: Decimal, currency: str) -> Example:
    shown = number_words(quantity)
    try:
        rated = rate(plan, quantity)
        amount = minor_units(rated.exact, currency_decimals(currency))
    except (PlanRefused, PriceRefused) as refused:
        return Example(shown, (), "", str(refused))
    steps = [step_words(plan.scheme, step, currency, plan.package_size) for step in rated.steps]
    return Example(shown, steps, sum_words(rated.exact, amount, currency))


def lists_today(now: datetime) -> date:
    """A list has no zone of its own: the day is that of the house, as in reports."""
    return now.astimezone(ZoneInfo(settings.SCRIP_TIME_ZONE)).date()
