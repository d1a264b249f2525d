"""What drafts would be credited: live, in issuing order, and nothing written (R7)."""

import pytest

from credits.allocation import Why
from credits.models import Entry
from credits.projection import Projection, drafts_open, drafts_project, drafts_settle, usable_facts
from customers.models import Account, Act
from invoices.models import Kind
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_item,
    at,
    correct,
    day,
    issue,
    paid_by_line,
    terms,
    void,
    void_credit,
)

pytestmark = pytest.mark.django_db


def projected(account: Account, today: str = "2026-09-01") -> list[Projection]:
    return drafts_project(account, today=day(today))


def due(account: Account, today: str = "2026-09-01") -> list[int]:
    return [projection.settlement.due for projection in projected(account, today)]


def test_r7_a_draft_shows_what_would_be_applied_and_nothing_is_written() -> None:
    account = an_account()
    a_credit(account, "30.00")
    a_draft(account, (an_item(), "100.00"))
    acts = Act.objects.count()
    [found] = projected(account)
    assert (found.settlement.total, found.settlement.credited, found.settlement.due) == (10000, 3000, 7000)
    assert (Entry.objects.count(), Act.objects.count()) == (1, acts)


def test_an_account_without_drafts_projects_nothing() -> None:
    account = an_account()
    a_credit(account, "30.00")
    assert projected(account) == []


def test_r7_each_draft_stands_on_what_the_earlier_ones_leave() -> None:
    """80.00 against drafts of 50, 20 and 30: paid, paid, and 10.00 left for the third."""
    account, item = an_account(), an_item()
    a_credit(account, "80.00")
    for price, start, end in (
        ("50.00", "2026-06-01", "2026-07-01"),
        ("20.00", "2026-07-01", "2026-08-01"),
        ("30.00", "2026-08-01", "2026-09-01"),
    ):
        a_draft(account, (item, price), start=start, end=end)
    assert due(account) == [0, 0, 2000]


def test_r7_drafts_are_taken_by_the_end_of_their_period_and_then_by_id() -> None:
    account, item = an_account(), an_item()
    late = a_draft(account, (item, "1.00"), start="2026-08-01", end="2026-09-01")
    early = a_draft(account, (item, "1.00"), start="2026-07-01", end="2026-08-01")
    later_twin = a_draft(account, (item, "1.00"), start="2026-08-15", end="2026-09-01")
    assert [projection.invoice for projection in projected(account)] == [early, late, later_twin]


def test_r7_the_projection_is_what_a_run_in_that_order_writes() -> None:
    account, api, seats = an_account(), an_item("API"), an_item("Seats", Kind.LICENSE)
    a_credit(account, "60.00", name="Any", priority=1)
    a_credit(account, "40.00", name="API only", priority=2, items=(api,))
    a_draft(account, (api, "50.00"), (seats, "30.00"), start="2026-07-01", end="2026-08-01")
    a_draft(account, (api, "20.00"), (seats, "70.00"))
    found = projected(account)
    for projection in found:
        names = {line.pk: line.name for line in projection.lines}
        foretold = [(names[p.line], p.amount) for p in projection.settlement.payments]
        written = paid_by_line(issue(projection.invoice))
        assert [(line, amount) for _, line, amount in written] == foretold
    assert [projection.settlement.due for projection in found] == [0, 7000]


def test_r7_a_draft_is_projected_for_the_day_it_could_be_issued() -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "1.00"), start="2026-08-01", end="2026-09-01")
    a_draft(account, (item, "1.00"), start="2026-09-01", end="2026-10-01")
    assert [found.day for found in projected(account, "2026-09-10")] == [day("2026-09-10"), day("2026-10-01")]


def test_r6_a_credit_that_expires_before_a_draft_s_period_is_not_projected_there() -> None:
    account, item = an_account(), an_item()
    a_credit(account, "80.00", expires_on="2026-08-31")
    a_draft(account, (item, "50.00"), start="2026-08-01", end="2026-09-01")
    a_draft(account, (item, "50.00"), start="2026-09-01", end="2026-10-01")
    assert due(account) == [0, 5000]


def test_r6_a_credit_that_takes_effect_later_is_projected_from_then_on() -> None:
    account, item = an_account(), an_item()
    a_credit(account, "80.00", effective_from="2026-09-15")
    a_draft(account, (item, "50.00"), start="2026-08-01", end="2026-09-01")
    a_draft(account, (item, "50.00"), start="2026-09-01", end="2026-10-01")
    assert due(account, "2026-09-01") == [5000, 0]
    assert due(account, "2026-09-15") == [0, 2000]


def test_r9_a_correction_is_projected_as_of_the_original_s_day() -> None:
    account = an_account()
    a_credit(account, "30.00", expires_on="2026-08-31")
    invoice = issue(a_draft(account, (an_item(), "100.00")), "2026-09-01")
    correct(invoice, "2027-01-10")
    [found] = projected(account, "2027-01-10")
    assert (found.day, found.settlement.credited) == (day("2026-09-01"), 3000)


def test_a_draft_may_have_several_reasons_why_credits_are_not_used() -> None:
    account, api = an_account(), an_item()
    a_credit(account, "1.00", name="1", priority=1)
    a_credit(account, "1.00", name="2", priority=2, effective_from="2026-10-01")
    a_credit(account, "1.00", name="3", priority=3, kinds=(Kind.LICENSE,))
    a_credit(account, "1.00", name="4", priority=4)
    a_draft(account, (api, "1.00"))
    outcomes = projected(account)[0].settlement.outcomes
    assert [outcome.why for outcome in outcomes] == [
        Why.USED,
        Why.NOT_YET_EFFECTIVE,
        Why.OUT_OF_SCOPE,
        Why.NOTHING_LEFT_TO_PAY,
    ]


def test_what_is_issued_or_void_is_not_projected() -> None:
    account, item = an_account(), an_item()
    issue(a_draft(account, (item, "10.00")))
    void(issue(a_draft(account, (item, "20.00"))))
    open_draft = a_draft(account, (item, "30.00"))
    assert [found.invoice for found in projected(account)] == [open_draft]


def test_voided_and_used_up_credits_are_not_asked() -> None:
    account, item = an_account(), an_item()
    a_credit(account, "10.00", name="Used up", priority=1)
    issue(a_draft(account, (item, "10.00")))
    void_credit(a_credit(account, "10.00", name="Voided"), "2026-09-02")
    a_draft(account, (item, "10.00"))
    assert projected(account)[0].settlement.outcomes == ()


def test_another_account_s_credits_and_drafts_are_out_of_it() -> None:
    account, other, item = an_account(), an_account(), an_item()
    a_credit(other, "80.00")
    a_draft(other, (item, "10.00"))
    draft = a_draft(account, (item, "20.00"))
    assert [(found.invoice, found.settlement.due) for found in projected(account)] == [(draft, 2000)]


def test_a_credit_not_yet_saved_takes_part_after_its_equals() -> None:
    account, item = an_account(), an_item()
    a_credit(account, "30.00")
    a_draft(account, (item, "50.00"))
    extra = terms(account, "40.00").facts(account, at("2026-09-01"))
    [found] = drafts_settle(drafts_open(account), [*usable_facts(account), extra], today=day("2026-09-01"))
    assert [(outcome.used, outcome.left) for outcome in found.settlement.outcomes] == [
        (3000, 0),
        (2000, 2000),
    ]
