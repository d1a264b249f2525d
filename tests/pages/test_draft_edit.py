"""A draft edited on its page: kept lines keep their figures, removed ones go, issued ones stay (R1, R7)."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from customers.models import Account, Act
from invoices.models import Invoice, Item, Line
from tests.factories import a_draft, a_line, an_account, an_invoice, an_item, issue
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Item:
    return an_item()


@pytest.fixture
def draft(item: Item) -> Invoice:
    """Three lines: 10, 20 and 30 dollars."""
    return a_draft(an_account(), (item, "10.00"), (item, "20.00"), (item, "30.00"))


def path(draft: Invoice) -> str:
    return f"/invoices/{draft.pk}/edit/"


def amounts(draft: Invoice) -> list[int]:
    return list(draft.lines.order_by("position").values_list("amount", flat=True))


def imported(draft: Invoice) -> Line:
    """The first line as an import leaves it: an exact sum, and a unit price that is only for display."""
    line = draft.lines.get(position=1)
    line.quantity, line.unit_price = Decimal(3), Decimal("3.333333333333")
    line.exact_amount, line.amount = "10.004", 1000
    line.save()
    return line


def test_the_form_shows_the_draft_as_it_is(web: Client, draft: Invoice) -> None:
    form = fields(web.get(path(draft)))
    assert (form["period_start"], form["last_day"]) == ("2026-08-01", "2026-08-31")
    assert [form[f"lines-{place}-unit_price"] for place in range(3)] == ["10", "20", "30"]


def test_a_ticked_line_is_removed_and_a_new_one_added(web: Client, draft: Invoice, item: Item) -> None:
    new = {"lines-3-item": item.pk, "lines-3-quantity": "2", "lines-3-unit_price": "0.50"}
    sent(web, path(draft), **{"lines-1-DELETE": "on"}, **new)
    assert amounts(draft) == [1000, 3000, 100]


def test_a_line_ticked_for_removal_need_not_be_right(web: Client, draft: Invoice) -> None:
    sent(web, path(draft), **{"lines-1-DELETE": "on", "lines-1-quantity": "rubbish"})
    assert amounts(draft) == [1000, 3000]


def test_all_lines_cannot_be_removed(web: Client, draft: Invoice) -> None:
    answer = sent(web, path(draft), **{f"lines-{place}-DELETE": "on" for place in range(3)})
    assert "A draft needs at least one line." in text(answer)
    assert amounts(draft) == [1000, 2000, 3000]


def test_r1_an_imported_line_left_alone_keeps_its_amount(web: Client, draft: Invoice) -> None:
    imported(draft)
    sent(web, path(draft), **{"lines-1-unit_price": "21.00", "lines-0-description": "As agreed"})
    first = draft.lines.get(position=1)
    assert (first.amount, first.exact_amount, first.description) == (1000, "10.004", "As agreed")
    assert amounts(draft) == [1000, 2100, 3000]


def test_r1_an_imported_line_whose_figures_change_becomes_a_priced_one(web: Client, draft: Invoice) -> None:
    imported(draft)
    sent(web, path(draft), **{"lines-0-quantity": "6"})
    first = draft.lines.get(position=1)
    assert (first.amount, first.exact_amount) == (2000, "")


def test_r13_the_same_edit_sent_twice_is_once_and_no_error(web: Client, draft: Invoice, item: Item) -> None:
    new = {"lines-3-item": item.pk, "lines-3-quantity": "1", "lines-3-unit_price": "5.00"}
    form = fields(web.get(path(draft))) | {"lines-0-unit_price": "11.00", "lines-1-DELETE": "on"} | new
    first, second = web.post(path(draft), form), web.post(path(draft), form)
    assert first["Location"] == second["Location"] == f"/invoices/{draft.pk}/"
    assert amounts(draft) == [1100, 3000, 500]
    assert Act.objects.filter(kind="invoice_edit").count() == 1


def test_a_line_that_somebody_removed_meanwhile_is_told_in_words(web: Client, draft: Invoice) -> None:
    mine = fields(web.get(path(draft)))
    sent(web, path(draft), **{"lines-0-DELETE": "on"})
    answer = web.post(path(draft), mine)
    assert "This line is on the draft no more: remove the row, or load the page again." in text(answer)
    assert amounts(draft) == [2000, 3000]


def test_a_line_of_another_draft_cannot_be_smuggled_in(web: Client, draft: Invoice, item: Item) -> None:
    other = a_draft(an_account(), (item, "1.00"))
    line = other.lines.get()
    answer = sent(web, path(draft), **{"lines-0-line": line.pk})
    assert "This line is on the draft no more" in text(answer)
    assert (amounts(draft), amounts(other)) == ([1000, 2000, 3000], [100])


def test_two_rows_cannot_stand_for_one_line(web: Client, draft: Invoice) -> None:
    form = fields(web.get(path(draft)))
    answer = web.post(path(draft), form | {"lines-1-line": form["lines-0-line"]})
    assert "Two rows stand for the same line" in text(answer)
    assert amounts(draft) == [1000, 2000, 3000]


@pytest.mark.parametrize("method", ["get", "post"])
def test_r7_an_issued_invoice_leads_back_to_its_page_unchanged(
    web: Client, draft: Invoice, method: str
) -> None:
    form: dict[str, Any] = fields(web.get(path(draft))) | {"lines-0-unit_price": "0.01"}
    issue(draft)
    answer = getattr(web, method)(path(draft), form)
    assert answer["Location"] == f"/invoices/{draft.pk}/"
    assert "was issued: it can no longer be changed." in text(web.get(answer["Location"]))
    assert amounts(draft) == [1000, 2000, 3000]


def test_a_discarded_draft_is_gone_and_its_form_sent_twice_leads_to_the_account(
    web: Client, draft: Invoice
) -> None:
    page = f"/invoices/{draft.pk}/discard/"
    form = fields(web.get(page))
    first, second = web.post(page, form), web.post(page, form)
    assert first["Location"] == second["Location"] == f"/accounts/{draft.account_id}/"
    assert not Invoice.objects.exists()
    assert Act.objects.filter(kind="invoice_discard").count() == 1
    assert web.get(path(draft)).status_code == 404


def test_r7_an_issued_invoice_is_not_discarded(web: Client, item: Item) -> None:
    issued = an_invoice(an_account(), a_line(item, "5.00"))
    answer = sent(web, f"/invoices/{issued.pk}/discard/")
    assert "was issued: it can no longer be changed." in text(answer)
    assert Invoice.objects.filter(pk=issued.pk).exists()


def test_a_closed_account_drafts_nothing_but_finishes_what_is_open(web: Client, draft: Invoice) -> None:
    account: Account = draft.account
    sent(web, f"/accounts/{account.pk}/close/", reason="They left")
    sent(web, path(draft), **{"lines-0-unit_price": "12.00"})
    assert amounts(draft) == [1200, 2000, 3000]
