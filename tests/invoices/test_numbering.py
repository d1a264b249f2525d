"""Invoice numbers: one series per company and year, and no gaps (R7)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from customers.models import Act
from invoices.freezing import invoice_freeze
from invoices.models import Invoice, Series
from invoices.numbering import Number, numbers_take
from tests.factories import ISSUED, a_draft, an_account, an_invoice, an_item, at, day, issue, void
from tests.forging import rules_lift

pytestmark = pytest.mark.django_db


def texts(year: int, count: int) -> list[str]:
    return [number.text for number in numbers_take(year, count)]


def used(*numbers: Number) -> list[str]:
    """The numbers as text, after an invoice was issued with each."""
    account, item = an_account(), an_item()
    for number in numbers:
        invoice_freeze(
            a_draft(account, (item, "1.00")),
            account,
            total=100,
            credited=0,
            issue_date=day(ISSUED),
            judged_on=day(ISSUED),
            now=at(ISSUED),
            number=number,
        )
    return [number.text for number in numbers]


def test_r7_numbers_follow_each_other() -> None:
    assert used(*numbers_take(2026, 1)) == ["INV-2026-000001"]
    assert used(*numbers_take(2026, 1)) == ["INV-2026-000002"]


def test_r7_a_run_takes_several_at_once() -> None:
    assert used(*numbers_take(2026, 3)) == ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]
    assert used(*numbers_take(2026, 2)) == ["INV-2026-000004", "INV-2026-000005"]
    assert Series.objects.get().last_number == 5


def test_r7_each_year_has_its_own_series() -> None:
    assert used(*numbers_take(2026, 2)) == ["INV-2026-000001", "INV-2026-000002"]
    assert used(*numbers_take(2027, 1)) == ["INV-2027-000001"]
    assert used(*numbers_take(2026, 1)) == ["INV-2026-000003"]


@pytest.mark.parametrize("count", [1, 3])
def test_r7_a_number_that_was_taken_is_used_before_the_next_is_given(count: int) -> None:
    """So a series is never ahead of its invoices: there is no way to a gap."""
    taken = numbers_take(2026, count)
    used(*taken[:-1])
    with pytest.raises(IntegrityError, match="used before the next"), transaction.atomic():
        numbers_take(2026, 1)
    used(taken[-1])
    assert texts(2026, 1) == [f"INV-2026-{count + 1:06d}"]


def test_r7_of_several_numbers_none_is_left_out() -> None:
    first, second, third = numbers_take(2026, 3)
    for too_early in (second, third):
        with pytest.raises(IntegrityError, match="the next number"), transaction.atomic():
            used(too_early)
    used(first)
    with pytest.raises(IntegrityError, match="the next number"), transaction.atomic():
        used(third)
    assert used(second, third) == ["INV-2026-000002", "INV-2026-000003"]


def test_r7_an_invoice_bears_no_number_above_its_series_last() -> None:
    [number] = numbers_take(2026, 1)
    used(number)
    with pytest.raises(IntegrityError, match="its series has given"), transaction.atomic():
        used(Number(number.series_id, 2, "INV-2026-000002"))
    assert list(Invoice.objects.exclude(number=None).values_list("number", flat=True)) == [number.text]


def test_r7_each_issuing_company_has_its_own_series() -> None:
    texts(2026, 1)
    with override_settings(SCRIP_INVOICE_PREFIX="ACME"):
        assert texts(2026, 1) == ["ACME-2026-000001"]


def test_r7_a_rollback_gives_its_numbers_back() -> None:
    used(*numbers_take(2026, 1))
    with transaction.atomic():
        assert texts(2026, 5)[-1] == "INV-2026-000006"
        transaction.set_rollback(True)
    assert texts(2026, 1) == ["INV-2026-000002"]


def test_r7_an_issue_that_fails_after_taking_its_number_leaves_no_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account, item = an_account(), an_item()
    failing, other = a_draft(account, (item, "1.00")), a_draft(account, (item, "2.00"))
    with monkeypatch.context() as broken:
        broken.setattr("billing.issuing.writing.invoices_freeze", lambda freezes, **_: len(freezes) / 0)
        with pytest.raises(ZeroDivisionError):
            issue(failing)
    assert issue(other).number == "INV-2026-000001"
    assert issue(failing).number == "INV-2026-000002"
    assert Act.objects.filter(kind="invoice_issue").count() == 2


def test_r7_what_is_no_draft_any_more_is_not_issued() -> None:
    account = an_account()
    issued = an_invoice(account, (an_item(), "1.00"))
    frozen: dict[str, Any] = {"issue_date": day(ISSUED), "judged_on": day(ISSUED), "now": at(ISSUED)}
    [number] = numbers_take(2026, 1)
    with pytest.raises(RuntimeError, match="1 of 1 drafts were not there"):
        invoice_freeze(issued, account, total=100, credited=0, number=number, **frozen)


def test_r7_numbers_are_beyond_six_figures_if_need_be() -> None:
    Series.objects.create(prefix="INV", year=2026, last_number=999_999)
    rules_lift()  # they would ask for the invoices of all these numbers
    assert texts(2026, 1) == ["INV-2026-1000000"]


@pytest.mark.django_db(transaction=True)
def test_r7_outside_a_transaction_no_number_is_given() -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        numbers_take(2026, 1)
    assert not Series.objects.exists()


def test_r7_the_year_is_the_account_s_on_the_day_of_issue() -> None:
    item = an_item()
    period = {"start": "2026-12-01", "end": "2027-01-01"}
    midnight_in_kiritimati = "2026-12-31 10:00"
    east = a_draft(an_account(time_zone="Pacific/Kiritimati"), (item, "1.00"), **period)
    assert issue(east, midnight_in_kiritimati).number == "INV-2027-000001"
    west = a_draft(an_account(time_zone="Pacific/Pago_Pago"), (item, "1.00"), **period)
    assert issue(west, "2027-01-01 10:59", before_end=True).number == "INV-2026-000001"
    assert west.account.time_zone == "Pacific/Pago_Pago"


def test_r9_the_number_of_a_void_invoice_stays_taken() -> None:
    account, item = an_account(), an_item()
    first = an_invoice(account, (item, "1.00"))
    void(first)
    assert an_invoice(account, (item, "1.00")).number == "INV-2026-000002"


def test_r7_the_database_gives_no_number_twice() -> None:
    account, item = an_account(), an_item()
    first = an_invoice(account, (item, "1.00"))
    draft = a_draft(account, (item, "1.00"))
    frozen = {
        name: getattr(first, name)
        for name in ("series", "series_number", "issue_date", "issued_at", "judged_on", "total", "credited")
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=draft.pk).update(status="issued", number="INV-X", **frozen)
    with transaction.atomic():
        numbers_take(2026, 1)
        with pytest.raises(IntegrityError, match=r"invoices_invoice[._]number"), transaction.atomic():
            Invoice.objects.filter(pk=draft.pk).update(
                status="issued", number=first.number, **{**frozen, "series_number": 2}
            )
        transaction.set_rollback(True)
    assert issue(draft).number == "INV-2026-000002"


def test_r7_a_series_never_goes_back() -> None:
    used(*numbers_take(2026, 5))
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        Series.objects.update(last_number=4)
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        Series.objects.update(year=2027)
    unused = Series.objects.create(prefix="ACME", year=2026, last_number=0)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        unused.delete()
    assert texts(2026, 1) == ["INV-2026-000006"]
