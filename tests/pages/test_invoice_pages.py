"""An invoice's page: which credit paid which line, and why others did not. A draft's is a projection (R7)."""

import pytest
from django.test import Client

from credits.models import Entry
from customers.models import Account
from invoices.models import Invoice, Item, Kind
from tests.factories import (
    a_credit,
    a_draft,
    a_line,
    an_account,
    an_invoice,
    an_item,
    correct,
    issue,
    pay,
    void,
    void_credit,
)
from tests.pages.reading import rows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def api() -> Item:
    return an_item("API calls")


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE)


def page(invoice: Invoice) -> str:
    return f"/invoices/{invoice.pk}/"


def considered(answer: object) -> list[str]:
    """The rows of “Credits considered”, without the heading."""
    found = rows(answer)
    return found[found.index("Credit Why Used here") + 1 :]


def test_r5_an_issued_invoice_shows_line_by_line_which_credit_paid_what(
    web: Client, account: Account, api: Item, seats: Item
) -> None:
    a_credit(account, "50.00", name="First", priority=1)
    a_credit(account, "30.00", name="Only API", priority=2, items=(api,))
    seen = rows(web.get(page(an_invoice(account, (api, "50.00"), (seats, "50.00")))))
    assert seen[1:7] == [
        "API calls 1 Aug – 31 Aug 2026 1 $50.00 $50.00 −$50.00 $0.00",
        "paid by First −$20.00",
        "paid by Only API −$30.00",
        "Seats 1 Aug – 31 Aug 2026 1 $50.00 $50.00 −$30.00 $20.00",
        "paid by First −$30.00",
        "All lines $100.00 −$80.00 $20.00",
    ]


def test_an_issued_invoice_says_why_each_other_credit_paid_nothing(
    web: Client, account: Account, api: Item, seats: Item
) -> None:
    a_credit(account, "10.00", name="Used", priority=1)
    a_credit(account, "10.00", name="For seats", priority=2, items=(seats,))
    a_credit(account, "10.00", name="Later", priority=3, effective_from="2026-10-01")
    a_credit(account, "10.00", name="Expired", priority=4, expires_on="2026-08-01", now="2026-07-31")
    a_credit(account, "10.00", name="Spare", priority=5)
    void_credit(a_credit(account, "10.00", name="Void", priority=6))
    early = a_draft(account, a_line(api, "10.00"), start="2026-08-10", end="2026-09-01")
    early.lines.update(first_day="2026-08-10")
    answer = web.get(page(issue(early)))
    assert considered(answer) == [
        "Used Used. −$10.00",
        "For seats No line of this invoice is in its scope. –",
        "Later It takes effect only after this invoice. –",
        "Expired It expired before it could pay any of these lines. –",
        "Spare Nothing was left to pay on the lines it may pay. –",
    ]


def test_r7_what_an_issued_invoice_tells_does_not_change_with_the_credits(
    web: Client, account: Account, api: Item
) -> None:
    used = a_credit(account, "10.00", name="Used")
    invoice = an_invoice(account, (api, "30.00"))
    before = rows(web.get(page(invoice)))
    void_credit(used, "2026-09-05")
    a_credit(account, "99.00", name="Too late", priority=1, now="2026-09-05")
    assert rows(web.get(page(invoice))) == before


def test_r7_a_draft_is_marked_as_a_projection_and_takes_nothing(
    web: Client, account: Account, api: Item
) -> None:
    a_credit(account, "20.00", name="Welcome")
    draft = a_draft(account, (api, "50.00"))
    before = Entry.objects.count()
    answer = web.get(page(draft))
    seen = text(answer)
    assert "A projection. A draft takes nothing." in seen
    assert "if it were issued on 10 Sep 2026" in seen
    assert "would be paid by Welcome −$20.00" in seen
    assert "Would be due $30.00" in seen
    assert "Amount due" not in seen
    assert Entry.objects.count() == before


def test_r7_a_draft_names_the_drafts_before_it_and_stands_on_what_they_leave(
    web: Client, account: Account, api: Item
) -> None:
    a_credit(account, "60.00", name="Welcome")
    later = a_draft(account, (api, "50.00"), start="2026-08-01", end="2026-09-01")
    earlier = a_draft(account, (api, "50.00"), start="2026-07-01", end="2026-08-01")
    seen = text(web.get(page(later)))
    assert f"Before it, the open draft Draft {earlier.pk} would use the same credits." in seen
    assert "would be paid by Welcome −$10.00" in seen
    first = text(web.get(page(earlier)))
    assert "Before it" not in first
    assert "would be paid by Welcome −$50.00" in first


