"""Notices in words, for pages and letters."""

from collections.abc import Iterable
from dataclasses import dataclass

from credits.measures import measured
from credits.models import Credit, Notice
from customers.money import money_display


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
    return money_display(left, currency) if credit is None else measured(left, credit)
