"""Add Credits: what the preview promises, and that one form grants one credit (R7, R13)."""

from typing import Any

import pytest
from django.test import Client

from credits.models import Credit, Entry
from customers.models import Account, Act
from invoices.models import Kind
from tests.factories import a_credit, a_draft, an_account, an_item, issue, paid_by_line
from tests.pages.reading import fields, rows, text
from tests.pages.test_grant_form import path, typed

pytestmark = pytest.mark.django_db

WAYS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "button": ({"preview": "1"}, {}),
    "scripts": ({}, {"HX-Request": "true"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_r7_a_preview_saves_nothing_and_leaves_the_token_free(web: Client, way: str) -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "70.00"))
    more, headers = WAYS[way]
    before = Act.objects.count(), Entry.objects.count()
    form = typed()
    answer = web.post(path(account), form | more, headers=headers)
    assert "A projection. $50.00 understood." in text(answer)
    assert "Amount due $70.00 now, $20.00 with it." in text(answer)
    assert (Act.objects.count(), Entry.objects.count()) == before
    assert web.post(path(account), form).status_code == 302
    assert Credit.objects.get().name == "Sorry for the outage"


def test_the_preview_button_gives_the_whole_page_back_and_scripts_only_the_part(web: Client) -> None:
    account = an_account()
    whole = web.post(path(account), typed(preview="1")).content
    part = web.post(path(account), typed(), headers={"HX-Request": "true"}).content
    assert b"<html" in whole
    assert b"<form" in whole
    assert b"<html" not in part
    assert b"<form" not in part
    assert b"This account has no open draft: all of it waits for the next one." in whole
    assert b"This account has no open draft: all of it waits for the next one." in part


def test_r7_what_is_previewed_is_what_issuing_applies(web: Client) -> None:
    """R5's example: the older credit must pay the line that this one cannot."""
    account, x, y = an_account(), an_item("Item X"), an_item("Item Y", Kind.ADD_ON)
    a_credit(account, "50.00", name="Older", priority=1)
    draft = a_draft(account, (x, "50.00"), (y, "50.00"))
    form = typed(applies_to="selected", items=[x.pk], priority="2")
    seen = rows(web.post(path(account), form | {"preview": "1"}))
    assert "Item X $50.00 – −$50.00 $0.00" in seen
    assert "Item Y $50.00 −$50.00 – $0.00" in seen
    web.post(path(account), form)
    issued = issue(draft, "2026-09-10")
    assert paid_by_line(issued) == [("Older", "Item Y", 5000), ("Sorry for the outage", "Item X", 5000)]


def test_the_preview_tells_which_other_credits_it_would_spare(web: Client) -> None:
    account, item = an_account(), an_item()
    a_credit(account, "60.00", name="Older")
    a_draft(account, (item, "70.00"))
    seen = text(web.post(path(account), typed(priority="1", preview="1")))
    assert "It would be the 1st of 2 credits to be used" in seen
    assert "Older: $60.00 now, $20.00 with it." in seen


def test_the_preview_says_why_the_credit_would_pay_nothing(web: Client) -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "70.00"))
    seen = text(web.post(path(account), typed(effective_from="2026-11-01", preview="1")))
    assert "It would pay nothing here. It takes effect only after this invoice." in seen


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_granted_is_not_projected(web: Client, way: str) -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "70.00"))
    more, headers = WAYS[way]
    answer = web.post(path(account), typed(expires_on="2026-08-31", **more), headers=headers)
    assert "No projection yet. The last day of this credit is over already." in text(answer)
    answer = web.post(path(account), typed(amount="5,00", **more), headers=headers)
    assert "No projection yet. Amount: Type the amount in digits" in text(answer)


def test_the_live_preview_of_an_empty_form_complains_about_nothing(web: Client) -> None:
    account = an_account()
    answer = web.post(path(account), typed(name="", amount=""), headers={"HX-Request": "true"})
    assert "Give it a name and an amount" in text(answer)


def test_r13_the_same_form_sent_twice_grants_one_credit_and_shows_the_first(web: Client) -> None:
    account, form = an_account(), typed()
    first = web.post(path(account), form)
    second = web.post(path(account), form)
    credit = Credit.objects.get()
    assert first["Location"] == second["Location"] == f"/credits/{credit.pk}/"
    assert Act.objects.filter(kind="credit_grant").count() == Entry.objects.count() == 1


def test_r13_the_same_token_with_other_content_is_refused_and_the_form_gets_a_new_one(web: Client) -> None:
    account, form = an_account(), typed()
    web.post(path(account), form)
    answer = web.post(path(account), form | {"amount": "60.00"})
    assert "This request token was already used for something else." in text(answer)
    assert Credit.objects.count() == 1
    again = fields(answer)
    assert (again["amount"], again["name"]) == ("60.00", "Sorry for the outage")
    assert again["request_token"] not in ("", form["request_token"])
    assert web.post(path(account), again).status_code == 302
    assert sorted(Credit.objects.values_list("amount", flat=True)) == [5000, 6000]


def test_r13_a_token_is_not_free_for_another_account(web: Client) -> None:
    form = typed()
    web.post(path(an_account()), form)
    answer = web.post(path(an_account()), form)
    assert "This request token was already used" in text(answer)
    assert Credit.objects.count() == 1


def test_r13_a_refused_attempt_leaves_the_token_free(web: Client) -> None:
    account, form = an_account(), typed()
    web.post(path(account), form | {"expires_on": "2026-08-31"})
    assert web.post(path(account), form).status_code == 302


@pytest.mark.parametrize("token", ["x" * 101, "a b", "schlüssel", "a\nb"])
def test_r13_a_token_out_of_its_grammar_is_refused_and_replaced(web: Client, token: str) -> None:
    account = an_account()
    answer = web.post(path(account), typed(request_token=token))
    assert not Credit.objects.exists()
    assert web.post(path(account), fields(answer)).status_code == 302


def test_r13_every_form_shown_has_a_token_of_its_own(web: Client) -> None:
    account = an_account()
    tokens = {fields(web.get(path(account)))["request_token"] for _ in range(3)}
    assert len(tokens) == 3


def test_a_form_without_what_its_page_showed_is_accepted(web: Client) -> None:
    account: Account = an_account()
    assert "shown" not in typed()
    assert web.post(path(account), typed()).status_code == 302
