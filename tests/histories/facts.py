"""What the model is made of: requests in plain values, and the state they leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.histories.rules import Line, Payment, Terms, allocated, priced

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Charge:
    """A line as typed. `kept` is the place of the line it was before an edit that left its figures alone."""

    item: str
    quantity: Decimal
    price: Decimal
    kept: int | None = None


@dataclass(frozen=True)
class UsageRow:
    """A row of a usage file, whose amount is told, not priced."""

    item: str
    first_day: date
    last_day: date
    amount: Decimal
    quantity: Decimal = Decimal(3)


@dataclass(frozen=True, order=True)
class Entry:
    """One row of the ledger; -1 where there is no invoice, or no line (which is known by its place)."""

    credit: int
    kind: str
    amount: int
    invoice: int = -1
    line: int = -1
    units: int | None = None  # of a credit of free units; its amount is then the money they paid

    @property
    def change(self) -> int:
        """What it adds to the balance, which counts what the credit counts."""
        return self.amount if self.units is None else self.units


@dataclass
class Customer:
    closed: bool = False
    erased: bool = False


@dataclass
class Account:
    customer: int
    currency: str
    zone: str
    closed: bool = False
    ledger: list[list[Entry]] = field(default_factory=list)  # the entries of each act

    def day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()


@dataclass
class Credit:
    account: int
    terms: Terms
    created: datetime
    replaces: int | None = None
    sold_on: int | None = None  # an invoice
    once_paid: bool = False  # usable only then
    voided: bool = False
    balance: int = 0


@dataclass
class Invoice:
    account: int
    start: date
    end: date
    lines: list[Line]
    status: str = "draft"
    number: tuple[int, int] | None = None
    issued_on: date | None = None
    judged_on: date | None = None
    corrects: int | None = None
    credited: int = 0

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def due(self) -> int:
        """What an issued invoice still asks for; 0 once paid or void."""
        return self.total - self.credited if self.status == "issued" else 0


class State:
    """Everything there is; where another row is meant, it is by its place in these lists."""

    def __init__(self) -> None:
        self.customers: list[Customer] = []
        self.accounts: list[Account] = []
        self.items: dict[str, str] = {}  # the kind of each
        self.tags: dict[str, frozenset[str]] = {}
        self.credits: list[Credit] = []
        self.invoices: list[Invoice] = []  # a discarded draft stays, so that each keeps its place
        self.records = 0  # R14: each act leaves one

    # --- What can be asked

    def settled(self, invoice: int, day: date, left: Sequence[int]) -> list[Payment]:
        """Who would pay what on a draft."""
        draft = self.invoices[invoice]
        mine = [
            (credit.terms.rank(credit.created, born), born)
            for born, credit in enumerate(self.credits)
            if credit.account == draft.account and not credit.voided and not self.waits(credit)
        ]
        ranked = [born for _, born in sorted(mine)]
        usable = [(self.credits[born].terms, left[born]) for born in ranked]
        payments = allocated(usable, draft.lines, day)
        return [(ranked[place], at, paid, units) for place, at, paid, units in payments]

    def projected(self, account: int, now: datetime) -> list[tuple[int, list[Payment]]]:
        """R7: an account's drafts in the order of a run, each on what the earlier ones would leave."""
        left = [credit.balance for credit in self.credits]
        found = []
        drafts = [
            (d.end, at) for at, d in enumerate(self.invoices) if (d.account, d.status) == (account, "draft")
        ]
        for end, at in sorted(drafts):
            day = self.invoices[at].judged_on or max(self.accounts[account].day(now), end)
            cells = self.settled(at, day, left)
            for born, _, paid, units in cells:
                left[born] -= units or paid
            found.append((at, cells))
        return found

    def waits(self, credit: Credit) -> bool:
        """Bought in advance, and not paid yet."""
        paid = credit.sold_on is not None and self.invoices[credit.sold_on].status == "paid"
        return credit.once_paid and not paid

    # --- What the acts share

    def add(self, invoice: Invoice) -> int:
        self.invoices.append(invoice)
        return len(self.invoices) - 1

    def lines(self, account: int, start: date, end: date, charges: Sequence[Charge]) -> list[Line]:
        currency = self.accounts[account].currency
        return [
            Line(
                charge.item,
                self.items[charge.item],
                priced(charge.quantity, charge.price, currency),
                first_day=start,
                last_day=end - ONE_DAY,
                quantity=charge.quantity,
                tags=self.tags[charge.item],
            )
            for charge in charges
        ]

    def next_number(self, today: date) -> tuple[int, int]:
        """R7: no gaps, and each year from 1."""
        issued = [other.number for other in self.invoices if other.number]
        return today.year, 1 + sum(year == today.year for year, _ in issued)

    def moved(self, born: int, kind: str, change: int, invoice: int = -1) -> Entry:
        """R11: an entry that pays no line counts units alone, or money alone."""
        if self.credits[born].terms.units:
            return Entry(born, kind, 0, invoice, units=change)
        return Entry(born, kind, change, invoice)

    def gone(self, born: int, kind: str) -> Entry:
        return self.moved(born, kind, -self.credits[born].balance)

    def book(self, account: int, entries: Sequence[Entry]) -> None:
        """One act's entries. What comes first within an act is nobody's business, so they are sorted."""
        if entries:
            self.accounts[account].ledger.append(sorted(entries))
        for entry in entries:
            self.credits[entry.credit].balance += entry.change
