"""The only writer of entries.

Callers hold the account's lock; that is what makes the numbers 1, 2, 3 … and every balance read
under it true (R14), and what keeps the chain of hashes in one line.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from credits.chain import GENESIS, Link, link_hash
from credits.models import Credit, Entry, EntryKind
from customers.models import Account, Act
from customers.reading import Reading
from customers.setwise import rows_insert


class Posting(NamedTuple):
    """An entry to be written: `amount`, or on a credit of units `units`, is what it adds to the balance."""

    credit_id: int
    kind: EntryKind
    amount: int
    value_date: date
    invoice_id: int | None = None
    line_id: int | None = None
    reverses_id: int | None = None
    units: int | None = None


class Booking(NamedTuple):
    """A posting of one account, written by one act."""

    account_id: int
    currency: str
    act_id: int
    posting: Posting


def entries_write(account: Account, act: Act, postings: Sequence[Posting], *, now: datetime) -> None:
    """Write the postings in their order, with the account's next numbers."""
    entries_write_all(act, [(account, posting) for posting in postings], now=now)


def entries_write_all(act: Act, postings: Sequence[tuple[Account, Posting]], *, now: datetime) -> None:
    """The same for several accounts, all of them locked."""
    entries_book(
        [Booking(account.pk, account.currency, act.pk, posting) for account, posting in postings], now=now
    )


def entries_book(bookings: Sequence[Booking], *, now: datetime) -> None:
    """Write entries of any locked accounts and acts, in their order, in two statements."""
    lasts = _last_links({booking.account_id for booking in bookings})
    rows = []
    for booking in bookings:
        number, previous = lasts.get(booking.account_id, (0, GENESIS))
        link = _link(booking, number + 1, now)
        chained = link_hash(previous, link)
        lasts[booking.account_id] = number + 1, chained
        rows.append((*link, chained))
    rows_insert(Entry, (*Link._fields, "hash"), rows)


def _link(booking: Booking, number: int, now: datetime) -> Link:
    posting = booking.posting
    return Link(
        *(booking.account_id, number, posting.credit_id, str(posting.kind), booking.currency),
        *(posting.amount, posting.units, posting.invoice_id, posting.line_id, posting.reverses_id),
        *(booking.act_id, posting.value_date, now),
    )


def _with_ends(accounts: Collection[int]) -> QuerySet[Account]:
    # Two looks at the end of an index per account; a maximum over entries would read all of them.
    newest = Entry.objects.filter(account=OuterRef("pk")).order_by("-number")[:1]
    of_accounts = Account.objects.filter(pk__among=accounts).order_by()
    return of_accounts.annotate(
        last=Subquery(newest.values("number")), last_hash=Subquery(newest.values("hash"))
    )


LAST_LINKS = Reading(_with_ends, "pk", "last", "last_hash")


def _last_links(accounts: Collection[int]) -> dict[int, tuple[int, str]]:
    """The number and hash of each account's last entry."""
    ends = LAST_LINKS.rows(accounts)
    return {account: (number, hash) for account, number, hash in ends if number is not None}


def entry_link(entry: Entry) -> Link:
    """The facts of an entry that its hash covers."""
    return Link(
        account=entry.account_id,
        number=entry.number,
        credit=entry.credit_id,
        kind=entry.kind,
        currency=entry.currency,
        amount=entry.amount,
        units=entry.units,
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
