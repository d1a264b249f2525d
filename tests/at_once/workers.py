"""One operator among many: a process that does a mix of all acts on one account, as fast as it can.

It says `ready`, waits for a line, works, and prints as JSON what became of every act. Each act is
chosen from what the account looks like just then, as a person at a page would; by the time it holds
the lock, somebody else may have been there. The days go by as it works, so that credits expire.
"""

import argparse
import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, connection, models

from billing.issuing.drafts import issue_token
from billing.services import (
    invoice_correct,
    invoice_issue,
    invoice_void,
    issue_facts,
    void_facts,
)
from credits.grant_terms import Terms
from credits.models import AppliesTo, Category, Credit
from credits.projection import invoice_settle
from credits.services import credit_grant, credit_replace, credit_void, credits_expire, expire_token
from credits.services import void_facts as credit_void_facts
from customers import acts
from customers.acts import Actor, Refusal, fingerprint
from customers.models import Account
from invoices.drafts import DraftLine, invoice_discard, invoice_draft, invoice_edit
from invoices.models import Invoice, Item, Kind, Status
from invoices.services import invoice_pay
from tests.factories import at

Row = TypeVar("Row", bound=models.Model)

FIRST_DAY, DAYS = at("2026-08-01"), 150


class Nothing(Exception):
    """There is nothing on the account to do this to."""


