"""What a history may ask next: each request put together from small choices.

A choice is one of a sequence. The values are few and close together on purpose: credits must meet on the
same lines, and days must meet at the edges of expiry and grace.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.histories.facts import Charge, UsageRow
from tests.histories.picking import Picking
from tests.histories.rules import MINOR_UNITS, MOST_WHOLE_UNITS, Terms
from tests.histories.world import Request

ZONES = ("UTC", "America/New_York", "Pacific/Kiritimati", "Africa/Cairo")
KINDS = ("usage_meter", "add_on", "fixed_fee", "license")
WHOLE_AMOUNTS = (30, 20, 50, 10, 40, 100)
PRICES = (
    *("50", "30", "100", "20", "10", "60", "50", "30", "20", "10"),
    *("50", "40", "30", "0", "-20", "0.01", "-0.01", "0.005", "0.0125", "33.3335", "-130"),
    *("999999999.99", "-999999999.99"),
)
QUANTITIES = ("1", "1", "1", "3", "0.5", "0", "2.5", "1000")
TOLD = ("30", "12.345", "0.0005", "-7.125", "55.55", "0")


class Choices(Picking):
    """One method per act: the request, or None where there is nothing to ask it of."""

    beginning: tuple[str, ...] = ("account_open", *["item_add"] * 3, "invoice_draft", *["credit_grant"] * 3)
    quantities: tuple[str, ...] = QUANTITIES
    prices: tuple[str, ...] = PRICES

    # --- Customers, accounts, items

    def account_open(self) -> Request:
        customer = self.pick(range(len(self.model.customers)))
        facts = {"currency": self.pick(tuple(MINOR_UNITS)), "zone": self.pick(ZONES)}
        return Request("account_open", {"customer": customer, **facts})

    def item_add(self) -> Request:
        number = max(len(self.model.items) - self.seldom(7), 0)
        return Request("item_add", {"item": f"item-{number}", "kind": self.pick(KINDS)})

    def leave(self) -> Request:
        account = self.account()
        customer = self.model.accounts[account].customer
        act = self.pick(("account_close", "customer_close", "customer_erase"))
        return Request(act, {"account": account} if act == "account_close" else {"customer": customer})

    def rename(self) -> Request:
        """An item, an account or a customer."""
        account = self.account()
        customer = self.model.accounts[account].customer
        item = self.pick(sorted(self.model.items))
        what, which = self.pick((("item", item), ("account", account), ("customer", customer)))
        return Request(f"{what}_edit", {what: which, "name": self.pick(("Renamed", "Renamed again"))})

    # --- Credits

    def terms(self, account: int) -> Terms:
        today, items = self.today(account), sorted(self.model.items)
        drafts = [
            draft for draft in self.model.invoices if (draft.account, draft.status) == (account, "draft")
        ]
        billed = sorted({line.item for draft in drafts for line in draft.lines}) or items
        unit = MINOR_UNITS[self.model.accounts[account].currency]
        scope = self.pick(("invoice", "items", "items", "kinds", "mixed"))
        kinds = self.some(KINDS, 2) if scope in ("kinds", "mixed") else frozenset[str]()
        named = self.some(billed, 2) if scope in ("items", "mixed") else frozenset[str]()
        # R5: one that may pay anything often comes before one that may pay little.
        priorities = (10, 1, 10, 50) if scope == "invoice" else (50, 100, 50, 10, 1)
        excluded = self.some(items, 2) if self.seldom(3) else frozenset()
        if not self.seldom(9):
            excluded -= named
        days = self.pick((20, None, 5, 60, 1, 0, None))
        amount = self.pick(WHOLE_AMOUNTS) * unit - self.pick((0, 0, 1))
        return Terms(
            amount=self.pick((0, -amount, (MOST_WHOLE_UNITS + 1) * unit)) if self.seldom(25) else amount,
            priority=self.pick((0, 101)) if self.seldom(25) else self.pick(priorities),
            promotional=self.pick((True, False)),
            effective_from=today + timedelta(days=self.pick((-40, -1, 0, -40, -20, 0, 1, 0, -30, 15))),
            expires_on=None if days is None else today + timedelta(days=-days if self.seldom(25) else days),
            whole_invoice=not (kinds or named) and not self.seldom(25),
            kinds=kinds,
            items=named,
            excluded=excluded,
        )

    def credit_grant(self) -> Request:
        account = self.account()
        return Request("credit_grant", {"account": account, "terms": self.terms(account)})

    def credit_void(self) -> Request | None:
        credit = self.credit()
        return None if credit is None else Request("credit_void", {"credit": credit})

    def credit_replace(self) -> Request | None:
        credit = self.credit()
        if credit is None:
            return None
        terms = self.terms(self.model.credits[credit].account)
        return Request("credit_replace", {"credit": credit, "terms": terms})

    def rivals(self) -> list[Request]:
        """R5's example in other figures: one that may pay all, and one that may pay the top line only."""
        account, items = self.account(), sorted(self.model.items)
        unit = MINOR_UNITS[self.model.accounts[account].currency]
        top, amounts = self.pick(items), (50, 30, 40, 20, 60)
        broad = Terms(self.pick(amounts) * unit, 10, True, self.today(account) - timedelta(days=40), None)
        narrow = replace(
            broad,
            amount=self.pick(amounts) * unit,
            priority=self.pick((20, 10, 1)),
            whole_invoice=False,
            items=frozenset({top}),
        )
        charges = [
            Charge(item, Decimal(1), Decimal(self.pick(amounts)))
            for item in (top, *(self.pick(items) for _ in range(self.pick((1, 2)))))
        ]
        draft = {"account": account, **self.period(account), "charges": tuple(charges)}
        return [
            Request("credit_grant", {"account": account, "terms": broad}),
            Request("credit_grant", {"account": account, "terms": narrow}),
            Request("invoice_draft", draft),
        ]

    # --- Drafts

    def period(self, account: int) -> dict[str, date]:
        today = self.today(account)
        month = today.replace(day=1)
        last_month = (month - timedelta(days=1)).replace(day=1)
        next_month = (month + timedelta(days=31)).replace(day=1)
        month_before = (last_month - timedelta(days=1)).replace(day=1)
        periods = (
            *((last_month, month), (last_month, month), (month_before, last_month), (month, next_month)),
            *((today - timedelta(days=1), today), (today, today + timedelta(days=1)), (month, today)),
        )
        start, end = self.pick(periods)
        mine = [credit.terms for credit in self.model.credits if credit.account == account]
        lasts = [terms.expires_on for terms in mine if terms.expires_on]
        if lasts and self.seldom(3):
            # R6: served from the last day of a credit, or from the day after.
            start = self.pick(lasts) + timedelta(days=self.pick((1, 0)))
            end = start + timedelta(days=self.pick((1, 30)))
        if self.seldom(25):
            end = self.pick((start, start + timedelta(days=400)))
        return {"start": start, "end": end}

    def charges(self, invoice: int | None = None) -> tuple[Charge, ...]:
        draft = None if invoice is None else self.model.invoices[invoice]
        lines = draft.lines if draft and draft.status != "discarded" else []
        charges = []
        for at, line in enumerate(lines):
            if self.pick((True, False)):
                charges.append(Charge(line.item, Decimal(1), Decimal(1), kept=at))
        for _ in range(self.pick((3, 2, 4, 1)) if not charges or self.seldom(2) else 0):
            item, quantity = self.pick(sorted(self.model.items)), self.pick(self.quantities)
            charges.append(Charge(item, Decimal(quantity), Decimal(self.pick(self.prices))))
        return tuple(charges)

    def invoice_draft(self) -> Request:
        account = self.account()
        facts = {"account": account, **self.period(account), "charges": self.charges()}
        return Request("invoice_draft", facts)

    def usage_import(self) -> Request:
        account, items = self.account(), sorted(self.model.items)
        period = self.period(account)
        if period["end"] <= period["start"]:
            period["end"] = period["start"] + timedelta(days=1)
        rows = []
        for item in items[: self.pick((1, 2))]:
            first = self.pick((period["start"], period["end"] - timedelta(days=1)))
            last = first + timedelta(days=self.pick((0, 40)))
            rows.append(UsageRow(item, first, last, Decimal(self.pick(TOLD))))
        return Request("usage_import", {"account": account, **period, "rows": tuple(rows)})

    def invoice_edit(self) -> Request | None:
        invoice = self.invoice("draft")
        if invoice is None:
            return None
        period = self.period(self.model.invoices[invoice].account)
        if self.pick((True, False)):
            period = {"start": self.model.invoices[invoice].start, "end": self.model.invoices[invoice].end}
        return Request("invoice_edit", {"invoice": invoice, **period, "charges": self.charges(invoice)})

    def invoice_act(self, act: str) -> Request | None:
        """Issue, discard, pay, void or correct: what there is, in the state that fits, as a rule."""
        fitting = "draft" if act in ("invoice_issue", "invoice_discard") else "issued"
        invoice = self.invoice(fitting)
        if invoice is None:
            return None
        facts: dict[str, Any] = {"invoice": invoice}
        if act == "invoice_issue":
            facts["before_end"] = self.pick((True, True, False))
        if act == "invoice_pay":
            today = self.today(self.model.invoices[invoice].account)
            facts["paid_on"] = today + timedelta(days=self.pick((0, 0, -1, 1)))
        return Request(act, facts)

    def after_sale(self, credit: int) -> list[Request]:
        sold = self.model.credits[credit]
        pay = Request("invoice_pay", {"invoice": sold.sold_on, "paid_on": self.today(sold.account)})
        void = Request("invoice_void", {"invoice": sold.sold_on})
        terms = replace(self.terms(sold.account), promotional=False)
        other = Request("credit_replace", {"credit": credit, "terms": terms})
        return self.pick(([pay], [other], [], [other, void], [pay], [void], [other]))

    # --- Runs

    def billing_run(self) -> Request:
        drafts = [(draft.start, draft.end) for draft in self.model.invoices if draft.status == "draft"]
        period = self.period(self.account())
        if drafts and not self.seldom(3):
            period["start"], period["end"] = self.pick(drafts)
        return Request("billing_run", {**period, "before_end": self.seldom(4)})

    def expiry_run(self) -> Request:
        days = self.pick((None, None, 0, -1, -10, 3))
        day = None if days is None else self.today(self.account()) + timedelta(days=days)
        return Request("expiry_run", {"as_of": day})
