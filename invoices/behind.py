"""What is behind a line: the usage records and the months of charges that it bills (R9).

A usage record names its line itself, and a month of a charge has one row that does, so neither is ever
behind two lines. Who throws a draft away, or a line of it, frees what was behind it: the database's
references see to that. Voiding frees it here; correcting hands it to the copies of the lines.
"""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from invoices.models import BilledMonth, Invoice, Line, UsageRecord


def behind_free(invoice: Invoice) -> None:
    """The usage and charges behind an invoice that is void now can be billed again."""
    UsageRecord.objects.filter(line__invoice=invoice).update(line=None)
    BilledMonth.objects.filter(line__invoice=invoice).delete()


def behind_move(void: Invoice, replacement: Invoice) -> None:
    """What was behind the lines of a void invoice is behind their copies: billed there, and only there."""
    for model in (UsageRecord, BilledMonth):
        model.objects.filter(line__invoice=void).update(line=Subquery(_copy_of(replacement)))


def _copy_of(replacement: Invoice) -> QuerySet[Any]:
    """The line in the same place, asked for a row that names the original."""
    place = Line.objects.filter(pk=OuterRef(OuterRef("line_id"))).values("position")[:1]
    return Line.objects.filter(invoice=replacement, position=Subquery(place)).values("pk")
