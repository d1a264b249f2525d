"""Ending a charge: once, with a reason, and not before what an invoice bills already."""

from typing import Any

import pytest

from customers.acts import FactsChanged, fingerprint
from customers.models import Account, Act
from invoices.charges import ChargeRefused, end_facts
from invoices.drafts import DraftLine, invoice_discard, invoice_edit
from invoices.models import Charge, Item, Kind
from invoices.recurring import Outcome
from tests.factories import an_item, at, by_now, correct, day, issue, void
from tests.invoices.recurring import a_charge, amounts, end_charge, make_drafts, the_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE)


@pytest.fixture
def charge(account: Account, seats: Item) -> Charge:
    return a_charge(account, seats, "31.00")


def test_a_charge_ends_with_a_day_and_a_reason(charge: Charge) -> None:
    ended = end_charge(charge, "2026-10-15")
    assert (ended.ends_on, ended.ended_at) == (day("2026-10-15"), at("2026-09-01"))
    record = Act.objects.latest("pk")
    assert (record.kind, record.reason, record.account) == ("charge_end", "They left", charge.account)
    make_drafts("2026-10", now="2026-11-01")
    assert amounts(the_draft(charge.account, "2026-10")) == [3100, 3100 * 30 // 31 + 100, 1500]


@pytest.mark.parametrize("reason", ["", " \n"])
def test_ending_needs_a_reason(charge: Charge, reason: str) -> None:
    with pytest.raises(ChargeRefused, match="needs a reason"):
        end_charge(charge, "2026-10-15", reason=reason)


def test_it_ends_once(charge: Charge) -> None:
    end_charge(charge, "2026-10-15")
    with pytest.raises(ChargeRefused, match="ended already"):
        end_charge(charge, "2026-10-14")


def test_it_never_ends_later_than_was_agreed(account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "1.00", ends="2026-09-30")
    with pytest.raises(ChargeRefused, match="ends on 30 September 2026 as it is"):
        end_charge(charge, "2026-10-01")
    assert end_charge(charge, "2026-09-30").ended_at is not None


def test_it_may_end_the_day_before_it_starts_and_charges_nothing_then(charge: Charge) -> None:
    with pytest.raises(ChargeRefused, match="31 July 2026, the day before it starts"):
        end_charge(charge, "2026-07-30")
    end_charge(charge, "2026-07-31")
    assert make_drafts().counts[Outcome.MADE] == 0


def test_days_that_an_invoice_bills_are_not_taken_back(charge: Charge) -> None:
    make_drafts()
    end_facts_before = end_facts(charge)
    assert end_facts_before["billed"] is None
    invoice = issue(the_draft(charge.account))
    with pytest.raises(ChargeRefused, match=f"{invoice.number} bills it through 31 August 2026"):
        end_charge(charge, "2026-08-30")
    replacement = correct(invoice)
    with pytest.raises(ChargeRefused, match=f"Draft {replacement.pk} bills it"):
        end_charge(charge, "2026-08-30")
    void(issue(replacement))
    end_charge(charge, "2026-08-30", now="2026-09-11")
    make_drafts()
    assert amounts(the_draft(charge.account)) == [3000]


def test_days_on_a_draft_edited_by_hand_are_billed_for_good(charge: Charge) -> None:
    """`make_drafts` leaves it alone, so the charge's end would never come to it."""
    make_drafts()
    draft = the_draft(charge.account)
    line = draft.lines.get()
    typed = DraftLine(line.item, "As agreed", line.quantity, line.unit_price, kept=line)
    days: dict[str, Any] = {"period_start": draft.period_start, "period_end": draft.period_end}
    invoice_edit(invoice=draft, **days, lines=[typed], **by_now("2026-09-01"))
    with pytest.raises(ChargeRefused, match=f"Draft {draft.pk} bills it .* or discard that draft first"):
        end_charge(charge, "2026-08-10")
    invoice_discard(invoice=draft, **by_now("2026-09-01"))
    end_charge(charge, "2026-08-10")
    make_drafts()
    assert amounts(the_draft(charge.account)) == [1000]


def test_a_month_billed_whole_may_be_left_in_its_middle(account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "31.00", prorated=False)
    make_drafts()
    issue(the_draft(account))
    end_charge(charge, "2026-08-02")


def test_r13_the_same_token_ends_once(charge: Charge) -> None:
    once: dict[str, Any] = {"token": "the-same"}
    assert end_charge(charge, "2026-10-15", **once) == end_charge(charge, "2026-10-15", **once)
    assert Act.objects.filter(kind="charge_end").count() == 1


def test_r13_facts_that_changed_are_shown_again(charge: Charge) -> None:
    shown = fingerprint(end_facts(charge))
    make_drafts()
    issue(the_draft(charge.account))
    with pytest.raises(FactsChanged):
        end_charge(charge, "2026-12-31", shown=shown)
