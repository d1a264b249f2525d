"""What tests start from. All of it is made through the acts, so every test stands on the rules.

The story is told by default: customers and items are there from January 2026, credits are granted on
1 August and live from then on, drafts are for August, and what is issued is issued at noon (UTC) of
1 September. Tests say what differs. Amounts are typed as text and come back in minor units.
"""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User
from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from billing.models import Run
from billing.run import billing_run, run_finish
from billing.services import invoice_correct, invoice_issue, invoice_void
from credits.due_days import DueDays
from credits.grant_terms import Terms
from credits.ledger import credit_get
from credits.models import AppliesTo, Category, Credit, Entry, Schedule
from credits.schedules import schedule_add, schedule_stop
from credits.selling import credit_sell
from credits.services import credit_grant, credit_void, credits_expire
from credits.tagging import item_tag
from customers.acts import Actor
from customers.models import Account, Customer
from customers.money import amount_parse
from customers.services import account_open, customer_open
from invoices.drafts import DraftLine, invoice_draft
from invoices.models import Invoice, Item, Kind
from invoices.services import invoice_pay, item_add
from invoices.units import units_parse

BEGINNING, GRANTED, ISSUED = "2026-01-02", "2026-08-01", "2026-09-01"

_numbers = itertools.count(1)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = Sequence(lambda number: f"person-{number}")  # type: ignore[no-untyped-call]


