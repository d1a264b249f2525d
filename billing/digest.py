"""One hash over all money facts: the same facts give the same digest, on any engine, in any order of commits.

**In.** Accounts by customer key, account key and currency. Credits by their terms (name, category,
amount, priority, first and last day, scope by kinds and item keys), each with the kinds and amounts of
its entries. Invoices by period, status, total and credited amount, each with its lines (place, item
key, kind, quantity, unit price, exact amount, amount, days of service) and, on each line, what the
ledger took from which credit.

**Out.** Ids, invoice and entry numbers, times and days on which something was done, people, reasons,
names of customers and accounts, tokens, texts for people on a line.

**Canonical text, version 1.** A *record* is a JSON array without spaces, in ASCII. Numbers are
integers in minor units; decimals are strings without exponent and trailing zeros; days are
YYYY-MM-DD; what is missing is null; sets are arrays in ascending order.

- scope: `[applies_to, kinds, item keys, excluded item keys]`
- terms: `[name, category, currency, amount, priority, effective_from, expires_on, scope]`; a credit with
  more to it has a ninth element, an object of just what it has: `units` (millionths) and `unit_item` (key),
  `max_amount`, `max_percent`, `price_paid`, `usable_once_paid`, `tags`, `due_on`
- credit: `["credit", terms, [[kind, amount], …]]`, entries in ascending order of their text; one of a
  credit of units is `[kind, amount, units]`
- line: `[position, item key, kind, quantity, unit_price, exact_amount, currency, amount, first_day,
  last_day, [[kind, amount, terms], …]]`, entries likewise (units are a fourth element); a line with more to
  it has one element more, an object: its `tags` and its `pricing` (how its exact amount came about), or
  `creditable` where that is false
- invoice: `["invoice", currency, period_start, period_end, status, total, credited, lines]`
- account: `["account", customer key, account key, currency]`

An account's hash is the SHA-256 of its account record, then its credit and invoice records in
ascending order of their text, each followed by a line feed. The digest is the SHA-256 of the line
`scrip-digest-1`, then the accounts' hashes in hexadecimal and ascending order, each followed by a
line feed.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from billing.snapshot import snapshot
from credits.models import Credit, Entry, ScopeRole, ScopeRow
from customers.commands import Progress, unseen
from customers.models import Account
from invoices.models import Invoice, Line

VERSION = "scrip-digest-1"
# What a credit may have beyond the terms that all have: its name in the text, and where it is read.
FURTHER = (
    ("units", "units"),
    ("unit_item", "unit_item__key"),
    ("max_amount", "max_amount"),
    ("max_percent", "max_percent"),
    ("price_paid", "price_paid"),
    ("usable_once_paid", "usable_once_paid"),
    ("due_on", "due_on"),
)
SCOPE = (ScopeRole.KIND, ScopeRole.ITEM, ScopeRole.EXCLUDED_ITEM)
CHUNK = 2000

Row = tuple[Any, ...]
Entries = dict[int, list[Row]]


def ledger_digest(progress: Progress = unseen) -> str:
    """The digest of the whole database, read as one consistent snapshot."""
    with snapshot():
        accounts = list(Account.objects.order_by("pk").values_list("pk", "customer__key", "key", "currency"))
        facts = _Facts()
        hashes = sorted(_account_hash(account, facts) for account in progress(accounts, "Hashing"))
    return _hash([VERSION, *hashes])


class _Facts:
    """Every table in the order of its accounts, read side by side: memory holds one account at a time."""

    def __init__(self) -> None:
        terms = ("name", "category", "currency", "amount", "priority", "effective_from", "expires_on")
        more = (path for _, path in FURTHER)
        self.credits = _Stream(_rows(Credit, "account_id", "pk", *terms, "applies_to", *more))
        scope = ("credit_id", "role", "kind", "item__key", "tag")
        self.scopes = _Stream(_rows(ScopeRow, "credit__account_id", *scope))
        self.entries = _Stream(_rows(Entry, "account_id", "credit_id", "line_id", "kind", "amount", "units"))
        frozen = ("currency", "period_start", "period_end", "status", "total", "credited")
        self.invoices = _Stream(_rows(Invoice, "account_id", "pk", *frozen))
        figures = ("quantity", "unit_price", "exact_amount", "currency", "amount", "first_day", "last_day")
        further = ("tags", "creditable", "pricing")
        line = ("invoice_id", "pk", "position", "item__key", "kind", *figures, *further)
        self.lines = _Stream(_rows(Line, "account_id", *line))


class _Stream:
    def __init__(self, rows: Iterator[Row]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    def of(self, account: int) -> list[Row]:
        """The rows of an account, without its id. Accounts are asked for in ascending order."""
        found = []
        while self.next is not None and self.next[0] <= account:
            if self.next[0] == account:
                found.append(self.next[1:])
            self.next = next(self.rows, None)
        return found


def _rows(model: Any, account: str, *columns: str) -> Iterator[Row]:
    ordered = model.objects.order_by(account).values_list(account, *columns)
    return iter(ordered.iterator(chunk_size=CHUNK))


def _account_hash(account: Row, facts: _Facts) -> str:
    pk, *keys = account
    of_credit, of_line = defaultdict(list), defaultdict(list)
    terms = _terms(facts.credits.of(pk), facts.scopes.of(pk))
    for credit, line, kind, amount, units in facts.entries.of(pk):
        counted = [] if units is None else [units]
        of_credit[credit].append([kind, amount, *counted])
        of_line[line].append([kind, amount, terms.get(credit), *counted])
    records = [["credit", terms[credit], _by_text(of_credit[credit])] for credit in terms]
    records += _invoices(facts.invoices.of(pk), facts.lines.of(pk), of_line)
    return _hash([_text(["account", *keys]), *sorted(_text(record) for record in records)])


def _terms(credits: Sequence[Row], scopes: Sequence[Row]) -> dict[int, list[Any]]:
    parts: dict[tuple[int, str], list[str]] = defaultdict(list)
    for credit, role, kind, item, tag in scopes:
        parts[credit, role].append(item or kind or tag)
    found = {}
    for pk, *columns in credits:
        *terms, applies_to = columns[: -len(FURTHER)]
        more = dict(zip((name for name, _ in FURTHER), columns[-len(FURTHER) :], strict=True))
        more["tags"] = sorted(parts[pk, ScopeRole.TAG])
        scope = [applies_to, *(sorted(parts[pk, role]) for role in SCOPE)]
        found[pk] = [*terms, scope, *_present(more)]
    return found


def _present(more: dict[str, Any]) -> list[dict[str, Any]]:
    """What there is of it, so that facts without any of it keep the text they always had."""
    there = {name: more[name] for name in sorted(more) if more[name] not in (None, False, [], {})}
    return [there] if there else []


def _invoices(invoices: Sequence[Row], lines: Sequence[Row], of_line: Any) -> Iterator[list[Any]]:
    of_invoice: dict[int, list[list[Any]]] = defaultdict(list)
    for invoice, line, position, *figures, tags, creditable, pricing in lines:
        more = _present({"tags": tags, "pricing": pricing}) if creditable else [{"creditable": False}]
        of_invoice[invoice].append([position, *figures, _by_text(of_line[line]), *more])
    for pk, *frozen in invoices:
        yield ["invoice", *frozen, sorted(of_invoice[pk], key=lambda line: int(line[0]))]


def _by_text(records: Iterable[Any]) -> list[Any]:
    return sorted(records, key=_text)


def _text(record: Any) -> str:
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"), sort_keys=True, default=_plain)


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value.isoformat())


def _hash(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode("ascii"))
    return digest.hexdigest()
