"""Pages of customers that need neither invoices nor credits."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from customers.forms import AccountForm, CustomerForm, ReasonForm
from customers.models import Account, Customer
from customers.replica import replica_read
from customers.requests import actor_of, permission_needed
from customers.services import (
    account_close,
    account_edit,
    account_open,
    customer_close,
    customer_edit,
    customer_erase,
    customer_open,
)

PER_PAGE = 50


@permission_needed("customers.view_customer")
@replica_read
def customers(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:200]
    found = Customer.objects.annotate(account_count=Count("accounts")).order_by("name", "pk")
    if search:
        matches = Q(name__icontains=search) | Q(key__icontains=search) | Q(email__icontains=search)
        matches |= Q(accounts__name__icontains=search) | Q(accounts__key__icontains=search)
        found = found.filter(pk__in=Customer.objects.filter(matches).values("pk"))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "customers/customers.html", {"page": page, "search": search})


@permission_needed("customers.add_customer")
def customer_open_page(request: HttpRequest) -> HttpResponse:
    form = CustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        opened = form.perform(
            lambda: customer_open(
                key=data["key"],
                name=data["name"],
                email=data["email"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if opened:
            messages.success(request, f"{opened} is a customer now. Open an account to bill.")
            return redirect(opened)
    return render(request, "customers/customer_open.html", {"form": form})


@permission_needed("customers.change_customer")
def customer_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = CustomerForm.editing(customer, request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.perform(
            lambda: customer_edit(
                customer=customer,
                name=data["name"],
                email=data["email"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        ):
            return redirect(customer)
    return render(request, "customers/customer_edit.html", {"form": form, "customer": customer})


@permission_needed("customers.close_customer")
def customer_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    return _reason_page(request, "customer", customer, customer_close, "{} is closed.")


@permission_needed("customers.erase_customer")
def customer_erase_page(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    said = "Names and contacts are erased. Money facts stay whole."
    return _reason_page(request, "customer", customer, customer_erase, said)


@permission_needed("customers.add_account")
def account_open_page(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        opened = form.perform(
            lambda: account_open(
                customer=customer,
                key=data["key"],
                name=data["name"],
                currency=data["currency"],
                time_zone=data["time_zone"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if opened:
            messages.success(request, f"The account {opened} is open.")
            return redirect(opened)
    return render(request, "customers/account_open.html", {"form": form, "customer": customer})


@permission_needed("customers.change_account")
def account_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    form = AccountForm.editing(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        edited = form.perform(
            lambda: account_edit(
                account=account,
                name=form.cleaned_data["name"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if edited:
            return redirect(edited)
    return render(request, "customers/account_edit.html", {"form": form, "account": account})


@permission_needed("customers.close_account")
def account_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    return _reason_page(request, "account", account, account_close, "The account {} is closed.")


def _reason_page(
    request: HttpRequest,
    what: str,
    subject: Customer | Account,
    act: Callable[..., Customer | Account],
    said: str,
) -> HttpResponse:
    """Closing and erasing ask alike: why. The act is named as its page's template is."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = form.perform(
            lambda: act(
                **{what: subject},
                reason=form.cleaned_data["reason"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if done:
            messages.success(request, said.format(done))
            return redirect(done)
    return render(request, f"customers/{act.__name__}.html", {"form": form, what: subject})
