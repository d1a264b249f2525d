"""Tagging an item: which open credits it touches, told first; one act; lines keep their tags (R3, R13)."""

from typing import Any

import pytest

from credits.models import Credit
from credits.tagging import credits_touched, item_tag, tagging_facts
from customers.acts import FactsChanged, TokenReused, fingerprint
from customers.models import Account, Act
from invoices.models import Item, Kind, Line
from invoices.tags import TagsRefused
from tests.factories import (
    a_credit,
    a_draft,
    an_account,
    an_invoice,
    an_item,
    at,
    by_now,
    expire,
    tag,
    void_credit,
)

pytestmark = pytest.mark.django_db

NOW = "2026-09-10"


def for_tags(account: Account, *tags: str, **promise: Any) -> Credit:
    """A credit of 50.00 for items that bear one of these tags, and for what else the promise names."""
    return a_credit(account, "50.00", tags=tags, **promise)


def touched(item: Item, *tags: str, now: str = NOW) -> dict[str, bool]:
    """The names of the credits touched: whether each gains."""
    changes = credits_touched(Item.objects.get(pk=item.pk), tags, at(now)).changes
    return {Credit.objects.get(pk=pk).name: gains for pk, gains in changes}


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def item() -> Item:
    return an_item()


# --- The act ----------------------------------------------------------------------------


def test_an_item_bears_just_the_tags_given_sorted_and_its_history_keeps_the_earlier_ones(item: Item) -> None:
    assert tag(item, "team-blue", "gpu", "gpu").tags == ["gpu", "team-blue"]
    assert tag(item, "cpu").tags == ["cpu"]
    assert tag(item).tags == []
    kept = [row.tags for row in item.history.order_by("history_id")]
    assert kept == [[], ["gpu", "team-blue"], ["cpu"], []]


def test_r14_the_record_says_what_changed_and_how_many_credits_it_touched(
    account: Account, item: Item
) -> None:
    tag(item, "gpu")
    for_tags(account, "gpu")
    for_tags(account, "cpu")
    for_tags(account, "cpu")
    tag(item, "cpu", reason="It is no GPU")
    record = Act.objects.filter(kind="item_tag").first()
    assert record is not None
    assert (record.subject, record.actor_name, record.reason) == (
        f"item:{item.pk}",
        "olivia",
        "It is no GPU",
    )
    assert record.details == {
        "before": ["gpu"],
        "after": ["cpu"],
        "credits_gaining": 2,
        "credits_losing": 1,
    }


@pytest.mark.parametrize("tags", [["GPU"], ["a b"], [""], ["x" * 61], [f"t{number}" for number in range(21)]])
def test_what_is_no_tag_is_refused_and_nothing_changes(item: Item, tags: list[str]) -> None:
    with pytest.raises(TagsRefused):
        tag(item, *tags)
    assert Item.objects.get().tags == []
    assert not Act.objects.filter(kind="item_tag").exists()


def test_tags_the_item_bears_already_are_refused(item: Item) -> None:
    with pytest.raises(TagsRefused, match="bears just these tags already"):
        tag(item)
    tag(item, "a", "b")
    with pytest.raises(TagsRefused, match="bears just these tags already"):
        tag(item, "b", "a", "b")


def test_r13_the_same_token_tags_once(item: Item) -> None:
    once = by_now(NOW)
    item_tag(item=item, tags=["gpu"], **once)
    tag(item, "cpu")
    assert item_tag(item=item, tags=["gpu"], **once).tags == ["cpu"]
    assert Act.objects.filter(kind="item_tag").count() == 2
    with pytest.raises(TokenReused):
        item_tag(item=item, tags=["npu"], **once)


def test_r13_a_refused_attempt_leaves_its_token_free(item: Item) -> None:
    once = by_now(NOW)
    with pytest.raises(TagsRefused):
        item_tag(item=item, tags=["GPU"], **once)
    assert item_tag(item=item, tags=["gpu"], **once).tags == ["gpu"]


def shown(item: Item, *tags: str) -> str:
    return fingerprint(tagging_facts(item, tags, credits_touched(item, tags, at(NOW))))


