"""A credit scoped to a tag pays lines whose item bore the tag when the line was made (R3)."""

from typing import Any

import pytest

from credits.models import Credit
from customers.models import Account
from invoices.drafts import DraftLine, invoice_edit
from invoices.models import Invoice, Item, Kind, Line
from invoices.usage_file import usage_read
from invoices.usage_import import usage_import
from tests.factories import (
    a_credit,
    a_draft,
    a_line,
    an_account,
    an_invoice,
    an_item,
    balance,
    by_now,
    correct,
    day,
    issue,
    paid_by_line,
    tag,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def credit(account: Account) -> Credit:
    return a_credit(account, "50.00", name="GPU", tags=("gpu",))


@pytest.fixture
def item() -> Item:
    return an_item("Training")


def edit(invoice: Invoice, *lines: DraftLine) -> Invoice:
    return invoice_edit(
        invoice=invoice,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        lines=lines,
        **by_now("2026-09-01"),
    )


def imported(account: Account, month: str) -> Line:
    """The line that a usage file of this month charges for calls."""
    period: dict[str, Any] = {"period_start": day(f"2026-{month}-01"), "period_end": day(f"2026-{month}-28")}
    file = [
        "customer,account,currency,item,unit,first_day,last_day,quantity,amount\n",
        f"{account.customer.key},{account.key},USD,calls,call,2026-{month}-01,2026-{month}-27,3,12.34\n",
    ]
    usage = usage_read(file, **period, currencies=["USD"])
    usage_import(usage=usage, digest=month * 32, **period, **by_now("2026-09-01"))
    return Line.objects.latest("pk")


def kept(line: Line) -> DraftLine:
    item = Item.objects.get(pk=line.item_id)
    return DraftLine(item, line.description, line.quantity, line.unit_price, kept=line)


def test_it_pays_a_line_made_while_the_item_bore_the_tag_and_no_other(
    account: Account, credit: Credit, item: Item
) -> None:
    issued = an_invoice(account, (an_item("Support"), "10.00"), (tag(item, "eu", "gpu"), "20.00"))
    assert paid_by_line(issued) == [("GPU", "Training", 2000)]
    assert balance(credit) == 3000


def test_it_pays_that_line_also_after_the_tag_was_taken_from_the_item(
    account: Account, credit: Credit, item: Item
) -> None:
    draft = a_draft(account, (tag(item, "gpu"), "20.00"))
    tag(item)
    assert paid_by_line(issue(draft)) == [("GPU", "Training", 2000)]


def test_it_does_not_pay_a_line_made_before_the_item_was_tagged(
    account: Account, credit: Credit, item: Item
) -> None:
    draft = a_draft(account, (item, "20.00"))
    tag(item, "gpu")
    assert paid_by_line(issue(draft)) == []
    assert balance(credit) == 5000


def test_it_does_not_pay_a_line_made_after_the_tag_was_taken_away(
    account: Account, credit: Credit, item: Item
) -> None:
    tag(item, "gpu")
    assert paid_by_line(an_invoice(account, (tag(item, "cpu"), "20.00"))) == []


def test_any_one_of_its_tags_is_enough(account: Account, item: Item) -> None:
    a_credit(account, "50.00", name="Either", tags=("gpu", "cpu"))
    assert paid_by_line(an_invoice(account, (tag(item, "cpu", "eu"), "20.00"))) == [
        ("Either", "Training", 2000)
    ]


@pytest.mark.parametrize("other", ["gp", "gpu-2", "my-gpu"])
def test_a_tag_is_the_whole_word(account: Account, credit: Credit, item: Item, other: str) -> None:
    assert paid_by_line(an_invoice(account, (tag(item, other), "20.00"))) == []


def test_a_tag_is_mixed_with_kinds_and_items(account: Account, item: Item) -> None:
    seats, support = an_item("Seats", Kind.LICENSE), an_item("Support", Kind.FIXED_FEE)
    a_credit(account, "50.00", name="Mix", tags=("gpu",), kinds=(Kind.LICENSE,), items=(support,))
    lines = [(tag(item, "gpu"), "1.00"), (seats, "2.00"), (support, "4.00"), (an_item("Calls"), "8.00")]
    assert paid_by_line(an_invoice(account, *lines)) == [
        ("Mix", "Training", 100),
        ("Mix", "Seats", 200),
        ("Mix", "Support", 400),
    ]


def test_an_excluded_item_is_not_paid_whatever_its_tags(account: Account, item: Item) -> None:
    a_credit(account, "50.00", name="Others", tags=("gpu",), excluded_items=(tag(item, "gpu"),))
    other = tag(an_item("Inference"), "gpu")
    lines = [(Item.objects.get(pk=item.pk), "10.00"), (other, "10.00")]
    assert paid_by_line(an_invoice(account, *lines)) == [("Others", "Inference", 1000)]


def test_a_kept_line_of_an_edited_draft_keeps_its_tags_and_a_new_one_takes_the_item_s(
    account: Account, credit: Credit, item: Item
) -> None:
    draft = a_draft(account, (tag(item, "gpu"), "10.00"))
    tagged = tag(item, "cpu")
    edited = edit(draft, kept(draft.lines.get()), a_line(tagged, "10.00"))
    assert [line.tags for line in edited.lines.order_by("position")] == [["gpu"], ["cpu"]]
    assert paid_by_line(issue(edited)) == [("GPU", "Training", 1000)]


def test_a_kept_line_given_to_another_item_takes_that_item_s_tags(account: Account, item: Item) -> None:
    draft = a_draft(account, (tag(item, "gpu"), "10.00"))
    line, other = draft.lines.get(), tag(an_item("Seats"), "team-blue")
    edited = edit(draft, DraftLine(other, "", line.quantity, line.unit_price, kept=line))
    assert edited.lines.get().tags == ["team-blue"]


def test_a_line_of_a_usage_file_bears_the_tags_the_item_has_when_it_is_imported(
    account: Account, credit: Credit
) -> None:
    first = imported(account, "07")
    tag(first.item, "gpu")
    second = imported(account, "08")
    first.refresh_from_db()
    assert (first.tags, second.tags) == ([], ["gpu"])
    assert [paid_by_line(issue(line.invoice)) for line in (first, second)] == [[], [("GPU", "calls", 1234)]]


def test_r9_the_replacement_of_a_corrected_invoice_has_the_lines_tags_of_then(
    account: Account, credit: Credit, item: Item
) -> None:
    original = an_invoice(account, (tag(item, "gpu"), "10.00"))
    tag(item)
    replacement = correct(original)
    assert replacement.lines.get().tags == ["gpu"]
    assert paid_by_line(issue(replacement, "2026-09-11")) == [("GPU", "Training", 1000)]
