"""Recording that an invoice was paid (R7)."""

import pytest

from customers.models import Act
from invoices.models import Invoice
from invoices.services import PaymentRefused, invoice_pay
from tests.factories import a_credit, a_draft, an_account, an_invoice, an_item, by_now, day, pay, void

pytestmark = pytest.mark.django_db


def record(invoice: Invoice, paid_on: str, now: str = "2026-09-20") -> Invoice:
    return invoice_pay(invoice=invoice, paid_on=day(paid_on), reference="bank line 7", **by_now(now))


def test_r7_an_issued_invoice_becomes_paid_with_date_and_reference() -> None:
    paid = record(an_invoice(an_account(), (an_item(), "10.00")), "2026-09-15")
    found = Invoice.objects.get()
    assert (found.status, found.paid_on, found.payment_reference) == (
        "paid",
        day("2026-09-15"),
        "bank line 7",
    )
    assert paid == found


def test_nothing_is_due_once_paid_and_the_rest_stays() -> None:
    account = an_account()
    a_credit(account, "4.00")
    invoice = an_invoice(account, (an_item(), "10.00"))
    assert invoice.amount_due == 600
    paid = pay(invoice)
    assert paid.amount_due == 0
    assert (paid.total, paid.credited, paid.number) == (1000, 400, invoice.number)


@pytest.mark.parametrize("paid_on", ["2026-08-31", "2026-09-21"])
def test_the_day_of_payment_lies_between_issue_and_today(paid_on: str) -> None:
    invoice = an_invoice(an_account(), (an_item(), "10.00"))
    with pytest.raises(PaymentRefused, match="between the day of issue and today"):
        record(invoice, paid_on, now="2026-09-20")
    invoice.refresh_from_db()
    assert invoice.status == "issued"


@pytest.mark.parametrize("paid_on", ["2026-09-01", "2026-09-20"])
def test_the_day_of_issue_and_today_are_both_days_of_payment(paid_on: str) -> None:
    invoice = an_invoice(an_account(), (an_item(), "10.00"))
    assert record(invoice, paid_on, now="2026-09-20").paid_on == day(paid_on)


def test_today_is_the_account_s_day() -> None:
    """Half past ten in the evening of the 19th in UTC is the 20th in Kiritimati."""
    invoice = an_invoice(an_account(time_zone="Pacific/Kiritimati"), (an_item(), "10.00"))
    assert record(invoice, "2026-09-20", now="2026-09-19 22:30").status == "paid"


def test_a_draft_is_not_paid() -> None:
    with pytest.raises(PaymentRefused, match="this one is draft"):
        record(a_draft(an_account(), (an_item(), "10.00")), "2026-09-15")


def test_a_void_invoice_is_not_paid() -> None:
    invoice = an_invoice(an_account(), (an_item(), "10.00"))
    void(invoice)
    with pytest.raises(PaymentRefused, match="this one is void"):
        record(invoice, "2026-09-15")


def test_an_invoice_is_paid_once() -> None:
    invoice = an_invoice(an_account(), (an_item(), "10.00"))
    record(invoice, "2026-09-15")
    with pytest.raises(PaymentRefused, match="this one is paid"):
        record(invoice, "2026-09-16")
    invoice.refresh_from_db()
    assert invoice.paid_on == day("2026-09-15")


def test_r13_the_same_token_records_one_payment() -> None:
    invoice, once = an_invoice(an_account(), (an_item(), "10.00")), by_now("2026-09-15")
    invoice_pay(invoice=invoice, paid_on=day("2026-09-15"), reference="", **once)
    assert invoice_pay(invoice=invoice, paid_on=day("2026-09-15"), reference="", **once).status == "paid"
    assert Act.objects.filter(kind="invoice_pay").count() == 1
