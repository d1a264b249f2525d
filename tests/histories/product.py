"""The product, asked in the model's words: plain values and places in lists, never rows or ids."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model as Row

from billing.run import billing_run
from billing.services import invoice_correct, invoice_issue, invoice_void
from credits.expiry import expiry_run
from credits.grant_terms import Terms as ProductTerms
from credits.models import AppliesTo, Category, Credit, Entry
from credits.projection import drafts_project
from credits.selling import credit_sell
from credits.services import credit_grant, credit_replace, credit_void
from credits.tagging import item_tag
from customers.acts import Actor
from customers.models import Account, Act, Customer
from customers.services import (
    account_close,
    account_edit,
    account_open,
    customer_close,
    customer_edit,
    customer_erase,
    customer_open,
)
from invoices.drafts import DraftLine, invoice_discard, invoice_draft, invoice_edit
from invoices.models import Invoice, Item, Kind, Line
from invoices.services import invoice_pay, item_add, item_edit
from invoices.usage_file import usage_read
from invoices.usage_import import ImportResult, usage_import
from tests.histories.facts import Charge, UsageRow
from tests.histories.rules import Payment, Terms

BY = Actor(origin="a history", command="history")
ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(customer_open, customer_edit, customer_close, customer_erase),
        *(account_open, account_edit, account_close, item_add, item_edit, item_tag),
        *(credit_grant, credit_sell, credit_void, credit_replace),
        *(invoice_draft, invoice_edit, invoice_discard, invoice_issue, invoice_pay),
        *(invoice_void, invoice_correct, usage_import),
    )
}
WITH_REASON = {
    *("account_close", "customer_close", "customer_erase", "invoice_void", "invoice_correct"),
    *("credit_grant", "credit_sell", "credit_void", "credit_replace"),
}


class Product:
    def __init__(self) -> None:
        self.customers: list[Customer] = []
        self.accounts: list[Account] = []
        self.items: dict[str, Item] = {}
        self.credits: list[Credit] = []
        self.invoices: list[Invoice] = []
        self.sent: dict[str, tuple[str, dict[str, Any]]] = {}
        self.imported: dict[str, int] = {}  # the draft of an import, by its token

    # --- Acts

    def perform(self, act: str, facts: Mapping[str, Any], *, now: datetime, token: str) -> Any:
        if act == "billing_run":
            plain = {"period_start": facts["start"], "period_end": facts["end"]}
            billing_run(**plain, before_end=facts.get("before_end", False), by=BY, now=now, token=token)
            return None
        if act == "expiry_run":
            assert not expiry_run(**facts, by=BY, now=now).left
            return None
        told = self._told(act, facts)
        self.sent[token] = act, told
        return self.repeat(token, now=now)

    def repeat(self, token: str, *, now: datetime) -> Any:
        """Word for word what was sent with this token; the place of what it gives back."""
        act, told = self.sent[token]
        result = ACTS[act](**told, by=BY, now=now, token=token)
        if isinstance(result, ImportResult):
            if not result.repeated:
                self.imported[token] = self._place(Invoice.objects.latest("pk"))
            return self.imported[token]
        if isinstance(result, Credit) and act == "credit_sell" and result.purchase_line:
            self._place(result.purchase_line.item)
            self._place(result.purchase_line.invoice)
        return self._place(result)

    def _told(self, act: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        told = dict(facts)
        if act == "usage_import":
            return self._usage(**facts)
        if "start" in told:
            told["period_start"], told["period_end"] = told.pop("start"), told.pop("end")
        if "charges" in told:
            told["lines"] = self._charges(told.pop("charges"), facts.get("invoice"))
        if "zone" in told:
            number = len(self.accounts)
            told |= {"key": f"account-{number}", "name": f"Account {number}", "time_zone": told.pop("zone")}
        for name, rows in (("customer", self.customers), ("account", self.accounts)):
            if name in told:
                told[name] = rows[told[name]]
        for name, places in (("credit", self.credits), ("invoice", self.invoices)):
            if name in told:
                told[name] = places[told[name]]
        if "terms" in told:
            told["terms"] = self._terms(told["terms"])
        if act in WITH_REASON:
            told["reason"] = "As the history has it"
        if act == "customer_open":
            number = len(self.customers)
            told |= {"key": f"customer-{number}", "name": f"Customer {number}", "email": ""}
        if act == "customer_edit":
            told["email"] = ""
        if act == "item_add":
            told |= {"key": told["item"], "name": told.pop("item"), "unit": "call"}
        if act == "item_edit":
            told |= {"item": self.items[told["item"]], "unit": "call"}
        if act == "credit_sell":
            told["usable_once_paid"] = told.pop("once_paid")
        if act == "item_tag":
            told |= {"item": self.items[told["item"]], "tags": sorted(told["tags"])}
        if act == "invoice_pay":
            told["reference"] = "bank"
        return told

    def _terms(self, terms: Terms) -> ProductTerms:
        return ProductTerms(
            name="Credit",
            amount=terms.amount,
            priority=terms.priority,
            category=Category.PROMOTIONAL if terms.promotional else Category.PURCHASED,
            effective_from=terms.effective_from,
            expires_on=terms.expires_on,
            applies_to=AppliesTo.INVOICE if terms.whole_invoice else AppliesTo.SELECTED,
            kinds=tuple(Kind(kind) for kind in sorted(terms.kinds)),
            items=tuple(self.items[item] for item in sorted(terms.items)),
            tags=tuple(sorted(terms.tags)),
            excluded_items=tuple(self.items[item] for item in sorted(terms.excluded)),
            units=terms.units,
            unit_item=None if terms.unit_item is None else self.items[terms.unit_item],
            max_amount=terms.max_amount,
            max_percent=terms.max_percent,
            price_paid=terms.price,
        )

    def _charges(self, charges: Sequence[Charge], invoice: int | None) -> list[DraftLine]:
        lines = []
        for charge in charges:
            kept = None
            quantity, price = charge.quantity, charge.price
            if charge.kept is not None and invoice is not None:
                kept = Line.objects.get(invoice=self.invoices[invoice].pk, position=charge.kept + 1)
                quantity, price = kept.quantity, kept.unit_price
            lines.append(DraftLine(self.items[charge.item], "", quantity, price, kept))
        return lines

    def _usage(self, account: int, start: date, end: date, rows: Sequence[UsageRow]) -> dict[str, Any]:
        charged = self.accounts[account]
        place = f"{charged.customer.key},{charged.key},{charged.currency}"
        text = ["customer,account,currency,item,kind,unit,first_day,last_day,quantity,amount\n"]
        text += [
            f"{place},{row.item},{self.items[row.item].kind},call,{row.first_day},{row.last_day},{row.quantity},{row.amount}\n"
            for row in rows
        ]
        period = {"period_start": start, "period_end": end}
        usage = usage_read(text, **period, currencies=settings.CURRENCIES)
        return {"usage": usage, "digest": "".join(text), **period}

    def _place(self, result: Row) -> Any:
        """The place of what an act gave back; what is new gets the next."""
        if isinstance(result, Item):
            self.items[result.key] = result  # with the tags it bears now
            return result.key
        rows: list[Any] = getattr(self, f"{type(result).__name__.lower()}s")
        known = [row.pk for row in rows]
        if result.pk not in known:
            rows.append(result)
            return len(known)
        return known.index(result.pk)

    # --- The state, in the model's words

    def state(self) -> dict[str, Any]:
        invoice_at = {invoice.pk: at for at, invoice in enumerate(self.invoices)}
        account_at = {account.pk: at for at, account in enumerate(self.accounts)}
        credit_at = {credit.pk: at for at, credit in enumerate(self.credits)}
        lines: dict[int, list[tuple]] = defaultdict(list)
        of_line = ("invoice_id", "item__key", "kind", "amount", "first_day", "last_day")
        in_order = Line.objects.order_by("invoice_id", "position")
        for invoice, *line, tags, creditable in in_order.values_list(
            *of_line, "quantity", "tags", "creditable"
        ):
            lines[invoice].append((*line, frozenset(tags), not creditable))
        return {
            "customers": [
                (closed is not None, erased is not None)
                for closed, erased in Customer.objects.order_by("pk").values_list("closed_at", "erased_at")
            ],
            "items": {
                key: (kind, frozenset(tags))
                for key, kind, tags in Item.objects.values_list("key", "kind", "tags")
            },
            "accounts": [
                (currency, zone, closed is not None)
                for currency, zone, closed in Account.objects.order_by("pk").values_list(
                    "currency", "time_zone", "closed_at"
                )
            ],
            "credits": [
                (account_at[account], *kept, credit_at.get(replaces), invoice_at.get(sold_on), once_paid)
                for account, replaces, sold_on, once_paid, *kept in Credit.objects.order_by("pk").values_list(
                    *("account_id", "replaces_id", "purchase_line__invoice_id", "usable_once_paid"),
                    *("amount", "units", "price_paid", "kept__balance", "kept__voided"),
                )
            ],
            "invoices": {
                invoice_at[i.pk]: (
                    account_at[i.account_id],
                    *(i.period_start, i.period_end, i.status, i.total, i.credited, i.amount_due),
                    *(i.number, i.issue_date, i.judged_on, invoice_at.get(i.corrects_id or 0)),
                    lines[i.pk],
                )
                for i in Invoice.objects.order_by()
            },
            "ledgers": self._ledgers(account_at, credit_at, invoice_at),
            "records": Act.objects.count(),
        }

    def _ledgers(
        self, account_at: dict[int, int], credit_at: dict[int, int], invoice_at: dict[int, int]
    ) -> list[list[list[tuple]]]:
        """Per account and act the entries, sorted; their numbers and what they undo are looked at here."""
        ledgers: list[dict[int, list[tuple]]] = [{} for _ in account_at]
        numbers = [0] * len(account_at)
        undone = ("reverses__credit_id", "reverses__line_id", "reverses__amount", "reverses__units")
        whose = ("account_id", "number", "act_id", "credit_id", "kind", "amount", "invoice_id", "line_id")
        entries = Entry.objects.order_by("account_id", "number")
        for row in entries.values_list(*whose, "line__position", "units", *undone):
            account, number, act, credit, kind, amount, invoice, line, position, units, *undoes = row
            numbers[account_at[account]] += 1
            assert number == numbers[account_at[account]], "R14: entries are numbered 1, 2, 3 …"
            undo = [credit, line, -amount, None if units is None else -units]
            assert undoes == (undo if kind == "reversed" else [None] * 4), "R9: undoes"
            place = invoice_at.get(invoice, -1), (position or 0) - 1
            ledgers[account_at[account]].setdefault(act, []).append(
                (credit_at[credit], kind, amount, *place, units)
            )
        return [[sorted(entries) for entries in ledger.values()] for ledger in ledgers]

    def projected(self, account: int, now: datetime) -> list[tuple[int, list[Payment]]]:
        """What an account's page would show of its drafts."""
        owner = self.accounts[account]
        credit_at = {credit.pk: at for at, credit in enumerate(self.credits)}
        invoice_at = {invoice.pk: at for at, invoice in enumerate(self.invoices)}
        found = []
        for projection in drafts_project(owner, today=owner.day_of(now)):
            line_at = {line.pk: at for at, line in enumerate(projection.lines)}
            payments = projection.settlement.payments
            cells = [
                (credit_at[paid.credit], line_at[paid.line], paid.amount, paid.units) for paid in payments
            ]
            found.append((invoice_at[projection.invoice.pk], cells))
        return found