def at(text: str) -> datetime:
    """An instant of UTC: noon of a day, or `2026-08-31 23:30`."""
    moment = datetime.fromisoformat(text if " " in text else f"{text} 12:00")
    return moment.replace(tzinfo=UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


def a_token() -> str:
    """A request token that no other act of this run bears."""
    return f"token-{next(_numbers)}"


def an_operator() -> Actor:
    """A signed-in person; the same one each time."""
    return Actor(origin="page, from 192.0.2.7", user=UserFactory.create(username="olivia"))


def a_command(name: str = "run_billing") -> Actor:
    return Actor(origin="command line of root", command=name)


def a_user(*permissions: str) -> User:
    """A person who may do just this: `a_user("credits.void_credit")`."""
    user = UserFactory.create()
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def by_now(now: str) -> dict[str, Any]:
    """What every act is told besides its own matter: who, when, and a token."""
    return {"by": an_operator(), "now": at(now), "token": a_token()}


def a_customer(name: str = "John Wick", *, email: str = "", now: str = BEGINNING) -> Customer:
    return customer_open(key=f"C-{next(_numbers)}", name=name, email=email, **by_now(now))


def an_account(
    customer: Customer | None = None,
    *,
    name: str = "Main",
    currency: str = "USD",
    time_zone: str = "UTC",
    now: str = BEGINNING,
) -> Account:
    return account_open(
        customer=customer or a_customer(),
        key=f"A-{next(_numbers)}",
        name=name,
        currency=currency,
        time_zone=time_zone,
        **by_now(now),
    )


def an_item(
    name: str = "API calls", kind: Kind = Kind.USAGE_METER, *, unit: str = "", now: str = BEGINNING
) -> Item:
    return item_add(key=f"I-{next(_numbers)}", name=name, kind=kind, unit=unit, **by_now(now))


def tag(item: Item, *tags: str, now: str = BEGINNING, **more: Any) -> Item:
    """The item bears these tags from now on, and no others."""
    return item_tag(item=item, tags=tags, **(by_now(now) | more))


def a_line(item: Item, price: str, quantity: str = "1", **more: Any) -> DraftLine:
    return DraftLine(item, more.pop("description", ""), Decimal(quantity), Decimal(price), **more)


def a_draft(
    account: Account,
    *lines: tuple[Item, str] | DraftLine,
    start: str = "2026-08-01",
    end: str = "2026-09-01",
    now: str = ISSUED,
) -> Invoice:
    """`a_draft(account, (api, "50.00"), a_line(seats, "9.99", "3"))` for `[start, end)`."""
    typed = [line if isinstance(line, DraftLine) else a_line(*line) for line in lines]
    return invoice_draft(
        account=account, period_start=day(start), period_end=day(end), lines=typed, **by_now(now)
    )


def terms(account: Account, amount: str, **promise: Any) -> Terms:
    """The terms of a credit; items, kinds or tags among them make its scope a selection."""
    selected = bool(promise.get("items") or promise.get("kinds") or promise.get("tags"))
    plain: dict[str, Any] = {
        "name": "Welcome",
        "amount": amount_parse(amount, account.currency),
        "priority": 50,
        "effective_from": "2026-08-01",
        "applies_to": AppliesTo.SELECTED if selected else AppliesTo.INVOICE,
    }
    plain |= promise
    for name in ("effective_from", "expires_on"):
        if isinstance(plain.get(name), str):
            plain[name] = day(plain[name])
    return Terms(**plain)


def a_credit(account: Account, amount: str, *, now: str = GRANTED, **promise: Any) -> Credit:
    """`a_credit(account, "50.00", priority=1, items=(api,), expires_on="2026-12-31")`."""
    return credit_grant(account=account, terms=terms(account, amount, **promise), reason="", **by_now(now))


def a_unit_credit(account: Account, units: str, item: Item, *, now: str = GRANTED, **promise: Any) -> Credit:
    """`a_unit_credit(account, "1000", api)`: free units of the item."""
    promised = replace(
        terms(account, "1", **{"items": (item,), **promise}),
        units=units_parse(units, limit=10**12),
        unit_item=item,
        amount=0,
    )
    return credit_grant(account=account, terms=promised, reason="", **by_now(now))


def a_sale(
    account: Account, amount: str, price: str, *, now: str = GRANTED, waits: bool = False, **promise: Any
) -> Credit:
    """A credit bought for this price, on an invoice of its own; `waits` until that is paid."""
    bought = {"category": Category.PURCHASED, "price_paid": amount_parse(price, account.currency)}
    sold = terms(account, amount, **bought | promise)
    return credit_sell(account=account, terms=sold, reason="", usable_once_paid=waits, **by_now(now))


def sale_of(credit: Credit) -> Invoice:
    """The invoice a credit was bought on, as it stands."""
    assert credit.purchase_line is not None
    return Invoice.objects.get(pk=credit.purchase_line.invoice_id)


def a_schedule(
    account: Account,
    amount: str = "50.00",
    *,
    day_of_month: int = 15,
    starts_on: str = "2026-08-01",
    ends_on: str = "",
    lifetime_days: int | None = None,
    now: str = GRANTED,
    **promise: Any,
) -> Schedule:
    """`a_schedule(account, "50.00", day_of_month=31, starts_on="2026-08-01", lifetime_days=30)`."""
    return schedule_add(
        account=account,
        terms=terms(account, amount, **promise),
        due_days=DueDays(day_of_month, day(starts_on), day(ends_on) if ends_on else None),
        lifetime_days=lifetime_days,
        reason="Agreed for the year",
        **by_now(now),
    )


def stop_schedule(schedule: Schedule, now: str = "2026-09-01") -> Schedule:
    return schedule_stop(schedule=schedule, reason="They left the plan", **by_now(now))


def issue(invoice: Invoice, now: str = ISSUED, **more: Any) -> Invoice:
    return invoice_issue(invoice=invoice, **by_now(now), **more)


def an_invoice(account: Account, *lines: tuple[Item, str] | DraftLine, now: str = ISSUED) -> Invoice:
    """Drafted for August and issued."""
    return issue(a_draft(account, *lines, now=now), now)


def a_run(month: str = "2026-08", now: str = ISSUED, *, before_end: bool = False) -> Run:
    """A billing run of the month, carried out to its end."""
    start = day(f"{month}-01")
    end = (start + timedelta(days=31)).replace(day=1)
    run = billing_run(period_start=start, period_end=end, before_end=before_end, **by_now(now))
    return run_finish(run, now=at(now) + timedelta(seconds=2))


def pay(invoice: Invoice, now: str = "2026-09-15") -> Invoice:
    return invoice_pay(invoice=invoice, paid_on=at(now).date(), reference="bank line 7", **by_now(now))


def void(invoice: Invoice, now: str = "2026-09-10") -> Invoice:
    return invoice_void(invoice=invoice, reason="Wrong customer", **by_now(now))


def correct(invoice: Invoice, now: str = "2026-09-10") -> Invoice:
    return invoice_correct(invoice=invoice, reason="A wrong line", **by_now(now))


def void_credit(credit: Credit, now: str = "2026-08-15") -> Credit:
    return credit_void(credit=credit, reason="Granted by mistake", **by_now(now))


def expire(account: Account, as_of: str, now: str = "") -> list[Entry]:
    return credits_expire(account=account, as_of=day(as_of), **by_now(now or as_of))


def balance(credit: Credit) -> int:
    """What the entries say is left."""
    return credit_get(credit.pk).balance


def ledger(account: Account) -> list[tuple[str, str, int]]:
    """The account's entries in their order: which credit, what happened, how much."""
    entries = Entry.objects.filter(account=account).select_related("credit").order_by("number")
    return [(entry.credit.name, entry.kind, entry.amount) for entry in entries]


def paid_by_line(invoice: Invoice) -> list[tuple[str, str, int]]:
    """Who paid what on an invoice, in the order of the ledger: credit, item, amount."""
    entries = Entry.objects.filter(invoice=invoice, kind="applied").select_related("credit", "line")
    return [(e.credit.name, e.line.name, -e.amount) for e in entries.order_by("number") if e.line]
