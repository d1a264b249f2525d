"""How many queries a page takes: a fixed number, the same for two rows and for twenty-five."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.schedule_run import schedules_run
from credits.telling import notice_rule_set, notices_tell
from customers.models import Account
from invoices.models import BilledMonth, Kind, Line, UsageRecord
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    a_run,
    a_schedule,
    a_token,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    at,
    by_now,
    day,
    pay,
    tag,
    void_credit,
)
from tests.invoices.prices import GRADUATED, a_price, a_price_list, rated, uses
from tests.invoices.recurring import a_charge, a_usage

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 13


class Town:
    """`rows` of everything that a list can show, of one account and of several."""

    def __init__(self, rows: int) -> None:
        self.account = account = an_account(name="Busy")
        items = [tag(an_item(f"Meter {number}"), f"tag-{number}", "gpu") for number in range(rows)]
        self.item = items[0]
        credits = [
            a_credit(
                account, "900.00", name=f"Credit {number}", items=(items[number],), expires_on="2026-09-30"
            )
            for number in range(rows)
        ]
        self.credit = credits[0]
        units = [a_unit_credit(account, "0.5", items[number]) for number in range(rows)]
        self.units = units[0]
        lines = [(item, "10.00") for item in items]
        issued = [an_invoice(account, *lines) for _ in range(rows)]
        self.issued = issued[0]
        pay(an_invoice(account, *lines))
        void_credit(a_credit(account, "5.00"))
        schedules = [
            a_schedule(account, "5.00", items=(item,), starts_on="2026-01-01", now="2026-01-01")
            for item in items
        ]
        self.schedule = schedules[0]
        schedules_run(as_of=day(f"2026-0{min(rows, 9)}-01"), by=a_command(), now=at("2026-09-10"))
        drafts = [a_draft(account, *lines, start="2026-09-01", end="2026-09-10") for _ in range(rows)]
        self.draft = drafts[-1]
        self.prices = a_price_list()
        for item in items:
            for since in ("2026-07-01", "2026-09-01", "2026-12-01"):
                a_price(self.prices, item, GRADUATED, since)
            uses(account, self.prices)
            a_price_list(f"Of {item}", default=False)
        for line in self.draft.lines.all():
            Line.objects.filter(pk=line.pk).update(**rated(account, line.item, "1505")._asdict())
        seats = [an_item(f"Seats {number}", Kind.LICENSE) for number in range(rows)]
        charges = [a_charge(account, seat, "20.00", now="2026-09-01") for seat in seats]
        self.charge = charges[0]
        for number in range(rows):
            a_usage(account, items[number], "5", f"2026-08-{number + 1:02}", now="2026-09-01")
            BilledMonth.objects.create(
                account=account,
                charge=charges[number],
                month=day("2026-09-01"),
                line=drafts[number].lines.get(position=1),
            )
        for record in UsageRecord.objects.all()[: rows // 2]:
            UsageRecord.objects.filter(pk=record.pk).update(line=self.draft.lines.get(position=1))
        for number in range(rows):
            for end in ("2026-07-01", "2026-10-01"):
                a_draft(an_account(name=f"Billed {number}"), (items[0], "1.00"), start="2026-06-01", end=end)
            runs = [a_run("2026-06", "2026-09-08"), a_run("2026-09", "2026-09-08")]
        self.run = runs[-1]
        for number in range(rows):
            another = an_account(account.customer, name=f"Account {number}")
            a_credit(another, "10.00")
            neighbour = an_account(name=f"Neighbour {number}")
            a_draft(neighbour, (items[0], "1.00"))
        for one in Account.objects.all():
            limits: dict[str, Any] = {"low_balance": 90_000_000, "expiring_days": 30, "email": ""}
            notice_rule_set(account=one, **limits, **by_now("2026-09-02"))
            notices_tell(account=one, now=at("2026-09-02"), by_email=False)

    def path(self, page: str) -> str:
        rows = {
            "customer": self.account.customer_id,
            "account": self.account.pk,
            "credit": self.credit.pk,
            "units": self.units.pk,
            "issued": self.issued.pk,
            "draft": self.draft.pk,
            "item": self.item.pk,
            "schedule": self.schedule.pk,
            "charge": self.charge.pk,
            "prices": self.prices.pk,
            "run": self.run.pk,
        }
        return page.format(**rows)


PAGES = {
    "/": 10,
    "/?q=Account": 10,
    "/customers/": 6,
    "/customers/?q=Acc": 6,
    "/customers/{customer}/": 7,
    "/accounts/{account}/": 16,
    "/accounts/{account}/credits/": 10,
    "/accounts/{account}/credits/add/": 6,
    "/accounts/{account}/notices/": 8,
    "/credits/{credit}/": 10,
    "/credits/{credit}/void/": 7,
    "/accounts/{account}/schedules/add/": 6,
    "/schedules/{schedule}/": 11,
    "/schedules/{schedule}/stop/": 7,
    "/items/": 7,
    "/items/?tag=gpu&q=Meter": 7,
    "/items/{item}/tag/": 8,
    "/credits/{credit}/replace/": 8,
    "/credits/{units}/": 10,
    "/credits/{units}/void/": 8,
    "/credits/{units}/replace/": 8,
    "/prices/": 6,
    "/prices/{prices}/": 9,
    "/prices/{prices}/?state=current&q=Meter": 9,
    "/prices/{prices}/add/": 6,
    "/prices/{prices}/add/?item={item}": 7,
    "/accounts/{account}/prices/": 10,
    "/invoices/": 6,
    "/invoices/?q=Busy&status=draft": 6,
    "/invoices/{issued}/": 10,
    "/invoices/{draft}/": 11,
    "/invoices/{draft}/issue/": 11,
    "/invoices/{draft}/edit/": 7,
    "/invoices/{issued}/void/": 13,
    "/runs/": 5,
    "/runs/{run}/": 13,
    "/runs/start/": 5,
    "/runs/{run}/retry/": 17,
    "/accounts/{account}/invoices/add/": 6,
    "/accounts/{account}/charges/": 10,
    "/accounts/{account}/charges/add/": 6,
    "/charges/{charge}/end/": 10,
    "/accounts/{account}/usage/add/": 6,
    "/admin/invoices/charge/": 8,
    "/admin/invoices/billedmonth/": 8,
    "/admin/invoices/usagerecord/": 8,
    "/admin/credits/credit/": 11,
    "/admin/credits/entry/": 9,
    "/admin/credits/schedule/": 8,
    "/admin/invoices/item/": 6,
    "/admin/credits/balance/": 6,
    "/admin/credits/notice/": 8,
    "/admin/credits/noticerule/": 6,
    "/admin/invoices/invoice/": 9,
    "/admin/invoices/line/": 7,
    "/admin/invoices/pricelist/": 7,
    "/admin/invoices/price/": 7,
    "/admin/invoices/accountpricelist/": 6,
    "/admin/customers/account/": 7,
    "/admin/customers/customer/": 6,
    "/admin/customers/act/": 9,
    "/admin/billing/run/": 8,
    "/admin/billing/runpart/": 7,
    "/admin/billing/runparked/": 6,
}


def queries(browser: Client, ask: Callable[[], int]) -> int:
    ask()  # content types and permissions are looked up once per process
    with CaptureQueriesContext(connection) as captured:
        assert ask() == 200
    return len(captured)


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_a_page_takes_a_fixed_number_of_queries(web: Client, rows: int) -> None:
    town = Town(rows)
    found = {}
    for page in PAGES:
        path = town.path(page)
        found[page] = queries(web, lambda path=path: web.get(path).status_code)  # type: ignore[misc]
    assert {p: (PAGES[p], found[p]) for p in PAGES if PAGES[p] != found[p]} == {}


PREVIEWS = {"from the button": ({"preview": "1"}, {}, 12), "as one types": ({}, {"HX-Request": "true"}, 11)}


@pytest.mark.parametrize("rows", [FEW, MANY])
@pytest.mark.parametrize("how", PREVIEWS)
def test_a_preview_takes_a_fixed_number_of_queries(web: Client, how: str, rows: int) -> None:
    town = Town(rows)
    more, headers, wanted = PREVIEWS[how]
    form = {
        "name": "Sorry",
        "denomination": "money",
        "amount": "40.00",
        "category": "promotional",
        "effective_from": "2026-09-01",
        "priority": "1",
        "applies_to": "selected",
        "kinds": "usage_meter",
        "excluded_items": str(town.draft.lines.get(position=2).item_id),
        "request_token": a_token(),
        **more,
    }
    path = town.path("/accounts/{account}/credits/add/")
    assert b"A projection" in web.post(path, form, headers=headers).content
    assert queries(web, lambda: web.post(path, form, headers=headers).status_code) == wanted


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_what_tagging_an_item_touches_takes_a_fixed_number_of_queries(web: Client, rows: int) -> None:
    town = Town(rows)
    for number in range(rows):
        a_credit(an_account(), "5.00", name=f"Gains {number}", tags=("new", f"tag-{number}"))
        a_credit(an_account(), "5.00", name=f"Loses {number}", tags=("gpu",), excluded_items=(an_item(),))
    path, form = town.path("/items/{item}/tag/"), {"tags": "new", "request_token": a_token()}
    assert f"{rows} open credits lose it".encode() in web.post(path, form).content
    assert queries(web, lambda: web.post(path, form).status_code) == 11
