"""Selling a credit: granted and billed as one act, and taken back as one when its invoice is voided."""

from datetime import datetime

from credits.grant_terms import GrantRefused, Terms, terms_check
from credits.granting import Grant, credit_write
from credits.ledger import entries_write
from credits.models import Category, Credit
from credits.postings import granted
from customers.acts import Actor, account_lock, act, act_record, act_repeated
from customers.models import Account
from invoices.models import Invoice, Source
from invoices.purchase import purchase_draft, purchase_issue


@act
def credit_sell(
    *,
    account: Account,
    terms: Terms,
    reason: str,
    by: Actor,
    now: datetime,
    token: str,
    usable_once_paid: bool = False,
) -> Credit:
    """Grant a purchased credit and issue an invoice over its price, on a line that no credit can pay.

    With `usable_once_paid` it pays nothing until that invoice is paid. Refuses what `credit_grant` refuses,
    a promotional credit, and a price that is missing or zero.
    """
    content = {
        "account": account.pk,
        "reason": reason,
        "usable_once_paid": usable_once_paid,
        **terms.content(),
    }
    account = account_lock(account.pk)
    if first := act_repeated("credit_sell", token, content):
        return Credit.objects.get(pk=first.subject_id)
    price = sale_check(account, terms, now=now)
    line = purchase_draft(account, price=price, description=terms.name.strip(), now=now)
    sold = Grant(account, terms, purchase_line=line, usable_once_paid=usable_once_paid)
    credit = credit_write(sold, reason=reason, now=now)
    record = act_record(
        "credit_sell",
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"credit:{credit.pk}",
        details={"invoice": line.invoice_id},
    )
    entries_write(account, record, [granted(credit)], now=now)
    purchase_issue(line.invoice, account, total=price, now=now)
    return credit


def sale_check(account: Account, terms: Terms, *, now: datetime) -> int:
    """The price that the invoice would bill. Refuses terms that cannot be sold."""
    terms_check(account, terms, now=now)
    if terms.category != Category.PURCHASED:
        raise GrantRefused("Only a purchased credit is billed.")
    if terms.price_paid is None:
        raise GrantRefused("Say the price paid: it is what the invoice bills.")
    if terms.price_paid == 0:
        raise GrantRefused("At a price of zero there is nothing to bill: grant it without an invoice.")
    return terms.price_paid


def credits_sold(invoice: Invoice) -> list[Credit]:
    """The credits bought on this invoice, and those that replaced them, with their balances."""
    if invoice.source != Source.PURCHASE:
        return []
    return list(Credit.objects.with_balance().filter(purchase_line__invoice=invoice).order_by("pk"))
