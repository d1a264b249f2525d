"""Checks of the chain: every entry's hash recomputed, and the newest ones held against heads kept elsewhere.

One pass over all entries, a chunk at a time. The hash is computed here from the columns as they stand,
by the same canonical text (`credits.chain`): that text is what an outsider would write again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from billing.verification.check import ENTRY, Check, rows
from credits.chain import GENESIS, Link, link_hash

ENTRIES = """
    SELECT e.number AS number, e.account_id AS account, a.key AS key, e.credit_id AS credit, e.kind AS kind,
        e.currency AS currency, e.amount AS amount, e.units AS units, e.invoice_id AS invoice,
        e.line_id AS line, e.reverses_id AS reverses, e.act_id AS act, e.value_date AS value_date,
        e.booked_at AS booked_at, e.hash AS hash
    FROM credits_entry e JOIN customers_account a ON a.id = e.account_id ORDER BY e.account_id, e.number
"""
HASHES = """
    SELECT e.number AS number, e.account_id AS account, a.key AS key, e.hash AS hash
    FROM credits_entry e JOIN customers_account a ON a.id = e.account_id ORDER BY e.account_id, e.number
"""
NEWEST = """
    SELECT e.account_id AS account, a.key AS key, e.number AS number, e.hash AS hash
    FROM (SELECT account_id, MAX(number) AS number FROM credits_entry GROUP BY account_id) n
    JOIN credits_entry e ON e.account_id = n.account_id AND e.number = n.number
    JOIN customers_account a ON a.id = e.account_id ORDER BY e.account_id
"""
LINK = Link._fields


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of an account, as it was when heads were exported."""

    account: int
    key: str
    number: int
    hash: str


def _broken(connection: BaseDatabaseWrapper) -> Iterator[str]:
    account, previous = None, GENESIS
    for row in rows(connection, ENTRIES):
        if row["account"] != account:
            account, previous = row["account"], GENESIS
        previous = link_hash(previous, _link(row))
        if previous != row["hash"]:
            yield (ENTRY + "its hash does not follow from it and the entry before").format(**row)


def _link(row: Mapping[str, Any]) -> Link:
    facts = {name: row[name] for name in LINK}
    facts["value_date"] = _day(facts["value_date"])
    facts["booked_at"] = _moment(facts["booked_at"])
    return Link(**facts)


def _day(value: date | str) -> date:
    """SQLite keeps days and times as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


CHAIN_CHECKS = (Check("every entry's hash follows from it and the entry before", _broken),)


def heads_check(heads: Mapping[int, Head]) -> Check:
    """The ledger still holds every exported head: nothing before it was rewritten or cut off."""

    def find(connection: BaseDatabaseWrapper) -> Iterator[str]:
        seen: set[int] = set()
        for row in rows(connection, HASHES):
            head = heads.get(row["account"])
            if head is None or row["number"] != head.number:
                continue
            seen.add(head.account)
            if row["hash"] != head.hash:
                yield (ENTRY + "its hash is not the one exported: the ledger was rewritten").format(**row)
        for head in heads.values():
            if head.account not in seen:
                yield (
                    f"entry {head.number} of account {head.account} ({head.key}): "
                    "it was exported, and is not there: the ledger was cut, or is an older copy"
                )

    return Check("the ledger holds every exported head", find)


def heads_now(connection: BaseDatabaseWrapper) -> Iterator[Head]:
    """The newest entry of every account that has one."""
    for row in rows(connection, NEWEST):
        yield Head(**row)
