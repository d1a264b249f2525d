"""`make_drafts` with what comes late, and what comes back (R9): nothing is billed twice, or lost."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.verification.runner import ledger_verify
from customers.models import Account
from invoices.drafts import invoice_discard
from invoices.models import BilledMonth, Invoice, Item, Kind, PriceList, Source, Status, UsageRecord
from invoices.recurring import Outcome
from tests.factories import (
    a_draft,
    an_item,
    by_now,
    correct,
    day,
    issue,
    pay,
    void,
)
from tests.invoices.recurring import (
    a_charge,
    a_usage,
    amounts,
    draft_acts,
    lines_of,
    make_drafts,
    the_draft,
)

pytestmark = pytest.mark.django_db


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
    assert [kind for kind, _ in draft_acts()] == ["draft_make", "draft_make"]


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
