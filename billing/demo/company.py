"""The acts that make the demo's company, each at its own moment in the past.

The steps are collected with the moment they are planned for, put in order, and performed up to
today; so the ledger and the invoice numbers run as they would have in real life. Nothing is written
but through the acts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from billing.demo.days import Days, moment
from billing.demo.facts import ACCOUNTS, CUSTOMERS, ITEMS, STORY, AccountFact, CreditFact
from billing.demo.invoicing import Invoicing
from billing.demo.prices import METERED
from billing.demo.promises import COMMITMENT, SENT_TWICE, credit_facts, larger_commitment
from billing.demo.recurring import Recurring
from billing.demo.running import Running
from billing.demo.step import Step, demo_token
from credits.caps import percent_parse
from credits.grant_terms import MOST_UNITS, Terms
from credits.models import AppliesTo, Credit, last_issue
from credits.selling import credit_sell
from credits.services import credit_grant, credit_replace, credit_void, credits_expire
from customers.acts import Actor
from customers.models import Account, Customer
from customers.money import amount_parse
from customers.services import account_open, customer_open
from invoices.models import Item
from invoices.services import item_add
from invoices.units import units_parse

FIRST_TOKEN = demo_token("customer", CUSTOMERS[0][0])


class Company:
    def __init__(self, days: Days, by: Actor) -> None:
        self.days = days
        self.by = by
        self.items: dict[str, Item] = {}
        self.customers: dict[str, Customer] = {}
        self.accounts: dict[str, Account] = {}
        self.credits: dict[str, Credit] = {}
        self.invoicing = Invoicing(days, by, self.items, self.accounts)
        self.recurring = Recurring(days, by, self.items, self.accounts)
        self.running = Running(days, by)

    def make(self) -> None:
        """Perform what was planned for a day up to today; none of it in the future."""
        for step in sorted(self.steps(), key=lambda step: step.planned):
            if step.planned.date() <= self.days.today:
                step.act(min(step.planned, self.days.latest))

    def steps(self) -> Iterator[Step]:
        yield from self._founding()
        yield from self.invoicing.steps()
        yield from self.recurring.steps()
        yield from self.running.steps()
        yield from self._promises()

    def _founding(self) -> Iterator[Step]:
        days = self.days
        opening = moment(days.month(min(-7, days.august - 1), 5), 9)
        for item in ITEMS:
            yield Step(opening, partial(self._item, *item))
        for customer in CUSTOMERS:
            accounts = [fact for fact in (*ACCOUNTS, *METERED) if fact.customer == customer[0]]
            since = min(-7, days.august - 1) if accounts[0].key == STORY else -7
            yield Step(moment(days.month(since, 12), 9), partial(self._customer, *customer))
            for fact in accounts:
                yield Step(moment(days.month(since, 12), 10), partial(self._account, fact))

    def _promises(self) -> Iterator[Step]:
        days = self.days
        for fact in credit_facts(days):
            yield Step(moment(fact.granted, 12), partial(self._grant, fact))
            if gone := last_issue(fact.ends):
                # The daily job: two days later it is the day after, wherever the account is.
                yield Step(moment(gone + timedelta(days=2), 3), partial(self._expire, fact.account))
        yield Step(moment(days.month(-1, 11), 15), self._void)
        larger = larger_commitment(days)
        yield Step(moment(larger.granted, 12), partial(self._replace, larger))

    def _item(self, key: str, name: str, kind: str, unit: str, now: datetime) -> None:
        token = demo_token("item", key)
        self.items[key] = item_add(key=key, name=name, kind=kind, unit=unit, by=self.by, now=now, token=token)

    def _customer(self, key: str, name: str, email: str, now: datetime) -> None:
        token = demo_token("customer", key)
        self.customers[key] = customer_open(key=key, name=name, email=email, by=self.by, now=now, token=token)

    def _account(self, fact: AccountFact, now: datetime) -> None:
        self.accounts[fact.key] = account_open(
            customer=self.customers[fact.customer],
            key=fact.key,
            name=fact.name,
            currency=fact.currency,
            time_zone=fact.time_zone,
            by=self.by,
            now=now,
            token=demo_token("account", fact.key),
        )

    def _grant(self, fact: CreditFact, now: datetime) -> None:
        give = partial(credit_sell, usable_once_paid=True) if fact.price else credit_grant
        self.credits[fact.name] = give(
            account=self.accounts[fact.account],
            terms=self._terms(fact),
            reason=fact.reason,
            by=self.by,
            now=now,
            token=demo_token("credit", len(self.credits)),
        )

    def _replace(self, fact: CreditFact, now: datetime) -> None:
        credit = self.credits[COMMITMENT]
        token = demo_token("replace", credit.pk)
        credit_replace(
            credit=credit, terms=self._terms(fact), reason=fact.reason, by=self.by, now=now, token=token
        )

    def _void(self, now: datetime) -> None:
        credit = self.credits[SENT_TWICE]
        reason, token = "Sent twice by mistake", demo_token("void", credit.pk)
        credit_void(credit=credit, reason=reason, by=self.by, now=now, token=token)

    def _expire(self, account_key: str, now: datetime) -> None:
        account = self.accounts[account_key]
        day = account.day_of(now)
        token = demo_token("expire", account_key, day)
        credits_expire(account=account, as_of=day, by=self.by, now=now, token=token)

    def _terms(self, fact: CreditFact) -> Terms:
        selected = fact.kinds or fact.items
        return Terms(
            name=fact.name,
            amount=self._amount(fact, fact.amount) or 0,
            units=units_parse(fact.units, limit=MOST_UNITS) if fact.units else None,
            unit_item=self.items[fact.items[0]] if fact.units else None,
            max_amount=self._amount(fact, fact.max_amount),
            max_percent=percent_parse(fact.max_percent) if fact.max_percent else None,
            priority=fact.priority,
            effective_from=fact.starts,
            expires_on=fact.ends,
            category=fact.category,
            price_paid=self._amount(fact, fact.price),
            applies_to=AppliesTo.SELECTED if selected else AppliesTo.INVOICE,
            kinds=fact.kinds,
            items=tuple(self.items[key] for key in fact.items),
            excluded_items=tuple(self.items[key] for key in fact.excluded),
        )

    def _amount(self, fact: CreditFact, typed: str) -> int | None:
        return amount_parse(typed, self.accounts[fact.account].currency) if typed else None
