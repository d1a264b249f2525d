"""Recording usage by hand: of a meter, on a day that has come, and for good."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from customers.acts import TokenReused
from customers.models import Account, Act
from customers.sealed import Sealed
from customers.services import account_close
from invoices.models import Item, Kind, UsageRecord, UsageSource
from invoices.usage_records import UsageRecordRefused
from tests.factories import a_draft, an_account, an_item, by_now, day, issue
from tests.forging import past_the_model
from tests.invoices.recurring import a_usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account(time_zone="Asia/Tokyo")


@pytest.fixture
def calls() -> Item:
    return an_item("API calls")


def test_usage_is_recorded_with_its_day_and_who_typed_it(account: Account, calls: Item) -> None:
    record = a_usage(account, calls, "12.5", "2026-08-10", reason="Read off the meter")
    record.refresh_from_db()
    assert (record.account, record.item, record.day) == (account, calls, day("2026-08-10"))
    assert (str(record.quantity.normalize()), record.source) == ("12.5", UsageSource.TYPED)
    assert record.line is None
    assert (record.act.kind, record.act.reason, record.act.actor_name) == (
        "usage_record_add",
        "Read off the meter",
        "olivia",
    )


def test_a_correction_is_a_record_below_zero(account: Account, calls: Item) -> None:
    a_usage(account, calls, "12.5")
    assert str(a_usage(account, calls, "-12.5").quantity) == "-12.5"


def test_a_day_that_has_not_come_where_the_account_is_is_refused(account: Account, calls: Item) -> None:
    a_usage(account, calls, "1", "2026-09-01", now="2026-08-31 15:00")
    with pytest.raises(UsageRecordRefused, match="1 September 2026 has not come yet"):
        a_usage(account, calls, "1", "2026-09-01", now="2026-08-31 14:59")


def test_what_is_no_usage_is_refused_in_words(account: Account, calls: Item) -> None:
    for item, quantity, on, sentence in (
        (an_item("Seats", Kind.LICENSE), "1", "2026-08-10", "is no usage meter"),
        (calls, "0", "2026-08-10", "must not be zero"),
        (calls, "1", "1999-12-31", "after the year 1999"),
    ):
        with pytest.raises(UsageRecordRefused, match=sentence):
            a_usage(account, item, quantity, on)
    account_close(account=account, reason="Left", **by_now("2026-08-10"))
    with pytest.raises(UsageRecordRefused, match="closed"):
        a_usage(account, calls, "1")
    assert UsageRecord.objects.count() == 0


def test_r13_the_same_token_records_once(account: Account, calls: Item) -> None:
    once: dict[str, Any] = {"token": "the-same"}
    assert a_usage(account, calls, "1.5", **once) == a_usage(account, calls, "1.50", **once)
    with pytest.raises(TokenReused):
        a_usage(account, calls, "2", **once)
    assert (UsageRecord.objects.count(), Act.objects.filter(kind="usage_record_add").count()) == (1, 1)


def test_the_model_refuses_to_change_or_delete_a_record(account: Account, calls: Item) -> None:
    record = a_usage(account, calls, "1")
    records = UsageRecord.objects.filter(pk=record.pk)
    for way in (
        record.save,
        record.delete,
        records.delete,
        lambda: records.update(quantity=2),
        lambda: records.update(line=None, quantity=2),
        lambda: records.bulk_update([record], ["quantity"]),
    ):
        with pytest.raises(Sealed):
            way()


@pytest.mark.parametrize("change", [{"quantity": 2}, {"day": day("2026-08-11")}, {"source": "import"}])
def test_the_database_refuses_to_change_or_delete_a_record(
    account: Account, calls: Item, change: dict[str, Any]
) -> None:
    records = past_the_model(UsageRecord).filter(pk=a_usage(account, calls, "1").pk)
    with pytest.raises(IntegrityError, match="a usage record never changes"), transaction.atomic():
        records.update(**change)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        records._raw_delete("default")


def test_the_database_bills_a_record_once_on_a_draft_of_its_account(account: Account, calls: Item) -> None:
    records = past_the_model(UsageRecord).filter(pk=a_usage(account, calls, "1").pk)
    own, other = a_draft(account, (calls, "1.00")), a_draft(an_account(), (calls, "1.00"))
    issued = issue(a_draft(account, (calls, "1.00")))
    for invoice in (other, issued):
        with pytest.raises(IntegrityError, match="on a draft of its account"), transaction.atomic():
            records.update(line=invoice.lines.get())
    records.update(line=own.lines.get())
    another = a_draft(account, (calls, "1.00"))
    with pytest.raises(IntegrityError, match="usage is billed once"), transaction.atomic():
        records.update(line=another.lines.get())
    issue(own)
    for line in (None, another.lines.get()):
        with pytest.raises(IntegrityError, match="usage is billed once"), transaction.atomic():
            records.update(line=line)


def test_a_record_begins_unbilled_and_of_a_meter(account: Account, calls: Item) -> None:
    first = a_usage(account, calls, "1")
    line = a_draft(account, (calls, "1.00")).lines.get()
    for change in ({"line": line}, {"item": an_item("Seats", Kind.LICENSE)}):
        first.pk, first._state.adding = None, True
        for name, value in change.items():
            setattr(first, name, value)
        with (
            pytest.raises(IntegrityError, match="of a usage meter, and not billed yet"),
            transaction.atomic(),
        ):
            first.save_base(raw=True, force_insert=True)
