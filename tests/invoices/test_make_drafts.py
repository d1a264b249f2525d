"""`make_drafts`: what a month's recurring draft is made from, and that nothing is billed twice."""

from decimal import Decimal

import pytest

from billing.verification.runner import ledger_verify
from customers.models import Account, Act
from customers.services import account_close
from invoices.drafts import DraftLine, invoice_discard, invoice_edit
from invoices.models import BilledMonth, Invoice, Item, PriceList, Source, UsageRecord
from invoices.recurring import Outcome
from tests.factories import (
    a_draft,
    an_account,
    an_item,
    by_now,
    day,
    tag,
)
from tests.invoices.recurring import (
    a_charge,
    a_price,
    a_price_list,
    a_usage,
    amounts,
    draft_acts,
    end_charge,
    lines_of,
    make_drafts,
    the_draft,
)

pytestmark = pytest.mark.django_db


def edited(draft: Invoice, *lines: DraftLine) -> Invoice:
    return invoice_edit(
        invoice=draft,
        period_start=draft.period_start,
        period_end=draft.period_end,
        lines=lines or [kept(draft)],
        **by_now("2026-09-01"),
    )


def kept(draft: Invoice, place: int = 1, price: str = "") -> DraftLine:
    line = draft.lines.get(position=place)
    return DraftLine(line.item, "By hand", line.quantity, Decimal(price or line.unit_price), kept=line)


# --- What is on it ----------------------------------------------------------------------


def test_a_charge_becomes_a_line_of_its_month(account: Account, seats: Item) -> None:
    a_charge(account, tag(seats, "team"), "20.00", "3", description="Studio")
    result = make_drafts()
    draft = the_draft(account)
    assert (draft.period_start, draft.period_end) == (day("2026-08-01"), day("2026-09-01"))
    assert lines_of(draft) == [("Seats", "3", 6000, day("2026-08-01"), day("2026-08-31"))]
    line = draft.lines.get()
    assert (line.description, line.unit, line.tags) == ("Studio", "seat", ["team"])
    assert str(line.unit_price.normalize()) == "2E+1"
    assert line.pricing == {
        "scheme": "charge",
        "unit_price": "20",
        "quantity": "3",
        "days": 31,
        "days_of_month": 31,
        "prorated": False,
    }
    assert (result.counts[Outcome.MADE], result.sums["USD"].amount) == (1, 6000)
    assert draft_acts() == [("draft_make", "make_drafts")]
    assert Act.objects.get(kind="draft_make").account == account


def test_a_month_begun_or_left_in_the_middle_is_prorated_by_days(account: Account, seats: Item) -> None:
    a_charge(account, seats, "100.00", "2", starts="2026-08-15")
    a_charge(account, seats, "100.00", "1", starts="2026-08-15", prorated=False)
    a_charge(account, seats, "31.00", starts="2026-08-01", ends="2026-08-10")
    make_drafts()
    assert lines_of(the_draft(account)) == [
        ("Seats", "2", 10968, day("2026-08-15"), day("2026-08-31")),  # 200.00 × 17 ÷ 31 = 109.677…
        ("Seats", "1", 10000, day("2026-08-15"), day("2026-08-31")),
        ("Seats", "1", 1000, day("2026-08-01"), day("2026-08-10")),
    ]
    line = the_draft(account).lines.get(position=1)
    assert line.pricing["days"] == 17
    assert line.pricing["prorated"] is True
    assert line.exact_amount.startswith("109.677419354838709")
    assert ledger_verify().breach is None


def test_a_charge_that_has_not_begun_or_is_over_is_not_billed(account: Account, seats: Item) -> None:
    a_charge(account, seats, "20.00", starts="2026-09-01")
    a_charge(account, seats, "20.00", starts="2026-07-01", ends="2026-07-31")
    over = a_charge(account, seats, "20.00", starts="2026-08-01")
    end_charge(over, "2026-07-31")
    make_drafts("2026-07", now="2026-08-01")
    make_drafts("2026-08")
    assert [(i.period_start, amounts(i)) for i in Invoice.objects.all()] == [(day("2026-07-01"), [2000])]


