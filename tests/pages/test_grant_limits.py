"""Add Credits: scopes by tag, and the most that a credit pays on one invoice (R1, R3)."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from credits.models import Credit
from customers.models import Account
from invoices.models import Item, Kind
from tests.factories import a_draft, an_account, an_item, issue, tag
from tests.pages.reading import fields, rows, text
from tests.pages.test_grant_form import path, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    """It bears the tag team-blue."""
    return tag(an_item(), "team-blue")


def test_r3_tags_kinds_and_items_make_one_scope(web: Client, account: Account, item: Item) -> None:
    seats = an_item("Seats", Kind.LICENSE)
    web.post(
        path(account), typed(applies_to="selected", tags=["team-blue"], kinds=["add_on"], items=[seats.pk])
    )
    scope = Credit.objects.get().scope()
    assert (scope.tags, scope.kinds, scope.items) == (
        frozenset({"team-blue"}),
        frozenset({"add_on"}),
        frozenset({seats.pk}),
    )
    seen = text(web.get(f"/credits/{Credit.objects.get().pk}/"))
    assert "Applies to All add-ons, Seats and items tagged team-blue" in seen


def test_r3_a_tag_alone_is_a_scope_and_pays_lines_that_bear_it(
    web: Client, account: Account, item: Item
) -> None:
    draft = a_draft(account, (item, "30.00"), (an_item("Seats"), "20.00"))
    form = typed(applies_to="selected", tags="team-blue")
    seen = rows(web.post(path(account), form | {"preview": "1"}))
    assert {"API calls $30.00 – −$30.00 $0.00", "Seats $20.00 – – $20.00"} <= set(seen)
    web.post(path(account), form)
    assert issue(draft, "2026-09-10").credited == 3000


def test_a_tag_that_no_item_bears_is_refused_and_what_was_ticked_stays(
    web: Client, account: Account, item: Item
) -> None:
    answer = web.post(path(account), typed(applies_to="selected", tags=["team-blue", "team-red"]))
    assert "team-red is not one of the available choices." in text(answer)
    assert fields(answer)["tags"] == "team-blue"
    assert not Credit.objects.exists()


def test_tags_that_stayed_ticked_below_the_whole_invoice_are_not_meant(
    web: Client, account: Account, item: Item
) -> None:
    web.post(path(account), typed(applies_to="invoice", tags=["team-blue", "no-such-tag"]))
    assert Credit.objects.get().scope().whole_invoice
    assert not Credit.objects.get().scope_rows.exists()


def test_tags_are_offered_once_an_item_bears_one(web: Client, account: Account) -> None:
    an_item("Bare")
    assert "All items with a tag" not in text(web.get(path(account)))
    for number, tags in enumerate((["team-red", "beta"], ["beta"])):
        tag(an_item(f"Tagged {number}"), *tags)
    assert "All items with a tag beta team-red" in text(web.get(path(account)))


def test_r1_limits_reach_the_credit_and_are_told_in_words(web: Client, account: Account) -> None:
    words = "At most 12.5 % of what it may pay on an invoice, and at most $200.00"
    form = typed(max_percent=" 12.50 ", max_amount="200")
    assert f"Understood as: {words}." in text(web.post(path(account), form | {"name": ""}))
    web.post(path(account), form)
    credit = Credit.objects.get()
    assert (credit.max_percent, credit.max_amount) == (Decimal("12.50"), 20000)
    assert f"Limit {words}" in text(web.get(f"/credits/{credit.pk}/"))
    assert f"The whole invoice {words}" in text(web.get(f"/accounts/{account.pk}/credits/"))


PERCENTAGES = {
    "50 %": "Type the percentage in digits with a point before the decimals (2 at most), such as 50",
    "-5": "no sign",
    "5,5": "Type the percentage in digits",
    "1e1": "Type the percentage in digits",
    "٥": "Type the percentage in digits",
    "５": "Type the percentage in digits",
    ".5": "Type the percentage in digits",
    "5.": "Type the percentage in digits",
    "33.333": "2 at most",
    "0": "A percentage is above 0 and at most 100.",
    "0.00": "A percentage is above 0 and at most 100.",
    "100.01": "A percentage is above 0 and at most 100.",
    "9" * 40: "Type the percentage in digits",
}


@pytest.mark.parametrize("percent", PERCENTAGES)
def test_r1_a_percentage_out_of_the_grammar_is_refused_in_words(
    web: Client, account: Account, percent: str
) -> None:
    answer = web.post(path(account), typed(max_percent=percent))
    assert PERCENTAGES[percent] in text(answer)
    assert fields(answer)["max_percent"] == percent
    assert not Credit.objects.exists()


@pytest.mark.parametrize(("percent", "kept"), [("0.01", "0.01"), ("100", "100.00"), ("99.99", "99.99")])
def test_r1_a_percentage_at_the_bounds_is_taken(
    web: Client, account: Account, percent: str, kept: str
) -> None:
    web.post(path(account), typed(max_percent=percent))
    assert Credit.objects.get().max_percent == Decimal(kept)


LIMITS = {
    "0": "The amount must not be zero.",
    "2,00": "Type the amount in digits",
    "0.001": "USD has 2 decimals, not more.",
    "100000000.01": "The amount is above the limit of 100,000,000 USD.",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_r1_a_limit_is_an_amount_of_the_account_s_currency(web: Client, account: Account, limit: str) -> None:
    answer = web.post(path(account), typed(max_amount=limit))
    assert LIMITS[limit] in text(answer)
    assert fields(answer)["max_amount"] == limit
    assert not Credit.objects.exists()


PREVIEWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "share": (
        {"max_percent": "25"},
        "$17.50",
        "Its limit holds it back here: without it, it would pay $50.00.",
    ),
    "amount": (
        {"max_amount": "20"},
        "$20.00",
        "Its limit holds it back here: without it, it would pay $50.00.",
    ),
    "wide": ({"max_percent": "100", "max_amount": "50"}, "$50.00", ""),
}


@pytest.mark.parametrize("case", PREVIEWS)
def test_the_preview_says_when_a_limit_holds_a_credit_back(web: Client, account: Account, case: str) -> None:
    limits, paid, sentence = PREVIEWS[case]
    a_draft(account, (an_item(), "70.00"))
    seen = text(web.post(path(account), typed(**limits), headers={"HX-Request": "true"}))
    assert f"pay {paid} of the open drafts" in seen
    assert ("Its limit holds it back" in seen) == bool(sentence)
    assert sentence in seen


def test_a_limit_holds_on_each_of_several_drafts(web: Client, account: Account) -> None:
    """The second draft has less to pay than the limit, and is told without it what the first left."""
    item = an_item()
    a_draft(account, (item, "70.00"))
    a_draft(account, (item, "15.00"), start="2026-09-01", end="2026-10-01")
    seen = text(web.post(path(account), typed(max_amount="20"), headers={"HX-Request": "true"}))
    assert seen.count("Its limit holds it back here") == 1
    assert "pay $35.00 of the open drafts, and keep $15.00" in seen


def test_r2_replacing_begins_with_the_tags_and_limits_of_the_old_credit(
    web: Client, account: Account, item: Item
) -> None:
    web.post(
        path(account), typed(applies_to="selected", tags="team-blue", max_percent="12.50", max_amount="20")
    )
    old = Credit.objects.get()
    tag(item)
    form = fields(web.get(f"/credits/{old.pk}/replace/"))
    assert (form["tags"], form["max_percent"], form["max_amount"]) == ("team-blue", "12.5", "20.00")
    assert form["denomination"] == "money"
    assert web.post(f"/credits/{old.pk}/replace/", form | {"reason": "Again"}).status_code == 302
    new = Credit.objects.get(replaces=old)
    assert (new.scope(), new.max_percent, new.max_amount) == (old.scope(), old.max_percent, old.max_amount)
