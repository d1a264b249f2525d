"""Tamper evidence: every entry of an account carries the hash of itself and of the one before.

What it promises. Changing, swapping, inserting or removing an entry breaks the chain of its account at
the first row touched, and walking the chain names that row. Whoever can rewrite the whole chain to its
end, or cut its tail, is found out by the newest hashes ("heads") kept elsewhere: `export_heads` writes
them, `verify_ledger --heads` compares. What it refuses to be: a lock, or a secret. It is computed under
the account's lock that the act already holds, and anybody can recompute it.

What is hashed. A canonical text, versioned by its first word, of facts only: numbers, codes and UTC times;
no name, reason or other words about people, so that erasing a person breaks nothing (R16). No floats, no
JSON. A later version gets another first word, and old entries keep theirs.
"""

import hashlib
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

GENESIS = "0" * 64
VERSION = "scrip-entry-1"


class Link(NamedTuple):
    """The facts of one entry. Ids are the database's; `reverses` is the id of the entry undone, `units` are
    millionths of a unit, on credits of units alone."""

    account: int
    number: int
    credit: int
    kind: str
    currency: str
    amount: int
    units: int | None
    invoice: int | None
    line: int | None
    reverses: int | None
    act: int
    value_date: date
    booked_at: datetime

    def canonical(self, previous: str) -> str:
        units, invoice, line, reverses = (
            "-" if fact is None else fact for fact in (self.units, self.invoice, self.line, self.reverses)
        )
        return (
            f"{VERSION}|{previous}|{self.account}|{self.number}|{self.credit}|{self.kind}|{self.currency}|"
            f"{self.amount}|{units}|{invoice}|{line}|{reverses}|{self.act}|{self.value_date.isoformat()}|"
            f"{_moment(self.booked_at)}"
        )


@lru_cache(maxsize=64)
def _moment(booked_at: datetime) -> str:
    """All entries of an act are booked at one moment."""
    return booked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link_hash(previous: str, link: Link) -> str:
    """The hash of an entry on top of the account's last one (`GENESIS` before the first)."""
    return hashlib.sha256(link.canonical(previous).encode("ascii")).hexdigest()
