"""What a batch says, for people: each of its rows, what it comes to, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from credits.batches import Batch, BatchRow, Total
from credits.caps import caps_words
from credits.grant_terms import Terms
from credits.granting import scope_rows
from credits.measures import measured
from credits.models import Category, Credit
from credits.words import scope_words
from customers.commands import counted
from customers.models import Account
from customers.money import money_display

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class RowWords:
    """One row of the preview: for whom, and the credit in words."""

    row: int
    account: Account
    name: str
    size: str
    terms: str


def rows_words(rows: Sequence[BatchRow]) -> Iterator[RowWords]:
    """Most rows of a batch say the same, so each thing is put into words once."""
    known: dict[tuple[Terms, str], tuple[str, str]] = {}
    for row in rows:
        like = row.terms, row.account.currency
        if like not in known:
            alone = Total(like[1], row.terms.unit_item, 1, row.terms.size)
            known[like] = measured(alone.size, alone), terms_words(row.terms, like[1])
        yield RowWords(row.row, row.account, row.terms.name, *known[like])


def terms_words(terms: Terms, currency: str) -> str:
    """All that a credit promises besides its name and its size."""
    ends = f"until {terms.expires_on}" if terms.expires_on else "never expires"
    said = [f"priority {terms.priority}", f"from {terms.effective_from}", ends]
    scope = scope_words(terms.applies_to, scope_rows(Credit(), terms))
    begins_with_a_name = terms.items and not terms.kinds
    said.append(f"pays {scope}" if begins_with_a_name else f"pays {scope[:1].lower()}{scope[1:]}")
    if caps := caps_words(terms.max_amount, terms.max_percent, currency):
        said.append(f"{caps[:1].lower()}{caps[1:]}")
    if terms.category == Category.PURCHASED:
        price = terms.price_paid
        said.append("purchased" if price is None else f"purchased for {money_display(price, currency)}")
    return ", ".join(said)


def totals_words(totals: Sequence[Total]) -> list[str]:
    """`3 credits: $30.00`, one for each currency and each item of units."""
    return [f"{counted(total.credits, 'credit')}: {measured(total.size, total)}" for total in totals]


def errors_words(batch: Batch) -> str:
    """What is wrong with a batch, in a few sentences."""
    said = " ".join(str(error) for error in batch.errors[:MOST_NAMED])
    more = len(batch.errors) - MOST_NAMED
    return f"{said} And {counted(more, 'more wrong row')}." if more > 0 else said
