"""Further ways to give a credit, among the plain ones: free units, limits per invoice, scopes by tags, sales.

Quantities and prices are such that parts come to fractions of a cent, and to nothing: what is rounded part
by part, or in the wrong order, does not add up.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.histories.choices import KINDS, Choices
from tests.histories.facts import Charge
from tests.histories.rules import MILLION, MINOR_UNITS, MOST_FREE_UNITS, Terms
from tests.histories.world import Request

FREE_UNITS = ("1", "2", "0.5", "1000", "0.333333", "2.5", "0.000001", "7", "100", "1.25", "1234.567891")
QUANTITIES = ("1", "3", "1", "7", "1000", "2.5", "0.5", "1", "0", "2.0000009", "0.0000009", "-2")
PRICES = (
    *("50", "30", "10", "20", "0.333333", "0.005", "3.33", "1", "0.0004", "33.3335", "0.07"),
    *("50", "-20", "0.01", "0", "-0.01", "100", "12.5", "999999999.99", "10", "30"),
)
TOLD_QUANTITIES = ("3", "1000", "0", "2.5", "0.0000009", "7", "-1")
MOST_AMOUNTS = ("10", "30", "20", "5", "0.01", "1", "50")
MOST_PERCENTS = ("50", "33.33", "10", "100", "0.01", "75", "99.99", "25")
TAGS, NO_TAG = ("blue", "team-1"), "Blue sky"
SHARES = ("0.333333", "0.5", "0.25", "0.142857", "1", "2")


class Ways(Choices):
    beginning = (
        *("account_open", *["item_add"] * 3, "item_tag", "item_tag"),
        *("invoice_draft", *["credit_grant"] * 3),
    )
    quantities, prices = QUANTITIES, PRICES

    def item_add(self) -> Request:
        request = super().item_add()
        kind = self.pick(("usage_meter", "usage_meter", *KINDS))
        return Request(request.act, {**request.facts, "kind": kind})

    def item_tag(self) -> Request:
        tags = self.pick((frozenset(TAGS[:1]), frozenset(TAGS[1:]), frozenset(TAGS), frozenset[str]()))
        if self.seldom(25):
            tags |= {NO_TAG}
        return Request("item_tag", {"item": self.pick(sorted(self.model.items)), "tags": tags})

    def terms(self, account: int) -> Terms:
        terms = super().terms(account)
        way = self.pick(
            ("units", "tagged", "capped", "plain", "tagged", "units", "tagged and capped", "capped")
        )
        if way == "units":
            return self.of_units(terms, self.metered(), int(Decimal(self.pick(FREE_UNITS)) * MILLION))
        if "tagged" in way:
            terms = self.tagged(terms)
        return self.capped(terms, account) if "capped" in way else terms

    def credit_sell(self) -> Request:
        account = self.account()
        unit = MINOR_UNITS[self.model.accounts[account].currency]
        price = self.pick((10, 20, 50)) * unit if not self.seldom(12) else self.pick((0, None, -unit))
        terms = replace(self.terms(account), promotional=self.seldom(12), price=price)
        return Request(
            "credit_sell", {"account": account, "terms": terms, "once_paid": self.pick((True, True, False))}
        )

    def of_units(self, terms: Terms, item: str, units: int) -> Terms:
        """Seldom such as must be refused."""
        whole: dict[str, Any] = {
            "amount": 0,
            "units": units,
            "unit_item": item,
            "whole_invoice": False,
            "kinds": frozenset(),
            "items": frozenset({item}),
            "excluded": frozenset(),
        }
        if self.seldom(15):
            wrong: tuple[dict[str, Any], ...] = (
                {"amount": 1},
                {"units": self.pick((None, 0, -units, MOST_FREE_UNITS + 1))},
                {"unit_item": self.pick((None, *sorted(self.model.items)))},
                {"items": frozenset(self.model.items)},
                {"kinds": frozenset({"usage_meter"})},
                {"items": frozenset(), "whole_invoice": True},
                {"excluded": frozenset(self.model.items) - {item}},
                {"tags": frozenset({"blue"})},
                {"max_amount": 1},
                {"max_percent": Decimal(50)},
            )
            whole |= self.pick(wrong)
        return replace(terms, **whole)

    def tagged(self, terms: Terms) -> Terms:
        """In place of items, or beside kinds; seldom what is no tag, or the whole invoice all the same."""
        borne = sorted({tag for tags in self.model.tags.values() for tag in tags})
        tags = self.some(TAGS, 1) | {self.pick(borne or TAGS)}
        if self.seldom(25):
            tags |= {NO_TAG}
        return replace(terms, tags=tags, items=frozenset(), whole_invoice=self.seldom(25))

    def capped(self, terms: Terms, account: int) -> Terms:
        unit = MINOR_UNITS[self.model.accounts[account].currency]
        amount, percent = self.pick(((True, False), (False, True), (False, True), (True, True)))
        most = max(int(Decimal(self.pick(MOST_AMOUNTS)) * unit), 1) if amount else None
        share = Decimal(self.pick(MOST_PERCENTS)) if percent else None
        if self.seldom(25):
            most, share = self.pick(((0, None), (-1, share), (most, Decimal(0)), (None, Decimal("100.01"))))
        return replace(terms, max_amount=most, max_percent=share)

    def metered(self) -> str:
        items = sorted(self.model.items)
        meters = [item for item in items if self.model.items[item] == "usage_meter"]
        return self.among(items, meters) or self.pick(items)

    def usage_import(self) -> Request:
        request = super().usage_import()
        rows = [replace(row, quantity=Decimal(self.pick(TOLD_QUANTITIES))) for row in request.facts["rows"]]
        return Request(request.act, {**request.facts, "rows": tuple(rows)})

    def rivals(self) -> list[Request]:
        return self.pick((super().rivals, self.held_back, self.sharers, self.sharers))()

    def held_back(self) -> list[Request]:
        """R5's example, where one of the two may not pay as much as it has."""
        grants, draft = (requests := super().rivals())[:2], requests[2]
        at = self.pick((0, 1))
        facts = grants[at].facts
        capped = {**facts, "terms": self.capped(facts["terms"], facts["account"])}
        grants[at] = Request(grants[at].act, capped)
        return [*grants, draft]

    def sharers(self) -> list[Request]:
        """R11: two that cover parts of the same quantity, on an invoice that has more."""
        account, item = self.account(), self.metered()
        quantity, price = self.pick(self.quantities[:6]), self.pick(self.prices[:11])
        free = Terms(0, 10, True, self.today(account) - timedelta(days=40), None)
        shares = [int(Decimal(quantity) * Decimal(self.pick(SHARES)) * MILLION) for _ in range(2)]
        grants = [
            replace(self.of_units(free, item, share), priority=self.pick((10, 20, 1))) for share in shares
        ]
        charges = [
            Charge(item, Decimal(quantity), Decimal(price)),
            *(self.charges()[:2]),
            Charge(item, Decimal(self.pick(self.quantities)), Decimal(self.pick(self.prices[:11]))),
        ]
        draft = {"account": account, **self.period(account), "charges": tuple(charges)}
        return [
            *(Request("credit_grant", {"account": account, "terms": terms}) for terms in grants),
            Request("invoice_draft", draft),
        ]
