"""Items, invoices and number series in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from customers.admin_base import HistoryAdmin, ReadOnlyAdmin
from customers.money import money_display
from customers.requests import actor_of, token_new
from invoices.models import (
    AccountPriceList,
    BilledMonth,
    Charge,
    Invoice,
    Item,
    Line,
    Price,
    PriceList,
    Series,
    UsageRecord,
)
from invoices.services import item_add, item_edit


@admin.register(Item)
class ItemAdmin(HistoryAdmin):
    list_display = ("name", "key", "kind", "unit", "tag_words", "created_at")
    list_filter = ("kind",)
    search_fields = ("name", "key")
    fields = ("key", "name", "kind", "unit")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return self.fields
        may = self.has_change_permission(request, obj)
        return (*self.fields, "tag_words", *(("change_tags",) if may else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key", "kind", "tag_words", "change_tags") if obj else ()

    @admin.display(description="Tags")
    def tag_words(self, item: Item) -> str:
        return ", ".join(item.tags) or "–"

    @admin.display(description="Change tags")
    def change_tags(self, item: Item) -> str:
        return format_html(
            '<a href="{}">See first which credits it touches</a>', reverse("item_tag", args=[item.pk])
        )

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        by, now, token = actor_of(request), timezone.now(), token_new()
        if change:
            item_edit(item=obj, name=obj.name, unit=obj.unit, by=by, now=now, token=token)
        else:
            added = item_add(
                key=obj.key, name=obj.name, kind=obj.kind, unit=obj.unit, by=by, now=now, token=token
            )
            obj.pk = added.pk


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "account", "period_start", "last_day", "status", "shown", "credit", "due")
    list_select_related = ("account",)
    list_filter = ("status", "source", "currency")
    search_fields = ("number", "account__name", "account__key", "account__customer__name")
    date_hierarchy = "period_end"
    fields = (
        *("account", "number", "status", "period_start", "period_end", "shown", "credit", "due"),
        *("source", "corrects", "issue_date", "issued_at", "judged_on", "customer_name", "account_name"),
        *("paid_on", "payment_reference", "created_at"),
    )
    readonly_fields = ("shown", "credit", "due")

    def get_queryset(self, request: HttpRequest) -> Any:
        return Invoice.objects.with_totals().select_related("account")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("invoices.add_invoice"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        self.may_add(request)
        self.message_user(request, "A draft is made from its account's page: choose the customer.")
        return redirect("customers")

    @admin.display(description="Total", ordering="shown_total")
    def shown(self, invoice: Any) -> str:
        return money_display(invoice.shown_total, invoice.currency)

    @admin.display(description="Credits", ordering="credited")
    def credit(self, invoice: Invoice) -> str:
        return money_display(-invoice.credited, invoice.currency) if invoice.credited else "–"

    @admin.display(description="Amount due")
    def due(self, invoice: Invoice) -> str:
        return "–" if invoice.amount_due is None else money_display(invoice.amount_due, invoice.currency)


@admin.register(Line)
class LineAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "of_invoice",
        "account",
        "kind",
        "tag_words",
        "quantity",
        "unit_price",
        "shown",
        "first_day",
        "last_day",
    )
    list_select_related = ("invoice", "account")
    list_filter = ("kind", "currency")
    search_fields = ("name", "description", "invoice__number")
    fields = (
        *("of_invoice", "account", "position", "item", "kind", "name", "unit", "tag_words", "description"),
        *("quantity", "unit_price", "exact_amount", "shown", "first_day", "last_day"),
    )
    readonly_fields = ("of_invoice", "shown", "tag_words")

    @admin.display(description="Tags")
    def tag_words(self, line: Line) -> str:
        return ", ".join(line.tags) or "–"

    @admin.display(description="Amount", ordering="amount")
    def shown(self, line: Line) -> str:
        return money_display(line.amount, line.currency)

    @admin.display(description="Invoice", ordering="invoice")
    def of_invoice(self, line: Line) -> str:
        return format_html('<a href="{}">{}</a>', reverse("invoice", args=[line.invoice_id]), line.invoice)


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "year", "last_number")


@admin.register(PriceList)
class PriceListAdmin(ReadOnlyAdmin):
    list_display = ("name", "key", "currency", "is_default", "created_at")
    list_filter = ("currency", "is_default")
    search_fields = ("name", "key")


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin):
    list_display = ("item", "price_list", "effective_from", "scheme", "created_at")
    list_select_related = ("item", "price_list")
    list_filter = ("scheme", "price_list__currency")
    search_fields = ("item__name", "item__key", "price_list__name", "price_list__key")
    fields = ("price_list", "item", "effective_from", "scheme", "tiers", "package_size", "created_at")


@admin.register(AccountPriceList)
class AccountPriceListAdmin(ReadOnlyAdmin):
    list_display = ("account", "price_list", "effective_from", "created_at")
    list_select_related = ("account", "price_list")
    search_fields = ("account__name", "account__key", "price_list__name", "price_list__key")
    fields = ("account", "price_list", "effective_from", "created_at")


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ("item", "account", "quantity", "unit_price", "prorated", "starts_on", "ends_on", "page")
    list_select_related = ("account", "item")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "prorated")
    search_fields = ("item__name", "description", "account__name", "account__key", "account__customer__name")
    date_hierarchy = "starts_on"
    fields = (
        *("account", "item", "description", "quantity", "unit_price", "prorated"),
        *("starts_on", "ends_on", "created_at", "ended_at", "page"),
    )
    readonly_fields = ("page",)

    @admin.display(description="Charges of the account")
    def page(self, charge: Charge) -> str:
        return format_html('<a href="{}">All</a>', reverse("charges", args=[charge.account_id]))


@admin.register(BilledMonth)
class BilledMonthAdmin(ReadOnlyAdmin):
    list_display = ("charge_shown", "account", "month", "of_invoice")
    list_select_related = ("account", "charge__item", "line__invoice")
    search_fields = ("charge__item__name", "account__name", "account__key", "line__invoice__number")
    date_hierarchy = "month"
    fields = ("account", "charge", "month", "line", "of_invoice")
    readonly_fields = ("of_invoice",)

    @admin.display(description="Charge")
    def charge_shown(self, billed: BilledMonth) -> str:
        return str(billed.charge)

    @admin.display(description="Invoice")
    def of_invoice(self, billed: BilledMonth) -> str:
        return _invoice_link(billed.line)


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    list_display = ("day", "account", "item", "quantity", "source", "act", "of_invoice")
    list_select_related = ("account", "item", "act", "line__invoice")
    list_filter = ("source",)
    search_fields = ("item__name", "account__name", "account__key", "line__invoice__number")
    date_hierarchy = "day"
    fields = ("account", "item", "quantity", "day", "source", "act", "created_at", "line", "of_invoice")
    readonly_fields = ("of_invoice",)

    @admin.display(description="Invoice")
    def of_invoice(self, record: UsageRecord) -> str:
        return _invoice_link(record.line) if record.line else "–"


def _invoice_link(line: Line) -> str:
    return format_html('<a href="{}">{}</a>', reverse("invoice", args=[line.invoice_id]), line.invoice)
