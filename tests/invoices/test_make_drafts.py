"""`make_drafts`: what a month's recurring draft is made from, and that nothing is billed twice."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.verification.runner import ledger_verify
from customers.models import Account, Act
from customers.services import account_close
from invoices.drafts import DraftLine, invoice_discard, invoice_edit
from invoices.models import BilledMonth, Invoice, Item, Kind, PriceList, Source, Status, UsageRecord
from invoices.recurring import Outcome
from tests.factories import (
    a_draft,
    an_account,
    an_item,
    by_now,
    correct,
    day,
    issue,
    pay,
    tag,
    void,
)
from tests.invoices.recurring import (
    a_charge,
    a_price,
    a_price_list,
    a_usage,
    amounts,
    end_charge,
    lines_of,
    make_drafts,
    the_draft,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE, unit="seat")


@pytest.fixture
def calls() -> Item:
    return an_item("API calls")


@pytest.fixture
def standard(calls: Item) -> PriceList:
    price_list = a_price_list()
    a_price(price_list, calls, ("1000", "0.01"), ("", "0.005"), scheme="graduated")
    return price_list


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


def acts() -> list[tuple[str, str]]:
    kinds = ("draft_make", "draft_refresh", "invoice_discard")
    return list(Act.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", "actor_name"))


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
    assert acts() == [("draft_make", "make_drafts")]
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
    assert acts() == [("draft_make", "make_drafts")]


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
    assert [kind for kind, _ in acts()] == ["draft_make", "draft_refresh"]
    make_drafts()
    assert len(acts()) == 2


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
    assert [kind for kind, _ in acts()] == ["draft_make", "invoice_discard"]


# --- Late -------------------------------------------------------------------------------


def test_late_usage_comes_on_the_next_draft_with_its_own_days(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "800", "2026-08-03")
    make_drafts()
    issue(the_draft(account))
    a_usage(account, calls, "400", "2026-08-31")
    a_usage(account, calls, "100", "2026-09-15")
    assert make_drafts().counts[Outcome.KEPT] == 1
    make_drafts("2026-09", now="2026-10-01")
    late = the_draft(account, "2026-09")
    # August was 1,200 in all: 1,000 at a cent and 200 at half of one, of which 800 were billed.
    assert lines_of(late) == [
        ("API calls", "400", 300, day("2026-08-31"), day("2026-08-31")),
        ("API calls", "100", 100, day("2026-09-15"), day("2026-09-15")),
    ]
    line = late.lines.get(position=1)
    assert line.pricing["billed_before"] == "800"
    assert sum(Decimal(step["amount"]) for step in line.pricing["steps"]) == Decimal(line.exact_amount) == 3
    assert ledger_verify().breach is None


def test_late_usage_on_days_around_those_billed_is_billed_by_itself(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "500", "2026-08-10")
    make_drafts()
    invoice = issue(the_draft(account))
    a_usage(account, calls, "100", "2026-08-03")
    a_usage(account, calls, "100", "2026-08-31")
    assert make_drafts("2026-09", now="2026-10-01").left == []
    assert lines_of(the_draft(account, "2026-09")) == [
        ("API calls", "200", 200, day("2026-08-03"), day("2026-08-31"))
    ]
    assert UsageRecord.objects.filter(line__invoice=invoice).count() == 1


def test_a_correction_of_billed_usage_gives_back_what_it_cost(
    account: Account, calls: Item, standard: PriceList
) -> None:
    a_usage(account, calls, "1500", "2026-08-03")
    make_drafts()
    issue(the_draft(account))
    a_usage(account, calls, "-1000", "2026-08-03")
    make_drafts("2026-09", now="2026-10-01")
    # 1,500 cost 12.50 and 500 cost 5.00.
    assert amounts(the_draft(account, "2026-09")) == [-750]


def test_a_charge_added_late_is_billed_from_its_first_day_on(account: Account, seats: Item) -> None:
    a_charge(account, seats, "31.00", starts="2026-07-22", now="2026-08-20")
    make_drafts()
    assert lines_of(the_draft(account)) == [
        ("Seats", "1", 1000, day("2026-07-22"), day("2026-07-31")),
        ("Seats", "1", 3100, day("2026-08-01"), day("2026-08-31")),
    ]
    make_drafts("2026-07")
    assert Invoice.objects.count() == 1


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


# --- R9: free again, and never twice ----------------------------------------------------


def all_billed() -> int:
    return sum(
        line.amount for invoice in Invoice.objects.exclude(status=Status.VOID) for line in invoice.lines.all()
    )


@pytest.fixture
def both(account: Account, seats: Item, calls: Item, standard: PriceList) -> Account:
    """20.00 of seats and 5.00 of calls in August."""
    a_charge(account, seats, "20.00", ends="2026-08-31")
    a_usage(account, calls, "500")
    make_drafts()
    return account


def test_r9_discarded_and_made_again_it_is_billed_once(both: Account) -> None:
    invoice_discard(invoice=the_draft(both), **by_now("2026-09-01"))
    assert (UsageRecord.objects.unbilled().count(), BilledMonth.objects.count()) == (1, 0)
    make_drafts()
    make_drafts()
    assert all_billed() == 2500


def test_r9_voided_and_billed_again_it_is_billed_once(both: Account) -> None:
    void(issue(the_draft(both)))
    assert (UsageRecord.objects.unbilled().count(), BilledMonth.objects.count()) == (1, 0)
    make_drafts()
    make_drafts("2026-09", now="2026-10-01")
    assert all_billed() == 2500
    assert amounts(the_draft(both)) == [2000, 500]


def test_r9_what_a_void_invoice_billed_comes_on_the_next_draft_too(both: Account) -> None:
    void(issue(the_draft(both)))
    make_drafts("2026-09", now="2026-10-01")
    make_drafts("2026-08")
    assert all_billed() == 2500
    assert amounts(the_draft(both, "2026-09")) == [2000, 500]


def test_r9_corrected_it_is_billed_once_on_the_replacement(both: Account) -> None:
    replacement = correct(issue(the_draft(both)))
    for _ in range(2):
        make_drafts()
        make_drafts("2026-09", now="2026-10-01")
    assert all_billed() == 2500
    assert amounts(replacement) == [2000, 500]
    assert UsageRecord.objects.get().line == replacement.lines.get(position=2)
    assert BilledMonth.objects.get().line == replacement.lines.get(position=1)
    again = correct(issue(replacement))
    issue(again)
    make_drafts()
    assert all_billed() == 2500


def test_r9_a_replacement_that_is_discarded_frees_what_was_behind_it(both: Account) -> None:
    replacement = correct(issue(the_draft(both)))
    invoice_discard(invoice=replacement, **by_now("2026-09-10"))
    make_drafts()
    assert all_billed() == 2500
    assert the_draft(both).source == Source.RECURRING


def test_r9_late_usage_is_rated_with_what_the_replacement_bills(both: Account, calls: Item) -> None:
    correct(issue(the_draft(both)))
    a_usage(both, calls, "600", "2026-08-31")
    make_drafts()
    # 1,100 in all: 10.00 + 0.50, of which 5.00 are billed.
    assert amounts(the_draft(both)) == [550]


def test_a_paid_invoice_keeps_what_it_billed(both: Account) -> None:
    pay(issue(the_draft(both)))
    assert make_drafts().left == []
    assert make_drafts("2026-09", now="2026-10-01").left == []
    assert all_billed() == 2500


def test_the_database_bills_a_month_of_a_charge_once(both: Account) -> None:
    billed = BilledMonth.objects.get()
    other = a_draft(both, (an_item("Seats", Kind.LICENSE), "20.00")).lines.get()
    again: dict[str, Any] = {"account": both, "charge": billed.charge, "month": billed.month, "line": other}
    with (
        pytest.raises(IntegrityError, match=r"billed_month_once|billedmonth\.charge_id"),
        transaction.atomic(),
    ):
        BilledMonth.objects.create(**again)
    BilledMonth.objects.create(**again | {"month": day("2026-07-01")})


@pytest.fixture
def late(account: Account, calls: Item, standard: PriceList) -> Account:
    """1,000 calls of August on its draft, and 500 that came late on September's."""
    a_usage(account, calls, "1000")
    make_drafts()
    a_usage(account, calls, "500", "2026-08-31")
    make_drafts("2026-09", now="2026-10-01")
    assert (amounts(the_draft(account)), amounts(the_draft(account, "2026-09"))) == ([1000], [250])
    return account


