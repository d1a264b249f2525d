"""Drafting an invoice: it has lines and takes nothing (R3, R7)."""

from datetime import date, timedelta
from typing import Any

import pytest

from credits.models import Entry
from customers.models import Act
from invoices.drafts import DraftRefused, invoice_draft
from invoices.models import Invoice, Kind, Line
from tests.factories import a_credit, a_draft, a_line, an_account, an_item, at, balance, by_now, day

pytestmark = pytest.mark.django_db


def test_a_draft_is_for_one_account_one_currency_and_one_period() -> None:
    account = an_account(currency="EUR")
    draft = Invoice.objects.get(pk=a_draft(account, (an_item(), "10.00")).pk)
    assert (draft.account, draft.currency, draft.status) == (account, "EUR", "draft")
    assert (draft.period_start, draft.period_end) == (day("2026-08-01"), day("2026-09-01"))
    assert draft.last_day == day("2026-08-31")
    assert draft.created_at == at("2026-09-01")


def test_a_draft_has_no_number_no_total_and_no_due_yet() -> None:
    draft = a_draft(an_account(), (an_item(), "10.00"))
    assert (draft.number, draft.total, draft.credited, draft.amount_due) == (None, None, None, None)


def test_r3_a_line_copies_kind_name_and_unit_of_its_item() -> None:
    item = an_item("Seats", Kind.LICENSE, unit="seat")
    a_draft(an_account(), a_line(item, "9.99", "3", description="August"))
    line = Line.objects.get()
    assert (line.item, line.kind, line.name, line.unit) == (item, "license", "Seats", "seat")
    assert (line.description, line.position, line.amount, line.currency) == ("August", 1, 2997, "USD")
    assert line.exact_amount == ""


def test_a_line_is_served_through_the_whole_period() -> None:
    a_draft(an_account(), (an_item(), "10.00"))
    line = Line.objects.get()
    assert (line.first_day, line.last_day) == (day("2026-08-01"), day("2026-08-31"))


def test_lines_stay_in_the_order_typed() -> None:
    names = ["Zebra", "Apple", "Mango"]
    draft = a_draft(an_account(), *[(an_item(name), "1.00") for name in names])
    assert [(line.position, line.name) for line in draft.lines.order_by("position")] == [
        (1, "Zebra"),
        (2, "Apple"),
        (3, "Mango"),
    ]


@pytest.mark.parametrize(
    ("currency", "price", "quantity", "amount"),
    [
        ("USD", "0.015", "1", 2),
        ("JPY", "150.5", "3", 452),
        ("KWD", "0.1234", "5", 617),
        ("USD", "-5", "1", -500),
    ],
)
def test_r1_a_line_is_priced_in_the_account_s_currency(
    currency: str, price: str, quantity: str, amount: int
) -> None:
    a_draft(an_account(currency=currency), a_line(an_item(), price, quantity))
    assert Line.objects.get().amount == amount


def test_r7_a_draft_takes_no_credit() -> None:
    account = an_account()
    welcome = a_credit(account, "50.00")
    a_draft(account, (an_item(), "10.00"))
    assert balance(welcome) == 5000
    assert [entry.kind for entry in Entry.objects.all()] == ["granted"]


def test_the_period_has_at_least_one_day() -> None:
    with pytest.raises(DraftRefused, match="at least one day"):
        a_draft(an_account(), (an_item(), "1.00"), start="2026-08-01", end="2026-08-01")
    one_day = a_draft(an_account(), (an_item(), "1.00"), start="2026-08-01", end="2026-08-02")
    assert one_day.last_day == one_day.period_start


def test_the_period_is_at_most_a_leap_year_long() -> None:
    leap = a_draft(an_account(), (an_item(), "1.00"), start="2028-01-01", end="2029-01-01")
    assert leap.period_end - leap.period_start == timedelta(days=366)
    with pytest.raises(DraftRefused, match="at most a year"):
        a_draft(an_account(), (an_item(), "1.00"), start="2028-01-01", end="2029-01-02")


def test_a_draft_without_lines_is_refused() -> None:
    with pytest.raises(DraftRefused, match="at least one line"):
        a_draft(an_account())
    assert not Invoice.objects.exists()


def drafted(**told: Any) -> Invoice:
    return invoice_draft(period_start=date(2026, 8, 1), period_end=date(2026, 9, 1), **told)


def test_r13_the_same_token_makes_one_draft() -> None:
    account, lines, once = an_account(), [a_line(an_item(), "10.00")], by_now("2026-09-01")
    first = drafted(account=account, lines=lines, **once)
    assert drafted(account=account, lines=lines, **once) == first
    assert (Invoice.objects.count(), Line.objects.count()) == (1, 1)


def test_r14_the_record_names_the_draft_and_its_account() -> None:
    account = an_account()
    draft = a_draft(account, (an_item(), "10.00"))
    record = Act.objects.get(kind="invoice_draft")
    assert (record.subject, record.account) == (f"invoice:{draft.pk}", account)
