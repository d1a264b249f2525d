"""The bench's own books: rows with ids from 1, acts, and the ledger of each account with its chain."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

from credits.chain import GENESIS, Link, link_hash

VOIDED = datetime(2026, 8, 20, 9, tzinfo=UTC)
TABLES = (
    *("customer", "account", "item", "series", "invoice", "line"),
    *("act", "credit", "scope_row", "entry", "balance"),
)
Row = dict[str, Any]


class Rows:
    """Rows by table, numbered through; `of` holds those that nobody has taken yet."""

    def __init__(self) -> None:
        self.last = dict.fromkeys(TABLES, 0)
        self.of: dict[str, list[Row]] = {table: [] for table in TABLES}

    def take(self) -> dict[str, list[Row]]:
        taken, self.of = self.of, {table: [] for table in TABLES}
        return taken

    def add(self, table: str, **facts: Any) -> int:
        self.last[table] += 1
        self.of[table].append({"id": self.last[table], **facts})
        return self.last[table]

    def act(self, kind: str, subject: str, account: int, at: datetime, details: Row) -> int:
        return self.add(
            "act",
            kind=kind,
            token=f"bench:{kind}:{subject}",
            user_id=None,
            command="bench",
            fingerprint=hashlib.sha256(subject.encode()).hexdigest(),
            actor_name="bench",
            origin="bench",
            at=at,
            account_id=account,
            subject=subject,
            details=details,
        )


class Ledger:
    """The entries of one account, numbered and chained, and the balances that come of them."""

    def __init__(self, rows: Rows, account: int, currency: str) -> None:
        self.rows, self.account, self.currency = rows, account, currency
        self.number, self.hash = 0, GENESIS
        self.balances: dict[int, Row] = {}

    def entry(
        self,
        credit: Row,
        kind: str,
        change: int,
        act: int,
        at: datetime,
        day: date,
        invoice: int | None = None,
        line: int | None = None,
    ) -> None:
        self.number += 1
        in_units = credit["units"] is not None
        amount, units = (0, change) if in_units else (change, None)
        link = Link(
            *(self.account, self.number, credit["id"], kind, self.currency, amount, units),
            *(invoice, line, None, act, day, at),
        )
        self.hash = link_hash(self.hash, link)
        pk = self.rows.add(
            "entry",
            account_id=self.account,
            number=self.number,
            credit_id=credit["id"],
            kind=kind,
            currency=self.currency,
            amount=amount,
            units=units,
            invoice_id=invoice,
            line_id=line,
            act_id=act,
            value_date=day,
            booked_at=at,
            hash=self.hash,
        )
        kept = self.balances.setdefault(
            credit["id"],
            {"credit_id": credit["id"], "account_id": self.account, "granted": change, "balance": 0}
            | {"voided": False, "lapsed": False},
        )
        kept["balance"] += change
        kept["entry_id"] = pk
        kept["voided"] |= kind == "voided"

    def void(self, credit: Row) -> None:
        act = self.rows.act("credit_void", f"credit:{credit['id']}", self.account, VOIDED, {})
        left = self.balances[credit["id"]]["balance"]
        self.entry(credit, "voided", -left, act, VOIDED, VOIDED.date())

    def close(self) -> None:
        self.rows.of["balance"].extend(self.balances.values())
