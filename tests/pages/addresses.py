"""Every address of the product, found by walking the resolver, and one house whose rows fill their places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver

from billing.models import Run
from credits.models import Balance, Credit, Entry, Notice, NoticeRule, Schedule, ScopeRow
from credits.telling import notice_rule_set, notices_tell
from customers.models import Account, Act, Customer
from invoices.models import (
    AccountPriceList,
    BilledMonth,
    Charge,
    Invoice,
    Item,
    Kind,
    Line,
    Price,
    PriceList,
    Series,
    UsageRecord,
)
from tests.credits.batches import granted
from tests.factories import (
    a_credit,
    a_draft,
    a_run,
    a_schedule,
    an_account,
    an_invoice,
    an_item,
    at,
    by_now,
    day,
)
from tests.invoices.prices import a_price, a_price_list, uses
from tests.invoices.recurring import a_charge, a_usage

# Pages that need a draft; all others of an invoice take the issued one.
OF_A_DRAFT = {"invoice_edit", "invoice_discard", "invoice_issue"}


@dataclass(frozen=True, slots=True)
class House:
    """An account with one live credit, one issued invoice that it paid, one draft, one schedule, one notice
    and a price list; beside it a batch, and a run that issued another's invoice and left the draft."""

    account: Account
    credit: Credit
    issued: Invoice
    draft: Invoice
    item: Item
    schedule: Schedule
    batch: Act
    price_list: PriceList
    charge: Charge
    run: Run


def a_house() -> House:
    batch = granted(an_account())
    seats = an_item("Seats", Kind.LICENSE)
    neighbour, account, item = an_account(), an_account(), an_item()
    credit = a_credit(account, "80.00", items=(item,))
    issued = an_invoice(account, (item, "50.00"))
    draft = a_draft(account, (item, "70.00"), start="2026-09-01", end="2026-10-01")
    schedule = a_schedule(account, "5.00", items=(item,))
    limits: dict[str, Any] = {"low_balance": 10000, "expiring_days": None, "email": "winston@example.com"}
    notice_rule_set(account=account, **limits, **by_now("2026-09-02"))
    notices_tell(account=account, now=at("2026-09-02"), by_email=False)
    prices = a_price_list()
    a_price(prices, item)
    uses(account, prices)
    charge = a_charge(account, seats, "20.00")
    a_usage(account, item, "5", now="2026-09-02")
    BilledMonth.objects.create(
        account=account, charge=charge, month=day("2026-09-01"), line=draft.lines.get()
    )
    a_draft(neighbour, (item, "1.00"), start="2026-09-01", end="2026-09-05")
    run = a_run("2026-09", "2026-09-10")
    return House(account, credit, issued, draft, item, schedule, batch, prices, charge, run)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL pattern: the name it is listed under, and its route."""

    name: str
    route: str

    def path(self, house: House, **ids: Any) -> str:
        """The address of a row of the house; `pk=…` puts something else in its place."""
        keys: dict[str, Any] = {"pk": _own_pk(self, house)}
        if found := re.match(r"admin/(billing|credits|invoices|customers|auth)/(\w+)/", self.route):
            keys["object_id"] = keys["id"] = _row(house, *found.groups())
        if self.name == "admin:view_on_site":
            keys["content_type_id"] = ContentType.objects.get_for_model(Customer).pk
            keys["object_id"] = house.account.customer_id
        keys |= ids
        filled = re.sub(
            r"<(?:\w+:)?(\w+)>", lambda place: str(keys[place[1]]), self.route.replace("(?P<", "(")
        )
        if "simple_history" in self.name:
            start = self.route.partition("^")[0]
            filled = f"{start}{keys['object_id']}/history/{ids.get('object_id', _history(self, house))}/"
        if self.name == "admin:app_list":
            filled = "admin/customers/"
        if self.name == "admin:anything":
            filled = "admin/nowhere/"
        return f"/{filled}"


def addresses() -> list[Address]:
    found = [Address(_listed(name, route), route) for name, route in _walk(get_resolver())]
    assert len({address.name for address in found}) == len(found) > 100, "every address has a name of its own"
    return found


def own_addresses() -> list[Address]:
    return [address for address in addresses() if not address.route.startswith("admin/")]


def _walk(resolver: URLResolver, space: str = "", start: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        route = start + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, f"{pattern.namespace}:" if pattern.namespace else space, route)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or ''}", route


def _listed(name: str, route: str) -> str:
    """The admin has patterns without a name: its short ones, and the one for all the rest."""
    if name != "admin:":
        return name
    found = re.match(r"admin/(\w+)/(\w+)/<path:object_id>/$", route)
    return f"admin:{found[1]}_{found[2]}_short" if found else "admin:anything"


def _own_pk(address: Address, house: House) -> int:
    if address.name in OF_A_DRAFT:
        return house.draft.pk
    rows: dict[str, Any] = {
        "customers": house.account.customer,
        "accounts": house.account,
        "credits": house.credit,
        "items": house.item,
        "schedules": house.schedule,
        "prices": house.price_list,
        "charges": house.charge,
        "runs": house.run,
    }
    if address.route.startswith("credits/batches/"):
        return house.batch.pk
    return int(rows.get(address.route.partition("/")[0], house.issued).pk)


def _row(house: House, app: str, model: str) -> int:
    rows: dict[str, Any] = {
        "credit": house.credit,
        "scoperow": ScopeRow.objects.filter(credit=house.credit).first(),
        "entry": Entry.objects.filter(credit=house.credit).first(),
        "schedule": house.schedule,
        "balance": Balance.objects.get(credit=house.credit),
        "notice": Notice.objects.first(),
        "noticerule": NoticeRule.objects.first(),
        "item": house.item,
        "invoice": house.issued,
        "line": Line.objects.filter(invoice=house.issued).first(),
        "charge": house.charge,
        "billedmonth": BilledMonth.objects.first(),
        "usagerecord": UsageRecord.objects.first(),
        "series": Series.objects.first(),
        "pricelist": house.price_list,
        "price": Price.objects.first(),
        "accountpricelist": AccountPriceList.objects.first(),
        "customer": house.account.customer,
        "account": house.account,
        "act": Act.objects.first(),
        "run": house.run,
        "runpart": house.run.parts.first(),
        "runparked": house.run.parked.first(),
        "group": Group.objects.first(),
        "user": User.objects.first(),
    }
    return int(rows[model].pk)


def _history(address: Address, house: House) -> int:
    models: dict[str, Any] = {"item": Item, "customer": Customer, "account": Account}
    return int(models[address.name.split("_")[1]].history.first().history_id)
