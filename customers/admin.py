"""Customers, accounts and the records of acts in the admin: the other door to the same acts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from customers.admin_base import HistoryAdmin, ReadOnlyAdmin
from customers.models import Account, Act, Customer
from customers.requests import actor_of, token_new
from customers.services import account_edit, customer_edit


@admin.register(Customer)
class CustomerAdmin(HistoryAdmin):
    list_display = ("name", "key", "email", "created_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), ("erased_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "key", "email")
    fields = ("key", "name", "email", "created_at", "closed_at", "erased_at")
    readonly_fields = ("key", "created_at", "closed_at", "erased_at")
    other_lookups = ("closed_at__isempty", "erased_at__isempty")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.may_add(request)
        return redirect("customer_open")

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        customer_edit(
            customer=obj,
            name=obj.name,
            email=obj.email,
            by=actor_of(request),
            now=timezone.now(),
            token=token_new(),
        )


@admin.register(Account)
class AccountAdmin(HistoryAdmin):
    list_display = ("name", "key", "customer", "currency", "time_zone", "created_at", "closed_at")
    list_select_related = ("customer",)
    list_filter = ("currency", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "key", "customer__name", "customer__key")
    fields = ("customer", "key", "name", "currency", "time_zone", "created_at", "closed_at")
    readonly_fields = ("customer", "key", "currency", "time_zone", "created_at", "closed_at")
    other_lookups = ("customer__id__exact", "closed_at__isempty")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.may_add(request)
        self.message_user(request, "An account is opened from its customer's page: choose the customer.")
        return redirect("customers")

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        account_edit(account=obj, name=obj.name, by=actor_of(request), now=timezone.now(), token=token_new())


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "subject", "account", "actor_name", "origin", "reason")
    list_select_related = ("account",)
    list_filter = ("kind",)
    search_fields = ("subject", "actor_name", "reason", "token")
    date_hierarchy = "at"