def test_r13_a_draft_does_not_count_what_came_after_it_as_billed_before(late: Account) -> None:
    for _ in range(2):
        make_drafts()
        make_drafts("2026-09", now="2026-10-01")
    assert (amounts(the_draft(late)), amounts(the_draft(late, "2026-09"))) == ([1000], [250])
    assert [kind for kind, _ in acts()] == ["draft_make", "draft_make"]


def test_r9_voided_after_late_usage_was_billed_it_costs_the_same_again(late: Account) -> None:
    first = issue(the_draft(late))
    issue(the_draft(late, "2026-09"), "2026-10-01")
    void(first, "2026-10-02")
    make_drafts("2026-08", now="2026-10-03")
    assert amounts(the_draft(late)) == [1000]
    assert all_billed() == 1250


def test_r9_what_goes_back_below_later_usage_leaves_it_where_it_stands(late: Account, calls: Item) -> None:
    """The draft of the first 1,000 is thrown away, and 200 less come back: 800 at a cent each."""
    issue(the_draft(late, "2026-09"), "2026-10-01")
    invoice_discard(invoice=the_draft(late), **by_now("2026-10-01"))
    a_usage(late, calls, "-200")
    make_drafts(now="2026-10-02")
    assert amounts(the_draft(late)) == [800]
    issue(the_draft(late), "2026-10-02")
    a_usage(late, calls, "200")
    make_drafts("2026-10", now="2026-11-01")
    assert amounts(the_draft(late, "2026-10")) == [200]
    assert all_billed() == 1250


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
