"""Pages of invoices that need no credits: the list, the operator's own draft, the payment."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from customers.models import Account, Act
from customers.replica import replica_read
from customers.requests import actor_of, permission_needed
from invoices.drafts import invoice_discard, invoice_draft, invoice_edit
from invoices.forms import BaseLineFormSet, DiscardForm, DraftForm, PayForm, line_formset
from invoices.models import Invoice, Item, Kind, Status
from invoices.pricing import WIDE
from invoices.services import invoice_pay

PER_PAGE = 50
EMPTY_LINES = 3


@permission_needed("invoices.view_invoice")
@replica_read
def invoices(request: HttpRequest) -> HttpResponse:
    search, status = request.GET.get("q", "").strip()[:200], request.GET.get("status", "")
    found = Invoice.objects.select_related("account__customer").with_totals()
    found = found.order_by("-period_end", "-pk")
    if status in Status.values:
        found = found.filter(status=status)
    if search:
        found = found.filter(
            Q(number__icontains=search)
            | Q(account__name__icontains=search)
            | Q(account__key__icontains=search)
            | Q(account__customer__name__icontains=search)
        )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "status": status, "statuses": Status.choices}
    return render(request, "invoices/invoices.html", context)


@permission_needed("invoices.add_invoice")
def invoice_draft_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    form = DraftForm(request.POST or None)
    lines = _lines(request, account, None)
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        drafted = form.perform(
            lambda: invoice_draft(
                account=account,
                period_start=form.cleaned_data["period_start"],
                period_end=form.cleaned_data["period_end"],
                lines=lines.draft_lines(),
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if drafted:
            messages.success(request, "The draft is saved. It takes no credit until it is issued.")
            return redirect(drafted)
    return render(request, "invoices/invoice_draft.html", {"account": account, "form": form, "lines": lines})


@permission_needed("invoices.change_invoice")
def invoice_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = get_object_or_404(Invoice.objects.select_related("account__customer"), pk=pk)
    if not invoice.is_draft:
        messages.error(request, f"Invoice {invoice} was issued: it can no longer be changed.")
        return redirect(invoice)
    initial = {"period_start": invoice.period_start, "last_day": invoice.last_day}
    form = DraftForm(request.POST or None, initial=initial)
    lines = _lines(request, invoice.account, invoice)
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        edited = form.perform(
            lambda: invoice_edit(
                invoice=invoice,
                period_start=form.cleaned_data["period_start"],
                period_end=form.cleaned_data["period_end"],
                lines=lines.draft_lines(),
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if edited:
            messages.success(request, "The draft is changed.")
            return redirect(edited)
    context = {"account": invoice.account, "invoice": invoice, "form": form, "lines": lines}
    return render(request, "invoices/invoice_edit.html", context)


@permission_needed("invoices.delete_invoice")
def invoice_discard_page(request: HttpRequest, pk: int) -> HttpResponse:
    if first := _discarded_before(request, pk):
        return redirect(first)
    invoice = get_object_or_404(Invoice.objects.select_related("account__customer"), pk=pk)
    form = DiscardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = form.perform(
            lambda: invoice_discard(
                invoice=invoice, by=actor_of(request), now=timezone.now(), token=form.token
            )
        )
        if account:
            messages.success(request, "The draft is discarded.")
            return redirect(account)
    return render(request, "invoices/invoice_discard.html", {"invoice": invoice, "form": form})


@permission_needed("invoices.pay_invoice")
def invoice_pay_page(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = get_object_or_404(Invoice.objects.select_related("account__customer"), pk=pk)
    if request.method == "GET" and invoice.status != Status.ISSUED:
        messages.info(request, out_of_turn(invoice))
        return redirect(invoice)
    initial = {"paid_on": invoice.account.day_of(timezone.now())}
    form = PayForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        paid = form.perform(
            lambda: invoice_pay(
                invoice=invoice,
                paid_on=form.cleaned_data["paid_on"],
                reference=form.cleaned_data["reference"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if paid:
            messages.success(request, f"Invoice {paid} is paid.")
            return redirect(paid)
    return render(request, "invoices/invoice_pay.html", {"invoice": invoice, "form": form})


def _discarded_before(request: HttpRequest, pk: int) -> Account | None:
    """The account of a draft that this very form has thrown away already (R13): the draft is gone."""
    if not (token := request.POST.get("request_token")):
        return None
    acts = Act.objects.filter(token=token, kind="invoice_discard", subject=f"invoice:{pk}")
    first = acts.select_related("account").first()
    return first.account if first else None


def out_of_turn(invoice: Invoice) -> str:
    """Why an act on issued invoices is not offered on this one."""
    status = invoice.get_status_display().lower()
    return f"Only an issued invoice can be paid, voided or corrected; this one is {status}."


def _lines(request: HttpRequest, account: Account, invoice: Invoice | None) -> BaseLineFormSet:
    initial: list[dict[str, Any]] = []
    if invoice:
        initial = [
            {
                "line": line.pk,
                "item": line.item_id,
                "description": line.description,
                "quantity": f"{line.quantity.normalize(WIDE):f}",
                "unit_price": f"{line.unit_price.normalize(WIDE):f}",
            }
            for line in invoice.lines.order_by("position")
        ]
    formset = line_formset(EMPTY_LINES)
    form_kwargs = {"invoice": invoice, "currency": account.currency, "items": item_choices()}
    return formset(request.POST or None, initial=initial, prefix="lines", form_kwargs=form_kwargs)


def item_choices(kinds: Sequence[str] = tuple(Kind.values)) -> list[Any]:
    """The catalogue for a select, grouped by kind; read once for all rows of a formset."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for pk, name, kind in Item.objects.filter(kind__in=kinds).values_list("pk", "name", "kind"):
        groups.setdefault(kind, []).append((pk, name))
    grouped = [(label, groups[value]) for value, label in Kind.choices if value in groups]
    return [("", "Choose an item"), *grouped]
