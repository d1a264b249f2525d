"""Pages of reports: asked for by day, the same figures in the file, a fixed number of queries."""

import csv
import re
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.models import Category
from customers.models import Account
from invoices.units import PARTS
from tests.billing.reports.asked import some_units
from tests.factories import (
    a_credit,
    a_line,
    an_account,
    an_invoice,
    an_item,
    expire,
    void_credit,
)
from tests.pages.reading import Answer, rows, text

pytestmark = pytest.mark.django_db

REPORTS = ("owed", "breakage", "use", "cost-basis", "roll-forward")
OF_A_PERIOD = ("breakage", "use", "roll-forward")
FILES = [
    *((name, table) for name in ("owed", "breakage", "use", "roll-forward") for table in ("money", "units")),
    ("cost-basis", "currencies"),
    ("cost-basis", "credits"),
]


def a_year(currency: str = "USD", price: str = "20") -> Account:
    """All five kinds of entries, in money and in units, by 10 September."""
    account, calls = an_account(name="=Main", currency=currency), an_item()
    a_credit(account, "500", name="@Bought", category=Category.PURCHASED, price_paid=4000)
    a_credit(account, "30", name="No price", category=Category.PURCHASED, priority=60)
    a_credit(account, "70", name="Over", expires_on="2026-08-20", priority=90, now="2026-07-01")
    units = some_units(account, calls, 1000 * PARTS)
    an_invoice(account, a_line(calls, "1", "400"), (an_item("Seats"), price))
    void_credit(units, "2026-09-05")
    void_credit(a_credit(account, "8"), "2026-09-06")
    expire(account, "2026-10-05", now="2026-10-05")
    return account


@pytest.fixture
def autumn(clock: Callable[[str], None], operator: User) -> Client:
    """The operator's browser on 31 October, when all of `a_year` is over."""
    clock("2026-10-31")
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


def read(answer: Answer) -> list[list[str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(answer.content.decode().splitlines()))


def bare(figure: str) -> str:
    """A figure of a page as a file has it; other text as it is."""
    found = re.fullmatch(r"(−?)[^\d\s]*([\d,]+(?:\.\d+)?)", figure)
    return f"{found[1] and '-'}{found[2].replace(',', '')}" if found else figure


def shown(answer: Answer, table: str) -> list[list[str]]:
    """Heads and rows of one table of a page, without its totals."""
    page = answer.content.decode()
    start = page.index(f'aria-labelledby="table-{table}"')
    body = page[start : page.index("</tbody>", start)]
    found = re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in found]
    return [[re.sub(r"<small>.*|<[^>]+>", "", cell).strip() for cell in row] for row in cells]


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_an_empty_ledger_says_so(web: Client, name: str) -> None:
    said = text(web.get(f"/reports/{name}/"))
    assert "Nothing to report" in said
    assert "Ties" not in said


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_says_its_days_its_zone_and_that_it_ties(
    autumn: Client, settings: LazySettings, name: str
) -> None:
    settings.SCRIP_TIME_ZONE = "Pacific/Auckland"
    a_year()
    said = text(autumn.get(f"/reports/{name}/"))
    assert "1 November 2026, so far. Days are those of the time zone Pacific/Auckland" in said
    assert "Ties to the ledger." in said
    assert ("From 1 December 2025 to" in said) == (name in OF_A_PERIOD)


@pytest.mark.parametrize(("name", "table"), FILES)
@pytest.mark.parametrize("currency", ["USD", "JPY"])
def test_a_file_has_the_figures_of_its_page(autumn: Client, name: str, table: str, currency: str) -> None:
    a_year(currency)
    days = ["2026-07-01", "2026-10-20"] if name in OF_A_PERIOD else ["2026-09-04"]
    asked = "&".join(f"{part}={day}" for part, day in zip(("as_of", "since"), days[::-1], strict=False))
    page, file = autumn.get(f"/reports/{name}/?{asked}"), autumn.get(f"/reports/{name}/?{asked}&csv={table}")
    assert file["Content-Disposition"] == f'attachment; filename="{name}-{table}-{"-".join(days)}.csv"'
    [link] = re.findall(rf'href="\?([^"]+)&amp;csv={table}"', page.content.decode())
    assert sorted(link.split("&amp;")) == sorted(asked.split("&"))
    heads, *written = read(file)
    on_page, *seen = shown(page, table)
    assert len(seen) == len(written) > 0
    places = [heads.index(head) for head in on_page]
    for line, row in zip(seen, written, strict=True):
        for cell, place in zip(line, places, strict=True):
            if not re.fullmatch(r"(\d+ )?[A-Z][a-z]{2} \d{4}", cell):
                assert bare(cell).replace("–", "") == row[place].removeprefix("'").replace("–", "")


