"""Pages of charges and usage: what they show, and that what is refused comes back filled, in words."""

import pytest
from django.test import Client

from customers.models import Account
from invoices.models import Charge, Item, Kind, UsageRecord
from tests.factories import an_account, an_item, day, issue
from tests.invoices.recurring import (
    a_charge,
    a_price,
    a_price_list,
    a_usage,
    end_charge,
    make_drafts,
    the_draft,
)
from tests.pages.reading import fields, rows, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE, unit="seats")


@pytest.fixture
def calls() -> Item:
    return an_item("API calls")


def test_a_charge_is_typed_and_shown_as_it_was_understood(web: Client, account: Account, seats: Item) -> None:
    path = f"/accounts/{account.pk}/charges/add/"
    answer = sent(web, path, item=seats.pk, quantity="3", unit_price="9.99", description="Studio")
    assert answer["Location"] == f"/accounts/{account.pk}/charges/"
    page = web.get(answer["Location"])
    assert "Seats (Studio) is added: 3 × $9.99 = $29.97 a month." in text(page)
    assert "Seats Studio 3 seats $9.99 $29.97 from 10 Sep 2026 – Running End" in rows(page)
    charge = Charge.objects.get()
    assert (charge.starts_on, charge.ends_on, charge.prorated) == (day("2026-09-10"), None, True)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"unit_price": "9,99"}, "Type a number in digits with a point"),
        ({"quantity": "0"}, "The quantity must be above zero."),
        ({"quantity": "1e3"}, "Type a number in digits with a point"),
        ({"unit_price": "-1"}, "must not be below zero"),
        ({"unit_price": "999999999999", "quantity": "999999"}, "more than an invoice can hold"),
        ({"starts_on": "2026-02-30"}, "Enter a valid date."),
        ({"starts_on": "2020-01-01"}, "at most a year back"),
        ({"ends_on": "2026-09-09"}, "The last day is before the first."),
        ({"item": ""}, "This field is required."),
        ({"item": "999999"}, "not one of the available choices"),
        ({"item": "x"}, "not one of the available choices"),
    ],
)
def test_what_is_refused_comes_back_filled(
    web: Client, account: Account, seats: Item, typed: dict[str, str], sentence: str
) -> None:
    path = f"/accounts/{account.pk}/charges/add/"
    answer = sent(web, path, **{"item": str(seats.pk), "unit_price": "9.99", "description": "Studio"} | typed)
    assert sentence in text(answer)
    assert "Nothing was saved yet" in text(answer)
    assert fields(answer)["description"] == "Studio"
    assert Charge.objects.count() == 0


def test_a_meter_is_not_offered_as_a_charge_nor_a_license_as_usage(
    web: Client, account: Account, seats: Item, calls: Item
) -> None:
    charge = text(web.get(f"/accounts/{account.pk}/charges/add/"))
    usage = text(web.get(f"/accounts/{account.pk}/usage/add/"))
    assert "Seats" in charge
    assert "API calls" not in charge
    assert "API calls" in usage
    assert "Seats" not in usage
    answer = sent(web, f"/accounts/{account.pk}/charges/add/", item=calls.pk, unit_price="1")
    assert "Select a valid choice" in text(answer)


def test_the_page_says_where_each_charge_stands(web: Client, account: Account, seats: Item) -> None:
    a_charge(account, seats, "20.00", ends="2026-08-31", description="Over")
    a_charge(account, seats, "20.00", starts="2026-10-01", description="Next")
    end_charge(a_charge(account, seats, "20.00", description="Mistake"), "2026-07-31")
    a_charge(account, seats, "20.00", description="Now", prorated=False)
    make_drafts()
    found = rows(web.get(f"/accounts/{account.pk}/charges/"))[1:5]
    assert [row.split("$20.00 ")[-1] for row in found] == [
        "from 1 Oct 2026 – To come End",
        "from 1 Aug 2026 in whole months 31 Aug 2026 Running End",
        "1 Aug 2026 – 31 Aug 2026 31 Aug 2026 Over",
        "1 Aug 2026 – 31 Jul 2026 – Never charged",
    ]