def test_usage_is_summed_by_meter_and_priced_by_the_account_s_list(
    account: Account, calls: Item, standard: PriceList
) -> None:
    for quantity, on in (("900", "2026-08-03"), ("700.5", "2026-08-20"), ("-100.5", "2026-08-04")):
        a_usage(account, calls, quantity, on)
    a_usage(account, calls, "5", "2026-09-01")
    make_drafts()
    draft = the_draft(account)
    assert lines_of(draft) == [("API calls", "1500", 1250, day("2026-08-03"), day("2026-08-20"))]
    line = draft.lines.get()
    assert [step["amount"] for step in line.pricing["steps"]] == ["10", "2.5"]
    assert line.usage.count() == 3
    assert UsageRecord.objects.unbilled().count() == 1
    assert ledger_verify().breach is None


def test_the_price_of_the_month_s_last_day_holds_for_all_of_it(account: Account, calls: Item) -> None:
    price_list = a_price_list()
    a_price(price_list, calls, ("", "1.00"))
    a_price(price_list, calls, ("", "2.00"), starts="2026-08-31")
    a_price(price_list, calls, ("", "3.00"), starts="2026-09-01")
    a_usage(account, calls, "7", "2026-08-01")
    make_drafts()
    assert amounts(the_draft(account)) == [1400]


def test_an_account_with_nothing_to_bill_gets_no_draft(account: Account) -> None:
    result = make_drafts()
    assert (Invoice.objects.count(), Act.objects.filter(kind="draft_make").count()) == (0, 0)
    assert sum(result.counts.values()) == 0


# --- Once -------------------------------------------------------------------------------


def test_r13_making_them_again_writes_nothing(
    account: Account, seats: Item, calls: Item, standard: PriceList
) -> None:
    a_charge(account, seats, "20.00", starts="2026-08-15")
    a_usage(account, calls, "1500")
    make_drafts()
    lines = list(the_draft(account).lines.values_list("pk", flat=True))
    result = make_drafts(now="2026-09-02")
    assert result.counts[Outcome.UNCHANGED] == 1
    assert list(the_draft(account).lines.values_list("pk", flat=True)) == lines
    assert draft_acts() == [("draft_make", "make_drafts")]


def test_a_draft_is_refreshed_with_what_came_since(
    account: Account, seats: Item, calls: Item, standard: PriceList
) -> None:
    charge = a_charge(account, seats, "31.00")
    a_usage(account, calls, "500")
    make_drafts(now="2026-08-20")
    first = the_draft(account)
    a_usage(account, calls, "1500", "2026-08-30")
    end_charge(charge, "2026-08-10", now="2026-08-30")
    make_drafts()
    assert the_draft(account) == first
    assert amounts(first) == [1000, 1500]
    assert [kind for kind, _ in draft_acts()] == ["draft_make", "draft_refresh"]
    make_drafts()
    assert len(draft_acts()) == 2


def test_usage_that_adds_up_to_nothing_is_behind_the_draft_all_the_same(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "500")
    make_drafts()
    a_usage(account, calls, "5")
    a_usage(account, calls, "-5")
    make_drafts()
    assert UsageRecord.objects.unbilled().count() == 0
    assert amounts(the_draft(account)) == [500]


def test_a_draft_with_nothing_left_on_it_is_thrown_away(account: Account, seats: Item) -> None:
    charge = a_charge(account, seats, "31.00")
    make_drafts()
    end_charge(charge, "2026-07-31")
    result = make_drafts()
    assert result.counts[Outcome.DISCARDED] == 1
    assert Invoice.objects.count() == 0
    assert [kind for kind, _ in draft_acts()] == ["draft_make", "invoice_discard"]


# --- By hand ----------------------------------------------------------------------------


