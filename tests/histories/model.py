"""The whole product in little: accounts, items, drafts, invoices, credits and their ledger, in plain Python.

Written from the words of the rules, without the product's code: what an act does here is what it must do
to the database. A forbidden act raises Refused and changes nothing. Every act of the product has a method
of the same name here, which takes what is asked in plain values and the moment it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.histories.facts import ONE_DAY, Account, Charge, Credit, Customer, Entry, Invoice, State, UsageRow
from tests.histories.rules import MINOR_UNITS, Line, Terms, are_tags

YEAR = timedelta(days=366)
SOLD = "prepaid-credit"
NOWHERE: Mapping[str, Any] = {}


# These leave a record for each row they move, and none for a row with nothing to do.
BY_ROW = {"invoice_issue", "billing_run", "expiry_run"}


class Refused(Exception):
    """The rules forbid this act, here and now."""


class Model(State):
    def perform(self, act: str, facts: Mapping[str, Any], now: datetime) -> Any:
        before = self.records
        result = getattr(self, act)(**facts, now=now)
        if act not in BY_ROW:
            self.records = before + 1
        return result

    # --- Customers, accounts, items

    def customer_open(self, now: datetime) -> int:
        self.customers.append(Customer())
        return len(self.customers) - 1

    def account_open(self, customer: int, currency: str, zone: str, now: datetime) -> int:
        _must(not self.customers[customer].closed and currency in MINOR_UNITS)
        self.accounts.append(Account(customer, currency, zone))
        return len(self.accounts) - 1

    def account_close(self, account: int, now: datetime) -> None:
        _must(not self.accounts[account].closed)
        self.accounts[account].closed = True

    def customer_close(self, customer: int, now: datetime) -> None:
        theirs = [account for account in self.accounts if account.customer == customer]
        _must(not self.customers[customer].closed and all(account.closed for account in theirs))
        self.customers[customer].closed = True

    def customer_erase(self, customer: int, now: datetime) -> None:
        _must(self.customers[customer].closed and not self.customers[customer].erased)
        self.customers[customer].erased = True

    def item_add(self, item: str, kind: str, now: datetime) -> str:
        _must(item not in self.items)
        self.items[item], self.tags[item] = kind, frozenset()
        return item

    def item_tag(self, item: str, tags: frozenset[str], now: datetime) -> str:
        """R3: for the lines made from now on."""
        _must(are_tags(tags) and tags != self.tags[item])
        self.tags[item] = tags
        return item

    def item_edit(self, item: str, name: str, now: datetime) -> None:
        """Names move no money."""

    def account_edit(self, account: int, name: str, now: datetime) -> None:
        """R16: what was erased stays a placeholder."""
        self.customer_edit(self.accounts[account].customer, name, now)

    def customer_edit(self, customer: int, name: str, now: datetime) -> None:
        _must(not self.customers[customer].erased)

    # --- Credits

    def credit_grant(
        self,
        account: int,
        terms: Terms,
        now: datetime,
        origin: Mapping[str, Any] = NOWHERE,
        void: Sequence[Entry] = (),
    ) -> int:
        owner = self.accounts[account]
        _must(not owner.closed and terms.make_sense(owner.day(now), owner.currency, self.items))
        self.credits.append(Credit(account, terms, now, **origin))
        born = len(self.credits) - 1
        self.book(account, [*void, self.moved(born, "granted", terms.units or terms.amount)])
        return born

    def credit_sell(self, account: int, terms: Terms, once_paid: bool, now: datetime) -> int:
        """Granted, and billed on an invoice of its own, which is issued at once."""
        _must(not terms.promotional and bool(terms.price))
        sold = {"sold_on": len(self.invoices), "once_paid": once_paid}
        born = self.credit_grant(account, terms, now, sold)
        today = self.accounts[account].day(now)
        self.items.setdefault(SOLD, "fixed_fee")
        tags = self.tags.setdefault(SOLD, frozenset())
        line = Line(SOLD, "fixed_fee", terms.price or 0, today, today, Decimal(1), tags, sells=True)
        number = self.next_number(today)
        self.add(Invoice(account, today, today + ONE_DAY, [line], "issued", number, today, today))
        return born

    def credit_void(self, credit: int, now: datetime) -> None:
        """R8: exactly one entry, of zero if nothing is left."""
        _must(not self.credits[credit].voided)
        self.book(self.credits[credit].account, [self.gone(credit, "voided")])
        self.credits[credit].voided = True

    def credit_replace(self, credit: int, terms: Terms, now: datetime) -> int:
        old = self.credits[credit]
        _must(not old.voided and not (old.sold_on is not None and terms.promotional))
        origin = {"replaces": credit, "sold_on": old.sold_on, "once_paid": old.once_paid}
        born = self.credit_grant(old.account, terms, now, origin, [self.gone(credit, "voided")])
        old.voided = True
        return born

    def expiry_run(self, as_of: date | None, now: datetime) -> None:
        """R10: what no invoice can use any more, also no correction that waits (R9)."""
        for account, owner in enumerate(self.accounts):
            day = min(as_of or date.max, owner.day(now))
            waiting = [i.judged_on for i in self.invoices if i.account == account and i.status == "draft"]
            days = [day, *filter(None, waiting)]
            gone = [
                self.gone(born, "expired")
                for born, credit in enumerate(self.credits)
                if credit.account == account
                and credit.balance
                and all(credit.terms.past_grace(each) for each in days)
            ]
            self.book(account, gone)
            self.records += bool(gone)

    # --- Drafts

    def invoice_draft(
        self, account: int, start: date, end: date, charges: Sequence[Charge], now: datetime
    ) -> int:
        _must(not self.accounts[account].closed and start < end <= start + YEAR and bool(charges))
        return self.add(Invoice(account, start, end, self.lines(account, start, end, charges)))

    def usage_import(
        self, account: int, start: date, end: date, rows: Sequence[UsageRow], now: datetime
    ) -> int:
        """R1: a told amount is rounded once. The lines come in the order of their items' names."""
        _must(not self.accounts[account].closed)
        scale = MINOR_UNITS[self.accounts[account].currency]
        lines = [
            Line(
                row.item,
                self.items[row.item],
                round(Fraction(row.amount) * scale),
                row.first_day,
                row.last_day,
                row.quantity,
                self.tags[row.item],
            )
            for row in sorted(rows, key=lambda row: row.item)
        ]
        return self.add(Invoice(account, start, end, lines))

    def invoice_edit(
        self, invoice: int, start: date, end: date, charges: Sequence[Charge], now: datetime
    ) -> None:
        draft = self._draft(invoice)
        _must(start < end <= start + YEAR and bool(charges))
        lines = self.lines(draft.account, start, end, charges)
        for at, charge in enumerate(charges):
            if charge.kept is not None:
                # The amount stays; so do the days, unless they were those of the whole period.
                old = draft.lines[charge.kept]
                whole = (old.first_day, old.last_day) == (draft.start, draft.end - ONE_DAY)
                lines[at] = replace(old, first_day=start, last_day=end - ONE_DAY) if whole else old
        draft.start, draft.end, draft.lines = start, end, lines

    def invoice_discard(self, invoice: int, now: datetime) -> None:
        self._draft(invoice).status = "discarded"

    # --- Invoices

    def invoice_issue(self, invoice: int, now: datetime, before_end: bool = False) -> None:
        draft = self.invoices[invoice]
        if draft.status in ("issued", "paid"):
            return  # R7: twice is the same as once
        today = self.accounts[draft.account].day(now)
        _must(draft.status == "draft" and (before_end or today >= draft.end))
        draft.judged_on = draft.judged_on or today
        cells = self.settled(invoice, draft.judged_on, [credit.balance for credit in self.credits])
        entries = [
            Entry(born, "applied", -paid, invoice, at, -units if units else None)
            for born, at, paid, units in cells
        ]
        self.book(draft.account, entries)
        draft.credited = sum(paid for _, _, paid, _ in cells)
        draft.number = self.next_number(today)
        draft.status, draft.issued_on = "issued", today
        self.records += 1

    def billing_run(self, start: date, end: date, now: datetime, before_end: bool = False) -> None:
        """The drafts that end in a period, by the end of their period, then id; account by account."""
        _must(start < end)
        self.records += 1  # of its start
        order = [
            (draft.end, at)
            for at, draft in enumerate(self.invoices)
            if draft.status == "draft" and start < draft.end <= end
        ]
        by_account: dict[int, list[int]] = {}
        for _, at in sorted(order):
            by_account.setdefault(self.invoices[at].account, []).append(at)
        for account, drafts in by_account.items():
            for at in drafts:
                if before_end or self.accounts[account].day(now) >= self.invoices[at].end:
                    self.invoice_issue(at, now, before_end)

    def invoice_pay(self, invoice: int, paid_on: date, now: datetime) -> None:
        issued = self.invoices[invoice]
        today = self.accounts[issued.account].day(now)
        _must(issued.status == "issued" and (issued.issued_on or date.max) <= paid_on <= today)
        issued.status = "paid"

    def invoice_void(self, invoice: int, now: datetime, *, correcting: bool = False) -> None:
        """R9: all of it goes back; what went back to a credit that is over is closed again.

        A credit sold on it is voided along."""
        issued = self.invoices[invoice]
        _must(issued.status == "issued")
        owner = self.accounts[issued.account]
        applied = [entry for act in owner.ledger for entry in act if entry.invoice == invoice]
        entries = [
            replace(e, kind="reversed", amount=-e.amount, units=None if e.units is None else -e.units)
            for e in applied
        ]
        for born in {entry.credit for entry in applied}:
            back = sum(entry.change for entry in applied if entry.credit == born)
            if self.credits[born].voided:
                entries.append(self.moved(born, "voided", back, invoice))
            elif self.credits[born].terms.past_grace(owner.day(now)) and not correcting:
                entries.append(self.moved(born, "expired", back, invoice))
        for born, credit in enumerate(self.credits):
            if credit.sold_on == invoice and not credit.voided:
                entries.append(self.moved(born, "voided", -credit.balance, invoice))
                credit.voided = True
        self.book(issued.account, entries)
        issued.status = "void"

    def invoice_correct(self, invoice: int, now: datetime) -> int:
        """R9: the replacement is judged as if issued on the original's day, so what it needs stays open."""
        _must(not any(line.sells for line in self.invoices[invoice].lines))
        self.invoice_void(invoice, now, correcting=True)
        old = self.invoices[invoice]
        return self.add(
            Invoice(old.account, old.start, old.end, old.lines, judged_on=old.judged_on, corrects=invoice)
        )

    def _draft(self, invoice: int) -> Invoice:
        _must(self.invoices[invoice].status == "draft")
        return self.invoices[invoice]


def _must(allowed: bool) -> None:
    if not allowed:
        raise Refused