def test_r7_what_a_draft_projects_is_what_issuing_writes(
    web: Client, account: Account, api: Item, seats: Item
) -> None:
    a_credit(account, "50.00", name="Any", priority=1)
    a_credit(account, "50.00", name="API", priority=2, items=(api,))
    draft = a_draft(account, (api, "50.00"), (seats, "50.00"))
    projected = [row.replace("would be paid", "paid") for row in rows(web.get(page(draft)))]
    written = rows(web.get(page(issue(draft, "2026-09-10"))))
    assert [row for row in written if "paid by" in row] == [row for row in projected if "paid by" in row]
    assert [row for row in written if "paid by" in row] == ["paid by API −$50.00", "paid by Any −$50.00"]


def test_r5_a_draft_says_what_a_credit_leaves_for_a_later_one(
    web: Client, account: Account, api: Item, seats: Item
) -> None:
    a_credit(account, "50.00", name="Any", priority=1)
    a_credit(account, "50.00", name="API", priority=2, items=(api,))
    seen = text(web.get(page(a_draft(account, (api, "50.00"), (seats, "50.00")))))
    assert "Any leaves $50.00 here, for a later credit that can be used only on such lines" in seen


def test_r6_the_page_of_a_credit_says_that_one_day_is_enough(web: Client, account: Account) -> None:
    seen = text(web.get(f"/credits/{a_credit(account, '10.00').pk}/"))
    assert "One day of life between a line’s first day of service and the day of issue is enough" in seen


def test_r9_a_void_invoice_is_marked_and_owes_nothing(web: Client, account: Account, api: Item) -> None:
    a_credit(account, "20.00", name="Welcome")
    invoice = void(an_invoice(account, (api, "50.00")))
    seen = text(web.get(page(invoice)))
    assert "Void. What credits paid here went back to them; the number stays taken." in seen
    assert "Amount due $0.00 nothing, it is void" in seen
    assert "paid by Welcome −$20.00" in seen


def test_r9_a_correction_and_its_original_name_each_other(web: Client, account: Account, api: Item) -> None:
    original = an_invoice(account, (api, "50.00"))
    replacement = correct(original)
    seen = text(web.get(page(replacement)))
    assert f"It corrects {original}" in seen
    assert "judged as if it were issued on that day, 1 Sep 2026" in seen
    assert f"Corrected by Draft {replacement.pk}." in text(web.get(page(original)))


def test_r7_a_paid_invoice_tells_when_and_where(web: Client, account: Account, api: Item) -> None:
    invoice = pay(an_invoice(account, (api, "50.00")), "2026-09-09")
    assert "Amount due $0.00 paid on 9 Sep 2026, bank line 7" in text(web.get(page(invoice)))


BUTTONS = {
    "draft": {"discard", "edit", "issue"},
    "issued": {"void", "correct", "pay"},
    "paid": set[str](),
    "void": set[str](),
}


@pytest.mark.parametrize("status", BUTTONS)
def test_r7_a_page_offers_only_the_acts_its_status_allows(
    web: Client, account: Account, api: Item, status: str
) -> None:
    invoice = a_draft(account, (api, "50.00"))
    for move in {"draft": (), "issued": (issue,), "paid": (issue, pay), "void": (issue, void)}[status]:
        invoice = move(invoice)
    page_source = web.get(page(invoice)).content.decode()
    offered = {act for acts in BUTTONS.values() for act in acts if f'"{page(invoice)}{act}/"' in page_source}
    assert offered == BUTTONS[status]


def test_r12_a_correction_line_lowers_what_credits_may_pay(web: Client, account: Account, api: Item) -> None:
    a_credit(account, "99.00", name="Welcome")
    invoice = an_invoice(account, (api, "50.00"), a_line(api, "10.00", "-1"))
    seen = text(web.get(page(invoice)))
    assert "All lines $40.00 −$40.00 $0.00" in seen
    assert "−$10.00" in seen


def test_lists_show_number_status_and_amount_due(web: Client, account: Account, api: Item) -> None:
    a_credit(account, "20.00")
    issued = an_invoice(account, (api, "50.00"))
    draft = a_draft(account, (api, "70.00"), start="2026-09-01", end="2026-10-01")
    assert rows(web.get("/invoices/"))[1:] == [
        f"Draft {draft.pk} Main John Wick 1 Sep – 30 Sep 2026 Draft $70.00 – –",
        f"{issued.number} Main John Wick 1 Aug – 31 Aug 2026 Issued $50.00 −$20.00 $30.00",
    ]
    assert len(rows(web.get("/invoices/?status=draft"))) == 2
    assert web.get(f"/?q={issued.number}")["Location"] == page(issued)
