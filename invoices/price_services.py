"""Acts on price lists: one is added, a price begins, an account gets a list of its own."""

from datetime import date, datetime
from typing import Any

from django.conf import settings

from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated
from customers.models import Account
from invoices.models import AccountPriceList, Invoice, Item, Line, Price, PriceList, Status
from invoices.plan_text import plain, plan_read, tiers_text
from invoices.pricing import PriceRefused, decimal_parse
from invoices.rating import Plan, PlanRefused

FIRST_YEAR, LAST_YEAR = 2000, 2200


class PriceListRefused(Refusal):
    """A price list, a price or the choice of a list that cannot be had this way."""


@act
def price_list_add(
    *, key: str, name: str, currency: str, is_default: bool, by: Actor, now: datetime, token: str
) -> PriceList:
    """Add an empty list. Refuses a key that is taken, a currency not set up here, and a second default."""
    content = {"key": key, "name": name, "currency": currency, "is_default": is_default}
    if first := act_repeated("price_list_add", token, content):
        return PriceList.objects.get(pk=first.subject_id)
    if PriceList.objects.filter(key=key).exists():
        raise PriceListRefused(f"Another price list already has the key “{key}”.")
    if currency not in settings.CURRENCIES:
        raise PriceListRefused(f"The currency {currency} is not set up here.")
    if is_default:
        _default_check(currency)
    price_list = PriceList.objects.create(
        key=key, name=name, currency=currency, is_default=is_default, created_at=now
    )
    _record("price_list_add", price_list, content, by=by, now=now, token=token)
    return price_list


@act
def price_list_edit(
    *, price_list: PriceList, name: str, is_default: bool, by: Actor, now: datetime, token: str
) -> PriceList:
    """Rename a list, or make it the default of its currency, which it then stays. Refuses a second one."""
    content = {"price_list": price_list.pk, "name": name, "is_default": is_default}
    if first := act_repeated("price_list_edit", token, content):
        return PriceList.objects.get(pk=first.subject_id)
    price_list = PriceList.objects.select_for_update(no_key=True).get(pk=price_list.pk)
    if price_list.is_default and not is_default:
        raise PriceListRefused(
            "The default of a currency stays the default: give accounts lists of their own instead, "
            "or the default new prices."
        )
    if is_default and not price_list.is_default:
        _default_check(price_list.currency)
    price_list.name, price_list.is_default = name, is_default
    price_list.save(update_fields=["name", "is_default"])
    _record("price_list_edit", price_list, content, by=by, now=now, token=token)
    return price_list


@act
def price_add(
    *,
    price_list: PriceList,
    item: Item,
    plan: Plan,
    effective_from: date,
    by: Actor,
    now: datetime,
    token: str,
    replaces: int | None = None,
) -> Price:
    """What an item costs on a list from a day on, in place of the price before. It can never be changed.

    Refuses a day on which a price of the item begins already, unless that one `replaces` names and no issued
    invoice was rated by it; and numbers the databases do not keep exactly.
    """
    size = None if plan.package_size is None else plain(plan.package_size)
    content = {
        "price_list": price_list.pk,
        "item": item.pk,
        "effective_from": effective_from,
        "scheme": plan.scheme,
        "tiers": tiers_text(plan),
        "package_size": size,
        **({} if replaces is None else {"replaces": replaces}),
    }
    price_list = PriceList.objects.select_for_update(no_key=True).get(pk=price_list.pk)
    if first := act_repeated("price_add", token, content):
        return Price.objects.get(pk=first.details["price"])
    _day_check(effective_from)
    before = price_beginning(price_list, item, effective_from)
    if before:
        _replace_check(before, replaces)
    try:
        package_size = None if size is None else decimal_parse(size)
        plan_read(plan.scheme, content["tiers"], package_size)
    except (PriceRefused, PlanRefused) as refused:
        raise PriceListRefused(str(refused)) from refused
    price = Price.objects.create(
        price_list=price_list,
        item=item,
        effective_from=effective_from,
        scheme=plan.scheme,
        tiers=content["tiers"],
        package_size=package_size,
        created_at=now,
    )
    details = {"price": price.pk, "item": item.pk, "name": item.name}
    if before:
        details["replaces"] = before.pk
    _record("price_add", price_list, content, by=by, now=now, token=token, details=details)
    return price


@act
def account_price_list_set(
    *,
    account: Account,
    price_list: PriceList | None,
    effective_from: date,
    by: Actor,
    now: datetime,
    token: str,
) -> AccountPriceList:
    """Which list the account uses from a day of its calendar on; None for the default of its currency.

    Refuses a list in another currency, and a closed account.
    """
    content = {
        "account": account.pk,
        "price_list": price_list.pk if price_list else None,
        "effective_from": effective_from,
    }
    account = account_lock(account.pk)
    if first := act_repeated("account_price_list_set", token, content):
        return AccountPriceList.objects.get(pk=first.details["choice"])
    if account.closed_at:
        raise PriceListRefused("This account is closed: nothing of it is priced any more.")
    _day_check(effective_from)
    if price_list and price_list.currency != account.currency:
        raise PriceListRefused(
            f"The price list is in {price_list.currency}, and the account in {account.currency}."
        )
    choice = AccountPriceList.objects.create(
        account=account, price_list=price_list, effective_from=effective_from, created_at=now
    )
    act_record(
        "account_price_list_set",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"account:{account.pk}",
        details={"choice": choice.pk},
    )
    return choice


def price_beginning(price_list: PriceList, item: Item, day: date) -> Price | None:
    """The price that begins on the day and holds: of several the last."""
    found = Price.objects.filter(price_list=price_list, item=item, effective_from=day)
    return found.select_related("item", "price_list").order_by("pk").last()


def price_issued(price: Price) -> Invoice | None:
    """The first issued invoice with a line that the price of that day has rated."""
    rated = Line.objects.filter(
        item=price.item_id,
        pricing__price_list=price.price_list.key,
        pricing__effective_from=price.effective_from.isoformat(),
        invoice__status__in=(Status.ISSUED, Status.PAID),
    )
    return Invoice.objects.filter(lines__in=rated).order_by("pk").first()


def price_replaceable(price_list: PriceList, item: Item, day: date) -> Price | None:
    """The price that begins on the day, if another may take its place."""
    before = price_beginning(price_list, item, day)
    return before if before and not price_issued(before) else None


def _replace_check(before: Price, replaces: int | None) -> None:
    if invoice := price_issued(before):
        raise PriceListRefused(
            f"A price of {before.item} begins on that day already, and invoice {invoice} was rated by it, "
            "so it stays: let the new one begin on another day."
        )
    if replaces != before.pk:
        raise PriceListRefused(
            f"A price of {before.item} begins on that day already: confirm that the new one takes its place, "
            "or let it begin on another day."
        )


def _default_check(currency: str) -> None:
    if default := PriceList.objects.filter(currency=currency, is_default=True).first():
        raise PriceListRefused(f"“{default}” is the default of {currency}, and stays it.")


def _day_check(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PriceListRefused(f"A day lies between the years {FIRST_YEAR} and {LAST_YEAR}.")


def _record(
    kind: str,
    price_list: PriceList,
    content: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    token: str,
    details: dict[str, Any] | None = None,
) -> None:
    act_record(
        kind,
        token=token,
        content=content,
        by=by,
        now=now,
        subject=f"price_list:{price_list.pk}",
        details=details,
    )