def test_a_charge_is_ended_after_a_look_at_what_is_billed(web: Client, account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "20.00")
    make_drafts()
    invoice = issue(the_draft(account))
    path = f"/charges/{charge.pk}/end/"
    assert f"Billed for good {invoice.number} August 2026: it ends on 31 Aug 2026 or later" in text(
        web.get(path)
    )
    answer = sent(web, path, last_day="2026-08-30", reason="Left")
    assert "bills it through 31 August 2026" in text(answer)
    assert fields(answer)["reason"] == "Left"
    answer = sent(web, path, last_day="2026-09-30", reason="Left")
    assert answer["Location"] == f"/accounts/{account.pk}/charges/"
    assert "Seats ends on 30 September 2026." in text(web.get(answer["Location"]))
    assert web.get(path)["Location"] == f"/accounts/{account.pk}/charges/"


def test_r13_an_end_of_facts_that_changed_is_shown_again(web: Client, account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "20.00")
    path = f"/charges/{charge.pk}/end/"
    form = fields(web.get(path)) | {"last_day": "2026-12-31", "reason": "Left"}
    make_drafts()
    issue(the_draft(account))
    answer = web.post(path, form)
    assert "The facts have changed since this page was shown" in text(answer)
    assert "Billed for good INV-2026-000001" in text(answer)
    assert web.post(path, fields(answer)).status_code == 302


def test_usage_is_typed_and_waits_until_it_is_billed(web: Client, account: Account, calls: Item) -> None:
    path = f"/accounts/{account.pk}/usage/add/"
    answer = sent(web, path, item=calls.pk, quantity="1500.5", day="2026-08-10", reason="Read off")
    page = web.get(answer["Location"])
    assert "1,500.5 of API calls on 10 August 2026: recorded." in text(page)
    assert "API calls August 2026 1 1,500.5" in rows(page)
    assert "10 Aug 2026 API calls 1,500.5 Typed in olivia, 10 Sep 2026: “Read off” –" in rows(page)
    a_price(a_price_list(), calls, ("", "0.01"))
    make_drafts()
    assert (
        f"10 Aug 2026 API calls 1,500.5 Typed in olivia, 10 Sep 2026: “Read off” {the_draft(account)}"
        in rows(web.get(f"/accounts/{account.pk}/charges/"))
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"quantity": "0"}, "The quantity must not be zero."),
        ({"quantity": "1_000"}, "Type a number in digits with a point"),
        ({"quantity": "1234567890.1234567"}, "at most 15 significant digits"),
        ({"day": "2026-09-11"}, "11 September 2026 has not come yet for this account."),
        ({"day": "0001-01-01"}, "lies after the year 1999"),
        ({"day": ""}, "This field is required."),
    ],
)
def test_usage_that_is_refused_comes_back_filled(
    web: Client, account: Account, calls: Item, typed: dict[str, str], sentence: str
) -> None:
    path = f"/accounts/{account.pk}/usage/add/"
    answer = sent(web, path, **{"item": str(calls.pk), "quantity": "5", "reason": "Read off"} | typed)
    assert sentence in text(answer)
    assert fields(answer)["reason"] == "Read off"
    assert UsageRecord.objects.count() == 0


def test_what_a_charge_and_late_usage_came_to_is_told_on_the_invoice(
    web: Client, account: Account, seats: Item, calls: Item
) -> None:
    a_price(a_price_list(), calls, ("1000", "0.01"), ("", "0.005"), scheme="graduated")
    a_charge(account, seats, "31.00", "2", starts="2026-08-22")
    a_usage(account, calls, "800")
    make_drafts()
    draft = the_draft(account)
    page = text(web.get(f"/invoices/{draft.pk}/"))
    assert "2 at $31.00 a month = $62.00 by days: 10 of 31 days $62.00 × 10 ÷ 31, rounded to $20.00" in page
    issue(draft)
    a_usage(account, calls, "400", "2026-08-31")
    make_drafts("2026-09", now="2026-09-10")
    late = text(web.get(f"/invoices/{the_draft(account, '2026-09').pk}/"))
    assert "first 1,000 at $0.01 = $10.00 next 200 at $0.005 = $1.00" in late
    assert "less what was billed before: first 800 at $0.01 = −$8.00 $3.00 in all" in late
    link = f'<a href="/accounts/{account.pk}/charges/">charges and usage</a>'
    assert link in web.get(f"/invoices/{draft.pk}/").content.decode()
    assert f"made, from charges and usage, invoice {draft.pk}" in text(web.get(f"/invoices/{draft.pk}/"))
