"""The moment a draft becomes a document (R7)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from customers.models import Account
from customers.setwise import rows_update
from invoices.models import Invoice, Status
from invoices.numbering import Number

FROZEN = (
    *("status", "series", "series_number", "number", "issue_date", "issued_at", "judged_on"),
    *("customer_name", "account_name", "total", "credited"),
)


class Freeze(NamedTuple):
    """What is written on a draft as it is issued; but for its number, which comes last."""

    invoice_id: int
    customer_name: str
    account_name: str
    total: int
    credited: int
    issue_date: date
    judged_on: date


def invoices_freeze(freezes: Sequence[tuple[Freeze, Number]], *, now: datetime) -> None:
    """Turn drafts into issued invoices, in one statement: from here on triggers guard them."""
    rows = [
        (
            *(freeze.invoice_id, Status.ISSUED.value, number.series_id, number.figure, number.text),
            *(freeze.issue_date, now, freeze.judged_on, freeze.customer_name, freeze.account_name),
            *(freeze.total, freeze.credited),
        )
        for freeze, number in freezes
    ]
    frozen = rows_update(Invoice, FROZEN, rows, only=("status", Status.DRAFT.value))
    if frozen != len(rows):
        gone = len(rows) - frozen
        raise RuntimeError(f"{gone} of {len(rows)} drafts were not there to be issued, though locked.")


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
    """The same for one."""
    freeze = Freeze(invoice.pk, account.customer.name, account.name, total, credited, issue_date, judged_on)
    invoices_freeze([(freeze, number)], now=now)
