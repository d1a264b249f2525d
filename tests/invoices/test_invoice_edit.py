"""Editing a draft: lines left alone keep what they came with, changed ones are priced anew (R1, R7)."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from customers.models import Account, Act
from invoices.drafts import DraftLine, DraftRefused, invoice_discard, invoice_edit
from invoices.models import Invoice, Item, Kind, Line
from invoices.services import item_edit
from invoices.usage_file import UsageCharge, UsageFile
from invoices.usage_import import usage_import
from tests.factories import a_draft, a_line, an_account, an_item, by_now, day, issue

pytestmark = pytest.mark.django_db


def edit(draft: Invoice, *lines: DraftLine, start: str = "2026-08-01", end: str = "2026-09-01") -> Invoice:
    return invoice_edit(
        invoice=draft, period_start=day(start), period_end=day(end), lines=lines, **by_now("2026-09-02")
    )


def kept(line: Line) -> DraftLine:
    return DraftLine(line.item, line.description, line.quantity, line.unit_price, kept=line)


def imported_line(account: Account, item: Item, exact: str, quantity: str = "3") -> Line:
    """A line served from 10 to 20 August, as a usage file brings it."""
    charge = UsageCharge(
        customer_key=account.customer.key,
        customer_name=account.customer.name,
        account_key=account.key,
        account_name=account.name,
        currency=account.currency,
        item_key=item.key,
        item_name=item.name,
        kind="usage_meter",
        unit=item.unit,
        quantity=Decimal(quantity),
        exact_amount=Decimal(exact),
        first_served=datetime(2026, 8, 10, tzinfo=UTC),
        last_served=datetime(2026, 8, 21, tzinfo=UTC),
        rows=1,
    )
    usage_import(
        usage=UsageFile("focus", 1, (charge,), (), ()),
        digest="d",
        period_start=day("2026-08-01"),
        period_end=day("2026-09-01"),
        **by_now("2026-09-01"),
    )
    return Line.objects.get()


def test_r7_lines_of_a_draft_are_replaced() -> None:
    api, seats = an_item("API calls"), an_item("Seats")
    draft = a_draft(an_account(), (api, "10.00"), (api, "20.00"))
    edit(draft, a_line(seats, "5.00", "2"))
    assert [(line.name, line.amount) for line in Line.objects.all()] == [("Seats", 1000)]


def test_r7_an_issued_invoice_is_no_longer_edited() -> None:
    item = an_item()
    draft = a_draft(an_account(), (item, "10.00"))
    issue(draft)
    with pytest.raises(DraftRefused, match="it can no longer be changed"):
        edit(draft, a_line(item, "5.00"))
    assert Line.objects.get().amount == 1000


def test_a_discarded_draft_is_not_edited() -> None:
    item = an_item()
    draft = a_draft(an_account(), (item, "10.00"))
    invoice_discard(invoice=Invoice.objects.get(), **by_now("2026-09-02"))
    with pytest.raises(DraftRefused, match="This draft was discarded"):
        edit(draft, a_line(item, "5.00"))


def test_a_draft_keeps_at_least_one_line_and_one_day() -> None:
    item = an_item()
    draft = a_draft(an_account(), (item, "10.00"))
    with pytest.raises(DraftRefused, match="at least one line"):
        edit(draft)
    with pytest.raises(DraftRefused, match="at least one day"):
        edit(draft, a_line(item, "5.00"), start="2026-09-01", end="2026-09-01")
    assert Line.objects.get().amount == 1000


def test_r1_an_imported_line_left_alone_keeps_its_amount_and_its_exact_sum() -> None:
    """3 calls for 1.00 are shown as 0.333333333333 each; 3 × that is not 1.00."""
    line = imported_line(an_account(), an_item(), "1.0049")
    edit(line.invoice, kept(line))
    after = Line.objects.get()
    assert (after.amount, after.exact_amount) == (100, "1.0049")
    assert (after.first_day, after.last_day) == (day("2026-08-10"), day("2026-08-20"))


def test_r1_an_imported_line_with_other_figures_is_priced_like_any_other() -> None:
    line = imported_line(an_account(), an_item(), "1.0049")
    edit(line.invoice, replace(kept(line), quantity=Decimal(4), unit_price=Decimal("0.5")))
    after = Line.objects.get()
    assert (after.amount, after.exact_amount) == (200, "")


def test_a_description_is_no_figure() -> None:
    line = imported_line(an_account(), an_item(), "1.0049")
    edit(line.invoice, replace(kept(line), description="Agreed by phone"))
    after = Line.objects.get()
    assert (after.amount, after.exact_amount, after.description) == (100, "1.0049", "Agreed by phone")


def test_r3_a_kept_line_keeps_the_name_it_was_made_with() -> None:
    item = an_item("API calls", unit="call")
    line = a_draft(an_account(), (item, "10.00")).lines.get()
    renamed = item_edit(item=item, name="Requests", unit="1,000", **by_now("2026-09-02"))
    edit(line.invoice, replace(kept(line), item=renamed), a_line(renamed, "1.00"))
    assert [(after.name, after.unit) for after in Line.objects.order_by("position")] == [
        ("API calls", "call"),
        ("Requests", "1,000"),
    ]


def test_r3_a_line_given_to_another_item_takes_that_item_s_name_and_kind() -> None:
    line = a_draft(an_account(), (an_item("API calls"), "10.00")).lines.get()
    edit(line.invoice, replace(kept(line), item=an_item("Seats", Kind.LICENSE)))
    after = Line.objects.get()
    assert (after.name, after.kind, after.amount) == ("Seats", "license", 1000)


def test_r6_a_line_served_all_period_long_follows_the_period() -> None:
    line = a_draft(an_account(), (an_item(), "10.00")).lines.get()
    edit(line.invoice, kept(line), start="2026-09-01", end="2026-10-01")
    after = Line.objects.get()
    assert (after.first_day, after.last_day) == (day("2026-09-01"), day("2026-09-30"))


def test_r6_a_line_with_days_of_its_own_keeps_them() -> None:
    line = imported_line(an_account(), an_item(), "1.00")
    edit(line.invoice, kept(line), start="2026-08-05", end="2026-09-05")
    after = Line.objects.get()
    assert (after.first_day, after.last_day) == (day("2026-08-10"), day("2026-08-20"))


def test_r13_the_same_token_edits_once_and_a_later_edit_stays() -> None:
    item = an_item()
    draft, once = a_draft(an_account(), (item, "10.00")), by_now("2026-09-02")
    period: dict[str, Any] = {"period_start": day("2026-08-01"), "period_end": day("2026-09-01")}
    invoice_edit(invoice=draft, lines=[a_line(item, "20.00")], **period, **once)
    edit(draft, a_line(item, "30.00"))
    invoice_edit(invoice=draft, lines=[a_line(item, "20.00")], **period, **once)
    assert Line.objects.get().amount == 3000
    assert Act.objects.filter(kind="invoice_edit").count() == 2
