"""The expiry desk: what is near its last day, and extending several at once, shown before it is done (R2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.models import Category, Credit
from customers.models import Act
from customers.services import account_close
from tests.factories import (
    a_credit,
    a_customer,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    day,
    ledger,
    void_credit,
)
from tests.pages.conftest import a_person
from tests.pages.reading import Answer, fields, rows, text

pytestmark = pytest.mark.django_db

DESK, EXTEND = "/credits/expiring/", "/credits/expiring/extend/"
TYPED = {"expires_on": "2026-12-31", "reason": "As promised"}


def names(page: Answer) -> list[str]:
    """The credits in the table, by their one-word names."""
    return [row.split()[0] for row in rows(page)[1:]]


def looked(web: Client, *credits: Credit, **typed: str) -> Answer:
    page = web.get(EXTEND, {"credit": [credit.pk for credit in credits]})
    return web.post(EXTEND, fields(page) | TYPED | {"look": "1"} | typed)


def acts() -> int:
    return Act.objects.filter(kind="credits_extend").count()


# --- What is on the desk ----------------------------------------------------------------


def test_it_shows_what_ends_within_thirty_days_the_soonest_first(web: Client) -> None:
    """It is 10 September 2026."""
    account = an_account()
    for name, last in (
        ("Today", "2026-09-10"),
        ("Thirtieth", "2026-10-10"),
        ("Later", "2026-10-11"),
        ("Over", "2026-09-09"),
        ("Soon", "2026-09-30"),
    ):
        a_credit(account, "1.00", name=name, expires_on=last)
    a_credit(account, "1.00", name="Never")
    assert names(web.get(DESK)) == ["Today", "Soon", "Thirtieth"]
    assert names(web.get(DESK, {"first": "2026-09-11", "last": "2026-10-31"})) == [
        "Soon",
        "Thirtieth",
        "Later",
    ]


def test_r6_a_window_in_the_past_shows_what_is_still_in_its_grace(web: Client) -> None:
    account = an_account()
    a_credit(account, "1.00", name="Gone", expires_on="2026-08-01", now="2026-07-01")
    a_credit(account, "1.00", name="Graced", expires_on="2026-08-31", now="2026-07-01")
    page = web.get(DESK, {"first": "2026-01-01", "last": "2026-09-09"})
    assert names(page) == ["Gone", "Graced"]
    assert "In grace" in text(page)
    page = web.get(DESK, {"first": "2026-01-01", "last": "2026-07-26"})
    assert "Nothing expires" in text(page)


def test_what_is_used_up_voided_or_on_a_closed_account_is_not_there(web: Client) -> None:
    account, left = an_account(), an_account()
    a_credit(account, "1.00", name="Used", expires_on="2026-09-30", priority=1)
    an_invoice(account, (an_item(), "1.00"))
    void_credit(a_credit(account, "1.00", name="Void", expires_on="2026-09-30"))
    a_credit(left, "1.00", name="Left", expires_on="2026-09-30")
    account_close(account=left, reason="Left", **by_now("2026-09-01"))
    a_credit(account, "1.00", name="Live", expires_on="2026-09-30")
    assert names(web.get(DESK)) == ["Live"]


def test_it_can_be_filtered_by_words_currency_and_category(web: Client) -> None:
    wick, scott = a_customer("John Wick"), a_customer("Winston Scott")
    told: dict[str, Any] = {"expires_on": "2026-09-30"}
    a_credit(an_account(wick), "1.00", name="Dollars", **told)
    a_credit(an_account(wick, currency="EUR"), "1.00", name="Euros", **told)
    a_credit(an_account(scott, name="Hotel"), "1.00", name="Bought", category=Category.PURCHASED, **told)
    assert names(web.get(DESK, {"q": "wick"})) == ["Dollars", "Euros"]
    assert names(web.get(DESK, {"q": "scott hotel"})) == ["Bought"]
    assert names(web.get(DESK, {"q": "hotel wick"})) == []
    assert names(web.get(DESK, {"currency": "EUR"})) == ["Euros"]
    assert names(web.get(DESK, {"category": "purchased"})) == ["Bought"]


def test_r11_units_are_shown_in_units(web: Client) -> None:
    a_unit_credit(an_account(), "1000", an_item("API calls"), name="Calls", expires_on=day("2026-09-30"))
    assert "1,000 API calls of 1,000 API calls" in text(web.get(DESK))


def test_a_day_that_is_none_is_told_and_the_usual_one_taken(web: Client) -> None:
    a_credit(an_account(), "1.00", name="Soon", expires_on="2026-09-30")
    page = web.get(DESK, {"first": "yesterday", "currency": "XXX", "category": "gift"})
    assert "Last day from : Enter a valid date." in text(page)
    assert names(page) == ["Soon"]


def test_the_home_page_leads_to_it(web: Client) -> None:
    assert f'href="{DESK}"'.encode() in web.get("/").content


# --- Extending --------------------------------------------------------------------------


def test_what_is_voided_and_granted_is_shown_first_and_then_done_as_one_act(web: Client) -> None:
    one, two = an_account(name="One"), an_account(name="Two", currency="EUR")
    first = a_credit(one, "50.00", name="First", expires_on="2026-09-30")
    second = a_credit(two, "8.00", name="Second", expires_on="2026-09-20")
    an_invoice(one, (an_item(), "20.00"))
    page = looked(web, first, second)
    seen = text(page)
    assert "Extend 2 credits until 31 Dec 2026?" in seen
    assert "Voided 1 credit: €8.00 1 credit: $30.00" in seen
    assert "Granted anew 1 credit: €8.00 1 credit: $30.00" in seen
    assert rows(page)[1:] == [
        "First One John Wick 30 Sep 2026 −$30.00 $30.00 31 Dec 2026",
        "Second Two John Wick 20 Sep 2026 −€8.00 €8.00 31 Dec 2026",
    ]
    assert acts() == 0
    answer = web.post(EXTEND, fields(page))
    assert answer["Location"] == DESK
    assert "2 credits extended to 31 Dec 2026." in text(web.get(DESK))
    assert ledger(one)[-2:] == [("First", "voided", -3000), ("First", "granted", 3000)]
    assert acts() == 1
    assert Act.objects.get(kind="credits_extend").reason == "As promised"


def test_all_that_the_filter_finds_can_be_extended_also_what_is_on_the_next_page(web: Client) -> None:
    account = an_account(name="Busy")
    for _ in range(60):
        a_credit(account, "1.00", expires_on="2026-09-30")
    a_credit(an_account(currency="EUR"), "1.00", expires_on="2026-09-30")
    page = web.get(DESK, {"q": "busy", "currency": "USD"})
    assert len(names(page)) == 50
    assert "Extend all 60 found" in text(page)
    page = web.get(EXTEND, {"q": "busy", "currency": "USD", "all": "1"})
    assert "60 credits: $60.00" in text(page)
    page = web.post(EXTEND, fields(page) | TYPED)
    assert web.post(EXTEND, fields(page)).status_code == 302
    assert Credit.objects.filter(replaces__account=account).count() == 60


def test_r1_the_price_of_the_rest_is_shown(web: Client) -> None:
    account = an_account()
    credit = a_credit(account, "50.00", category=Category.PURCHASED, price_paid=4000, expires_on="2026-09-30")
    an_invoice(account, (an_item(), "20.00"))
    assert "$30.00 price paid $24.00" in text(looked(web, credit))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"expires_on": "2026-09-30"}, "already lives until 2026-09-30. Choose a later day."),
        ({"expires_on": "2026-09-29"}, "already lives until 2026-09-30"),
        ({"expires_on": "soon"}, "New last day : Enter a valid date."),
        ({"expires_on": "2999-01-01"}, "A day lies between the years 2000 and 2200."),
        ({"reason": " "}, "Reason : Say why"),
    ],
)
def test_what_cannot_be_is_named_and_the_form_comes_back_filled(
    web: Client, typed: dict[str, str], said: str
) -> None:
    page = looked(web, a_credit(an_account(), "1.00", expires_on="2026-09-30"), **typed)
    assert said in text(page)
    back = fields(page)
    assert back["reason"] == typed.get("reason", "As promised").strip() or back["reason"] == []
    assert acts() == 0


def test_r13_a_confirmation_of_other_facts_is_shown_again(web: Client) -> None:
    account = an_account()
    credit = a_credit(account, "50.00", expires_on="2026-09-30")
    page = looked(web, credit)
    an_invoice(account, (an_item(), "20.00"))
    again = web.post(EXTEND, fields(page))
    assert "The facts have changed since this page was shown." in text(again)
    assert "−$30.00" in text(again)
    assert acts() == 0
    assert web.post(EXTEND, fields(again)).status_code == 302
    assert balance(Credit.objects.get(replaces=credit)) == 3000


def test_a_credit_voided_meanwhile_is_named(web: Client) -> None:
    credit = a_credit(an_account(), "1.00", expires_on="2026-09-30")
    page = looked(web, credit)
    void_credit(credit, "2026-09-09")
    assert "is voided, or was replaced already." in text(web.post(EXTEND, fields(page)))


def test_r13_a_double_click_extends_once(web: Client) -> None:
    account = an_account()
    form = fields(looked(web, a_credit(account, "1.00", expires_on="2026-09-30")))
    assert web.post(EXTEND, form)["Location"] == web.post(EXTEND, form)["Location"] == DESK
    assert (acts(), len(ledger(account))) == (1, 3)


def test_back_returns_to_the_form_filled(web: Client) -> None:
    page = looked(web, a_credit(an_account(), "1.00", expires_on="2026-09-30"))
    back = fields(web.post(EXTEND, fields(page) | {"change": "1"}))
    assert (back["expires_on"], back["reason"]) == ("2026-12-31", "As promised")


@pytest.mark.parametrize(
    "query", ["", "credit=", "credit=abc", "credit=99999", "credit=" + "9" * 30, "all=1"]
)
def test_without_a_credit_one_is_sent_back_to_the_desk(web: Client, query: str) -> None:
    assert web.get(f"{EXTEND}?{query}")["Location"] == DESK


def test_r14_who_only_looks_is_offered_nothing_to_do(web: Client) -> None:
    a_credit(an_account(), "1.00", expires_on="2026-09-30")
    support = Client()
    support.force_login(a_person("sam", "Support"))
    page = support.get(DESK)
    assert len(rows(page)) == 2
    assert b"checkbox" not in page.content
    assert b"Extend" not in page.content


def queries(ask: Callable[[], Any]) -> int:
    ask()
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


@pytest.mark.parametrize("number", [2, 25])
def test_the_desk_takes_a_fixed_number_of_queries(web: Client, number: int) -> None:
    item = an_item()
    credits = [a_credit(an_account(), "1.00", items=(item,), expires_on="2026-09-30") for _ in range(number)]
    assert queries(lambda: web.get(DESK)) == 6
    asked = {"credit": [credit.pk for credit in credits]}
    assert queries(lambda: web.get(EXTEND, asked)) == 7
    form = fields(web.get(EXTEND, asked)) | TYPED
    assert queries(lambda: web.post(EXTEND, form)) == 7
