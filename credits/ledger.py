"""The only writer of entries.

Callers hold the account's lock; that is what makes the numbers 1, 2, 3 … and every balance read
under it true (R14).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from credits.models import Credit, Entry, EntryKind
from customers.models import Account, Act


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be written: `amount` is what it adds to the credit's balance."""

    credit_id: int
    kind: EntryKind
    amount: int
    value_date: date
    invoice_id: int | None = None
    line_id: int | None = None
    reverses_id: int | None = None


def entries_write(account: Account, act: Act, postings: Sequence[Posting], *, now: datetime) -> list[Entry]:
    """Write the postings in their order, with the account's next numbers."""
    last = Entry.objects.filter(account=account).aggregate(last=Max("number"))["last"] or 0
    return list(
        Entry.objects.bulk_create(
            Entry(
                account=account,
                number=number,
                credit_id=posting.credit_id,
                kind=posting.kind,
                currency=account.currency,
                amount=posting.amount,
                invoice_id=posting.invoice_id,
                line_id=posting.line_id,
                reverses_id=posting.reverses_id,
                act=act,
                value_date=posting.value_date,
                booked_at=now,
            )
            for number, posting in enumerate(postings, start=last + 1)
        )
    )


def entry_count(account: Account) -> int:
    return Entry.objects.filter(account=account).count()


def credit_get(pk: int) -> Credit:
    """The credit with its balance, read after the account was locked."""
    credit: Credit = Credit.objects.with_balance().get(pk=pk)
    return credit
