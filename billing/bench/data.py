"""The company that the bench bills: the same rows from the same seed, whatever engine they are for.

Most accounts have a handful of lines and credits; a few have 1,000 credits, a few 500 lines, one both. Two of
five credits are for the whole invoice, the others for kinds or for one or two items. Some credits have
expired, were voided, or are used up by the invoice of the month before; some count free units, some have a limit.
What is made keeps every rule of the house, chain of hashes included, so `verify_ledger` passes before a run.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from credits.chain import GENESIS, Link, link_hash
from invoices.models import Kind
from invoices.pricing import priced_amount

PERIOD = date(2026, 8, 1), date(2026, 9, 1)
BEFORE = date(2026, 7, 1), date(2026, 8, 1)
FOUNDED = datetime(2026, 1, 5, 9, tzinfo=UTC)
GRANTED = datetime(2026, 6, 10, 9, tzinfo=UTC)
ISSUED_BEFORE = datetime(2026, 8, 2, 9, tzinfo=UTC)
VOIDED = datetime(2026, 8, 20, 9, tzinfo=UTC)
NOW = datetime(2026, 9, 2, 9, tzinfo=UTC)  # of the run: the period is over in every zone

CURRENCIES = ("USD", "USD", "USD", "EUR")
ZONES = ("UTC", "UTC", "UTC", "Europe/Berlin", "America/New_York")
KINDS = (*[Kind.USAGE_METER] * 10, *[Kind.ADD_ON] * 4, *[Kind.FIXED_FEE] * 3, *[Kind.LICENSE] * 3)
MOST_CREDITS, MOST_LINES = 1000, 500
ACCOUNTS_PER_BATCH = 1000
TABLES = (
    *("customer", "account", "item", "series", "invoice", "line"),
    *("act", "credit", "scope_row", "entry", "balance"),
)
Row = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """Rows of some accounts, by table; `last` in `Maker` numbers them."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})