class Worker:
    def __init__(self, chance: str) -> None:
        self.chance = random.Random(chance)
        self.by = Actor(origin="a test", command=f"worker {chance}")
        self.account = Account.objects.get()
        self.items = list(Item.objects.order_by("pk"))
        self.now = FIRST_DAY
        self.mix: dict[Callable[[], Any], int] = {
            self.grant: 16,
            self.void_credit: 6,
            self.replace: 6,
            self.draft: 20,
            self.edit: 10,
            self.discard: 4,
            self.issue: 16,
            self.pay: 4,
            self.void: 6,
            self.correct: 6,
            self.expire: 6,
        }

    def work(self, count: int) -> dict[str, Any]:
        done: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        trouble: list[str] = []
        for number in range(count):
            self.now = FIRST_DAY + timedelta(days=DAYS) * number / count
            try:
                done[self.one_act()] += 1
            except Refusal as answer:
                refused[type(answer).__name__] += 1
            except (DatabaseError, InterfaceError, RuntimeError) as uncaught:
                trouble.append(f"{type(uncaught).__name__}: {uncaught}".strip().splitlines()[0])
        return {"done": done, "refused": refused, "trouble": trouble}

    def one_act(self) -> str:
        """Draws until an act finds something to do; its name."""
        while True:
            act = self.chance.choices(list(self.mix), list(self.mix.values()))[0]
            try:
                act()
            except Nothing:
                continue
            return act.__name__

    # --- Acts on credits ----------------------------------------------------------------

    def grant(self) -> None:
        credit_grant(account=self.account, terms=self.terms(), reason="", **self.told())

    def void_credit(self) -> None:
        credit = self.one_of(self.open_credits())
        shown = fingerprint(credit_void_facts(credit)) if self.chance.random() < 0.5 else ""
        credit_void(credit=credit, reason="A mistake", shown=shown, **self.told())

    def replace(self) -> None:
        credit = self.one_of(self.open_credits())
        credit_replace(credit=credit, terms=self.terms(), reason="A mistake", **self.told())

    def expire(self) -> None:
        as_of = self.account.day_of(self.now)
        told = self.told() | {"token": expire_token(self.account, as_of)}
        credits_expire(account=self.account, as_of=as_of, **told)

    # --- Acts on drafts -----------------------------------------------------------------

    def draft(self) -> None:
        lines = [self.line() for _ in range(self.chance.randint(1, 3))]
        invoice_draft(account=self.account, lines=lines, **self.period(), **self.told())

    def edit(self) -> None:
        draft = self.invoice(Status.DRAFT)
        kept = [
            DraftLine(line.item, line.description, line.quantity, line.unit_price, kept=line)
            for line in draft.lines.select_related("item").order_by("position")
        ]
        dearer = [replace(line, unit_price=line.unit_price + 1) for line in kept[:1]]
        invoice_edit(invoice=draft, lines=[*dearer, *kept[1:], self.line()], **self.period(), **self.told())

    def discard(self) -> None:
        invoice_discard(invoice=self.invoice(Status.DRAFT), **self.told())

    def issue(self) -> None:
        draft, told, shown = self.invoice(Status.DRAFT), self.told(), ""
        if self.chance.random() < 0.3:
            told["token"] = issue_token(draft.pk)  # as a run would
        elif self.chance.random() < 0.5:
            day = draft.judged_on or self.account.day_of(self.now)
            shown = fingerprint(issue_facts(draft, invoice_settle(draft, self.account, day)))
        invoice_issue(invoice=draft, before_end=True, shown=shown, **told)

    # --- Acts on invoices ---------------------------------------------------------------

    def pay(self) -> None:
        today = self.account.day_of(self.now)
        invoice_pay(invoice=self.invoice(Status.ISSUED), paid_on=today, reference="", **self.told())

    def void(self) -> None:
        self.undo(invoice_void)

    def correct(self) -> None:
        self.undo(invoice_correct)

    def undo(self, act: Callable[..., Any]) -> None:
        invoice, shown = self.invoice(Status.ISSUED), ""
        if self.chance.random() < 0.5:
            shown = fingerprint(void_facts(invoice, self.account.day_of(self.now)))
        act(invoice=invoice, reason="Wrong", shown=shown, **self.told())

    # --- What they are made of ----------------------------------------------------------

    def told(self) -> dict[str, Any]:
        return {"by": self.by, "now": self.now, "token": uuid.uuid4().hex}

    def one_of(self, rows: models.QuerySet[Row]) -> Row:
        """Any of them, drawn here: the database's own dice cannot be seeded."""
        found = list(rows.order_by("pk"))
        if not found:
            raise Nothing
        return self.chance.choice(found)

    def open_credits(self) -> models.QuerySet[Credit]:
        return Credit.objects.with_balance().filter(
            account=self.account, kept__voided=False, kept__balance__gt=0
        )

    def invoice(self, status: Status) -> Invoice:
        return self.one_of(Invoice.objects.filter(account=self.account, status=status))

    def period(self) -> dict[str, Any]:
        start = self.account.day_of(self.now) - timedelta(days=self.chance.randint(30, 60))
        return {"period_start": start, "period_end": start + timedelta(days=30)}

    def line(self) -> DraftLine:
        price = Decimal(self.chance.randint(-500, 6000)).scaleb(-2)
        return DraftLine(self.chance.choice(self.items), "", Decimal(self.chance.randint(1, 3)), price)

    def terms(self) -> Terms:
        today = self.account.day_of(self.now)
        item, other = self.chance.sample(self.items, 2)
        scopes: tuple[dict[str, Any], ...] = (
            {},
            {"excluded_items": (other,)},
            {"applies_to": AppliesTo.SELECTED, "items": (item,)},
            {"applies_to": AppliesTo.SELECTED, "kinds": (Kind(item.kind),), "excluded_items": (other,)},
        )
        return Terms(
            name="Credit",
            amount=self.chance.randint(1, 9000),
            priority=self.chance.choice((1, 50, 50, 100)),
            effective_from=today - timedelta(days=40),
            expires_on=self.chance.choice((None, today + timedelta(days=self.chance.randint(0, 20)))),
            category=self.chance.choice(list(Category)),
            **self.chance.choice(scopes),
        )


def lock_removed() -> None:
    """The one thing that keeps the acts of an account apart is gone; PostgreSQL alone shows it."""

    def accounts_read(account_ids: list[int]) -> list[Account]:
        found = Account.objects.select_related("customer").filter(pk__in=account_ids)
        return list(found.order_by("pk"))

    acts.accounts_lock = accounts_read


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--acts", type=int, required=True)
    parser.add_argument("--chance", required=True)
    parser.add_argument("--without-lock", action="store_true")
    options = parser.parse_args()
    if options.without_lock:
        lock_removed()
    worker = Worker(options.chance)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    json.dump(worker.work(options.acts), sys.stdout)
    connection.close()
