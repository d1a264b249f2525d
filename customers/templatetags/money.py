"""Amounts for people."""

from decimal import Decimal

from django import template

from customers.money import amount_text, exact_display, money_display

register = template.Library()


@register.filter
def money(minor: int | None, currency: str) -> str:
    """`{{ invoice.total|money:invoice.currency }}`: minor units as `$1,234.50`; nothing as a dash."""
    return "–" if minor is None else money_display(minor, currency)


@register.filter
def minus(minor: int | None, currency: str) -> str:
    """An amount taken away: `−$50.00`, and a dash for nothing."""
    return money_display(-minor, currency) if minor else "–"


@register.filter
def amount(minor: int, currency: str) -> str:
    """The plain decimal a field takes: `50.00`."""
    return amount_text(minor, currency)


@register.filter
def price(exact: Decimal, currency: str) -> str:
    """A price of any fraction of a cent: `$9.50`, `$0.0004`."""
    return exact_display(exact, currency)


@register.filter
def figure(number: Decimal | None) -> str:
    """A quantity without its trailing zeros, never in exponent form."""
    if number is None:
        return ""
    text = f"{abs(number):,f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{shown}" if number < 0 else shown
