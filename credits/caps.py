"""The most a credit may pay on one invoice: an amount, a percentage of what it may pay there, or both."""

import re
from decimal import Decimal

from customers.money import money_display

GRAMMAR = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?", re.ASCII)


class PercentRefused(ValueError):
    """Text that is no percentage of anything, with a sentence a person can act on."""


def percent_parse(text: str) -> Decimal:
    """Refuses all but ASCII digits with at most one point and two decimals, zero, and more than 100."""
    typed = text.strip(" ")
    if not GRAMMAR.fullmatch(typed):
        raise PercentRefused(
            "Type the percentage in digits with a point before the decimals (2 at most), such as 50: "
            "no sign, spaces, commas or other characters."
        )
    percent = Decimal(typed)
    if not 0 < percent <= 100:
        raise PercentRefused("A percentage is above 0 and at most 100.")
    return percent


def percent_text(percent: Decimal) -> str:
    """What `percent_parse` reads, without zeros that say nothing: `50`, `12.5`."""
    return f"{percent.normalize():f}"


def caps_words(max_amount: int | None, max_percent: Decimal | None, currency: str) -> str:
    """“At most 50 % of what it may pay on an invoice, and at most $200.00”; nothing where there is no cap."""
    share = f"{percent_text(max_percent)} % of what it may pay on an invoice" if max_percent else ""
    amount = money_display(max_amount, currency) if max_amount else ""
    if share and amount:
        return f"At most {share}, and at most {amount}"
    if amount:
        return f"At most {amount} on an invoice"
    return f"At most {share}" if share else ""
