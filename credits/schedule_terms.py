"""The terms of a schedule: a credit's terms without its name and dates, kept as plain values.

They are written once and read each month, perhaps years later. Whatever cannot be read then, say
because the row was put there by other hands, is refused in words.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any, TypeVar

from credits.due_days import last_day_of
from credits.grant_terms import Terms
from credits.models import AppliesTo, Category, Schedule
from customers.acts import Refusal
from invoices.models import Item, Kind

R = TypeVar("R")

LEFT_OUT = ("name", "effective_from", "expires_on")
ITEM_LISTS = ("items", "excluded_items")


class TermsUnreadable(Refusal):
    """Stored terms that are none."""


def terms_plain(terms: Terms) -> dict[str, Any]:
    return {name: value for name, value in terms.content().items() if name not in LEFT_OUT}


def terms_of(schedule: Schedule, due_on: date, items: Mapping[int, Item] | None = None) -> Terms:
    """What the schedule grants on one of its due days. `items` spares the question for those of its scope."""
    try:
        plain = _Plain(schedule.terms)
        known = items_named([schedule]) if items is None else items
        return Terms(
            name=schedule.name,
            priority=plain.whole("priority"),
            effective_from=due_on,
            expires_on=last_day_of(due_on, schedule.lifetime_days),
            amount=plain.whole("amount"),
            units=plain.maybe("units", plain.whole),
            unit_item=plain.maybe("unit_item", lambda name: known[plain.whole(name)]),
            max_amount=plain.maybe("max_amount", plain.whole),
            max_percent=plain.maybe("max_percent", lambda name: Decimal(plain.text(name))),
            price_paid=plain.maybe("price_paid", plain.whole),
            category=Category(plain.text("category")),
            applies_to=AppliesTo(plain.text("applies_to")),
            kinds=tuple(Kind(kind) for kind in plain.several("kinds", str)),
            items=tuple(known[pk] for pk in plain.several("items", int)),
            excluded_items=tuple(known[pk] for pk in plain.several("excluded_items", int)),
            tags=tuple(plain.maybe("tags", lambda name: plain.several(name, str)) or ()),
        )
    except (KeyError, TypeError, ValueError, OverflowError, DecimalException) as wrong:
        raise TermsUnreadable("The terms stored with this schedule cannot be read.") from wrong


def items_named(schedules: Iterable[Schedule]) -> dict[int, Item]:
    """The items that schedules name, in one query."""
    named: set[int] = set()
    for schedule in schedules:
        plain = schedule.terms if isinstance(schedule.terms, dict) else {}
        lists = [plain.get(name) for name in ITEM_LISTS]
        values = [
            plain.get("unit_item"),
            *(value for each in lists if isinstance(each, list) for value in each),
        ]
        # An id that no database can hold would be an error where it is asked for.
        named |= {value for value in values if type(value) is int and 0 < value < 2**63}
    return Item.objects.in_bulk(named)


class _Plain:
    """Plain values, each of just the type it was written with: true is no number, and "5" neither."""

    def __init__(self, values: Any) -> None:
        if not isinstance(values, dict):
            raise TypeError("not an object")
        self.values: dict[str, Any] = values

    def whole(self, name: str) -> int:
        return _typed(self.values[name], int)

    def text(self, name: str) -> str:
        return _typed(self.values[name], str)

    def several(self, name: str, kind: type[R]) -> list[R]:
        return [_typed(value, kind) for value in _typed(self.values[name], list)]

    def maybe(self, name: str, read: Callable[[str], R]) -> R | None:
        return read(name) if self.values.get(name) is not None else None


def _typed(value: Any, kind: type[R]) -> R:
    if type(value) is not kind:
        raise TypeError(f"not {kind.__name__}")
    return value
