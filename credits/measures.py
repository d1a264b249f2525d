"""An amount in the measure of its credit: money, or free units of an item (R11)."""

from typing import Protocol

from customers.money import money_display
from invoices.models import Item
from invoices.units import units_display


class Measured(Protocol):
    """A credit, or what knows its currency and, for free units, their item."""

    @property
    def currency(self) -> str: ...

    @property
    def unit_item(self) -> Item | None: ...


def measured(value: int, of: Measured) -> str:
    """With what is counted: `$50.00`, `740 API calls`."""
    return (
        money_display(value, of.currency) if of.unit_item is None else units_display(value, of.unit_item.name)
    )


def counted(value: int, of: Measured) -> str:
    """Where the name of the units stands beside it: `$50.00`, `740`."""
    return money_display(value, of.currency) if of.unit_item is None else units_display(value)
