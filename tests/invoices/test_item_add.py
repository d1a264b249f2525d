"""Adding an item to the catalogue."""

import pytest
from django.db import IntegrityError, transaction

from invoices.models import Item, Kind
from invoices.services import ItemRefused, item_add
from tests.factories import an_item, at, by_now

pytestmark = pytest.mark.django_db


def test_an_item_is_added_with_key_name_kind_and_unit() -> None:
    item_add(key="api", name="API calls", kind="usage_meter", unit="1,000 calls", **by_now("2026-01-02"))
    item = Item.objects.get()
    assert (item.key, item.name, item.kind, item.unit) == ("api", "API calls", "usage_meter", "1,000 calls")
    assert item.created_at == at("2026-01-02")


def test_a_key_is_borne_by_one_item_only() -> None:
    item_add(key="api", name="API calls", kind="usage_meter", unit="", **by_now("2026-01-02"))
    with pytest.raises(ItemRefused, match="Another item already has the key “api”"):
        item_add(key="api", name="Other calls", kind="add_on", unit="", **by_now("2026-01-02"))
    assert Item.objects.get().name == "API calls"


def test_r13_the_same_token_adds_one_item() -> None:
    once = by_now("2026-01-02")
    first = item_add(key="api", name="API calls", kind="usage_meter", unit="", **once)
    assert item_add(key="api", name="API calls", kind="usage_meter", unit="", **once) == first
    assert Item.objects.count() == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_r3_there_are_four_kinds(kind: Kind) -> None:
    assert an_item("Something", kind).kind in {"usage_meter", "add_on", "fixed_fee", "license"}


@pytest.mark.parametrize("kind", ["gift", "", "USAGE_METER"])
def test_r3_the_database_knows_no_other_kind(kind: str) -> None:
    item = Item(key="x", name="X", kind=kind, created_at=at("2026-01-02"))
    with pytest.raises(IntegrityError, match="item_kind_known"), transaction.atomic():
        item.save()
