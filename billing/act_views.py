"""Confirmation pages of the acts on an invoice: issue, void, correct."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from billing.forms import IssueForm
from billing.invoice_page import projected_view
from billing.services import (
    correct_refusal,
    credits_lost,
    credits_returned,
    invoice_correct,
    invoice_issue,
    invoice_void,
    issue_facts,
    void_facts,
)
from credits.projection import Projection, invoice_settle
from credits.views import credit_row
from customers.acts import fingerprint
from customers.forms import ReasonForm
from customers.requests import actor_of, permission_needed
from invoices.models import Invoice, Status
from invoices.views import out_of_turn


@permission_needed("invoices.issue_invoice")
def invoice_issue_page(request: HttpRequest, pk: int) -> HttpResponse:
    invoice, now = _invoice(pk), timezone.now()
    today = invoice.account.day_of(now)
    form = IssueForm.of(invoice, today, request.POST or None)
    if request.method == "POST" and form.is_valid():
        issued = form.perform(
            lambda: invoice_issue(
                invoice=invoice,
                by=actor_of(request),
                now=now,
                token=form.token,
                before_end=form.cleaned_data.get("before_end", False),
                shown=form.cleaned_data["shown"],
            )
        )
        if issued:
            messages.success(request, f"Invoice {issued} is issued.")
            return redirect(issued)
        invoice = _invoice(pk)
    if not invoice.is_draft:
        return redirect(invoice)
    day = invoice.judged_on or today
    settlement = invoice_settle(invoice, invoice.account, day)
    lines = list(invoice.lines.order_by("position"))
    form.show(fingerprint(issue_facts(invoice, settlement)))
    drafts = Invoice.objects.drafts().filter(account=invoice.account)
    context = {
        "invoice": invoice,
        "account": invoice.account,
        "form": form,
        "view": projected_view(Projection(invoice, lines, day, settlement)),
        "before": [d for d in drafts if (d.period_end, d.pk) < (invoice.period_end, invoice.pk)],
    }
    return render(request, "billing/invoice_issue.html", context)


@permission_needed("invoices.void_invoice")
def invoice_void_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _undo_page(request, pk, invoice_void, "billing/invoice_void.html", "Invoice {} is void now.")


@permission_needed("invoices.void_invoice")
def invoice_correct_page(request: HttpRequest, pk: int) -> HttpResponse:
    said = "The invoice is void, and {} is its replacement: change the lines, then issue it."
    return _undo_page(request, pk, invoice_correct, "billing/invoice_correct.html", said)


def _undo_page(
    request: HttpRequest, pk: int, undo: Callable[..., Invoice], template: str, said: str
) -> HttpResponse:
    """Void and correct ask alike: what goes back to which credit, and why."""
    invoice, now = _invoice(pk), timezone.now()
    if request.method == "GET" and (refused := _not_offered(invoice, undo)):
        messages.info(request, refused)
        return redirect(invoice)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        result = form.perform(
            lambda: undo(
                invoice=invoice,
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=now,
                token=form.token,
                shown=form.cleaned_data["shown"],
            )
        )
        if result:
            messages.success(request, said.format(result))
            return redirect(result)
        invoice = _invoice(pk)
    today = invoice.account.day_of(now)
    form.show(fingerprint(void_facts(invoice, today)))
    context = {
        "invoice": invoice,
        "account": invoice.account,
        "form": form,
        "returned": credits_returned(invoice, today),
        "lost": [credit_row(credit, today) for credit in credits_lost(invoice)],
        "keeps_expired": undo is invoice_correct,
    }
    return render(request, template, context)


def _not_offered(invoice: Invoice, undo: Callable[..., Invoice]) -> str:
    if invoice.status != Status.ISSUED:
        return out_of_turn(invoice)
    return correct_refusal(invoice) if undo is invoice_correct else ""


def _invoice(pk: int) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("account__customer"), pk=pk)
