"""What is left of a credit, what it used and what its entries change, for people."""

from django import template

from credits.measures import Measured, counted, measured
from credits.words import bought_words
from invoices.units import units_display

register = template.Library()

register.filter("measured", measured)
register.filter("counted", counted)
register.filter("bought", bought_words)


@register.filter
def taken(value: int, of: Measured) -> str:
    """Something taken away: `−$50.00`, `−260 API calls`, and a dash for nothing."""
    return measured(-value, of) if value else "–"


@register.filter
def units(value: int | None, name: str = "") -> str:
    """Units that may be none: `{{ entry.units|units }}`; nothing as a dash."""
    return "–" if value is None else units_display(value, name)
