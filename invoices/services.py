"""Acts on items and on issued invoices that need no credits. Drafts: `invoices.drafts`."""

from datetime import date, datetime

from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated
from invoices.drafts import invoice_get
from invoices.models import Invoice, Item, Status


class ItemRefused(Refusal):
    """An item that cannot be added this way."""


class PaymentRefused(Refusal):
    """A payment that cannot be recorded."""


@act
def item_add(*, key: str, name: str, kind: str, unit: str, by: Actor, now: datetime, token: str) -> Item:
    """Add an item to the catalogue. Refuses a key that is taken. Its kind never changes."""
    content = {"key": key, "name": name, "kind": kind, "unit": unit}
    if first := act_repeated("item_add", token, content):
        return Item.objects.get(pk=first.subject_id)
    if Item.objects.filter(key=key).exists():
        raise ItemRefused(f"Another item already has the key “{key}”.")
    item = Item.objects.create(key=key, name=name, kind=kind, unit=unit, created_at=now)
    act_record("item_add", token=token, content=content, by=by, now=now, subject=f"item:{item.pk}")
    return item


@act
def item_edit(*, item: Item, name: str, unit: str, by: Actor, now: datetime, token: str) -> Item:
    """Rename an item. Lines already made keep the name they were made with."""
    content = {"item": item.pk, "name": name, "unit": unit}
    if first := act_repeated("item_edit", token, content):
        return Item.objects.get(pk=first.subject_id)
    item = Item.objects.select_for_update(no_key=True).get(pk=item.pk)
    item.name, item.unit = name, unit
    item.save()
    act_record("item_edit", token=token, content=content, by=by, now=now, subject=f"item:{item.pk}")
    return item


@act
def invoice_pay(
    *, invoice: Invoice, paid_on: date, reference: str, by: Actor, now: datetime, token: str
) -> Invoice:
    """Record that an issued invoice was paid. Refuses a draft, a void one, one already paid, and a
    day before the invoice or in the future of the account's zone."""
    content = {"invoice": invoice.pk, "paid_on": paid_on, "reference": reference}
    account = account_lock(invoice.account_id)
    invoice = invoice_get(invoice.pk)
    if act_repeated("invoice_pay", token, content):
        return invoice
    if invoice.status != Status.ISSUED or invoice.issue_date is None:
        raise PaymentRefused(
            f"Only an issued invoice can be paid; this one is {invoice.get_status_display().lower()}."
        )
    if not invoice.issue_date <= paid_on <= account.day_of(now):
        raise PaymentRefused("The day of payment lies between the day of issue and today.")
    Invoice.objects.filter(pk=invoice.pk).update(
        status=Status.PAID, paid_on=paid_on, payment_reference=reference
    )
    act_record(
        "invoice_pay",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"invoice:{invoice.pk}",
    )
    invoice.refresh_from_db()
    return invoice
