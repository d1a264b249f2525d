"""Acts on recurring charges: add one, end it. They become lines of drafts by `make_drafts`."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated, facts_check
from customers.models import Account
from customers.money import currency_decimals
from invoices.models import BilledMonth, Charge, Invoice, Item, Kind, Source
from invoices.pricing import PriceRefused, priced_amount
from invoices.proration import DAY, month_after, month_of
from invoices.recurring_facts import edited_by_hand

FIRST_YEAR, LAST_YEAR = 2000, 2200
FARTHEST_BACK = timedelta(days=366)


class ChargeRefused(Refusal):
    """A charge that cannot be, or does not allow what was asked of it."""


@act
def charge_add(
    *,
    account: Account,
    item: Item,
    description: str,
    quantity: Decimal,
    unit_price: Decimal,
    starts_on: date,
    ends_on: date | None,
    prorated: bool,
    by: Actor,
    now: datetime,
    token: str,
) -> Charge:
    """Charge an account `quantity × unit_price` a month from now on. It bills nothing yet: `make_drafts`
    does.

    Refuses on a closed account, for a usage meter, what comes to no amount an invoice can hold, and days
    that are out of order, out of reason, or more than a year back: every month since would be billed.
    """
    terms = {"description": description.strip(), "quantity": quantity, "unit_price": unit_price}
    terms |= {"starts_on": starts_on, "ends_on": ends_on, "prorated": prorated}
    figures = {"quantity": f"{quantity.normalize():f}", "unit_price": f"{unit_price.normalize():f}"}
    content = {"account": account.pk, "item": item.pk, **terms, **figures}
    account = account_lock(account.pk)
    if first := act_repeated("charge_add", token, content):
        return charge_get(first.subject_id)
    if account.closed_at:
        raise ChargeRefused("This account is closed: nothing can be charged to it.")
    _terms_check(account, item, quantity, unit_price)
    _days_check(starts_on, ends_on, account.day_of(now))
    charge = Charge.objects.create(account=account, item=item, created_at=now, **terms)
    act_record(
        "charge_add",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"charge:{charge.pk}",
    )
    return charge


@act
def charge_end(
    *, charge: Charge, last_day: date, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> Charge:
    """Let a charge end with `last_day`, for good. One that ends before its first day never charges
    anything.

    Refuses without a reason, on a charge ended already, a day after its agreed end, days that an invoice
    bills already, and when `shown` is of other facts.
    """
    content = {"charge": charge.pk, "last_day": last_day, "reason": reason}
    account = account_lock(charge.account_id)
    if act_repeated("charge_end", token, content):
        return charge_get(charge.pk)
    charge = charge_get(charge.pk)
    _end_check(charge, last_day, reason)
    facts_check(shown, end_facts(charge))
    charge.ends_on, charge.ended_at = last_day, now
    charge.save(update_fields=["ends_on", "ended_at"])
    act_record(
        "charge_end",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"charge:{charge.pk}",
    )
    return charge


def charge_get(pk: int) -> Charge:
    return Charge.objects.select_related("account", "item").get(pk=pk)


def end_facts(charge: Charge) -> dict[str, Any]:
    """What ending a charge starts from, for the confirmation's fingerprint."""
    billed = billed_last(charge)
    return {
        "charge": charge.pk,
        "ends_on": charge.ends_on,
        "ended": charge.ended_at is not None,
        "billed": billed and billed.month,
    }


def billed_last(charge: Charge) -> BilledMonth | None:
    """The latest month that is billed for good: not on a draft that `make_drafts` would make anew."""
    drafts = Invoice.objects.drafts().filter(source=Source.RECURRING, lines__billed_months__charge=charge)
    anew = {draft.pk for draft in drafts}
    anew -= edited_by_hand(drafts)
    billed = BilledMonth.objects.filter(charge=charge).exclude(line__invoice__in=anew)
    return billed.select_related("line__invoice").order_by("-month").first()


def earliest_end(charge: Charge, billed: BilledMonth | None) -> date:
    """The first day on which it can still end."""
    if billed is None:
        return charge.starts_on - DAY
    if not charge.prorated:
        return max(billed.month, charge.starts_on)
    last = month_after(billed.month) - DAY
    return last if charge.ends_on is None else min(last, charge.ends_on)


def _end_check(charge: Charge, last_day: date, reason: str) -> None:
    if not reason.strip():
        raise ChargeRefused("Ending a charge needs a reason.")
    if charge.ended_at is not None:
        raise ChargeRefused("This charge was ended already.")
    if charge.ends_on is not None and last_day > charge.ends_on:
        raise ChargeRefused(f"This charge ends on {charge.ends_on:%-d %B %Y} as it is.")
    if not FIRST_YEAR <= last_day.year <= LAST_YEAR:
        raise ChargeRefused(f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    billed = billed_last(charge)
    earliest = earliest_end(charge, billed)
    if billed and last_day < earliest:
        by = billed.line.invoice
        raise ChargeRefused(
            f"{by} bills it through {earliest:%-d %B %Y}: end it then or later, or "
            f"{'discard that draft' if by.is_draft else 'void or correct that invoice'} first."
        )
    if last_day < earliest:
        raise ChargeRefused(
            f"A charge can end on {earliest:%-d %B %Y}, the day before it starts, or later: "
            "then it never charges anything."
        )


def _terms_check(account: Account, item: Item, quantity: Decimal, unit_price: Decimal) -> None:
    if item.kind == Kind.USAGE_METER:
        raise ChargeRefused(
            f"{item} is a usage meter: what was used of it is recorded, and priced by a list."
        )
    if quantity <= 0:
        raise ChargeRefused("The quantity must be above zero.")
    if unit_price < 0:
        raise ChargeRefused("The unit price must not be below zero: a credit lowers a bill.")
    try:
        priced_amount(quantity, unit_price, currency_decimals(account.currency))
    except PriceRefused as refused:
        raise ChargeRefused(str(refused)) from refused


def _days_check(starts_on: date, ends_on: date | None, today: date) -> None:
    if not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in (starts_on, ends_on or starts_on)):
        raise ChargeRefused(f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    if ends_on is not None and ends_on < starts_on:
        raise ChargeRefused("A charge cannot end before it starts.")
    if starts_on < month_of(today - FARTHEST_BACK):
        raise ChargeRefused("A charge starts at most a year back, since every month from then on is billed.")
