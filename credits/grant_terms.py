"""The terms of a credit that is about to be granted, and what no credit can have."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from credits.models import AppliesTo, Category, last_issue
from credits.terms import CreditFacts, Scope
from customers.acts import Refusal
from customers.models import Account
from customers.money import currency_decimals
from invoices.models import TAG_GRAMMAR, Item, Kind
from invoices.units import PARTS

MOST_UNITS = 10**12
UNSAVED = 2**63


class GrantRefused(Refusal):
    """Terms that no credit can have."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a credit promises: `amount` in minor units of the account's currency, or `units` of `unit_item` in
    millionths (R11). Both days inclusive. `max_amount` and `max_percent` cap what it pays on one invoice."""

    name: str
    priority: int
    effective_from: date
    amount: int = 0
    units: int | None = None
    unit_item: Item | None = None
    max_amount: int | None = None
    max_percent: Decimal | None = None
    price_paid: int | None = None
    expires_on: date | None = None
    category: Category = Category.PROMOTIONAL
    applies_to: AppliesTo = AppliesTo.INVOICE
    kinds: tuple[Kind, ...] = ()
    items: tuple[Item, ...] = ()
    excluded_items: tuple[Item, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """What is granted, in the credit's own measure."""
        return self.amount if self.units is None else self.units

    def content(self) -> dict[str, Any]:
        # What is not used is left out, so that a token of before this was known still names the same.
        further = {
            "units": self.units,
            "unit_item": self.unit_item and self.unit_item.pk,
            "max_amount": self.max_amount,
            "max_percent": self.max_percent and str(self.max_percent),
            "price_paid": self.price_paid,
            "tags": sorted(self.tags) or None,
        }
        return {name: value for name, value in further.items() if value is not None} | {
            "name": self.name,
            "amount": self.amount,
            "priority": self.priority,
            "effective_from": self.effective_from,
            "expires_on": self.expires_on,
            "category": self.category.value,
            "applies_to": self.applies_to.value,
            "kinds": sorted(kind.value for kind in self.kinds),
            "items": sorted(item.pk for item in self.items),
            "excluded_items": sorted(item.pk for item in self.excluded_items),
        }

    def facts(self, account: Account, now: datetime) -> CreditFacts:
        """These terms as the allocation sees them, in the place they would take: the newest of equals."""
        return CreditFacts(
            key=UNSAVED,
            currency=account.currency,
            balance=self.size,
            priority=self.priority,
            purchased=self.category == Category.PURCHASED,
            starts=self.effective_from,
            ends=self.expires_on and self.expires_on + timedelta(days=1),
            last_issue=last_issue(self.expires_on),
            created=now,
            voided=False,
            scope=Scope(
                whole_invoice=self.applies_to == AppliesTo.INVOICE,
                kinds=frozenset(self.kinds),
                items=frozenset(item.pk for item in self.items),
                excluded_items=frozenset(item.pk for item in self.excluded_items),
                tags=frozenset(self.tags),
            ),
            unit_item=self.unit_item and self.unit_item.pk,
            max_amount=self.max_amount,
            max_percent=self.max_percent,
        )


def terms_check(account: Account, terms: Terms, *, now: datetime) -> None:
    """Refuses terms that contradict themselves or the account."""
    for refused, sentence in (
        (account.closed_at is not None, "This account is closed: no credit can be granted."),
        (not terms.name.strip(), "A credit needs a name."),
        (not 1 <= terms.priority <= 100, "The priority is a number from 1 to 100."),
        *_size_refusals(account, terms),
        *_date_refusals(terms, account.day_of(now)),
        *_scope_refusals(terms),
        *_cap_refusals(terms),
    ):
        if refused:
            raise GrantRefused(sentence)


Refusals = tuple[tuple[bool, str], ...]


def _size_refusals(account: Account, terms: Terms) -> Refusals:
    limit = settings.SCRIP_MAX_AMOUNT * 10 ** currency_decimals(account.currency)
    purchased = terms.category == Category.PURCHASED
    prices = (terms.price_paid is None, purchased and 0 <= (terms.price_paid or 0) <= limit)
    if terms.units is None and terms.unit_item is None:
        size: Refusals = ((not 0 < terms.amount <= limit, "The amount is above zero and below the limit."),)
    else:
        item = terms.unit_item
        size = (
            (terms.amount != 0, "A credit is granted in money or in units, not in both."),
            (item is None or terms.units is None, "A credit of units names the item they are units of."),
            (
                item is not None and item.kind != Kind.USAGE_METER,
                "Free units are units of a usage meter.",
            ),
            (
                not 0 < (terms.units or 0) <= MOST_UNITS * PARTS,
                "The units are above zero and below the limit.",
            ),
        )
    return (*size, (not any(prices), "Only a purchased credit has a price, and never one below zero."))


def _date_refusals(terms: Terms, today: date) -> Refusals:
    ends = terms.expires_on
    return (
        (ends is not None and ends < terms.effective_from, "A credit cannot expire before it takes effect."),
        (ends is not None and ends < today, "The last day of this credit is over already."),
    )


def _scope_refusals(terms: Terms) -> Refusals:
    selected = terms.applies_to == AppliesTo.SELECTED
    chosen = bool(terms.kinds or terms.items or terms.tags)
    both = {item.pk for item in terms.items} & {item.pk for item in terms.excluded_items}
    only_its_item = (terms.kinds, terms.tags, terms.excluded_items, terms.items) == (
        ((), (), (), (terms.unit_item,))
    )
    return (
        (selected and not chosen, "Choose at least one kind, item or tag the credit may pay."),
        (not selected and chosen, "A credit for the whole invoice has no list of its own."),
        (bool(both), "An item cannot be both chosen and excluded."),
        (
            terms.units is not None and not only_its_item,
            "A credit of units pays lines of its item, and needs no other scope.",
        ),
        (
            any(not TAG_GRAMMAR.fullmatch(tag) for tag in terms.tags),
            "A tag is a word of small letters, digits and hyphens, such as team-blue.",
        ),
    )


def _cap_refusals(terms: Terms) -> Refusals:
    capped = terms.max_amount is not None or terms.max_percent is not None
    return (
        (capped and terms.units is not None, "A credit of units has no limit per invoice."),
        (terms.max_amount is not None and terms.max_amount <= 0, "The limit per invoice is above zero."),
        (
            terms.max_percent is not None and not 0 < terms.max_percent <= 100,
            "The limit per invoice is above 0 % and at most 100 %.",
        ),
    )
