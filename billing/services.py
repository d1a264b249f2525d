"""Acts that need invoices and credits: issue, void, correct (R7, R9)."""

from datetime import date, datetime
from typing import Any

from billing.issuing.drafts import Draft, Payer
from billing.issuing.plan import draft_settle, too_early
from billing.issuing.writing import ISSUE, issue_content, issues_write
from credits.facts import lines_facts
from credits.ledger import entries_write
from credits.models import Credit, credits_of
from credits.postings import applied_entries, credit_reverse, voided
from credits.projection import usable_facts
from credits.selling import credits_sold
from credits.settlement import Settlement
from customers.acts import Actor, Refusal, account_lock, act, act_record, act_repeated, facts_check
from customers.models import Account, Act
from invoices.behind import behind_free, behind_move
from invoices.drafts import invoice_get
from invoices.models import Invoice, Line, Source, Status


class IssueRefused(Refusal):
    """A draft that cannot be issued."""


class InvoiceVoidRefused(Refusal):
    """An invoice that cannot be voided or corrected."""


@act
def invoice_issue(
    *,
    invoice: Invoice,
    by: Actor,
    now: datetime,
    token: str,
    before_end: bool = False,
    shown: str = "",
) -> Invoice:
    """Issue a draft: allocate, write the entries, number it, freeze it. Twice is the same as once.

    Refuses a period that is not over in the account's zone unless `before_end`, a draft that is
    gone, a void invoice, and a `shown` fingerprint of other facts.
    """
    content = issue_content(invoice.pk)
    account = account_lock(invoice.account_id)
    repeated = act_repeated(ISSUE, token, content)
    current = Invoice.objects.filter(pk=invoice.pk).first()
    if current is None:
        raise IssueRefused("This draft was discarded.")
    if repeated or current.status in (Status.ISSUED, Status.PAID):
        return current
    if current.status == Status.VOID:
        raise IssueRefused(f"Invoice {current} was voided. Correct it to bill again.")
    payer = Payer(account.pk, account.name, account.currency, account.day_of(now))
    if reason := too_early(current.period_end, payer.today, before_end=before_end):
        raise IssueRefused(f"{reason} Confirm that you issue it before.")
    draft = Draft(current.pk, account.pk, current.period_end, current.judged_on, account.customer.name)
    issue = draft_settle(draft, payer, usable_facts(account), lines_facts([current.pk])[current.pk])
    facts_check(shown, issue_facts(current, issue.settlement))
    issues_write([issue], by=by, now=now, token=token)
    current.refresh_from_db()
    return current


def issue_facts(invoice: Invoice, settlement: Settlement) -> dict[str, Any]:
    """What issuing would do, for the confirmation's fingerprint."""
    return {
        "invoice": invoice.pk,
        "status": invoice.status,
        "period": [invoice.period_start, invoice.period_end],
        "total": settlement.total,
        "payments": [[p.credit, p.line, p.amount, p.units] for p in settlement.payments],
    }