def test_r13_it_is_refused_where_other_credits_are_touched_than_were_shown(
    account: Account, item: Item
) -> None:
    seen = shown(item, "gpu")
    for_tags(account, "gpu")
    with pytest.raises(FactsChanged):
        tag(item, "gpu", shown=seen)
    assert tag(item, "gpu", shown=shown(item, "gpu")).tags == ["gpu"]


def test_r13_it_is_refused_where_the_item_bears_other_tags_than_were_shown(item: Item) -> None:
    seen = shown(item, "gpu")
    tag(item, "cpu")
    with pytest.raises(FactsChanged):
        tag(item, "gpu", shown=seen)
    assert Item.objects.get().tags == ["cpu"]


# --- Which credits it touches -----------------------------------------------------------


def test_a_credit_that_names_an_added_tag_gains_and_one_that_names_a_removed_tag_loses(
    account: Account, item: Item
) -> None:
    tag(item, "gpu", "kept")
    for_tags(account, "gpu", name="Loses")
    for_tags(account, "cpu", name="Gains")
    for_tags(account, "npu", name="Another tag")
    for_tags(account, "kept", name="A tag that stays")
    a_credit(account, "5.00", name="Whole invoice")
    assert touched(item, "cpu", "kept") == {"Loses": False, "Gains": True}


def test_a_credit_that_admits_the_item_before_and_after_is_not_touched(account: Account, item: Item) -> None:
    tag(item, "gpu")
    for_tags(account, "gpu", "cpu", name="Both tags")
    for_tags(account, "gpu", "kept", name="One tag of two")
    for_tags(account, "cpu", name="By its kind", kinds=(Kind.USAGE_METER,))
    for_tags(account, "cpu", name="By itself", items=(item,))
    for_tags(account, "cpu", name="Another kind", kinds=(Kind.LICENSE,))
    for_tags(account, "cpu", name="Another item", items=(an_item(),))
    assert touched(item, "cpu") == {"One tag of two": False, "Another kind": True, "Another item": True}


def test_a_credit_that_excludes_the_item_is_not_touched(account: Account, item: Item) -> None:
    for_tags(account, "gpu", name="Not this one", excluded_items=(item,))
    for_tags(account, "gpu", name="Not another", excluded_items=(an_item(),))
    assert touched(item, "gpu") == {"Not another": True}


def test_only_credits_that_can_still_pay_something_are_touched(account: Account, item: Item) -> None:
    for_tags(account, "gpu", name="Later", effective_from="2027-01-01")
    void_credit(for_tags(account, "gpu", name="Voided"))
    for_tags(account, "gpu", name="Used up", items=(other := an_item(),))
    an_invoice(account, (other, "50.00"))
    for_tags(account, "gpu", name="In grace", expires_on="2026-08-31")
    assert touched(item, "gpu") == {"In grace": True, "Later": True}
    assert "In grace" in touched(item, "gpu", now="2026-10-15")
    assert "In grace" not in touched(item, "gpu", now="2026-10-16")
    expire(account, "2026-10-16")
    assert touched(item, "gpu", now="2026-10-16") == {"Later": True}


def test_r6_the_day_a_credit_is_gone_is_its_account_s(item: Item) -> None:
    for zone in ("Pacific/Auckland", "Pacific/Honolulu"):
        for_tags(an_account(time_zone=zone), "gpu", name=zone, expires_on="2026-08-31")
    assert touched(item, "gpu", now="2026-10-15 12:00") == {"Pacific/Honolulu": True}
    assert touched(item, "gpu", now="2026-10-16 12:00") == {}


def test_credits_are_told_by_account_in_the_order_of_its_customer_s_name(item: Item) -> None:
    from_z, from_a = an_account(name="Z"), an_account(name="A")
    for_tags(from_z, "gpu", name="Third", priority=9)
    for_tags(from_z, "gpu", name="Second", priority=2)
    for_tags(from_a, "gpu", name="First", priority=90)
    assert list(touched(item, "gpu")) == ["First", "Second", "Third"]


# --- Lines ------------------------------------------------------------------------------


def test_r3_a_line_already_made_keeps_its_tags_and_one_made_afterwards_has_the_new(
    account: Account, item: Item
) -> None:
    a_draft(account, (tag(item, "gpu", "team-blue"), "10.00"))
    a_draft(account, (tag(item, "cpu"), "10.00"))
    assert [line.tags for line in Line.objects.order_by("pk")] == [["gpu", "team-blue"], ["cpu"]]
