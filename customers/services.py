"""Acts on customers and accounts."""

from datetime import datetime
from zoneinfo import available_timezones

from django.conf import settings

from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated
from customers.erasing import erase_elsewhere
from customers.models import Account, Customer

ERASED = "Erased"


class CustomerRefused(Refusal):
    """A customer or account that cannot be opened, changed, closed or erased this way."""


@act
def customer_open(*, key: str, name: str, email: str, by: Actor, now: datetime, token: str) -> Customer:
    """Open a customer. Refuses a key that another customer bears."""
    content = {"key": key, "name": name, "email": email}
    if first := act_repeated("customer_open", token, content):
        return Customer.objects.get(pk=first.subject_id)
    if Customer.objects.filter(key=key).exists():
        raise CustomerRefused(f"Another customer already has the key “{key}”.")
    customer = Customer.objects.create(key=key, name=name, email=email, created_at=now)
    act_record(
        "customer_open", token=token, content=content, by=by, now=now, subject=f"customer:{customer.pk}"
    )
    return customer


@act
def customer_edit(
    *, customer: Customer, name: str, email: str, by: Actor, now: datetime, token: str
) -> Customer:
    """Change a customer's name and contact. Refuses on an erased one."""
    content = {"customer": customer.pk, "name": name, "email": email}
    if first := act_repeated("customer_edit", token, content):
        return Customer.objects.get(pk=first.subject_id)
    customer = _customer_lock(customer)
    if customer.erased_at:
        raise CustomerRefused("This customer was erased: the names stay a placeholder.")
    customer.name, customer.email = name, email
    customer.save()
    act_record(
        "customer_edit", token=token, content=content, by=by, now=now, subject=f"customer:{customer.pk}"
    )
    return customer


@act
def account_open(
    *,
    customer: Customer,
    key: str,
    name: str,
    currency: str,
    time_zone: str,
    by: Actor,
    now: datetime,
    token: str,
) -> Account:
    """Open an account. Refuses on a closed customer, a key used before, a currency not set up here,
    or a time zone no calendar knows."""
    content = {
        "customer": customer.pk,
        "key": key,
        "name": name,
        "currency": currency,
        "time_zone": time_zone,
    }
    if first := act_repeated("account_open", token, content):
        return Account.objects.get(pk=first.subject_id)
    customer = _customer_lock(customer)
    if customer.closed_at:
        raise CustomerRefused("This customer is closed: no account can be opened.")
    if customer.accounts.filter(key=key).exists():
        raise CustomerRefused(f"This customer already has an account with the key “{key}”.")
    if currency not in settings.CURRENCIES:
        raise CustomerRefused(f"{currency} is not among the currencies set up here.")
    if time_zone not in available_timezones():
        raise CustomerRefused(f"“{time_zone}” is not a known time zone, such as Europe/Berlin.")
    account = Account.objects.create(
        customer=customer, key=key, name=name, currency=currency, time_zone=time_zone, created_at=now
    )
    act_record(
        "account_open",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"account:{account.pk}",
    )
    return account


@act
def account_edit(*, account: Account, name: str, by: Actor, now: datetime, token: str) -> Account:
    """Rename an account. Its currency never changes; its key and zone neither."""
    content = {"account": account.pk, "name": name}
    account = account_lock(account.pk)
    if act_repeated("account_edit", token, content):
        return account
    if account.customer.erased_at:
        raise CustomerRefused("This customer was erased: the names stay a placeholder.")
    account.name = name
    account.save()
    act_record(
        "account_edit",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        subject=f"account:{account.pk}",
    )
    return account


@act
def account_close(*, account: Account, reason: str, by: Actor, now: datetime, token: str) -> Account:
    """Close an account: no new credits, drafts or imports. What is open can still be finished."""
    content = {"account": account.pk, "reason": reason}
    account = account_lock(account.pk)
    if act_repeated("account_close", token, content):
        return account
    if account.closed_at:
        raise CustomerRefused("This account is closed already.")
    account.closed_at = now
    account.save()
    act_record(
        "account_close",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"account:{account.pk}",
    )
    return account


@act
def customer_close(*, customer: Customer, reason: str, by: Actor, now: datetime, token: str) -> Customer:
    """Close a customer. Refuses while an account of theirs is open."""
    content = {"customer": customer.pk, "reason": reason}
    if first := act_repeated("customer_close", token, content):
        return Customer.objects.get(pk=first.subject_id)
    customer = _customer_lock(customer)
    if customer.closed_at:
        raise CustomerRefused("This customer is closed already.")
    if customer.accounts.filter(closed_at=None).exists():
        raise CustomerRefused("Close this customer's accounts first.")
    customer.closed_at = now
    customer.save()
    act_record(
        "customer_close",
        token=token,
        content=content,
        by=by,
        now=now,
        reason=reason,
        subject=f"customer:{customer.pk}",
    )
    return customer


@act
def customer_erase(*, customer: Customer, reason: str, by: Actor, now: datetime, token: str) -> Customer:
    """Replace names and contacts by a placeholder, in the history too (R16).

    Refuses on an open customer. Issued invoices keep the name they were issued with: the law
    that orders invoices to be kept orders that. Amounts, totals and proofs stay as they are.
    """
    content = {"customer": customer.pk, "reason": reason}
    if first := act_repeated("customer_erase", token, content):
        return Customer.objects.get(pk=first.subject_id)
    customer = _customer_lock(customer)
    if not customer.closed_at:
        raise CustomerRefused("Only a closed customer can be erased.")
    if customer.erased_at:
        raise CustomerRefused("This customer was erased already.")
    placeholder = f"{ERASED} customer {customer.pk}"
    customer.name, customer.email, customer.erased_at = placeholder, "", now
    customer.save()
    customer.history.update(name=placeholder, email="")
    accounts = list(customer.accounts.select_for_update(no_key=True).order_by("pk"))
    for account in accounts:
        account.name = f"{ERASED} account {account.pk}"
        account.save()
        account.history.update(name=account.name)
    erase_elsewhere([account.pk for account in accounts])
    act_record(
        "customer_erase",
        token=token,
        content=content,
        by=by,
        now=now,
        reason=reason,
        subject=f"customer:{customer.pk}",
    )
    return customer


def _customer_lock(customer: Customer) -> Customer:
    return Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