@act
def invoice_void(
    *, invoice: Invoice, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> Invoice:
    """Void an issued invoice: what credits paid goes back to them (R9). Its number stays taken.
    What is left of a credit sold on it is voided along; what it paid stays paid.

    Refuses a draft, a paid or void invoice, an empty reason, and a `shown` fingerprint of other facts.
    """
    content = {"invoice": invoice.pk, "reason": reason}
    account = account_lock(invoice.account_id)
    current = invoice_get(invoice.pk)
    if act_repeated("invoice_void", token, content):
        return current
    _void_check(current, reason)
    facts_check(shown, void_facts(current, account.day_of(now)))
    record = _void("invoice_void", account, current, content, reason, by=by, now=now, token=token)
    credit_reverse(account, record, current, today=account.day_of(now), now=now, keep_expired=False)
    behind_free(current)
    return Invoice.objects.get(pk=invoice.pk)


@act
def invoice_correct(
    *, invoice: Invoice, reason: str, by: Actor, now: datetime, token: str, shown: str = ""
) -> Invoice:
    """Void an issued invoice and make its replacement draft, lines copied and editable (R9).

    The replacement is judged as if issued on the original's day, so money of credits that have
    expired since stays open for it. Refuses what `invoice_void` refuses, and an invoice that sells a credit.
    """
    content = {"invoice": invoice.pk, "reason": reason}
    account = account_lock(invoice.account_id)
    current = invoice_get(invoice.pk)
    if first := act_repeated("invoice_correct", token, content):
        return _replacement(first)
    _void_check(current, reason)
    if refused := correct_refusal(current):
        raise InvoiceVoidRefused(refused)
    facts_check(shown, void_facts(current, account.day_of(now)))
    replacement = Invoice.objects.create(
        account=account,
        currency=current.currency,
        period_start=current.period_start,
        period_end=current.period_end,
        source=Source.CORRECTION,
        corrects=current,
        judged_on=current.judged_on,
        created_at=now,
    )
    copies = list(current.lines.order_by("position"))
    for line in copies:
        line.pk, line.invoice = None, replacement
        line._state.adding = True
    Line.objects.bulk_create(copies)
    details = {"replacement": replacement.pk}
    record = _void(
        "invoice_correct", account, current, content, reason, by=by, now=now, token=token, details=details
    )
    credit_reverse(account, record, current, today=account.day_of(now), now=now, keep_expired=True)
    behind_move(current, replacement)
    return replacement


def void_facts(invoice: Invoice, today: date) -> dict[str, Any]:
    """What a void would do, for the confirmation's fingerprint."""
    return {
        "invoice": invoice.pk,
        "status": invoice.status,
        "returned": [
            [back.credit.pk, back.change, back.amount, back.closed_as]
            for back in credits_returned(invoice, today)
        ],
        "lost": [[credit.pk, credit.balance] for credit in credits_lost(invoice)],
    }


class Returned:
    """What goes back to one credit when an invoice is voided, and whether it can be used again.

    `change` is in the credit's own measure, `amount` the money that it paid.
    """

    def __init__(self, credit: Credit, change: int, amount: int, today: date) -> None:
        self.credit = credit
        self.change = change
        self.amount = amount
        self.closed_as = "voided" if credit.voided else "expired" if credit.is_gone(today) else ""


def credits_returned(invoice: Invoice, today: date) -> list[Returned]:
    changes: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for entry in applied_entries(invoice):
        changes[entry.credit_id] = changes.get(entry.credit_id, 0) - entry.change
        amounts[entry.credit_id] = amounts.get(entry.credit_id, 0) - entry.amount
    credits = credits_of(invoice.account, pk__in=changes)
    return [Returned(credit, changes[credit.pk], amounts[credit.pk], today) for credit in credits]


def credits_lost(invoice: Invoice) -> list[Credit]:
    """What voiding an invoice takes along: the credits sold on it, unless voided already."""
    return [credit for credit in credits_sold(invoice) if not credit.voided]


def correct_refusal(invoice: Invoice) -> str:
    """Why an issued invoice is voided, but not corrected; nothing where it can be."""
    if invoice.source != Source.PURCHASE:
        return ""
    return f"Invoice {invoice} sells a credit, and is not corrected: void it, and sell the credit again."


def _void_check(invoice: Invoice, reason: str) -> None:
    if not reason.strip():
        raise InvoiceVoidRefused("Voiding an invoice needs a reason.")
    if invoice.status == Status.DRAFT:
        raise InvoiceVoidRefused("A draft is discarded, not voided.")
    if invoice.status == Status.PAID:
        raise InvoiceVoidRefused("A paid invoice is not voided.")
    if invoice.status == Status.VOID:
        raise InvoiceVoidRefused("This invoice was voided already.")


def _void(
    kind: str,
    account: Account,
    invoice: Invoice,
    content: dict[str, Any],
    reason: str,
    *,
    by: Actor,
    now: datetime,
    token: str,
    details: dict[str, Any] | None = None,
) -> Act:
    record = act_record(
        kind,
        token=token,
        content=content,
        by=by,
        now=now,
        account=account,
        reason=reason,
        subject=f"invoice:{invoice.pk}",
        details=details,
    )
    # Before the invoice becomes void: until then the database holds on to what was sold on it.
    lost = [voided(credit, account.day_of(now), invoice) for credit in credits_lost(invoice)]
    if lost:
        entries_write(account, record, lost, now=now)
    Invoice.objects.filter(pk=invoice.pk).update(status=Status.VOID)
    return record


def _replacement(first: Act) -> Invoice:
    replacement = Invoice.objects.filter(pk=first.details["replacement"]).first()
    if replacement is None:
        raise InvoiceVoidRefused("The replacement draft made by this request was discarded since.")
    return replacement
