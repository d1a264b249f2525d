"""Rows read as plain values are what Django's own way gives; and ids of rows inserted together are theirs."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits.models import Credit
from customers.acts import Actor, Deed, acts_record
from customers.models import Account, Act
from customers.reading import Reading
from invoices.models import Line
from tests.factories import a_credit, a_draft, an_account, an_item, at

LINES = Reading(
    lambda invoices: Line.objects.filter(invoice__among=invoices).order_by("invoice", "position"),
    *("pk", "invoice__judged_on", "first_day", "quantity", "tags", "creditable", "amount"),
    tags=tuple,
    quantity=str,
)
BY = Actor(origin="a test", command="test")


@pytest.mark.django_db
def test_rows_are_those_of_values_list_with_the_columns_made_as_told() -> None:
    account, item = an_account(), an_item()
    drafts = [a_draft(account, (item, "1.00"), (item, "-2.00")), a_draft(account, (item, "3.00"))]
    lines = Line.objects.filter(invoice__in=drafts).order_by("invoice", "position")
    expected = [
        (line.pk, None, line.first_day, str(line.quantity), tuple(line.tags), True, line.amount)
        for line in lines
    ]
    for ids in ([draft.pk for draft in drafts], [drafts[1].pk], [drafts[0].pk, 10**12]):
        told = [row for row, line in zip(expected, lines, strict=True) if line.invoice_id in ids]
        assert list(LINES.rows(ids)) == told
    assert isinstance(expected[0][2], date)


@pytest.mark.django_db
def test_without_an_id_nothing_is_asked_and_nothing_found() -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert list(LINES.rows([])) == []
        assert [list(column) for column in LINES.columns([])] == [[]] * 7
    assert len(asked) == 0
    assert [list(column) for column in LINES.columns([10**12])] == [[]] * 7
    assert list(Account.objects.filter(pk__among=[])) == []


@pytest.mark.django_db
def test_a_question_is_put_into_sql_once_however_often_it_is_asked() -> None:
    asked = 0

    def ask(ids: Any) -> Any:
        nonlocal asked
        asked += 1
        return Account.objects.filter(pk__among=ids).order_by("pk")

    accounts = Reading(ask, "pk", "currency")
    one, other = an_account(), an_account(currency="EUR")
    assert list(accounts.rows([one.pk, other.pk])) == [(one.pk, "USD"), (other.pk, "EUR")]
    assert list(accounts.rows([other.pk])) == [(other.pk, "EUR")]
    assert asked == 1


@pytest.mark.django_db
def test_among_asks_what_in_asks_of_keys_and_of_relations() -> None:
    account = an_account()
    credits = [a_credit(account, "1.00").pk, a_credit(an_account(), "2.00").pk, a_credit(account, "3.00").pk]
    for ids in ([], credits[:1], credits[1:], [*credits, 10**15]):
        by_key, by_kept = Credit.objects.filter(pk__among=ids), Credit.objects.filter(kept__among=ids)
        assert set(by_key) == set(by_kept) == set(Credit.objects.filter(pk__in=ids))
    of_account = Credit.objects.filter(kept__account__among=[account.pk], amount__gt=100)
    assert list(of_account.values_list("pk", flat=True)) == [credits[2]]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2, 7])
def test_rows_inserted_together_are_told_by_their_own_ids(count: int) -> None:
    account = an_account()
    deeds = [
        Deed(f"t:{place}", {"place": place}, account.pk, f"test:{place}", {"at": str(Decimal(place) / 2)})
        for place in range(count)
    ]
    told = acts_record("test", deeds, by=BY, now=at("2026-08-01") + timedelta(microseconds=1))
    assert told == dict(Act.objects.filter(kind="test").values_list("token", "pk"))
    assert {act.subject_id: act.details for act in Act.objects.filter(kind="test")} == {
        place: {"at": str(Decimal(place) / 2)} for place in range(count)
    }
