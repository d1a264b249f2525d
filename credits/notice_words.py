"""Notices in words, for pages and letters."""

from collections.abc import Iterable
from dataclasses import dataclass

from credits.models import Credit, Notice
from customers.money import money_display
from invoices.units import units_display


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice as lists show it."""

    notice: Notice
    left: str


def notice_rows(notices: Iterable[Notice]) -> list[NoticeRow]:
    """Of notices read with their account, credit and its item."""
    return [
        NoticeRow(notice, left_words(notice.amount, notice.credit, notice.account.currency))
        for notice in notices
    ]


def left_words(left: int, credit: Credit | None, currency: str) -> str:
    """What is left of a credit, in its own measure; of a whole balance in money."""
    if credit is not None and credit.unit_item is not None:
        return units_display(left, credit.unit_item.name)
    return money_display(left, currency)
