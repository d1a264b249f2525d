"""Granting to many, from the page: every row is shown, then all are granted, once (R13)."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from credits.models import Credit
from customers.models import Account, Act
from customers.services import account_close
from tests.credits.batches import a_csv, csv_of, granted
from tests.factories import a_credit, an_account, an_invoice, an_item, balance, by_now, ledger, void_credit
from tests.pages.conftest import a_person
from tests.pages.reading import Answer, fields, rows, text

pytestmark = pytest.mark.django_db

ADD = "/credits/batches/add/"
TYPED = {"name": "Sorry", "reason": "The outage"}


def looked(web: Client, data: bytes, **typed: Any) -> Answer:
    """The form with this file, sent to be looked at."""
    form = fields(web.get(ADD)) | TYPED | typed
    return web.post(ADD, form | {"file": SimpleUploadedFile("sorry.csv", data), "look": "1"})


def filtered(web: Client, **typed: Any) -> Answer:
    form = fields(web.get(ADD)) | TYPED | {"source": "filter", "currency": "USD", "amount": "10.00"} | typed
    return web.post(ADD, form | {"look": "1"})


def confirmed(web: Client, page: Answer, **typed: Any) -> Answer:
    return web.post(ADD, fields(page) | typed)


def batch() -> Act:
    return Act.objects.get(kind="credits_grant")


# --- By file ----------------------------------------------------------------------------


def test_every_row_and_every_sum_is_shown_before_anything_is_granted(web: Client) -> None:
    item = an_item("API calls")
    dollars, euros = an_account(name="Main"), an_account(name="Berlin", currency="EUR")
    data = a_csv(
        f"{dollars.customer.key},{dollars.key},10.00,,",
        f"{euros.customer.key},{euros.key},,1000,{item.key}",
        header="customer,account,amount,units,unit_item",
    )
    page = looked(web, data, expires_on="2026-12-31")
    seen = text(page)
    assert "Grant 2 credits?" in seen
    assert "Granted in all 1 credit: $10.00 1 credit: 1,000 API calls" in seen
    assert rows(page)[1:] == [
        f"2 Main John Wick · {dollars.key} Sorry priority 50, from 2026-09-10, until 2026-12-31, "
        "pays the whole invoice $10.00",
        f"3 Berlin John Wick · {euros.key} Sorry priority 50, from 2026-09-10, until 2026-12-31, "
        "pays API calls 1,000 API calls",
    ]
    assert (Credit.objects.count(), Act.objects.filter(kind="credits_grant").count()) == (0, 0)


def test_confirming_grants_all_as_one_act_without_choosing_the_file_again(web: Client) -> None:
    accounts = [an_account(), an_account()]
    answer = confirmed(web, looked(web, csv_of(*accounts)))
    assert answer["Location"] == f"/credits/batches/{batch().pk}/"
    assert (batch().reason, batch().actor_name, batch().details["credits"]) == ("The outage", "olivia", 2)
    assert [ledger(account) for account in accounts] == [[("Sorry", "granted", 1000)]] * 2


def test_the_file_arrives_byte_by_byte_whatever_its_line_ends(web: Client) -> None:
    account = an_account()
    data = b"\xef\xbb\xbf" + csv_of(account).replace(b"\n", b"\r\n")
    page = looked(web, data)
    digest = hashlib.sha256(data).hexdigest()
    confirmed(web, page)
    assert batch().token == f"credits_grant:{digest}"


def test_r13_a_double_click_grants_once_and_shows_the_same_page(web: Client) -> None:
    account = an_account()
    form = fields(looked(web, csv_of(account)))
    first, second = web.post(ADD, form), web.post(ADD, form)
    assert first["Location"] == second["Location"]
    assert len(ledger(account)) == 1


def test_r13_the_same_file_again_says_so_and_does_nothing_unless_it_is_meant(web: Client) -> None:
    account = an_account()
    confirmed(web, looked(web, csv_of(account)))
    first = batch()
    page = looked(web, csv_of(account), reason="Another thought")
    assert f"This file was granted before, as batch {first.pk} on 10 Sep 2026 by olivia." in text(page)
    answer = confirmed(web, page)
    assert answer["Location"] == f"/credits/batches/{first.pk}/"
    assert f"This was granted before, as batch {first.pk}: nothing was done." in text(
        web.get(answer["Location"])
    )
    assert len(ledger(account)) == 1
    assert confirmed(web, page, again="on")["Location"] != f"/credits/batches/{first.pk}/"
    assert len(ledger(account)) == 2


def test_wrong_rows_are_all_named_and_nothing_can_be_granted(web: Client) -> None:
    account = an_account()
    data = a_csv("x,y,1.00", f"{account.customer.key},{account.key},1.00", "x,z,1")
    page = looked(web, data)
    seen = text(page)
    assert "2 rows wrong" in seen
    assert "Row 2, column account: The customer “x” has no account with the key “y”." in seen
    assert "Row 4, column account:" in seen
    assert b"Grant 1 credit<" not in page.content
    forced = confirmed(web, page)
    assert forced.status_code == 200
    assert Credit.objects.count() == 0


def test_a_file_that_is_none_is_refused_and_the_form_comes_back_filled(web: Client) -> None:
    page = looked(web, b"name\n", priority="7")
    assert "Row 1: the column customer is missing." in text(page)
    back = fields(page)
    assert (back["name"], back["priority"], back["reason"]) == ("Sorry", "7", "The outage")


def test_back_returns_to_the_form_filled_and_keeps_the_file(web: Client) -> None:
    account = an_account()
    page = confirmed(web, looked(web, csv_of(account), priority="7"), change="1")
    assert "sorry.csv is kept." in text(page)
    assert fields(page)["priority"] == "7"
    again = web.post(ADD, fields(page) | {"priority": "8", "look": "1"})
    assert "priority 8" in text(again)
    confirmed(web, again)
    assert Credit.objects.get(account=account).priority == 8


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": " "}, "Reason : Say why"),
        ({"priority": "101"}, "Priority : Ensure this value is less than or equal to 100"),
        ({"expires_on": "1999-01-01"}, "Expires on : A day lies between the years 2000 and 2200"),
        ({"packed": "###", "file": ""}, "CSV file : The file was lost on the way"),
        ({"packed": "aGVsbG8=", "file": ""}, "CSV file : The file was lost on the way"),
        ({"file": ""}, "CSV file : Choose a file."),
        ({"source": "guess"}, "For whom : Select a valid choice"),
    ],
)
def test_a_wrong_field_is_named(web: Client, typed: dict[str, str], said: str) -> None:
    form = fields(web.get(ADD)) | TYPED | {"file": SimpleUploadedFile("s.csv", csv_of(an_account()))}
    page = web.post(ADD, form | typed)
    assert said in text(page)
    assert Credit.objects.count() == 0


def test_r13_an_account_closed_meanwhile_is_told_and_nothing_is_granted(web: Client) -> None:
    good, closed = an_account(), an_account()
    page = looked(web, csv_of(good, closed))
    account_close(account=closed, reason="Left", **by_now("2026-09-10"))
    assert "Row 3, column account: The account" in text(confirmed(web, page))
    assert Credit.objects.count() == 0


# --- By filter --------------------------------------------------------------------------


def test_a_filter_shows_each_account_and_grants_each_one_credit(web: Client) -> None:
    one, two = an_account(name="One"), an_account(name="Two")
    other = an_account(name="Three", currency="EUR")
    page = filtered(web)
    assert [row.split()[0] for row in rows(page)[1:]] == ["One", "Two"]
    assert "Granted in all 2 credits: $20.00" in text(page)
    form = fields(page)
    first, second = web.post(ADD, form), web.post(ADD, form)
    assert first["Location"] == second["Location"]
    assert [len(ledger(account)) for account in (one, two, other)] == [1, 1, 0]


def test_r13_an_account_opened_meanwhile_makes_the_page_show_it_again(web: Client) -> None:
    an_account()
    page = filtered(web)
    an_account(name="Late")
    again = confirmed(web, page)
    assert "The facts have changed since this page was shown." in text(again)
    assert "Grant 2 credits?" in text(again)
    assert Credit.objects.count() == 0
    assert confirmed(web, again).status_code == 302
    assert Credit.objects.count() == 2


def test_r15_an_amount_without_a_currency_is_refused(web: Client) -> None:
    an_account()
    assert "Choose the currency of the accounts" in text(filtered(web, currency=""))


def test_a_wrong_amount_is_named_at_its_field(web: Client) -> None:
    an_account()
    assert "Amount : Type the amount in digits" in text(filtered(web, amount="1,000"))


def test_what_the_page_hides_is_not_meant(web: Client) -> None:
    item = an_item("API calls")
    account = an_account()
    typed: dict[str, Any] = {"denomination": "units", "units": "5", "unit_item": item.key}
    typed |= {"kinds": ["add_on"], "max_amount": "5.00", "applies_to": "selected", "price_paid": "4"}
    assert confirmed(web, filtered(web, **typed)).status_code == 302
    credit = Credit.objects.get(account=account)
    assert (credit.units, credit.amount, credit.max_amount, credit.price_paid) == (5_000_000, 0, None, None)
    assert credit.scope().items == {item.pk}


def test_names_are_shown_as_text_and_never_as_markup(web: Client) -> None:
    an_account(name="<script>alert(1)</script>")
    page = filtered(web, name="<b>{{ 7|add:7 }}", reason="<i>")
    assert b"<script>alert" not in page.content
    assert b"&lt;b&gt;{{ 7|add:7 }}" in page.content
    confirmed(web, page)
    for path in ("/credits/batches/", f"/credits/batches/{batch().pk}/"):
        assert b"<i>" not in web.get(path).content


# --- The list, one batch, and voiding it ------------------------------------------------


def test_the_list_says_what_each_batch_granted(web: Client) -> None:
    assert "No batches yet" in text(web.get("/credits/batches/"))
    made = granted(an_account(), an_account(currency="EUR"))
    seen = text(web.get("/credits/batches/"))
    assert f"Batch {made.pk} 1 credit: €10.00 1 credit: $10.00 The outage olivia 1 Aug 2026, 12:00" in seen


def test_a_batch_shows_what_became_of_it_and_every_credit(web: Client) -> None:
    used, voided = an_account(name="Used"), an_account(name="Voided")
    made = granted(used, voided)
    an_invoice(used, (an_item(), "3.00"))
    void_credit(Credit.objects.get(account=voided))
    page = web.get(f"/credits/batches/{made.pk}/")
    assert rows(page)[1] == "USD 2 $20.00 $3.00 $10.00 $0.00 $7.00"
    assert rows(page)[3] == "Used John Wick Sorry Never Live $7.00 of $10.00"
    assert "olivia granted 2 credits" in text(page)


def test_r8_voiding_a_batch_says_what_is_lost_and_asks_why(web: Client) -> None:
    account = an_account()
    made = granted(account, an_account(currency="EUR"))
    an_invoice(account, (an_item(), "3.00"))
    path = f"/credits/batches/{made.pk}/void/"
    page = web.get(path)
    seen = text(page)
    assert "This cannot be undone." in seen
    assert "$7.00 on 1 credit" in seen
    assert "€10.00 on 1 credit" in seen
    assert "Say why" in text(web.post(path, fields(page)))
    answer = web.post(path, fields(page) | {"reason": "By mistake"})
    assert answer["Location"] == f"/credits/batches/{made.pk}/"
    assert [balance(credit) for credit in Credit.objects.all()] == [0, 0]
    assert b"/void/" not in web.get(answer["Location"]).content
    assert web.get(path)["Location"] == answer["Location"]
    assert f"olivia voided what was left of batch {made.pk}" in text(web.get(answer["Location"]))


def test_r13_a_confirmation_of_other_facts_is_shown_again(web: Client) -> None:
    account = an_account()
    path = f"/credits/batches/{granted(account).pk}/void/"
    form = fields(web.get(path)) | {"reason": "By mistake"}
    an_invoice(account, (an_item(), "3.00"))
    page = web.post(path, form)
    assert "The facts have changed" in text(page)
    assert "$7.00 on 1 credit" in text(page)
    assert web.post(path, fields(page)).status_code == 302


def test_r14_the_page_of_a_credit_tells_the_acts_on_many_that_it_was_part_of(web: Client) -> None:
    made = granted(an_account(), an_account())
    credit = Credit.objects.order_by("pk")[0]
    page = web.get(f"/credits/{credit.pk}/")
    assert "olivia granted 2 credits" in text(page)
    assert f'href="/credits/batches/{made.pk}/"'.encode() in page.content
    path = f"/credits/batches/{made.pk}/void/"
    web.post(path, fields(web.get(path)) | {"reason": "By mistake"})
    assert f"olivia voided what was left of batch {made.pk}" in text(web.get(f"/credits/{credit.pk}/"))


def test_an_act_that_is_no_batch_has_no_page(web: Client) -> None:
    a_credit(an_account(), "1.00")
    other = Act.objects.get(kind="credit_grant")
    assert web.get(f"/credits/batches/{other.pk}/").status_code == 404
    assert web.get(f"/credits/batches/{other.pk}/void/").status_code == 404


def test_r14_who_only_looks_is_offered_nothing_to_do(web: Client) -> None:
    made = granted(an_account())
    support = Client()
    support.force_login(a_person("sam", "Support"))
    assert ADD.encode() not in support.get("/credits/batches/").content
    assert b"/void/" not in support.get(f"/credits/batches/{made.pk}/").content


# --- How much it asks of the database ---------------------------------------------------


def queries(ask: Callable[[], Any]) -> int:
    ask()
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


@pytest.mark.parametrize("number", [2, 25])
def test_pages_of_batches_take_a_fixed_number_of_queries(web: Client, number: int) -> None:
    accounts: list[Account] = [an_account() for _ in range(number)]
    for _ in range(number):
        made = granted(*accounts)
    path = f"/credits/batches/{made.pk}/"
    assert queries(lambda: web.get("/credits/batches/")) == 6
    assert queries(lambda: web.get(path)) == 9
    assert queries(lambda: web.get(f"{path}void/")) == 6
    assert queries(lambda: web.get(ADD)) == 5
    form = fields(looked(web, csv_of(*accounts))) | {"look": "1"}
    assert queries(lambda: web.post(ADD, form)) == 8
    form = fields(filtered(web)) | {"look": "1"}
    assert queries(lambda: web.post(ADD, form)) == 7


def test_the_confirmation_carries_no_field_twice(web: Client) -> None:
    page = looked(web, csv_of(an_account()))
    names = re.findall(rb'name="(\w+)"', page.content)
    assert len(names) == len({*names}) + names.count(b"csrfmiddlewaretoken") - 1
