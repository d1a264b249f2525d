"""Pages of an account's recurring charges and usage: look, add, end, record."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from customers.acts import fingerprint
from customers.models import Account
from customers.requests import actor_of, permission_needed
from invoices.charge_forms import (
    CHARGED_KINDS,
    ChargeEndForm,
    ChargeForm,
    UsageRecordForm,
    monthly_words,
)
from invoices.charge_page import charge_row, charge_rows, usage_waiting
from invoices.charges import billed_last, charge_add, charge_end, earliest_end, end_facts
from invoices.models import Charge, Kind, UsageRecord
from invoices.usage_records import usage_record_add
from invoices.views import item_choices

PER_PAGE = 20


@permission_needed("invoices.view_charge", "invoices.view_usagerecord")
def charges_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = _account(pk)
    records = UsageRecord.objects.filter(account=account).select_related("item", "act", "line__invoice")
    page = Paginator(records.order_by("-day", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "charges": charge_rows(account, account.day_of(timezone.now())),
        "waiting": usage_waiting(account),
        "page": page,
    }
    return render(request, "invoices/charges.html", context)


@permission_needed("invoices.add_charge")
def charge_add_page(request: HttpRequest, pk: int) -> HttpResponse:
    account, now = _account(pk), timezone.now()
    items = item_choices(CHARGED_KINDS)
    form = ChargeForm(request.POST or None, currency=account.currency, today=account.day_of(now), items=items)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        added = form.perform(
            lambda: charge_add(
                account=account,
                item=data["item"],
                description=data["description"],
                quantity=data["quantity"],
                unit_price=data["unit_price"],
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                prorated=data["prorated"],
                by=actor_of(request),
                now=now,
                token=form.token,
            )
        )
        if added:
            messages.success(request, f"{added} is added: {monthly_words(added, account.currency)}.")
            return redirect("charges", account.pk)
    return render(request, "invoices/charge_add.html", {"account": account, "form": form})


@permission_needed("invoices.end_charge")
def charge_end_page(request: HttpRequest, pk: int) -> HttpResponse:
    charge, now = _charge(pk), timezone.now()
    account = charge.account
    if request.method == "GET" and charge.ended_at:
        messages.info(request, f"{charge} was ended already.")
        return redirect("charges", account.pk)
    billed, today = billed_last(charge), account.day_of(now)
    earliest = earliest_end(charge, billed)
    form = ChargeEndForm(request.POST or None, initial={"last_day": max(earliest, today)})
    if request.method == "POST" and form.is_valid():
        ended = form.perform(
            lambda: charge_end(
                charge=charge,
                last_day=form.cleaned_data["last_day"],
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=now,
                token=form.token,
                shown=form.cleaned_data["shown"],
            )
        )
        if ended:
            messages.success(request, f"{ended} ends on {ended.ends_on:%-d %B %Y}.")
            return redirect("charges", account.pk)
        charge = _charge(pk)
    form.show(fingerprint(end_facts(charge)))
    context = {
        "account": account,
        "charge": charge,
        "row": charge_row(charge, account, today),
        "billed": billed,
        "earliest": earliest,
        "form": form,
    }
    return render(request, "invoices/charge_end.html", context)


@permission_needed("invoices.add_usagerecord")
def usage_record_add_page(request: HttpRequest, pk: int) -> HttpResponse:
    account, now = _account(pk), timezone.now()
    items = item_choices((Kind.USAGE_METER,))
    form = UsageRecordForm(request.POST or None, today=account.day_of(now), items=items)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        record = form.perform(
            lambda: usage_record_add(
                account=account,
                item=data["item"],
                quantity=data["quantity"],
                day=data["day"],
                reason=data["reason"],
                by=actor_of(request),
                now=now,
                token=form.token,
            )
        )
        if record:
            quantity = f"{data['quantity']:,f} {record.item.unit}".strip()
            messages.success(request, f"{quantity} of {record.item} on {record.day:%-d %B %Y}: recorded.")
            return redirect("charges", account.pk)
    return render(request, "invoices/usage_record_add.html", {"account": account, "form": form})


def _account(pk: int) -> Account:
    account: Account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    return account


def _charge(pk: int) -> Charge:
    charge: Charge = get_object_or_404(Charge.objects.select_related("account__customer", "item"), pk=pk)
    return charge
