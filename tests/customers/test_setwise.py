"""Many rows in one statement: just those rows, just those fields, and only where the guard still holds."""

from sqlite3 import SQLITE_LIMIT_VARIABLE_NUMBER

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.models import Act
from customers.setwise import rows_insert_keyed, rows_update
from invoices.models import Item
from tests.factories import an_item, at

pytestmark = pytest.mark.django_db

ACT = (
    *("kind", "token", "fingerprint", "command", "actor_name", "origin", "at"),
    *("account", "subject", "reason", "details"),
)


def acts(*tokens: str) -> dict[str, int]:
    rows = [
        (
            "test",
            token,
            "",
            "command",
            "command",
            "a test",
            at("2026-08-01"),
            None,
            "",
            "",
            {"of": [token, 1]},
        )
        for token in tokens
    ]
    return rows_insert_keyed(Act, ACT, rows, key="token")


def test_rows_are_inserted_in_one_statement_and_their_ids_told_by_their_keys() -> None:
    with CaptureQueriesContext(connection) as captured:
        told = acts("a", "b", "c")
    assert len(captured) == 1
    assert told == dict(Act.objects.values_list("token", "pk"))
    assert {act.token: act.details for act in Act.objects.all()} == {key: {"of": [key, 1]} for key in told}
    assert {act.at for act in Act.objects.all()} == {at("2026-08-01")}


def test_more_rows_than_sqlite_takes_values_at_once_are_inserted_all_the_same() -> None:
    if connection.vendor != "sqlite":
        return
    most = connection.connection.setlimit(SQLITE_LIMIT_VARIABLE_NUMBER, 2 * len(ACT) + 1)
    try:
        with CaptureQueriesContext(connection) as captured:
            told = acts("a", "b", "c", "d", "e")
    finally:
        connection.connection.setlimit(SQLITE_LIMIT_VARIABLE_NUMBER, most)
    assert len(captured) == 3
    assert told == dict(Act.objects.values_list("token", "pk"))
    assert len(told) == 5


def test_one_row_that_is_refused_refuses_them_all() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        acts("a", "b", "a")
    assert not Act.objects.exists()


def test_of_the_rows_named_only_those_are_updated_that_still_have_the_value() -> None:
    items = [an_item(name, unit="call") for name in ("one", "two", "three")]
    Item.objects.filter(pk=items[1].pk).update(unit="other")
    rows = [(item.pk, f"new {item.name}") for item in items[:2]]
    assert rows_update(Item, ("name",), rows, only=("unit", "call")) == 1
    names = dict(Item.objects.values_list("pk", "name"))
    assert [names[item.pk] for item in items] == ["new one", "two", "three"]


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        assert rows_update(Item, ("name",), [], only=("unit", "")) == 0
        assert acts() == {}
    assert len(captured) == 0
