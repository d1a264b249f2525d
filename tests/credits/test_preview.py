"""The preview of Add Credits: what a credit that is still a form would do, before and after."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from credits.allocation import Why
from credits.grant_terms import GrantRefused
from credits.models import Credit, Entry
from credits.preview import DraftPreview, GrantPreview, grant_preview
from credits.words import WHY
from customers.models import Account
from invoices.models import Item, Kind
from invoices.units import PARTS
from tests.factories import a_credit, a_draft, a_line, a_unit_credit, an_account, an_item, at, terms

pytestmark = pytest.mark.django_db


def preview(account: Account, amount: str, *, replaced: Credit | None = None, **promise: Any) -> GrantPreview:
    return grant_preview(account, terms(account, amount, **promise), now=at("2026-09-01"), replaced=replaced)


def lines(draft: DraftPreview) -> list[tuple[str, int, int, int]]:
    return [(line.line.name, line.others, line.this, line.due) for line in draft.lines]


def test_a_credit_lowers_what_is_due() -> None:
    account = an_account()
    a_draft(account, (an_item(), "100.00"))
    found = preview(account, "30.00")
    [draft] = found.drafts
    assert (draft.due_before, draft.this, draft.due, draft.why) == (10000, 3000, 7000, "")
    assert (found.used, found.left, found.place, found.of) == (3000, 0, 1, 1)


def test_nothing_is_saved() -> None:
    account = an_account()
    a_draft(account, (an_item(), "100.00"))
    preview(account, "30.00")
    assert not Credit.objects.exists()
    assert not Entry.objects.exists()


def test_line_by_line_others_and_this() -> None:
    account, api, seats = an_account(), an_item("API"), an_item("Seats", Kind.LICENSE)
    a_credit(account, "40.00", priority=1, items=(api,))
    a_draft(account, (api, "50.00"), (seats, "30.00"))
    [draft] = preview(account, "25.00").drafts
    assert lines(draft) == [("API", 4000, 1000, 0), ("Seats", 0, 1500, 1500)]
    assert (draft.total, draft.others, draft.this, draft.due) == (8000, 4000, 2500, 1500)


def test_r4_a_new_credit_comes_after_its_equals_and_its_place_is_named() -> None:
    account = an_account()
    a_credit(account, "10.00", priority=1)
    a_credit(account, "10.00", priority=50)
    a_credit(account, "10.00", priority=90)
    a_draft(account, (an_item(), "100.00"))
    found = preview(account, "10.00", priority=50)
    assert (found.place, found.of) == (3, 4)


def test_r5_it_may_move_another_credit_s_money_to_other_lines() -> None:
    """The credit for any line steps aside from X, which the new one can only pay."""
    account, x, y = an_account(), an_item("X"), an_item("Y")
    a_credit(account, "50.00", name="Any line", priority=1)
    a_draft(account, (x, "50.00"), (y, "50.00"))
    [draft] = preview(account, "50.00", priority=2, items=(x,)).drafts
    assert lines(draft) == [("X", 0, 5000, 0), ("Y", 5000, 0, 0)]
    assert (draft.due_before, draft.due, list(draft.moved)) == (5000, 0, [])


def test_another_credit_that_would_be_used_for_less_is_named() -> None:
    account = an_account()
    a_credit(account, "80.00", name="Purchased", priority=50)
    a_draft(account, (an_item(), "100.00"))
    [draft] = preview(account, "60.00", priority=1).drafts
    assert [(moved.credit.name, moved.before, moved.after) for moved in draft.moved] == [
        ("Purchased", 8000, 4000)
    ]


def test_r7_several_drafts_share_it_in_issuing_order() -> None:
    account, item = an_account(), an_item()
    a_draft(account, (item, "20.00"), start="2026-07-01", end="2026-08-01")
    a_draft(account, (item, "20.00"))
    found = preview(account, "30.00")
    assert [(draft.this, draft.due) for draft in found.drafts] == [(2000, 0), (1000, 1000)]
    assert (found.used, found.left) == (3000, 0)


@pytest.mark.parametrize(
    ("promise", "why"),
    [
        ({"kinds": (Kind.LICENSE,)}, Why.OUT_OF_SCOPE),
        ({"effective_from": "2026-10-02"}, Why.NOT_YET_EFFECTIVE),
        ({"expires_on": "2026-09-01"}, Why.EXPIRED),
    ],
)
def test_a_credit_that_would_pay_nothing_says_why(promise: dict[str, Any], why: Why) -> None:
    account = an_account()
    a_draft(account, (an_item(), "100.00"), start="2026-09-02", end="2026-10-01")
    found = preview(account, "30.00", **promise)
    [draft] = found.drafts
    assert (draft.used, draft.why, draft.due) == (False, WHY[why], 10000)
    assert (found.used, found.left) == (0, 3000)


def test_where_others_pay_all_it_says_that_nothing_was_left() -> None:
    account = an_account()
    a_credit(account, "100.00", priority=1)
    a_draft(account, (an_item(), "100.00"))
    [draft] = preview(account, "30.00").drafts
    assert draft.why == "Nothing was left to pay on the lines it may pay."


def test_what_cannot_be_granted_is_not_previewed() -> None:
    with pytest.raises(GrantRefused, match="over already"):
        preview(an_account(), "30.00", expires_on="2026-08-31")


def test_without_open_drafts_all_of_it_waits() -> None:
    found = preview(an_account(), "30.00")
    assert (list(found.drafts), found.used, found.left) == ([], 0, 3000)


def test_r2_the_preview_of_a_replacement_leaves_the_replaced_credit_out() -> None:
    account = an_account()
    old = a_credit(account, "30.00", name="Old")
    a_draft(account, (an_item(), "100.00"))
    found = preview(account, "45.00", replaced=old)
    [draft] = found.drafts
    assert (draft.due_before, draft.others, draft.this, draft.due) == (7000, 0, 4500, 5500)
    assert [(moved.credit.name, moved.before, moved.after) for moved in draft.moved] == [("Old", 3000, 0)]
    assert (found.place, found.of) == (1, 1)


def of_units(account: Account, units: str, item: Item, **promise: Any) -> GrantPreview:
    promised = replace(
        terms(account, "1", items=(item,), **promise), amount=0, units=int(units) * PARTS, unit_item=item
    )
    return grant_preview(account, promised, now=at("2026-09-01"))


def test_r11_several_drafts_share_units_and_each_says_what_they_were_worth() -> None:
    account, api = an_account(), an_item()
    a_draft(account, a_line(api, "0.02", "300"), start="2026-07-01", end="2026-08-01")
    a_draft(account, a_line(api, "0.01", "260"))
    found = of_units(account, "500", api)
    assert [(draft.used, draft.this) for draft in found.drafts] == [(300 * PARTS, 600), (200 * PARTS, 200)]
    assert (found.paid, found.used, found.left, found.size) == (800, 500 * PARTS, 0, 500 * PARTS)


def test_r11_units_and_money_of_another_credit_of_units_are_told_apart() -> None:
    account, api = an_account(), an_item()
    a_unit_credit(account, "100", api, name="Older")
    a_draft(account, a_line(api, "0.02", "300"))
    [draft] = of_units(account, "250", api, priority=1).drafts
    [moved] = draft.moved
    assert (moved.credit.name, moved.before, moved.after) == ("Older", 100 * PARTS, 50 * PARTS)
    assert (moved.paid_before, moved.paid_after) == (200, 100)


@pytest.mark.parametrize(
    ("caps", "this", "unlimited"),
    [
        ({}, 5000, None),
        ({"max_amount": 5000}, 5000, None),
        ({"max_amount": 2000}, 2000, 5000),
        ({"max_percent": Decimal("25.00")}, 1500, 5000),
        ({"max_percent": Decimal("0.01")}, 0, 5000),
    ],
)
def test_a_limit_that_holds_it_back_is_told_with_what_it_would_pay_without(
    caps: dict[str, Any], this: int, unlimited: int | None
) -> None:
    account = an_account()
    a_draft(account, (an_item(), "60.00"))
    [draft] = preview(account, "50.00", **caps).drafts
    assert (draft.this, draft.unlimited) == (this, unlimited)
