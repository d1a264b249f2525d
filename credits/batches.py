"""A batch before it is granted: one credit each for many accounts, every row read and checked.

It is made outside of any lock, since what it rests on never changes: keys, currencies and zones of
accounts, keys and kinds of items. What can change, whether an account is still open, the act looks at again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Q

from credits.batch_file import MOST_ROWS, BatchFile, RowError, RowTexts
from credits.batch_terms import TermRefused, terms_read, texts_join
from credits.grant_terms import GrantRefused, Terms, terms_check
from customers.acts import Refusal, fingerprint
from customers.commands import Progress, unseen
from customers.models import Account
from invoices.models import Item


class BatchRefused(Refusal):
    """A batch that cannot be granted, or voided."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One credit to be granted; `row` as an editor counts the lines of the file, 0 without a file."""

    row: int
    account: Account
    terms: Terms


@dataclass(frozen=True, slots=True)
class Total:
    """What a batch comes to in one measure: a currency, or units of one item."""

    currency: str
    unit_item: Item | None
    credits: int
    size: int


@dataclass(frozen=True)
class Batch:
    """`source` is what it was made from: it names the batch to a token. `errors` are all that is wrong."""

    source: Mapping[str, Any]
    rows: Sequence[BatchRow]
    errors: Sequence[RowError]

    @cached_property
    def proof(self) -> str:
        """A short proof of every row: the accounts and what each is granted."""
        terms: dict[Terms, str] = {}
        for row in self.rows:
            if row.terms not in terms:
                terms[row.terms] = fingerprint(row.terms.content())
        return fingerprint({"rows": [(row.account.pk, terms[row.terms]) for row in self.rows]})

    def facts(self) -> dict[str, Any]:
        """What its confirmation shows."""
        return {"rows": self.proof}

    def totals(self) -> list[Total]:
        """Per currency, then per item of units."""
        return totals_of((row.account.currency, row.terms.unit_item, row.terms.size) for row in self.rows)


def totals_of(sizes: Iterable[tuple[str, Item | None, int]]) -> list[Total]:
    """Summed by currency, and units by their item."""
    sums: dict[tuple[str, str], Total] = {}
    for currency, item, size in sizes:
        key = ("", currency) if item is None else (item.key, "")
        before = sums.get(key, Total(key[1], item, 0, 0))
        sums[key] = Total(key[1], item, before.credits + 1, before.size + size)
    return [sums[key] for key in sorted(sums)]


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which open accounts a batch without a file is for."""

    search: str = ""
    currency: str = ""
    customer: str = ""

    def accounts(self) -> list[Account]:
        found = Account.objects.filter(closed_at=None).select_related("customer").order_by("pk")
        if self.search:
            match = Q(name__icontains=self.search) | Q(key__icontains=self.search)
            match |= Q(customer__name__icontains=self.search) | Q(customer__key__icontains=self.search)
            match |= Q(customer__email__icontains=self.search)
            found = found.filter(match)
        if self.currency:
            found = found.filter(currency=self.currency)
        if self.customer:
            found = found.filter(customer__key=self.customer)
        accounts = list(found[: MOST_ROWS + 1])
        if len(accounts) > MOST_ROWS:
            raise BatchRefused(f"The filter finds more than {MOST_ROWS:,} accounts. Narrow it.")
        return accounts


def batch_from_file(
    file: BatchFile, for_all: Mapping[str, str], *, now: datetime, progress: Progress = unseen
) -> Batch:
    """A credit for every row of a file; what a row does not say is `for_all` of them."""
    accounts, items = _accounts(file.rows), _items()
    errors, rows, seen = list(file.errors), [], dict[int, int]()
    for row in progress(file.rows, "Reading"):
        try:
            account = _account(row, accounts, seen)
            terms = _terms(account, texts_join(row.texts, for_all), items, now)
            rows.append(BatchRow(row.row, account, terms))
        except TermRefused as refused:
            errors.append(RowError(row.row, refused.column, refused.sentence))
    errors.sort(key=lambda error: error.row)
    return Batch({"digest": file.digest, "terms": dict(for_all)}, rows, errors)


def batch_from_filter(chosen: AccountFilter, for_all: Mapping[str, str], *, now: datetime) -> Batch:
    """A credit for every open account that the filter finds, all with the same terms."""
    if for_all.get("amount") and not chosen.currency:
        raise BatchRefused("Choose the currency of the accounts: an amount is in one currency (R15).")
    accounts, items = chosen.accounts(), _items()
    if not accounts:
        raise BatchRefused("No open account fits this filter.")
    source = {"filter": [chosen.search, chosen.currency, chosen.customer], "terms": dict(for_all)}
    known: dict[tuple[str, date], Terms] = {}
    try:
        for account in accounts:
            like = account.currency, account.day_of(now)
            if like not in known:
                known[like] = _terms(account, for_all, items, now)
    except TermRefused as refused:
        return Batch(source, (), [RowError(0, refused.column, refused.sentence)])
    rows = [BatchRow(0, account, known[account.currency, account.day_of(now)]) for account in accounts]
    return Batch(source, rows, ())


def _terms(account: Account, texts: Mapping[str, str], items: Mapping[str, Item], now: datetime) -> Terms:
    terms = terms_read(texts, currency=account.currency, today=account.day_of(now), items=items)
    try:
        terms_check(account, terms, now=now)
    except GrantRefused as refused:
        raise TermRefused("", str(refused)) from refused
    return terms


def _accounts(rows: Sequence[RowTexts]) -> dict[tuple[str, str], Account]:
    # All accounts of these customers: a second list of keys makes SQLite try each key for each customer.
    found = Account.objects.filter(customer__key__in={row.customer for row in rows})
    return {(account.customer.key, account.key): account for account in found.select_related("customer")}


def _items() -> dict[str, Item]:
    return {item.key: item for item in Item.objects.all()}


def _account(row: RowTexts, accounts: Mapping[tuple[str, str], Account], seen: dict[int, int]) -> Account:
    account = accounts.get((row.customer, row.account))
    if account is None:
        raise TermRefused(
            "account", f"The customer “{row.customer}” has no account with the key “{row.account}”."
        )
    if account.closed_at:
        raise TermRefused("account", f"The account “{row.account}” is closed.")
    if seen.setdefault(account.pk, row.row) != row.row:
        raise TermRefused(
            "account", f"This account is in row {seen[account.pk]} already: a batch grants one credit each."
        )
    return account
