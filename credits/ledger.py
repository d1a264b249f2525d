"""The only writer of entries.

Callers hold the account's lock; that is what makes the numbers 1, 2, 3 … and every balance read
under it true (R14), and what keeps the chain of hashes in one line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from credits.chain import GENESIS, Link, link_hash
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
    last = Entry.objects.filter(account=account).order_by("-number").values_list("number", "hash").first()
    number, previous = last or (0, GENESIS)
    entries = []
    for posting in postings:
        number += 1
        entry = Entry(
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
        entry.hash = previous = link_hash(previous, entry_link(entry))
        entries.append(entry)
    return list(Entry.objects.bulk_create(entries))


def entry_link(entry: Entry) -> Link:
    """The facts of an entry that its hash covers."""
    return Link(
        account=entry.account_id,
        number=entry.number,
        credit=entry.credit_id,
        kind=entry.kind,
        currency=entry.currency,
        amount=entry.amount,
        invoice=entry.invoice_id,
        line=entry.line_id,
        reverses=entry.reverses_id,
        act=entry.act_id,
        value_date=entry.value_date,
        booked_at=entry.booked_at,
    )


def entry_count(account: Account) -> int:
    return Entry.objects.filter(account=account).count()


def credit_get(pk: int) -> Credit:
    """The credit with its balance, read after the account was locked."""
    credit: Credit = Credit.objects.with_balance().get(pk=pk)
    return credit
