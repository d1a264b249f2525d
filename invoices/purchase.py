"""The invoice on which something is sold for later: one line that no credit can ever pay (R7).

It is drafted and issued inside one act, so such a draft is never seen. It is for the account's today, and
issued before that day is over: whoever sells has asked for it.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from customers.models import Account
from customers.money import amount_text
from invoices.freezing import invoice_freeze
from invoices.models import Invoice, Item, Kind, Line, Source
from invoices.numbering import numbers_take

ITEM_KEY = "prepaid-credit"


def purchase_draft(account: Account, *, price: int, description: str, now: datetime) -> Line:
    """The line, on an invoice of its own that is still to be issued."""
    today = account.day_of(now)
    item = _item(now)
    invoice = Invoice.objects.create(
        account=account,
        currency=account.currency,
        period_start=today,
        period_end=today + timedelta(days=1),
        source=Source.PURCHASE,
        created_at=now,
    )
    return Line.objects.create(
        account=account,
        invoice=invoice,
        position=1,
        item=item,
        kind=item.kind,
        name=item.name,
        unit=item.unit,
        tags=item.tags,
        creditable=False,
        description=description,
        quantity=Decimal(1),
        unit_price=Decimal(amount_text(price, account.currency)),
        currency=account.currency,
        amount=price,
        first_day=today,
        last_day=today,
    )


def purchase_issue(invoice: Invoice, account: Account, *, total: int, now: datetime) -> None:
    """Number and freeze it. Called after all other writes of the act: the number series is locked last."""
    today = account.day_of(now)
    invoice_freeze(
        invoice,
        account,
        total=total,
        credited=0,
        issue_date=today,
        judged_on=today,
        now=now,
        number=numbers_take(today.year, 1)[0],
    )
    invoice.refresh_from_db()


def _item(now: datetime) -> Item:
    """Made when it is needed first; of two who need it at once, one makes it and the other finds it."""
    made = {"name": "Prepaid credit", "kind": Kind.FIXED_FEE, "created_at": now}
    return Item.objects.get_or_create(key=ITEM_KEY, defaults=made)[0]