def test_a_draft_edited_by_hand_is_left_alone_and_named(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "500")
    make_drafts()
    draft = edited(the_draft(account), kept(the_draft(account), price="0.02"))
    assert make_drafts().kept == []
    a_usage(account, calls, "100")
    result = make_drafts()
    assert [invoice.pk for invoice in result.kept] == [draft.pk]
    assert result.left == []
    assert amounts(draft) == [1000]
    make_drafts("2026-09", now="2026-10-01")
    assert amounts(the_draft(account, "2026-09")) == [100]


def test_what_was_behind_a_line_taken_out_by_hand_is_billed_on_the_next_draft(
    account: Account, seats: Item, calls: Item, standard: PriceList
) -> None:
    a_charge(account, seats, "31.00", ends="2026-08-31")
    a_usage(account, calls, "500")
    make_drafts()
    edited(the_draft(account), kept(the_draft(account), 1))
    make_drafts("2026-09", now="2026-10-01")
    assert lines_of(the_draft(account, "2026-09")) == [
        ("API calls", "500", 500, day("2026-08-10"), day("2026-08-10"))
    ]
    edited(the_draft(account), kept(the_draft(account), price="0.00"))
    make_drafts("2026-09", now="2026-10-02")
    assert BilledMonth.objects.get().line.invoice == the_draft(account)


def test_an_edited_draft_that_is_discarded_is_made_anew(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "500")
    make_drafts()
    draft = edited(the_draft(account), kept(the_draft(account), price="0.02"))
    invoice_discard(invoice=draft, **by_now("2026-09-01"))
    make_drafts()
    assert amounts(the_draft(account)) == [500]


# --- Left -------------------------------------------------------------------------------


def test_a_meter_without_a_price_leaves_the_account_whole_and_the_others_go_on(
    account: Account, seats: Item, calls: Item, standard: PriceList
) -> None:
    unpriced, other = an_item("Storage"), an_account()
    a_charge(account, seats, "20.00")
    a_usage(account, unpriced, "5")
    a_charge(other, seats, "20.00")
    result = make_drafts()
    assert [(left.account, left.reason) for left in result.left] == [
        (account, f"The meter “Storage” ({unpriced.key}) has no price for this account in 2026-08.")
    ]
    assert [invoice.account for invoice in Invoice.objects.all()] == [other]
    a_price(standard, unpriced, ("", "1.00"))
    assert make_drafts().counts[Outcome.MADE] == 1
    assert amounts(the_draft(account)) == [2000, 500]


def test_what_no_invoice_can_hold_leaves_the_account(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "999999999999999")
    a_usage(account, calls, "999999999999999")
    result = make_drafts()
    assert "more than an invoice can hold" in result.left[0].reason
    assert Invoice.objects.count() == 0


def test_a_quantity_that_no_line_can_hold_leaves_the_account(account: Account, standard: PriceList) -> None:
    meter = an_item("Requests")
    a_price(standard, meter, ("", "0.000001"))
    a_usage(account, meter, "999999999999999")
    a_usage(account, meter, "1")
    assert make_drafts().left[0].reason == (
        f"The meter “Requests” ({meter.key}) in 2026-08: "
        "A quantity of 1,000,000,000,000,000 is more than an invoice can hold."
    )


def test_a_closed_account_is_named_if_usage_of_it_is_not_billed(
    account: Account, seats: Item, calls: Item, standard: PriceList
) -> None:
    quiet = an_account()
    a_charge(account, seats, "20.00")
    a_charge(quiet, seats, "20.00")
    a_usage(account, calls, "5")
    for one in (account, quiet):
        account_close(account=one, reason="Left", **by_now("2026-08-20"))
    result = make_drafts()
    assert result.closed == [account]
    assert (result.left, Invoice.objects.count()) == ([], 0)


def test_an_operator_s_own_draft_of_the_month_stays_beside_it(account: Account, seats: Item) -> None:
    a_charge(account, seats, "20.00")
    own = a_draft(account, (seats, "1.00"))
    make_drafts()
    assert {(i.pk, i.source) for i in Invoice.objects.all()} == {
        (own.pk, Source.OPERATOR),
        (the_draft(account).pk, Source.RECURRING),
    }