def test_text_of_a_file_is_no_formula(autumn: Client) -> None:
    a_year()
    heads, first, *_ = read(autumn.get("/reports/cost-basis/?csv=credits"))
    assert heads[:4] == ["Credit", "Account", "Granted on", "Currency"]
    assert first[:4] == ["'@Bought", "John Wick, =Main", "2026-08-01", "USD"]


BAD = [
    ("as_of=2026-02-30", "Type a day as year-month-day"),
    ("as_of=soon", "Type a day as year-month-day"),
    ("as_of=", "Choose a day."),
    ("as_of=2026-09-11", "11 September 2026 has not come yet: today is 10 September 2026."),
    ("as_of=9999-12-31", "31 December 9999 has not come yet"),
    ("as_of=0001-01-01", "Choose a day from 1 January 1970 on."),
    ("as_of=20260901", "Type a day as year-month-day"),
]
BAD_PERIODS = [
    ("since=2026-09-01&as_of=2026-08-31", "The first day is after the last"),
    ("since=x", "Type a day as year-month-day"),
    ("since=2026-09-11", "has not come yet"),
    ("since=0001-01-01", "Choose a day from 1 January 1970 on."),
]


@pytest.mark.parametrize("name", REPORTS)
def test_bad_days_get_a_sentence_and_the_form_comes_back_as_it_was_typed(web: Client, name: str) -> None:
    for query, sentence in BAD + (BAD_PERIODS if name in OF_A_PERIOD else []):
        for file in ("", "&csv=money"):
            answer = web.get(f"/reports/{name}/?{query}{file}")
            assert sentence in text(answer), query
            assert "table-" not in answer.content.decode()
    assert 'value="soon"' in web.get(f"/reports/{name}/?as_of=soon").content.decode()


@pytest.mark.parametrize("query", ["csv=nothing", "csv=", "csv=../x", "as_of=1970-01-01", "x=1&x=2"])
@pytest.mark.parametrize("name", REPORTS)
def test_what_is_not_asked_for_changes_nothing(web: Client, name: str, query: str) -> None:
    assert "Nothing to report" in text(web.get(f"/reports/{name}/?{query}"))


def test_the_earliest_day_and_a_period_of_decades_are_no_trouble(web: Client) -> None:
    a_year()
    for name in OF_A_PERIOD:
        assert "Ties to the ledger" in text(web.get(f"/reports/{name}/?since=1970-01-01"))
    assert "Ties" in text(web.get("/reports/use/?since=2026-09-01&as_of=2026-09-01"))


def test_a_month_that_is_over_is_one_click_away(web: Client) -> None:
    assert 'href="?as_of=2026-08-31">End of August<' in web.get("/reports/owed/").content.decode()
    month = 'href="?since=2026-07-01&amp;as_of=2026-07-31">July<'
    assert month in web.get("/reports/roll-forward/").content.decode()


def test_names_are_shown_as_text(web: Client) -> None:
    account = an_account(name="<b>Main</b>")
    a_credit(account, "5", name="<script>", category=Category.PURCHASED, price_paid=1)
    page = web.get("/reports/cost-basis/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<b>Main" not in page


def test_the_landing_page_leads_to_every_report(web: Client) -> None:
    answer = web.get("/reports/")
    assert len(rows(answer)) == len(REPORTS) + 1
    for name in REPORTS:
        assert f'href="{name}/"' in answer.content.decode()
    assert 'href="/reports/" aria-current="true"' in answer.content.decode()


QUERIES = {"owed": 2, "breakage": 2, "use": 2, "cost-basis": 3, "roll-forward": 3}
OF_ANY_PAGE = 4  # session, person, groups' and own permissions


@pytest.mark.parametrize("many", [1, 12])
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_takes_a_fixed_number_of_queries(autumn: Client, name: str, many: int) -> None:
    for number in range(many):
        a_year(currency=("USD", "JPY", "KWD")[number % 3])
    autumn.get(f"/reports/{name}/")
    with CaptureQueriesContext(connection) as captured:
        assert autumn.get(f"/reports/{name}/").status_code == 200
    assert len(captured) == QUERIES[name] + OF_ANY_PAGE
