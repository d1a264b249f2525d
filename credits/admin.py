"""Credits, scopes and the ledger in the admin: read-only, for superusers too (R2).

Add and Void lead to the operator's own forms.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from credits.caps import caps_words
from credits.measures import measured
from credits.models import Balance, Credit, Entry, Notice, NoticeRule, Schedule, ScopeRow
from credits.notice_words import left_words
from credits.words import bought_words, scope_words
from customers.admin_base import ReadOnlyAdmin
from customers.models import Account
from customers.money import money_display


@admin.register(Credit)
class CreditAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "priority", "scope_in_words", "granted", "left", "expires_on", "void")
    list_select_related = ("account",)
    list_filter = ("category", "currency", "applies_to")
    search_fields = ("name", "account__name", "account__key", "account__customer__name")
    date_hierarchy = "created_at"
    fields = (
        *("account", "name", "category", "granted", "left", "priority", "scope_in_words", "limit"),
        *("bought", "purchase_line", "usable_once_paid"),
        *("effective_from", "expires_on", "replaces", "reason", "created_at", "void"),
    )
    readonly_fields = ("scope_in_words", "limit", "granted", "left", "bought", "void")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found = Credit.objects.with_balance().select_related("account", "unit_item")
        return found.prefetch_related("scope_rows__item")

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.void_if_may(request, self.list_display)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.void_if_may(request, self.readonly_fields)

    def void_if_may(self, request: HttpRequest, names: tuple[str, ...]) -> tuple[str, ...]:
        may = request.user.has_perm("credits.void_credit")
        return tuple(name for name in names if name != "void" or may)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("credits.add_credit"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.may_add(request)
        account = request.GET.get("account", "")
        if account.isascii() and account.isdigit() and Account.objects.filter(pk=int(account)).exists():
            return redirect("credit_grant", pk=int(account))
        self.message_user(request, "A credit is added from its account's page: choose the customer.")
        return redirect("customers")

    @admin.display(description="Scope")
    def scope_in_words(self, credit: Credit) -> str:
        return scope_words(credit.applies_to, credit.scope_rows.all())

    @admin.display(description="Limit on one invoice")
    def limit(self, credit: Credit) -> str:
        return caps_words(credit.max_amount, credit.max_percent, credit.currency) or "None"

    @admin.display(description="Granted", ordering="amount")
    def granted(self, credit: Credit) -> str:
        return measured(credit.size, credit)

    @admin.display(description="Left", ordering="balance")
    def left(self, credit: Credit) -> str:
        return measured(credit.balance, credit)

    @admin.display(description="Purchase")
    def bought(self, credit: Credit) -> str:
        return bought_words(credit)

    @admin.display(description="Void")
    def void(self, credit: Credit) -> str:
        if credit.voided:
            return "Voided"
        return format_html('<a href="{}">Void</a>', reverse("credit_void", args=[credit.pk]))


@admin.register(ScopeRow)
class ScopeRowAdmin(ReadOnlyAdmin):
    list_display = ("credit", "role", "kind", "item", "tag")
    list_select_related = ("credit", "item")
    list_filter = ("role", "kind")
    search_fields = ("credit__name", "item__name", "tag")


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = (
        "account",
        "number",
        "credit",
        "kind",
        "shown",
        "free_units",
        "invoice",
        "value_date",
        "booked_at",
        "act",
    )
    list_select_related = ("account", "credit__unit_item", "invoice", "act")
    list_filter = ("kind", "currency")
    search_fields = ("credit__name", "account__name", "account__key", "invoice__number")
    date_hierarchy = "value_date"
    fields = (
        *("account", "number", "credit", "kind", "shown", "free_units", "currency", "invoice", "line"),
        *("reverses", "act", "value_date", "booked_at"),
    )
    readonly_fields = ("shown", "free_units")

    @admin.display(description="Amount", ordering="amount")
    def shown(self, entry: Entry) -> str:
        return money_display(entry.amount, entry.currency)

    @admin.display(description="Free units")
    def free_units(self, entry: Entry) -> str:
        return "–" if entry.units is None else measured(entry.units, entry.credit)


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ("credit", "account", "granted_shown", "left", "voided", "lapsed")
    list_select_related = ("credit__unit_item", "account")
    list_filter = ("voided", "lapsed")
    search_fields = ("credit__name", "account__name", "account__key")
    fields = ("credit", "account", "granted_shown", "left", "voided", "lapsed", "entry_id")
    readonly_fields = ("granted_shown", "left")

    @admin.display(description="Granted", ordering="granted")
    def granted_shown(self, kept: Balance) -> str:
        return measured(kept.granted, kept.credit)

    @admin.display(description="Left", ordering="balance")
    def left(self, kept: Balance) -> str:
        return measured(kept.balance, kept.credit)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "day", "lifetime_days", "starts_on", "ends_on", "stopped_at", "page")
    list_select_related = ("account",)
    list_filter = (("stopped_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "account__name", "account__key", "account__customer__name")
    date_hierarchy = "created_at"
    fields = (
        *("account", "name", "terms", "day", "lifetime_days", "starts_on", "ends_on"),
        *("reason", "created_at", "stopped_at", "page"),
    )
    readonly_fields = ("page",)

    @admin.display(description="What it granted")
    def page(self, schedule: Schedule) -> str:
        return format_html('<a href="{}">Credits</a>', schedule.get_absolute_url())


@admin.register(NoticeRule)
class NoticeRuleAdmin(ReadOnlyAdmin):
    list_display = ("account", "low_balance_shown", "expiring_days", "email")
    list_select_related = ("account",)
    search_fields = ("account__name", "account__key")
    fields = ("account", "low_balance_shown", "expiring_days", "email")
    readonly_fields = ("low_balance_shown",)

    @admin.display(description="Low balance", ordering="low_balance")
    def low_balance_shown(self, rule: NoticeRule) -> str:
        return money_display(rule.low_balance, rule.account.currency) if rule.low_balance else "Never"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("account", "kind", "credit", "left", "told_at", "emailed_at", "cleared_at")
    list_select_related = ("account", "credit__unit_item")
    list_filter = ("kind",)
    search_fields = ("account__name", "account__key", "credit__name")
    date_hierarchy = "told_at"
    fields = ("account", "kind", "credit", "left", "told_at", "sending_at", "emailed_at", "cleared_at")
    readonly_fields = ("left",)

    @admin.display(description="Left when told", ordering="amount")
    def left(self, notice: Notice) -> str:
        return left_words(notice.amount, notice.credit, notice.account.currency)
