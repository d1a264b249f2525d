"""The operator's own draft: lines typed, kept, removed; figures refused in words (R1, R7, R13)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from customers.models import Account
from invoices.models import Invoice, Item, Kind, Line
from tests.factories import a_token, an_account, an_item
from tests.pages.reading import fields, sent, text

pytestmark = pytest.mark.django_db

REFUSED = "Nothing was saved yet"


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


def path(account: Account) -> str:
    return f"/accounts/{account.pk}/invoices/add/"


def typed(*lines: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """A form as sent: `typed((item, "3", "0.05"), request_token=…)`, a line being item, quantity, price."""
    form: dict[str, Any] = {
        "period_start": "2026-08-01",
        "last_day": "2026-08-31",
        "request_token": a_token(),
        "lines-TOTAL_FORMS": str(len(lines)),
        "lines-INITIAL_FORMS": "0",
    }
    for place, (item, quantity, price) in enumerate(lines):
        form[f"lines-{place}-item"] = item.pk
        form[f"lines-{place}-quantity"] = quantity
        form[f"lines-{place}-unit_price"] = price
    return form | more


def amounts(invoice: Invoice) -> list[int]:
    return list(invoice.lines.order_by("position").values_list("amount", flat=True))


def test_a_draft_is_made_of_the_lines_typed(web: Client, account: Account, item: Item) -> None:
    seats = an_item("Seats", Kind.LICENSE)
    answer = web.post(path(account), typed((item, "3", "0.05"), (seats, "2", "19.99")))
    draft = Invoice.objects.get()
    assert answer["Location"] == f"/invoices/{draft.pk}/"
    assert (draft.period_start, draft.period_end) == (date(2026, 8, 1), date(2026, 9, 1))
    assert amounts(draft) == [15, 3998]


def test_empty_rows_are_left_out(web: Client, account: Account, item: Item) -> None:
    form = fields(web.get(path(account)))
    assert form["lines-TOTAL_FORMS"] == "3"
    period = {"period_start": "2026-08-01", "last_day": "2026-08-31"}
    line = {"lines-1-item": item.pk, "lines-1-quantity": "1", "lines-1-unit_price": "9.99"}
    web.post(path(account), form | period | line)
    assert amounts(Invoice.objects.get()) == [999]


def test_r1_a_unit_price_may_have_twelve_decimals_and_is_rounded_once(
    web: Client, account: Account, item: Item
) -> None:
    web.post(path(account), typed((item, "1000000", "0.000000125001")))
    line = Line.objects.get()
    assert (line.unit_price, line.amount) == (Decimal("0.000000125001"), 13)


def test_r1_a_negative_quantity_makes_a_correction(web: Client, account: Account, item: Item) -> None:
    web.post(path(account), typed((item, "2", "10.00"), (item, "-1", "2.50")))
    assert amounts(Invoice.objects.get()) == [2000, -250]


FIGURES = {
    "1.0000000000001": "12 at most",
    "1234567890123456": "Type a number in digits",
    "12345678901234.56": "A number has at most 15 significant digits.",
    "0.1234567890123": "12 at most",
    "1,5": "no spaces, commas or other characters",
    "1e3": "Type a number in digits",
    "٣": "Type a number in digits",
    "1_0": "Type a number in digits",
    "+1": "Type a number in digits",
    "--1": "Type a number in digits",
    "": "This field is required.",
    "999999999999999": "Quantity times unit price is more than an invoice can hold.",
}


@pytest.mark.parametrize("figure", FIGURES)
def test_r1_a_figure_out_of_the_grammar_is_refused_in_words_and_the_form_stays_filled(
    web: Client, account: Account, item: Item, figure: str
) -> None:
    form = typed((item, "777", figure))
    answer = web.post(path(account), form)
    assert FIGURES[figure] in text(answer)
    again = fields(answer)
    assert again["lines-0-item"] == str(item.pk)
    assert (again["lines-0-quantity"], again["lines-0-unit_price"]) == ("777", figure or "")
    assert (again["period_start"], again["request_token"]) == ("2026-08-01", form["request_token"])
    assert not Invoice.objects.exists()


PERIODS = {
    "backwards": ({"last_day": "2026-07-31"}, "The last day is before the first."),
    "over a year": ({"last_day": "2027-12-31"}, "A period is at most a year long."),
    "far away": (
        {"period_start": "1999-01-01", "last_day": "1999-01-31"},
        "A period lies between the years 2000 and 2200.",
    ),
    "the end of time": ({"last_day": "9999-12-31"}, "A period lies between the years 2000 and 2200."),
    "no day": ({"period_start": "soon"}, "Enter a valid date."),
}


@pytest.mark.parametrize("case", PERIODS)
def test_a_period_that_cannot_be_is_refused_in_words(
    web: Client, account: Account, item: Item, case: str
) -> None:
    wrong, sentence = PERIODS[case]
    assert sentence in text(web.post(path(account), typed((item, "1", "1.00"), **wrong)))
    assert not Invoice.objects.exists()


def test_a_draft_needs_a_line(web: Client, account: Account) -> None:
    assert "A draft needs at least one line." in text(web.post(path(account), typed()))


def test_r13_the_same_form_sent_twice_makes_one_draft(web: Client, account: Account, item: Item) -> None:
    form = typed((item, "1", "1.00"))
    first, second = web.post(path(account), form), web.post(path(account), form)
    assert first["Location"] == second["Location"]
    assert Invoice.objects.count() == 1


def test_r13_a_form_whose_draft_was_discarded_since_is_refused_in_words(
    web: Client, account: Account, item: Item
) -> None:
    form = typed((item, "1", "1.00"))
    web.post(path(account), form)
    sent(web, f"/invoices/{Invoice.objects.get().pk}/discard/")
    assert "was discarded since" in text(web.post(path(account), form))
    assert not Invoice.objects.exists()


MANAGEMENT: dict[str, dict[str, Any]] = {
    "missing": {"lines-TOTAL_FORMS": None, "lines-INITIAL_FORMS": None},
    "no number": {"lines-TOTAL_FORMS": "many"},
    "huge": {"lines-TOTAL_FORMS": "1" + "0" * 30},
    "a little too large": {"lines-TOTAL_FORMS": "551"},
    "negative": {"lines-TOTAL_FORMS": "-1"},
    "initial beyond total": {"lines-INITIAL_FORMS": "99999999999"},
    "other prefix": {"lines-TOTAL_FORMS": None, "form-TOTAL_FORMS": "1"},
}


@pytest.mark.parametrize("case", MANAGEMENT)
def test_a_tampered_count_of_lines_saves_nothing_and_breaks_nothing(
    web: Client, account: Account, item: Item, case: str
) -> None:
    form = typed((item, "1", "1.00")) | MANAGEMENT[case]
    answer = web.post(path(account), {name: value for name, value in form.items() if value is not None})
    assert answer.status_code in (200, 302)
    made = [amounts(invoice) for invoice in Invoice.objects.all()]
    assert made == ([[100]] if answer.status_code == 302 else [])
    assert (case == "initial beyond total") == (answer.status_code == 302)


def test_a_draft_of_three_hundred_lines_is_saved_whole(web: Client, account: Account, item: Item) -> None:
    web.post(path(account), typed(*[(item, "1", "1.00")] * 300))
    draft = Invoice.objects.get()
    assert len(amounts(draft)) == 300
    sent(web, f"/invoices/{draft.pk}/edit/", **{"lines-299-unit_price": "2.00"})
    assert sum(amounts(draft)) == 30_100


def test_more_lines_than_the_form_takes_are_refused_and_none_is_dropped(
    web: Client, account: Account, item: Item
) -> None:
    assert "Please submit at most 500" in text(web.post(path(account), typed(*[(item, "1", "1.00")] * 501)))
    assert not Invoice.objects.exists()
