"""Pages of prices: all lists, one with its prices, a new price with an example, an account's own list."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from customers.models import Account, Act
from customers.requests import actor_of, permission_needed
from invoices.models import AccountPriceList, Item, Price, PriceList
from invoices.price_forms import (
    AccountPriceListForm,
    BaseTierFormSet,
    PriceForm,
    PriceListForm,
    price_typed,
    tier_formset,
)
from invoices.price_lists import lists_on
from invoices.price_page import STATES, example, lists_today, price_rows, price_words
from invoices.price_services import (
    account_price_list_set,
    price_add,
    price_list_add,
    price_list_edit,
    price_replaceable,
)
from invoices.views import item_choices

PER_PAGE = 50
MOST_CHOICES = 20
EMPTY_TIERS = 3
RECENT = 10


@permission_needed("invoices.view_pricelist", "invoices.view_price")
def price_lists(request: HttpRequest) -> HttpResponse:
    found = PriceList.objects.annotate(priced=Count("prices__item", distinct=True))
    found = found.order_by("currency", "name", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "invoices/price_lists.html", {"page": page})


@permission_needed("invoices.view_pricelist", "invoices.view_price")
def price_list_page(request: HttpRequest, pk: int) -> HttpResponse:
    price_list = get_object_or_404(PriceList, pk=pk)
    today = lists_today(timezone.now())
    search, state = request.GET.get("q", "").strip()[:200], request.GET.get("state", "")
    found = Price.objects.with_next().filter(price_list=price_list).select_related("item")
    if state == "coming":
        found = found.coming_on(today)
    elif state == "past":
        found = found.past_on(today)
    elif state == "replaced":
        found = found.replaced()
    elif state == "current":
        found = found.holding_on(today)
    if search:
        found = found.filter(Q(item__name__icontains=search) | Q(item__key__icontains=search))
    found = found.order_by("item__name", "item", "-effective_from", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "price_list": price_list,
        "page": page,
        "rows": price_rows(page, price_list, today),
        "search": search,
        "state": state,
        "states": STATES,
        "filtered": bool(search or state),
        "acts": Act.objects.filter(subject=f"price_list:{pk}")[:RECENT],
        "choices": _choices(request, price_list, today),
        "shown": MOST_CHOICES,
    }
    return render(request, "invoices/price_list.html", context)


def _choices(request: HttpRequest, price_list: PriceList, today: date) -> list[AccountPriceList]:
    """For which accounts the list is chosen, one more than are shown; none to who may not look at them."""
    if not request.user.has_perms(("customers.view_account", "invoices.view_accountpricelist")):
        return []
    standing = AccountPriceList.objects.standing_on(today).filter(price_list=price_list)
    return list(standing.select_related("account__customer").order_by("-pk")[: MOST_CHOICES + 1])


@permission_needed("invoices.add_pricelist")
def price_list_add_page(request: HttpRequest) -> HttpResponse:
    form = PriceListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        added = form.perform(
            lambda: price_list_add(
                key=data["key"],
                name=data["name"],
                currency=data["currency"],
                is_default=data["is_default"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if added:
            messages.success(request, f"{added} is a price list now. Add its prices.")
            return redirect(added)
    return render(request, "invoices/price_list_add.html", {"form": form})


@permission_needed("invoices.change_pricelist")
def price_list_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    price_list = get_object_or_404(PriceList, pk=pk)
    form = PriceListForm.editing(price_list, request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        edited = form.perform(
            lambda: price_list_edit(
                price_list=price_list,
                name=data["name"],
                is_default=data.get("is_default", True),
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        )
        if edited:
            messages.success(request, f"{edited} is saved.")
            return redirect(edited)
    return render(request, "invoices/price_list_edit.html", {"price_list": price_list, "form": form})


@permission_needed("invoices.add_price")
def price_add_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; with a worked example when scripts ask for it, or the Preview button; saved otherwise."""
    price_list = get_object_or_404(PriceList, pk=pk)
    now = timezone.now()
    htmx = bool(getattr(request, "htmx", False))
    form, tiers = _price_form(request, price_list, lists_today(now))
    plan, before = form.plan(tiers) if form.is_bound else None, None
    if plan and form.is_valid() and not (htmx or "preview" in request.POST):
        data = form.cleaned_data
        item = get_object_or_404(Item, pk=data["item"])
        added = form.perform(
            lambda: price_add(
                price_list=price_list,
                item=item,
                plan=plan,
                effective_from=data["effective_from"],
                replaces=data["replaces"],
                by=actor_of(request),
                now=now,
                token=form.token,
            )
        )
        if added:
            messages.success(request, f"The price of {added.item} is saved.")
            return redirect(price_list)
        before = price_replaceable(price_list, item, data["effective_from"])
    quantity = form.cleaned_data.get("quantity") if form.is_bound else None
    context = {
        "price_list": price_list,
        "form": form,
        "tiers": tiers,
        "before": before,
        "before_words": price_words(before),
        "example": example(plan, quantity, price_list.currency) if plan and quantity is not None else None,
    }
    return render(request, "invoices/_price_example.html" if htmx else "invoices/price_add.html", context)


def _price_form(request: HttpRequest, on: PriceList, today: date) -> tuple[PriceForm, BaseTierFormSet]:
    """Filled with the item's newest price on the list, where the page was asked for one."""
    newest = None
    asked = request.GET.get("item", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        newest = (
            Price.objects.filter(price_list=on, item=int(asked)).order_by("-effective_from", "-pk").first()
        )
    typed, rows = price_typed(newest, today)
    form = PriceForm(request.POST or None, initial=typed, items=item_choices())
    tiers = tier_formset(0 if rows else EMPTY_TIERS)(request.POST or None, initial=rows, prefix="tiers")
    return form, tiers


@permission_needed("invoices.view_pricelist", "invoices.view_accountpricelist")
def account_prices_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever may look sees which list the account uses; whoever may choose has the choice as a form."""
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    may_set = bool(request.user.has_perm("invoices.add_accountpricelist"))
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    today = account.day_of(timezone.now())
    lists = list(PriceList.objects.filter(currency=account.currency))
    used = lists_on([account.pk], today).get(account.pk)
    own = next((one.pk for one in lists if one.pk == used and not one.is_default), None)
    typed = {"effective_from": today, "price_list": own}
    form = AccountPriceListForm(request.POST or None, account=account, lists=lists, initial=typed)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.perform(
            lambda: account_price_list_set(
                account=account,
                price_list=data["price_list"],
                effective_from=data["effective_from"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        ):
            messages.success(request, "The price list is set.")
            return redirect("account_prices", pk=pk)
    choices = AccountPriceList.objects.filter(account=account).select_related("price_list")
    context: dict[str, Any] = {
        "account": account,
        "used": next((one for one in lists if one.pk == used), None),
        "form": form if may_set and (not account.closed_at or form.errors) else None,
        "choices": choices.order_by("-effective_from", "-pk")[:PER_PAGE],
        "today": today,
    }
    return render(request, "invoices/account_prices.html", context)
