"""What acts put into the ledger: one posting per thing that happens to a credit.

A credit of free units counts units where another counts money, so each posting is made here from the
change it makes in the credit's own measure (R11).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from credits.ledger import Posting, entries_write
from credits.models import Credit, Entry, EntryKind, credits_of
from credits.settlement import Settlement
from customers.models import Account, Act
from invoices.models import Invoice


def posting(
    credit: Credit, kind: EntryKind, change: int, day: date, invoice: Invoice | None = None
) -> Posting:
    """An entry that pays no line: `change` is what it adds to the balance."""
    in_units = credit.units is not None
    return Posting(
        credit.pk,
        kind,
        0 if in_units else change,
        day,
        invoice.pk if invoice else None,
        units=change if in_units else None,
    )


def granted(credit: Credit) -> Posting:
    return posting(credit, EntryKind.GRANTED, credit.size, credit.effective_from)


def voided(credit: Credit, today: date, invoice: Invoice | None = None) -> Posting:
    """`invoice` is the one whose voiding takes the credit along."""
    return posting(credit, EntryKind.VOIDED, -credit.balance, today, invoice)


def expired(credit: Credit) -> Posting:
    """Valued on the first day no invoice could use it, whenever it is booked (R10)."""
    gone_on = (credit.last_issue or credit.effective_from) + timedelta(days=1)
    return posting(credit, EntryKind.EXPIRED, -credit.balance, gone_on)


def applied(settlement: Settlement, invoice: int, day: date) -> Iterator[Posting]:
    """One `applied` entry per credit and line, in the order of the allocation."""
    for payment in settlement.payments:
        units = -payment.units or None
        yield Posting(
            payment.credit, EntryKind.APPLIED, -payment.amount, day, invoice, payment.line, units=units
        )


def credit_reverse(
    account: Account, record: Act, invoice: Invoice, *, today: date, now: datetime, keep_expired: bool
) -> None:
    """Put each applied amount back, and close again in the same breath what may not stay open (R9).

    `keep_expired` leaves money of expired credits open for the correction that is about to use it.
    """
    applied = applied_entries(invoice)
    postings = [
        Posting(
            e.credit_id,
            EntryKind.REVERSED,
            -e.amount,
            today,
            invoice.pk,
            e.line_id,
            e.pk,
            units=None if e.units is None else -e.units,
        )
        for e in applied
    ]
    returned: dict[int, int] = {}
    for entry in applied:
        returned[entry.credit_id] = returned.get(entry.credit_id, 0) - entry.change
    for credit in credits_of(account, pk__in=returned):
        back = returned[credit.pk]
        if credit.voided:
            postings.append(posting(credit, EntryKind.VOIDED, -back, today, invoice))
        elif credit.is_gone(today) and not keep_expired:
            postings.append(posting(credit, EntryKind.EXPIRED, -back, today, invoice))
    entries_write(account, record, postings, now=now)


def applied_entries(invoice: Invoice) -> Sequence[Entry]:
    """The invoice's applied entries that no reversal has undone, in the ledger's order."""
    return list(
        Entry.objects.filter(invoice=invoice, kind=EntryKind.APPLIED, reversed_by=None)
        .select_related("credit")
        .order_by("number")
    )