@dataclass(frozen=True, slots=True)
class Size:
    """How many accounts have how much. By default one account in 5,000 is heavy in each way."""

    accounts: int
    credits: int = MOST_CREDITS
    lines: int = MOST_LINES

    @property
    def heavy(self) -> int:
        return max(1, self.accounts // 5000)

    def of(self, number: int, rng: random.Random) -> tuple[int, int]:
        """Credits and lines of an account. The first is heavy in both ways, the second has one of each."""
        if number == 1:
            return 1, 1
        spread = max(1, self.accounts // (2 * self.heavy + 1))
        turn, rest = divmod(number, spread)
        many_credits = rest == 0 and turn < self.heavy
        many_lines = rest == 0 and (turn == 0 or self.heavy <= turn < 2 * self.heavy)
        return (
            self.credits if many_credits else rng.choice((0, 1, 2, 3, 3, 4, 5, 6)),
            self.lines if many_lines else rng.randint(2, 8),
        )


class Maker:
    """Makes the rows, account after account, with ids from 1."""

    def __init__(self, size: Size, seed: int, prefix: str, grace_days: int) -> None:
        self.size = size
        self.rng = random.Random(seed)  # noqa: S311 -- made-up facts, the same each time
        self.prefix, self.grace_days = prefix, grace_days
        self.last = dict.fromkeys(TABLES, 0)
        self.batch = Batch()
        self.issued_before = 0

    def batches(self) -> Iterator[Batch]:
        self._items()
        for number in range(self.size.accounts):
            self._account(number)
            if (number + 1) % ACCOUNTS_PER_BATCH == 0:
                yield self.batch
                self.batch = Batch()
        self._add("series", prefix=self.prefix, year=ISSUED_BEFORE.year, last_number=self.issued_before)
        yield self.batch

    def _add(self, table: str, **facts: Any) -> int:
        self.last[table] += 1
        self.batch.rows[table].append({"id": self.last[table], **facts})
        return self.last[table]

    def _items(self) -> None:
        self.items: list[tuple[int, Kind]] = []
        for number, kind in enumerate(KINDS, start=1):
            key = f"item-{number}"
            pk = self._add("item", key=key, name=f"Item {number}", kind=kind, unit="call", created_at=FOUNDED)
            self.items.append((pk, kind))

    def _account(self, number: int) -> None:
        rng = self.rng
        credits, lines = self.size.of(number, rng)
        name = f"Customer {number + 1}"
        customer = self._add("customer", key=f"customer-{number + 1}", name=name, created_at=FOUNDED)
        currency = rng.choice(CURRENCIES)
        account = self._add(
            "account",
            customer_id=customer,
            key="main",
            name=f"{name}, main",
            currency=currency,
            time_zone=rng.choice(ZONES),
            created_at=FOUNDED,
        )
        ledger = Ledger(self, account, currency)
        granted = [self._credit(ledger) for _ in range(credits)]
        self._invoice_before(ledger, granted)
        for credit in granted:
            if rng.random() < 0.05:
                ledger.void(credit)
        ledger.close()
        draft = self._invoice(account, currency, PERIOD, VOIDED)
        for position in range(1, lines + 1):
            self._line(ledger, draft, position, self._charge(), PERIOD[0])
        if rng.random() < 0.02:
            self._line(
                ledger, draft, lines + 1, (rng.choice(self.items), Decimal(-1), Decimal("1.25")), PERIOD[0]
            )

    def _charge(self) -> tuple[tuple[int, Kind], Decimal, Decimal]:
        item = self.rng.choice(self.items)
        if item[1] == Kind.USAGE_METER:
            return item, Decimal(self.rng.randint(1, 40_000)), Decimal(self.rng.randint(1, 120)).scaleb(-4)
        return item, Decimal(self.rng.randint(1, 5)), Decimal(self.rng.randint(100, 9900)).scaleb(-2)

    def _invoice(self, account: int, currency: str, period: tuple[date, date], at: datetime) -> Row:
        pk = self._add(
            "invoice",
            account_id=account,
            currency=currency,
            period_start=period[0],
            period_end=period[1],
            status="draft",
            source="usage_import",
            created_at=at,
        )
        return {**self.batch.rows["invoice"][-1], "id": pk}

    def _line(
        self,
        ledger: "Ledger",
        invoice: Row,
        position: int,
        charge: tuple[tuple[int, Kind], Decimal, Decimal],
        first: date,
    ) -> int:
        (item, kind), quantity, price = charge
        return self._add(
            "line",
            account_id=ledger.account,
            invoice_id=invoice["id"],
            position=position,
            item_id=item,
            kind=kind,
            name=f"Item {item}",
            unit="call",
            quantity=quantity,
            unit_price=price,
            currency=ledger.currency,
            amount=priced_amount(quantity, price, 2),
            first_day=first,
            last_day=(first + timedelta(days=32)).replace(day=1) - timedelta(days=1),
        )

    def _credit(self, ledger: "Ledger") -> Row:
        rng = self.rng
        draw = rng.random()
        in_units = rng.random() < 0.05
        amount = 0 if in_units else rng.randint(200, 20_000)
        meter = rng.choice(self.items[:10])[0]
        capped = not in_units and rng.random() < 0.05
        starts = date(2026, 6, 1) + timedelta(days=rng.randint(0, 5))
        expires = rng.choice(
            (None, None, date(2026, 6, 12), date(2026, 8, 15), date(2026, 12, 31), date(2027, 6, 30))
        )
        credit = {
            "account_id": ledger.account,
            "name": f"Credit {draw:.6f}",
            "currency": ledger.currency,
            "amount": amount,
            "units": rng.randint(100, 20_000) * 10**6 if in_units else None,
            "unit_item_id": meter if in_units else None,
            "priority": rng.choice((5, 10, 10, 10, 50)),
            "max_amount": rng.randint(100, 5000) if capped else None,
            "effective_from": starts,
            "expires_on": expires,
            "applies_to": "invoice" if draw < 0.4 or in_units else "selected",
            "reason": "as agreed",
            "created_at": GRANTED,
        }
        credit["id"] = self._add("credit", **credit)
        scope: list[Row] = []
        if not in_units and 0.4 <= draw < 0.7:
            scope = [{"role": "kind", "kind": kind, "item_id": None} for kind in rng.sample(list(Kind), 1)]
        elif not in_units and draw >= 0.7:
            items = rng.sample(self.items, rng.choice((1, 2)))
            scope = [{"role": "item", "kind": "", "item_id": item} for item, _ in items]
        for row in scope:
            self._add("scope_row", credit_id=credit["id"], tag="", **row)
        credit["scope"] = scope
        act = self._act("credit_grant", f"credit:{credit['id']}", ledger.account, GRANTED, {})
        ledger.entry(credit, "granted", credit["units"] if in_units else amount, act, GRANTED, starts)
        return credit

    def _invoice_before(self, ledger: "Ledger", granted: list[Row]) -> None:
        """The month before, paid in part or whole by credits that could: it uses some of them up."""
        usable = [
            credit
            for credit in granted
            if credit["units"] is None
            and credit["max_amount"] is None
            and credit["expires_on"] != date(2026, 6, 12)
            and self.rng.random() < 0.15
        ]
        if not usable:
            return
        invoice = self._invoice(ledger.account, ledger.currency, BEFORE, ISSUED_BEFORE)
        pk = invoice["id"]
        act = self._act(
            "invoice_issue", f"invoice:{pk}", ledger.account, ISSUED_BEFORE,
            {"outcomes": [], "grace_days": self.grace_days},
        )  # fmt: skip
        total = credited = 0
        for position, credit in enumerate(usable, start=1):
            used = credit["amount"] if self.rng.random() < 0.6 else credit["amount"] // 2
            due = self.rng.randint(0, 500)
            charge = self._item_for(credit), Decimal(1), Decimal(used + due).scaleb(-2)
            line = self._line(ledger, invoice, position, charge, BEFORE[0])
            ledger.entry(credit, "applied", -used, act, ISSUED_BEFORE, date(2026, 8, 2), pk, line)
            total, credited = total + used + due, credited + used
        self.issued_before += 1
        number = self.issued_before
        self.batch.rows["invoice"][-1].update(
            status="issued",
            series_id=1,
            series_number=number,
            issued_at=ISSUED_BEFORE,
            number=f"{self.prefix}-{ISSUED_BEFORE.year}-{number:06d}",
            issue_date=date(2026, 8, 2),
            judged_on=date(2026, 8, 2),
            total=total,
            credited=credited,
            customer_name=f"Customer {ledger.account}",
            account_name=f"Customer {ledger.account}, main",
        )

    def _item_for(self, credit: Row) -> tuple[int, Kind]:
        for row in credit["scope"]:
            if row["role"] == "item":
                return self.items[row["item_id"] - 1]
            return next(item for item in self.items if item[1] == row["kind"])
        return self.rng.choice(self.items)

    def _act(self, kind: str, subject: str, account: int, at: datetime, details: Row) -> int:
        return self._add(
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

    def __init__(self, maker: Maker, account: int, currency: str) -> None:
        self.maker, self.account, self.currency = maker, account, currency
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
        pk = self.maker._add(
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
        act = self.maker._act("credit_void", f"credit:{credit['id']}", self.account, VOIDED, {})
        left = self.balances[credit["id"]]["balance"]
        self.entry(credit, "voided", -left, act, VOIDED, VOIDED.date())

    def close(self) -> None:
        self.maker.batch.rows["balance"].extend(self.balances.values())
