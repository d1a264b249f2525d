"""Add Credits for a credit bought in advance: its price, its invoice, and what is told of both (R1, R13)."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Credit
from customers.models import Account, Act
from invoices.models import Invoice
from tests.factories import a_credit, a_draft, a_sale, a_token, a_user, an_account, an_item, pay, sale_of
from tests.pages.reading import fields, rows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/credits/add/"


def typed(**more: Any) -> dict[str, Any]:
    plain = {
        "name": "Annual pack",
        "denomination": "money",
        "amount": "100.00",
        "category": "purchased",
        "price_paid": "80.00",
        "effective_from": "2026-09-01",
        "expires_on": "",
        "priority": "50",
        "applies_to": "invoice",
        "reason": "Order 12",
        "request_token": a_token(),
    }
    return plain | more


BILLED = {"purchase_invoice": "on"}
WAITS = {**BILLED, "usable_once_paid": "on"}


def test_a_price_alone_is_kept_with_the_credit_and_bills_nothing(web: Client, account: Account) -> None:
    web.post(path(account), typed())
    credit = Credit.objects.get()
    assert (credit.price_paid, credit.purchase_line, credit.usable_once_paid) == (8000, None, False)
    assert not Invoice.objects.exists()


def test_a_purchased_credit_needs_no_price(web: Client, account: Account) -> None:
    web.post(path(account), typed(price_paid=" "))
    assert Credit.objects.get().price_paid is None


@pytest.mark.parametrize("more", [BILLED, WAITS], ids=["usable at once", "once it is paid"])
def test_billed_now_it_is_sold_on_an_invoice_of_its_own(
    web: Client, account: Account, more: dict[str, str]
) -> None:
    answer = web.post(path(account), typed(**more), follow=True)
    credit, invoice = Credit.objects.get(), Invoice.objects.get()
    assert answer.redirect_chain == [(f"/credits/{credit.pk}/", 302)]
    assert (sale_of(credit), invoice.total, invoice.status) == (invoice, 8000, "issued")
    assert credit.usable_once_paid == (more == WAITS)
    seen = text(answer)
    assert "Annual pack is saved." in seen
    assert "Invoice INV-2026-000001 bills its price." in seen
    assert "Purchase Bought for $80.00 (20 % off) on INV-2026-000001, issued" in seen
    assert ("Waits for payment of INV-2026-000001" in seen) == (more == WAITS)
    assert Act.objects.get(kind="credit_sell").actor_name == "olivia"


def test_r13_a_double_click_sells_once(web: Client, account: Account) -> None:
    form = typed(**WAITS)
    first, second = web.post(path(account), form), web.post(path(account), form)
    assert first["Location"] == second["Location"]
    assert (Credit.objects.count(), Invoice.objects.count()) == (1, 1)


def test_r13_the_same_form_without_the_invoice_is_another_content(web: Client, account: Account) -> None:
    form = typed()
    web.post(path(account), form)
    assert "already used for something else" in text(web.post(path(account), form | BILLED))
    assert not Invoice.objects.exists()


GIFT = {"category": "promotional"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a price on a gift": (GIFT, "Only a purchased credit has a price: empty it."),
    "a price of zero on a gift": ({**GIFT, "price_paid": "0"}, "Only a purchased credit has a price"),
    "a gift billed": ({**GIFT, "price_paid": "", **BILLED}, "Only a purchased credit is billed."),
    "a gift that waits": ({**GIFT, "price_paid": "", "usable_once_paid": "on"}, "Only a purchased credit is"),
    "billed without a price": ({"price_paid": "", **BILLED}, "Type the price: it is what the invoice bills."),
    "billed for nothing": ({"price_paid": "0.00", **BILLED}, "At a price of zero there is nothing to bill."),
    "waits for no invoice": ({"usable_once_paid": "on"}, "It can only wait for an invoice of its own"),
    "a price that is none": ({"price_paid": "80,00"}, "Type the amount in digits with a point"),
    "a price below zero": ({"price_paid": "-1"}, "no sign"),
    "a price too exact": ({"price_paid": "1.005"}, "USD has 2 decimals, not more."),
    "a price too large": ({"price_paid": "100000000.01"}, "above the limit of 100,000,000 USD"),
    "a price too long": ({"price_paid": "9" * 41}, "Ensure this value has at most 40 characters"),
    "terms no credit can have": ({**WAITS, "expires_on": "2026-08-31"}, "cannot expire before it takes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_r1_what_cannot_be_sold_is_refused_in_words_and_the_form_stays_filled(
    web: Client, account: Account, case: str
) -> None:
    wrong, sentence = REFUSED[case]
    form = typed(**wrong)
    answer = web.post(path(account), form)
    assert sentence in text(answer)
    assert not Credit.objects.exists()
    assert not Invoice.objects.exists()
    again = fields(answer)
    assert {name: again.get(name, "") or "" for name in form if form[name]} == {
        name: value for name, value in form.items() if value
    }
    assert web.post(path(account), again | {"request_token": ""}).status_code == 200


def test_the_price_is_repeated_as_it_was_understood(web: Client, account: Account) -> None:
    assert "Understood as $1,234.50" in text(web.post(path(account), typed(price_paid="1234.5", name="")))


def test_r14_who_may_not_issue_invoices_is_not_offered_to_bill_and_cannot(account: Account) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(a_user("credits.add_credit", "credits.view_credit"))
    assert b"purchase_invoice" not in browser.get(path(account)).content
    assert "An invoice cannot be issued from here, or not by you" in text(
        browser.post(path(account), typed(**BILLED))
    )
    assert not Credit.objects.exists()
    assert browser.post(path(account), typed()).status_code == 302


def test_the_preview_says_what_would_be_billed_and_that_the_credit_waits(
    web: Client, account: Account
) -> None:
    a_draft(account, (an_item(), "30.00"))
    plain = text(web.post(path(account), typed(preview="1")))
    assert "would be issued at once" not in plain
    assert "pay $30.00 of the open drafts" in plain
    billed = text(web.post(path(account), typed(preview="1", **BILLED)))
    assert "An invoice over $80.00 would be issued at once" in billed
    assert "pay $30.00 of the open drafts" in billed
    waiting = text(web.post(path(account), typed(**WAITS), headers={"HX-Request": "true"}))
    assert "Until it is paid, this credit pays nothing." in waiting
    assert "It was bought in advance, and its invoice is not paid yet." in waiting
    assert "pay $0.00 of the open drafts" in waiting
    assert not Invoice.objects.filter(status="issued").exists()


def test_a_waiting_credit_is_listed_with_what_it_waits_for_and_is_not_available(
    web: Client, account: Account
) -> None:
    credit = a_sale(account, "100.00", "80.00", name="Annual pack", waits=True)
    [row] = [row for row in rows(web.get(f"/accounts/{account.pk}/credits/")) if "Annual pack" in row]
    assert "Bought for $80.00 (20 % off)" in row
    assert "Waits for payment of INV-2026-000001" in row
    assert "Available $0.00" in text(web.get(f"/accounts/{account.pk}/"))
    pay(sale_of(credit), "2026-09-02")
    [row] = [row for row in rows(web.get(f"/accounts/{account.pk}/credits/")) if "Annual pack" in row]
    assert "Waits" not in row
    assert "Live" in row
    assert "Available $100.00" in text(web.get(f"/accounts/{account.pk}/"))


def test_a_gift_is_listed_as_before(web: Client, account: Account) -> None:
    credit = a_credit(account, "10.00")
    [row] = [row for row in rows(web.get(f"/accounts/{account.pk}/credits/")) if "Welcome" in row]
    assert "Promotional" in row
    assert "Bought for" not in text(web.get(f"/credits/{credit.pk}/"))


def test_voiding_a_bought_credit_says_what_it_cost_and_that_its_invoice_stays(
    web: Client, account: Account
) -> None:
    credit = a_sale(account, "100.00", "80.00")
    seen = text(web.get(f"/credits/{credit.pk}/void/"))
    assert "The invoice it was bought on stays as it is." in seen
    assert "Bought for $80.00 (20 % off)" in seen


def test_r2_replace_shows_the_price_of_what_is_left_and_offers_no_second_bill(
    web: Client, account: Account
) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    pay(sale_of(credit), "2026-08-02")
    a_draft_issued = a_draft(account, (an_item(), "30.00"))
    web.post(
        f"/invoices/{a_draft_issued.pk}/issue/", fields(web.get(f"/invoices/{a_draft_issued.pk}/issue/"))
    )
    page = f"/credits/{credit.pk}/replace/"
    form = fields(web.get(page))
    assert (form["amount"], form["price_paid"]) == ("70.00", "56.00")
    assert b"purchase_invoice" not in web.get(page).content
    assert "An invoice cannot be issued from here" in text(
        web.post(page, form | {"reason": "Later", **BILLED})
    )
    web.post(page, form | {"reason": "Later", "expires_on": "2026-12-31"})
    new = Credit.objects.get(replaces=credit)
    assert (new.price_paid, new.purchase_line, new.usable_once_paid) == (5600, credit.purchase_line, True)
    assert Invoice.objects.filter(source="purchase").count() == 1


def test_r2_a_replacement_that_waits_says_so_beforehand(web: Client, account: Account) -> None:
    credit = a_sale(account, "100.00", "80.00", waits=True)
    a_draft(account, (an_item(), "30.00"))
    page = f"/credits/{credit.pk}/replace/"
    seen = text(web.post(page, fields(web.get(page)) | {"preview": "1"}))
    assert "It waits for the payment of INV-2026-000001" in seen
    assert "pay $0.00 of the open drafts" in seen


def test_the_replacement_of_what_was_used_up_was_not_paid_for(web: Client, account: Account) -> None:
    credit = a_sale(account, "30.00", "20.00")
    draft = a_draft(account, (an_item(), "30.00"))
    web.post(f"/invoices/{draft.pk}/issue/", fields(web.get(f"/invoices/{draft.pk}/issue/")))
    form = fields(web.get(f"/credits/{credit.pk}/replace/"))
    assert (form["amount"], form["price_paid"]) == ("30.00", "")


def test_a_schedule_knows_a_price_and_bills_nothing(web: Client, account: Account) -> None:
    """Each of its credits is bought for it; which invoice says so is not the schedule's matter."""
    page = f"/accounts/{account.pk}/schedules/add/"
    form = typed(day="1", lifetime_days="", starts_on="2026-10-01", ends_on="")
    assert b"purchase_invoice" not in web.get(page).content
    assert "An invoice cannot be issued from here" in text(web.post(page, form | BILLED))
    answer = web.post(page, form, follow=True)
    assert "Bought for $80.00 (20 % off) each" in text(answer)
    assert not Invoice.objects.exists()
