"""The company that the bench bills: the same rows from the same seed, whatever engine they are for.

Most accounts have a handful of lines and credits; a few have 1,000 credits, a few 500 lines, one both. Two of
five credits are for the whole invoice, the others for kinds or for one or two items. Some credits have
expired, were voided, or are used up by the invoice of the month before; some count free units, some have a
limit. What is made keeps every rule of the house, chain of hashes included: `verify_ledger` passes before a
run.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.bench.ledger import VOIDED, Ledger, Row, Rows
from invoices.models import Kind
from invoices.pricing import priced_amount

PERIOD = date(2026, 8, 1), date(2026, 9, 1)
BEFORE = date(2026, 7, 1), date(2026, 8, 1)
FOUNDED = datetime(2026, 1, 5, 9, tzinfo=UTC)
GRANTED = datetime(2026, 6, 10, 9, tzinfo=UTC)
ISSUED_BEFORE = datetime(2026, 8, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 9, 2, 9, tzinfo=UTC)  # of the run: the period is over in every zone

CURRENCIES = ("USD", "USD", "USD", "EUR")
ZONES = ("UTC", "UTC", "UTC", "Europe/Berlin", "America/New_York")
KINDS = (*[Kind.USAGE_METER] * 10, *[Kind.ADD_ON] * 4, *[Kind.FIXED_FEE] * 3, *[Kind.LICENSE] * 3)
METERS = range(1, 11)  # the items of the first kind
EXPIRED = date(2026, 6, 12)
EXPIRIES = (None, None, EXPIRED, date(2026, 8, 15), date(2026, 12, 31), date(2027, 6, 30))
MOST_CREDITS, MOST_LINES = 1000, 500
ACCOUNTS_PER_BATCH = 1000
LIGHT = 1  # the place of the account with one credit and one line
Charge = tuple[tuple[int, Kind], Decimal, Decimal]


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
        """Credits and lines of an account. The first is heavy in both ways."""
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
        self.rng = random.Random(seed)
        self.prefix, self.grace_days = prefix, grace_days
        self.rows = Rows()
        self.issued_before = 0

    def batches(self) -> Iterator[dict[str, list[Row]]]:
        self._items()
        for number in range(self.size.accounts):
            self._account(number)
            if (number + 1) % ACCOUNTS_PER_BATCH == 0:
                yield self.rows.take()
        self.rows.add("series", prefix=self.prefix, year=ISSUED_BEFORE.year, last_number=self.issued_before)
        yield self.rows.take()

    def _items(self) -> None:
        self.items: list[tuple[int, Kind]] = []
        for number, kind in enumerate(KINDS, start=1):
            key = f"item-{number}"
            pk = self.rows.add(
                "item", key=key, name=f"Item {number}", kind=kind, unit="call", created_at=FOUNDED
            )
            self.items.append((pk, kind))

    def _account(self, number: int) -> None:
        rng = self.rng
        credits, lines = self.size.of(number, rng)
        name = f"Customer {number + 1}"
        customer = self.rows.add("customer", key=f"customer-{number + 1}", name=name, created_at=FOUNDED)
        currency = rng.choice(CURRENCIES)
        account = self.rows.add(
            "account",
            customer_id=customer,
            key="main",
            name=f"{name}, main",
            currency=currency,
            time_zone=rng.choice(ZONES),
            created_at=FOUNDED,
        )
        ledger = Ledger(self.rows, account, currency)
        if number == LIGHT:
            self._light(ledger)
            return
        granted = [self._credit(ledger) for _ in range(credits)]
        self._invoice_before(ledger, granted)
        for credit in granted:
            if rng.random() < 0.05:
                ledger.void(credit)
        ledger.close()
        charges = [self._charge() for _ in range(lines)]
        if rng.random() < 0.02:
            charges.append((rng.choice(self.items), Decimal(-1), Decimal("1.25")))
        self._draft(ledger, charges)

    def _light(self, ledger: Ledger) -> None:
        """One credit, which pays the one line."""
        item = self.items[0]
        scope: Row = {"role": "kind", "kind": item[1], "item_id": None}
        self._granted(ledger, [scope], amount=5000, expires_on=None)
        ledger.close()
        self._draft(ledger, [(item, Decimal(100), Decimal(1))])

    def _draft(self, ledger: Ledger, charges: list[Charge]) -> None:
        draft = self._invoice(ledger, PERIOD, VOIDED)
        for position, charge in enumerate(charges, start=1):
            self._line(ledger, draft, position, charge, PERIOD[0])

    def _charge(self) -> Charge:
        item = self.rng.choice(self.items)
        if item[1] == Kind.USAGE_METER:
            return item, Decimal(self.rng.randint(1, 40_000)), Decimal(self.rng.randint(1, 120)).scaleb(-4)
        return item, Decimal(self.rng.randint(1, 5)), Decimal(self.rng.randint(100, 9900)).scaleb(-2)

    def _invoice(self, ledger: Ledger, period: tuple[date, date], at: datetime) -> int:
        return self.rows.add(
            "invoice",
            account_id=ledger.account,
            currency=ledger.currency,
            period_start=period[0],
            period_end=period[1],
            status="draft",
            source="usage_import",
            created_at=at,
        )

    def _line(
        self,
        ledger: Ledger,
        invoice: int,
        position: int,
        charge: Charge,
        first: date,
    ) -> int:
        (item, kind), quantity, price = charge
        return self.rows.add(
            "line",
            account_id=ledger.account,
            invoice_id=invoice,
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

    def _credit(self, ledger: Ledger) -> Row:
        rng = self.rng
        if rng.random() < 0.05:
            terms: Row = {"units": rng.randint(100, 20_000) * 10**6, "unit_item_id": rng.choice(METERS)}
            return self._granted(ledger, [], amount=0, **terms)
        draw = rng.random()
        scope: list[Row] = []
        if 0.4 <= draw < 0.7:
            scope = [{"role": "kind", "kind": rng.choice(list(Kind)), "item_id": None}]
        elif draw >= 0.7:
            items = rng.sample(self.items, rng.choice((1, 2)))
            scope = [{"role": "item", "kind": "", "item_id": item} for item, _ in items]
        most = rng.randint(100, 5000) if rng.random() < 0.05 else None
        return self._granted(ledger, scope, amount=rng.randint(200, 20_000), max_amount=most)

    def _granted(self, ledger: Ledger, scope: list[Row], **terms: Any) -> Row:
        starts = date(2026, 6, 1) + timedelta(days=self.rng.randint(0, 5))
        credit = {
            "account_id": ledger.account,
            "name": f"Credit {self.rows.last['credit'] + 1}",
            "currency": ledger.currency,
            "units": None,
            "max_amount": None,
            "priority": self.rng.choice((5, 10, 10, 10, 50)),
            "effective_from": starts,
            "expires_on": self.rng.choice(EXPIRIES),
            "applies_to": "selected" if scope else "invoice",
            "reason": "as agreed",
            "created_at": GRANTED,
            **terms,
        }
        credit["id"] = self.rows.add("credit", **credit)
        for row in scope:
            self.rows.add("scope_row", credit_id=credit["id"], tag="", **row)
        credit["scope"] = scope
        act = self.rows.act("credit_grant", f"credit:{credit['id']}", ledger.account, GRANTED, {})
        size = credit["amount"] if credit["units"] is None else credit["units"]
        ledger.entry(credit, "granted", size, act, GRANTED, starts)
        return credit

    def _invoice_before(self, ledger: Ledger, granted: list[Row]) -> None:
        """The month before, paid in part or whole by credits that could: it uses some of them up."""
        usable = [
            credit
            for credit in granted
            if credit["units"] is None
            and credit["max_amount"] is None
            and credit["expires_on"] != EXPIRED
            and self.rng.random() < 0.15
        ]
        if not usable:
            return
        invoice = self._invoice(ledger, BEFORE, ISSUED_BEFORE)
        details = {"outcomes": [], "grace_days": self.grace_days}
        act = self.rows.act("invoice_issue", f"invoice:{invoice}", ledger.account, ISSUED_BEFORE, details)
        total = credited = 0
        for position, credit in enumerate(usable, start=1):
            used = credit["amount"] if self.rng.random() < 0.6 else credit["amount"] // 2
            due = self.rng.randint(0, 500)
            charge = self._item_for(credit), Decimal(1), Decimal(used + due).scaleb(-2)
            line = self._line(ledger, invoice, position, charge, BEFORE[0])
            ledger.entry(credit, "applied", -used, act, ISSUED_BEFORE, ISSUED_BEFORE.date(), invoice, line)
            total, credited = total + used + due, credited + used
        self.issued_before += 1
        number = self.issued_before
        self.rows.of["invoice"][-1].update(
            status="issued",
            series_id=1,
            series_number=number,
            issued_at=ISSUED_BEFORE,
            number=f"{self.prefix}-{ISSUED_BEFORE.year}-{number:06d}",
            issue_date=ISSUED_BEFORE.date(),
            judged_on=ISSUED_BEFORE.date(),
            total=total,
            credited=credited,
            customer_name=f"Customer {ledger.account}",
            account_name=f"Customer {ledger.account}, main",
        )

    def _item_for(self, credit: Row) -> tuple[int, Kind]:
        for row in credit["scope"]:
            if row["role"] == "item":
                number: int = row["item_id"]
                return self.items[number - 1]
            return next(item for item in self.items if item[1] == row["kind"])
        return self.rng.choice(self.items)
