"""Half a year of invoices: drafted on the first of the next month, issued by its billing run, mostly paid.

One is voided, one corrected, one overdue; last month's are mostly still to be paid, and the current
month lies there as drafts. The story's is issued by hand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from billing.demo.days import Days, moment
from billing.demo.facts import ACCOUNTS, STORY, STORY_AUGUST, AccountFact
from billing.demo.prices import FIRST_MONTH, METERED
from billing.demo.step import Step, demo_token
from billing.services import invoice_correct, invoice_issue, invoice_void
from customers.acts import Actor
from customers.models import Account
from invoices.drafts import DraftLine, invoice_draft, invoice_edit
from invoices.models import Invoice, Item, Kind, Line, Status
from invoices.services import invoice_pay

# What a month's usage was, in hundredths of the current one's.
USAGE = {-6: 72, -5: 81, -4: 86, -3: 93, -2: 97, -1: 104, 0: 100}
PROMPT_PAYERS = ("AC-1003", "AC-1007")
OVERDUE = ("AC-1004", -2)
VOIDED = ("AC-1010", -3)
CORRECTED = ("AC-1002", -2)
NO_DRAFT = ("AC-1008",)


class Invoicing:
    def __init__(
        self, days: Days, by: Actor, items: Mapping[str, Item], accounts: Mapping[str, Account]
    ) -> None:
        self.days = days
        self.by = by
        self.items = items
        self.accounts = accounts

    def steps(self) -> Iterator[Step]:
        month = self.days.month
        for fact in ACCOUNTS:
            if fact.key == STORY:
                august = replace(fact, charges=STORY_AUGUST)
                first = month(self.days.august + 1)
                yield Step(moment(first, 8), partial(self._draft, august, self.days.august, 100))
                yield Step(moment(first, 9), partial(self._issue, fact.key, self.days.august))
            else:
                for offset in range(-6, 0):
                    drafted = moment(month(offset + 1), 5)
                    yield Step(drafted, partial(self._draft, fact, offset, USAGE[offset]))
                    yield from self._paid(fact, offset)
            if fact.key not in NO_DRAFT:
                yield Step(self.days.latest, partial(self._draft, fact, 0, 100))
        for fact in METERED:
            for offset in range(FIRST_MONTH, 0):
                yield from self._paid(fact, offset)
        yield Step(moment(month(VOIDED[1] + 1, 5), 11), self._void)
        yield Step(moment(month(CORRECTED[1] + 1, 9), 14), self._correct)
        yield Step(moment(month(CORRECTED[1] + 1, 20), 9), partial(self._pay, *CORRECTED))

    def _paid(self, fact: AccountFact, offset: int) -> Iterator[Step]:
        place = (fact.key, offset)
        prompt = fact.key in PROMPT_PAYERS
        if place not in (OVERDUE, VOIDED, CORRECTED) and (offset < -1 or prompt):
            day = 6 if prompt else 10 + int(fact.key[-2:])
            yield Step(moment(self.days.month(offset + 1, day), 10), partial(self._pay, *place))

    def _draft(self, fact: AccountFact, offset: int, usage: int, now: datetime) -> None:
        invoice_draft(
            account=self.accounts[fact.key],
            period_start=self.days.month(offset),
            period_end=self.days.month(offset + 1),
            lines=[self._charge(*charge, usage) for charge in fact.charges],
            by=self.by,
            now=now,
            token=demo_token("draft", fact.key, offset),
        )

    def _charge(self, item_key: str, quantity: str, price: str, usage: int) -> DraftLine:
        item = self.items[item_key]
        measured = item.kind == Kind.USAGE_METER
        count = int(quantity) * usage // 100 if measured else int(quantity)
        return DraftLine(item, "", Decimal(count), Decimal(price))

    def _issue(self, key: str, offset: int, now: datetime) -> None:
        """Unless it is still the old month where the account is: then it stays a draft for today."""
        invoice = self._invoice(key, offset)
        if self.accounts[key].day_of(now) >= invoice.period_end:
            token = demo_token("issue", key, offset)
            invoice_issue(invoice=invoice, by=self.by, now=now, token=token)

    def _pay(self, key: str, offset: int, now: datetime) -> None:
        invoice = self._invoice(key, offset)
        if invoice.status != Status.ISSUED:
            return
        reference = (
            f"Transfer {key[-4:]}-{invoice.series_number}" if invoice.amount_due else "Settled by credits"
        )
        invoice_pay(
            invoice=invoice,
            paid_on=self.accounts[key].day_of(now),
            reference=reference,
            by=self.by,
            now=now,
            token=demo_token("pay", key, offset),
        )

    def _invoice(self, key: str, offset: int) -> Invoice:
        """The account's invoice of a month as it is now, or what replaced it."""
        months = {"period_start": self.days.month(offset), "period_end": self.days.month(offset + 1)}
        return Invoice.objects.exclude(status=Status.VOID).get(account=self.accounts[key], **months)

    def _void(self, now: datetime) -> None:
        key, offset = VOIDED
        reason, token = "Billed to the wrong department", demo_token("void", key, offset)
        invoice_void(invoice=self._invoice(*VOIDED), reason=reason, by=self.by, now=now, token=token)

    def _correct(self, now: datetime) -> None:
        """The storage was counted too high: void, edit the copy, issue it."""
        wrong, by = self._invoice(*CORRECTED), self.by
        draft = invoice_correct(
            invoice=wrong, reason="Storage was counted twice", by=by, now=now, token=demo_token("correct")
        )
        lines = [self._corrected(line) for line in draft.lines.order_by("position")]
        period = {"period_start": draft.period_start, "period_end": draft.period_end}
        later = now + timedelta(minutes=20)
        draft = invoice_edit(
            invoice=draft, lines=lines, by=by, now=later, token=demo_token("correct", "edit"), **period
        )
        last = now + timedelta(minutes=30)
        invoice_issue(invoice=draft, by=by, now=last, token=demo_token("correct", "issue"))

    def _corrected(self, line: Line) -> DraftLine:
        quantity = line.quantity / 2 if line.item == self.items["storage"] else line.quantity
        return DraftLine(line.item, line.description, quantity, line.unit_price, kept=line)
