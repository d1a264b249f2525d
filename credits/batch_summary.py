"""What became of a batch: granted, used, voided, expired and left, per currency and per item of units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from credits.batches import Total
from credits.models import Credit, CreditQuerySet, Entry, EntryKind
from customers.models import Act
from invoices.models import Item


@dataclass(frozen=True, slots=True)
class Standing:
    """In the measure of its credits: minor units of the currency, or millionths of a unit of the item."""

    currency: str
    unit_item: Item | None
    credits: int
    voided_credits: int
    granted: int
    used: int
    voided: int
    expired: int

    @property
    def left(self) -> int:
        return self.granted - self.used - self.voided - self.expired

    @property
    def open_credits(self) -> int:
        return self.credits - self.voided_credits


@dataclass(frozen=True, slots=True)
class Lost:
    """What voiding a batch would take away, in one measure."""

    currency: str
    unit_item: Item | None
    credits: int
    left: int


def batch_standing(batch: Act) -> list[Standing]:
    """Per currency, then per item of units; from the entries."""
    size = Coalesce("units", "amount")
    # Straight from the entries: through credits and balances a database without statistics may take minutes.
    granted = Entry.objects.filter(act=batch, kind=EntryKind.GRANTED).order_by()
    rows = (
        Entry.objects.filter(credit__in=granted.values("credit"))
        .annotate(money=_money("credit__"))
        .order_by()
        .values("money", "credit__unit_item")
        .annotate(
            credits=Count("pk", filter=Q(kind=EntryKind.GRANTED)),
            voided_credits=Count("credit", filter=Q(kind=EntryKind.VOIDED), distinct=True),
            granted=Coalesce(Sum(size, filter=Q(kind=EntryKind.GRANTED)), 0),
            used=-Coalesce(Sum(size, filter=Q(kind__in=(EntryKind.APPLIED, EntryKind.REVERSED))), 0),
            voided=-Coalesce(Sum(size, filter=Q(kind=EntryKind.VOIDED)), 0),
            expired=-Coalesce(Sum(size, filter=Q(kind=EntryKind.EXPIRED)), 0),
        )
    )
    found: list[dict[str, Any]] = [dict(row) for row in rows]
    items = _items(row["credit__unit_item"] for row in found)
    standing = [
        Standing(currency=row.pop("money"), unit_item=items.get(row.pop("credit__unit_item")), **row)
        for row in found
    ]
    return sorted(standing, key=_place)


def batch_lost(batch: Act) -> list[Lost]:
    """What is left of the credits that are not voided yet."""
    rows = (
        batch_left(batch)
        .annotate(money=_money())
        .order_by()
        .values("money", "unit_item")
        .annotate(credits=Count("pk"), left=Sum("kept__balance"))
    )
    found = list(rows)
    items = _items(row["unit_item"] for row in found)
    lost = [Lost(row["money"], items.get(row["unit_item"]), row["credits"], row["left"]) for row in found]
    return sorted(lost, key=_place)


def void_facts(batch: Act, lost: Sequence[Lost]) -> dict[str, Any]:
    """What voiding it would do, for the confirmation's fingerprint."""
    return {
        "batch": batch.pk,
        "lost": [[part.currency, _key(part.unit_item), part.credits, part.left] for part in lost],
    }


def batch_credits(batch: Act) -> CreditQuerySet:
    """The credits of a batch, with their balances: those whose granted entry names it."""
    return Credit.objects.filter(entries__act=batch, entries__kind=EntryKind.GRANTED).with_balance()


def batch_left(batch: Act) -> CreditQuerySet:
    """Those that are not voided."""
    return batch_credits(batch).filter(Q(voided=False))


def totals_details(totals: Iterable[Total | Lost]) -> list[dict[str, Any]]:
    """For the record of an act: keys and numbers only, no name of a customer (R16)."""
    return [
        {
            "currency": total.currency,
            "item": _key(total.unit_item),
            "credits": total.credits,
            "size": total.left if isinstance(total, Lost) else total.size,
        }
        for total in totals
    ]


def details_totals(details: Sequence[Mapping[str, Any]], items: Mapping[str, Item]) -> list[Total]:
    """Read back from a record."""
    return [
        Total(part["currency"], items.get(part["item"]), part["credits"], part["size"]) for part in details
    ]


def _money(path: str = "") -> Case:
    """The currency of a credit of money; free units are counted whatever the currency of their account."""
    return Case(
        When(**{f"{path}units": None, "then": F(f"{path}currency")}),
        default=Value(""),
        output_field=CharField(),
    )


def _items(pks: Iterable[int | None]) -> dict[int | None, Item]:
    wanted = [pk for pk in pks if pk is not None]
    return dict(Item.objects.in_bulk(wanted)) if wanted else {}


def _place(part: Standing | Lost) -> tuple[str, str]:
    """Currencies first, as in every sum of a batch."""
    return _key(part.unit_item), part.currency


def _key(item: Item | None) -> str:
    return "" if item is None else item.key
