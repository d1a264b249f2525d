"""Accounts that are billed by charges and usage: their prices, their usage files, and each month's drafts.

A usage file comes in on the first of the next month, and the drafts are made of it; for the current month,
of what was used until yesterday. Some calls of an earlier month are taken back once that is billed.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO

from django.conf import settings

from billing.demo.days import Days, moment
from billing.demo.prices import (
    CAMPUS,
    CHARGES,
    DAILY_USE,
    FIRST_MONTH,
    METERED,
    PRICE_LISTS,
    PRICES,
    ChargeFact,
    PriceFact,
)
from billing.demo.step import Step, demo_token
from customers.acts import Actor
from customers.models import Account
from invoices.charges import charge_add
from invoices.models import Item, PriceList
from invoices.plan_text import plan_read
from invoices.price_services import account_price_list_set, price_add, price_list_add
from invoices.recurring_run import drafts_run
from invoices.usage_days import Zones
from invoices.usage_records import (
    records_token,
    usage_record_add,
    usage_records_import,
    zone_default,
    zones_known,
)
from invoices.usage_source import usage_days_source_read

TAKEN_BACK = ("AC-1011", "api-calls", "-12000")


class Recurring:
    def __init__(
        self, days: Days, by: Actor, items: Mapping[str, Item], accounts: Mapping[str, Account]
    ) -> None:
        self.days = days
        self.by = by
        self.items = items
        self.accounts = accounts
        self.price_lists: dict[str, PriceList] = {}

    def steps(self) -> Iterator[Step]:
        month, latest = self.days.month, self.days.latest
        for each in PRICE_LISTS:
            yield Step(moment(month(-7, 20), 9), partial(self._price_list, *each))
        for number, fact in enumerate(PRICES):
            set_in = max(-7, min(fact.since, 0) - 1)
            yield Step(moment(month(set_in, 21), 9), partial(self._price, number, fact))
        yield Step(moment(month(FIRST_MONTH - 1, 22), 9), self._choose)
        for number, charge in enumerate(CHARGES):
            yield Step(moment(month(charge.since[0] - 1, 24), 9), partial(self._charge, number, charge))
        for offset in range(FIRST_MONTH, 0):
            first = month(offset + 1)
            yield Step(moment(first, 4), partial(self._use, offset, first))
            yield Step(moment(first, 5), partial(self._draft, offset))
        yield Step(moment(month(0, 3), 14), self._take_back)
        # Once last month's drafts are there, or these would take in what is last month's.
        now = max(latest, moment(month(0), 6))
        yield Step(now, partial(self._use, 0, self.days.today))
        yield Step(now, partial(self._draft, 0))

    def _price_list(self, key: str, name: str, currency: str, is_default: bool, now: datetime) -> None:
        self.price_lists[key] = price_list_add(
            key=key,
            name=name,
            currency=currency,
            is_default=is_default,
            by=self.by,
            now=now,
            token=demo_token("price_list", key),
        )

    def _price(self, number: int, fact: PriceFact, now: datetime) -> None:
        tiers = [
            {"up_to": up_to or None, "unit_price": price, "flat_fee": fee} for up_to, price, fee in fact.tiers
        ]
        price_add(
            price_list=self.price_lists[fact.price_list],
            item=self.items[fact.item],
            plan=plan_read(fact.scheme, tiers, Decimal(fact.package_size) if fact.package_size else None),
            effective_from=self.days.month(fact.since),
            by=self.by,
            now=now,
            token=demo_token("price", number),
        )

    def _choose(self, now: datetime) -> None:
        account, price_list = CAMPUS
        account_price_list_set(
            account=self.accounts[account],
            price_list=self.price_lists[price_list],
            effective_from=self.days.month(FIRST_MONTH),
            by=self.by,
            now=now,
            token=demo_token("choice", account),
        )

    def _charge(self, number: int, fact: ChargeFact, now: datetime) -> None:
        charge_add(
            account=self.accounts[fact.account],
            item=self.items[fact.item],
            description=fact.description,
            quantity=Decimal(fact.quantity),
            unit_price=Decimal(fact.unit_price),
            starts_on=self.days.month(*fact.since),
            ends_on=None,
            prorated=True,
            by=self.by,
            now=now,
            token=demo_token("charge", number),
        )

    def _use(self, offset: int, until: date, now: datetime) -> None:
        """The meters' file of a month, up to the day before `until`."""
        first = self.days.month(offset)
        usage, digest = usage_days_source_read(
            BytesIO("\n".join(usage_file(first, until)).encode()),
            period_start=first,
            period_end=self.days.month(offset + 1),
            currencies=settings.CURRENCIES,
            zones=Zones(zones_known(), zone_default()),
        )
        if usage.days:
            token = records_token(digest, first)
            usage_records_import(usage=usage, digest=digest, month=first, by=self.by, now=now, token=token)

    def _draft(self, offset: int, now: datetime) -> None:
        result = drafts_run(month=self.days.month(offset), by=self.by, now=now)
        if result.left:
            raise RuntimeError(f"The demo left an account: {result.left[0].reason}")

    def _take_back(self, now: datetime) -> None:
        account, item, quantity = TAKEN_BACK
        usage_record_add(
            account=self.accounts[account],
            item=self.items[item],
            quantity=Decimal(quantity),
            day=self.days.month(-1, 20),
            reason="Calls of a load test of ours",
            by=self.by,
            now=now,
            token=demo_token("taken_back"),
        )


def usage_file(first: date, until: date) -> Iterator[str]:
    """A daily usage file, with less on weekends."""
    customers = {fact.key: fact.customer for fact in METERED}
    yield "customer,account,item,day,quantity"
    for number in range((until - first).days):
        day = first + timedelta(days=number)
        share = Decimal("0.3") if day.weekday() > 4 else Decimal(90 + day.toordinal() * 7 % 23) / 100
        for account, item, quantity in DAILY_USE:
            used = Decimal(quantity) * share
            whole = used if "." in quantity else used.to_integral_value()
            yield f"{customers[account]},{account},{item},{day},{whole}"
