"""The moment a draft becomes a document (R7)."""

from datetime import date, datetime

from customers.models import Account
from invoices.models import Invoice, Status
from invoices.numbering import Number


def invoice_freeze(
    invoice: Invoice,
    account: Account,
    *,
    total: int,
    credited: int,
    issue_date: date,
    judged_on: date,
    now: datetime,
    number: Number,
) -> None:
    """Turn the draft into an issued invoice, in one statement: from here on triggers guard it."""
    frozen = Invoice.objects.filter(pk=invoice.pk, status=Status.DRAFT).update(
        status=Status.ISSUED,
        series_id=number.series_id,
        series_number=number.figure,
        number=number.text,
        issue_date=issue_date,
        issued_at=now,
        judged_on=judged_on,
        customer_name=account.customer.name,
        account_name=account.name,
        total=total,
        credited=credited,
    )
    if frozen != 1:
        raise RuntimeError(f"Draft {invoice.pk} was not there to be issued, though its account is locked.")
