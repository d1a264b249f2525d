"""Renaming an item: lines keep the old name, and the kind never changes (R3)."""

import pytest
from django.db import IntegrityError, connection, transaction

from customers.models import Act
from invoices.models import Item, Line
from invoices.services import item_edit
from tests.factories import a_draft, an_account, an_item, by_now

pytestmark = pytest.mark.django_db


def test_an_item_is_renamed_and_its_history_keeps_the_earlier_name() -> None:
    item = an_item("API calls")
    edited = item_edit(item=item, name="Requests", unit="1,000", **by_now("2026-02-01"))
    assert (edited.name, edited.unit) == ("Requests", "1,000")
    assert [row.name for row in item.history.order_by("history_id")] == ["API calls", "Requests"]


def test_r3_a_line_already_made_keeps_the_name_it_was_made_with() -> None:
    item = an_item("API calls", unit="call")
    a_draft(an_account(), (item, "10.00"))
    item_edit(item=item, name="Requests", unit="1,000", **by_now("2026-09-02"))
    line = Line.objects.get()
    assert (line.name, line.unit) == ("API calls", "call")


def test_a_line_made_afterwards_has_the_new_name() -> None:
    item = item_edit(item=an_item("API calls"), name="Requests", unit="", **by_now("2026-02-01"))
    a_draft(an_account(), (item, "10.00"))
    assert Line.objects.get().name == "Requests"


def test_r13_the_same_token_renames_once() -> None:
    item, once = an_item("API calls"), by_now("2026-02-01")
    item_edit(item=item, name="Requests", unit="", **once)
    item_edit(item=item, name="Queries", unit="", **by_now("2026-02-02"))
    assert item_edit(item=item, name="Requests", unit="", **once).name == "Queries"
    assert Act.objects.filter(kind="item_edit").count() == 2


@pytest.mark.parametrize(("column", "value"), [("kind", "license"), ("key", "other")])
def test_r3_kind_and_key_never_change_through_the_model(column: str, value: str) -> None:
    item = an_item()
    setattr(item, column, value)
    with (
        pytest.raises(IntegrityError, match="the kind and key of an item never change"),
        transaction.atomic(),
    ):
        item.save()
    assert getattr(Item.objects.get(), column) != value


@pytest.mark.parametrize(("column", "value"), [("kind", "license"), ("key", "other")])
def test_r3_kind_and_key_never_change_by_sql(column: str, value: str) -> None:
    an_item()
    with (
        pytest.raises(IntegrityError, match="the kind and key of an item never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE invoices_item SET {column} = %s", [value])
    assert getattr(Item.objects.get(), column) != value


def test_a_save_that_changes_nothing_of_it_is_let_through() -> None:
    item = an_item()
    Item.objects.filter(pk=item.pk).update(kind=item.kind, key=item.key, name="Requests")
    item.refresh_from_db()
    assert item.name == "Requests"
