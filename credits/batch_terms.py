"""The terms of one credit of a batch, read from texts: the cells of a row, and for what the row does not
say, the terms typed for all rows.

What cannot be understood is refused with the column it stands in. Which terms contradict each other is
decided by `grant_terms`, as for a single credit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from credits.caps import PercentRefused, percent_parse
from credits.grant_terms import MOST_UNITS, Terms
from credits.models import AppliesTo, Category
from customers.money import AmountRefused, amount_parse
from invoices.models import TAG_GRAMMAR, Item, Kind
from invoices.units import UnitsRefused, units_parse
from invoices.usage_cells import DAY

T = TypeVar("T")

TERMS = (
    *("amount", "units", "unit_item", "name", "priority", "effective_from", "expires_on", "category"),
    *("price_paid", "applies_to", "kinds", "items", "excluded_items", "tags", "max_amount", "max_percent"),
)
LISTS = ("kinds", "items", "tags")
SCOPE = (*LISTS, "applies_to", "excluded_items")
CAPS = ("max_amount", "max_percent")
NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
NAME_MOST = 200
DEFAULT_PRIORITY = "50"
YEARS = range(2000, 2201)


class TermRefused(ValueError):
    """A text that is no such term: the column, and a sentence a person can act on."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(f"{column}: {sentence}")
        self.column = column
        self.sentence = sentence


def texts_join(row: Mapping[str, str], for_all: Mapping[str, str]) -> dict[str, str]:
    """What a row says, and for the rest what is said for all.

    What is common and would contradict a row is not meant for it: the common size for a row with its own,
    money terms for a row of units, the common scope for a row that lists kinds, items or tags itself.
    """
    left_out: set[str] = set()
    if row.get("amount"):
        left_out |= {"units", "unit_item"}
    if row.get("units"):
        left_out |= {"amount", *SCOPE, *CAPS}
    if not row.get("applies_to") and any(row.get(column) for column in LISTS):
        left_out |= {"applies_to", *LISTS}
    if row.get("applies_to") == AppliesTo.INVOICE:
        left_out |= {*LISTS}
    if row.get("category") == Category.PROMOTIONAL:
        left_out.add("price_paid")
    common = {column: text for column, text in for_all.items() if column not in left_out}
    return common | {column: text for column, text in row.items() if text}


def terms_read(texts: Mapping[str, str], *, currency: str, today: date, items: Mapping[str, Item]) -> Terms:
    """The terms these texts stand for, on an account of this currency on this day."""
    cells = _Texts(texts, currency, items)
    money = cells.amount("amount")
    units, unit_item = cells.units("units"), cells.item("unit_item")
    if money is None and units is None:
        raise TermRefused("amount", "The value is missing: an amount, or units and their item.")
    if money is not None and units is not None:
        raise TermRefused("units", "A credit is granted in money or in units, not in both.")
    if units is not None and unit_item is None:
        raise TermRefused("unit_item", "A credit of units names the item they are units of.")
    if units is None and unit_item is not None:
        raise TermRefused("unit_item", "Only a credit of units names an item.")
    effective_from = cells.day("effective_from") or today
    expires_on = cells.day("expires_on")
    if expires_on and expires_on < effective_from:
        raise TermRefused("expires_on", "A credit cannot expire before it takes effect.")
    if expires_on and expires_on < today:
        raise TermRefused("expires_on", "The last day of this credit is over already.")
    kinds, tags = cells.kinds("kinds"), cells.tags("tags")
    chosen = cells.items("items")
    if unit_item is not None and not chosen:
        chosen = (unit_item,)
    return Terms(
        name=cells.name("name"),
        priority=cells.priority("priority"),
        effective_from=effective_from,
        expires_on=expires_on,
        amount=money or 0,
        units=units,
        unit_item=unit_item,
        max_amount=cells.amount("max_amount"),
        max_percent=cells.percent("max_percent"),
        price_paid=cells.amount("price_paid", zero=True),
        category=cells.category("category"),
        applies_to=cells.applies_to("applies_to", selected=bool(kinds or chosen or tags)),
        kinds=kinds,
        items=chosen,
        excluded_items=cells.items("excluded_items"),
        tags=tags,
    )


@dataclass(frozen=True, slots=True)
class _Texts:
    texts: Mapping[str, str]
    currency: str
    known: Mapping[str, Item]

    def text(self, column: str) -> str:
        return self.texts.get(column, "").strip(" ")

    def read(self, column: str, reading: Callable[[str], T]) -> T | None:
        text = self.text(column)
        if not text:
            return None
        try:
            return reading(text)
        except (AmountRefused, UnitsRefused, PercentRefused) as refused:
            raise TermRefused(column, str(refused)) from refused

    def amount(self, column: str, *, zero: bool = False) -> int | None:
        return self.read(column, lambda text: amount_parse(text, self.currency, zero=zero))

    def units(self, column: str) -> int | None:
        return self.read(column, lambda text: units_parse(text, limit=MOST_UNITS))

    def percent(self, column: str) -> Decimal | None:
        return self.read(column, percent_parse)

    def name(self, column: str) -> str:
        text = self.text(column)
        if not text:
            raise TermRefused(column, "The value is missing: a credit needs a name.")
        if len(text) > NAME_MOST:
            raise TermRefused(column, f"The text is longer than {NAME_MOST} characters.")
        return text

    def priority(self, column: str) -> int:
        text = self.text(column) or DEFAULT_PRIORITY
        if not (NUMBER.fullmatch(text) and 1 <= int(text) <= 100):
            raise TermRefused(column, f"“{text}” is not a number from 1 to 100.")
        return int(text)

    def day(self, column: str) -> date | None:
        text = self.text(column)
        if not text:
            return None
        try:
            if DAY.fullmatch(text) and date.fromisoformat(text).year in YEARS:
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise TermRefused(column, f"“{text}” is not a day such as 2026-12-31.")

    def category(self, column: str) -> Category:
        text = self.text(column) or Category.PROMOTIONAL
        return Category(self._one_of(column, text, Category.values))

    def applies_to(self, column: str, *, selected: bool) -> AppliesTo:
        text = self.text(column) or (AppliesTo.SELECTED if selected else AppliesTo.INVOICE)
        return AppliesTo(self._one_of(column, text, AppliesTo.values))

    def kinds(self, column: str) -> tuple[Kind, ...]:
        return tuple(Kind(self._one_of(column, text, Kind.values)) for text in self._several(column))

    def tags(self, column: str) -> tuple[str, ...]:
        for text in self._several(column):
            if not TAG_GRAMMAR.fullmatch(text):
                raise TermRefused(column, f"“{text}” is no tag: small letters, digits and hyphens.")
        return self._several(column)

    def item(self, column: str) -> Item | None:
        return self.read(column, lambda text: self._item(column, text))

    def items(self, column: str) -> tuple[Item, ...]:
        return tuple(self._item(column, text) for text in self._several(column))

    def _several(self, column: str) -> tuple[str, ...]:
        parts = (part.strip(" ") for part in self.text(column).split(";"))
        return tuple(dict.fromkeys(part for part in parts if part))

    def _item(self, column: str, key: str) -> Item:
        if key not in self.known:
            raise TermRefused(column, f"There is no item with the key “{key[:NAME_MOST]}”.")
        return self.known[key]

    def _one_of(self, column: str, text: str, known: list[str]) -> str:
        if text not in known:
            raise TermRefused(column, f"“{text[:NAME_MOST]}” is not one of {', '.join(known)}.")
        return text
