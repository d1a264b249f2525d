"""Users in the admin, so that whoever gives rights cannot take them for themselves; and billing runs."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.html import format_html

from billing.models import Run, RunParked, RunPart
from customers.admin_base import ReadOnlyAdmin
from customers.money import money_display

admin.site.unregister(User)
# Their pages there could retry and cancel jobs: an act without a record or a permission of its own.
admin.site.unregister(
    [
        model
        for model in apps.get_models()
        if model._meta.app_label == "procrastinate" and admin.site.is_registered(model)
    ]
)


@admin.register(User)
class RightsAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic when the code runs
    """Only a superuser makes or changes a superuser, gives single permissions, or changes their own rights.

    Others who may edit users give people the shipped groups: never themselves.
    """

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = tuple(super().get_readonly_fields(request, obj))
        if request.user.is_superuser:
            return fixed
        own = ("groups", "is_staff", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*fixed, "is_superuser", "user_permissions", *own)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("id", "period_start", "actor_name", "started_at", "finished_at", "before_end", "page")
    list_filter = ("before_end", ("finished_at", admin.EmptyFieldListFilter))
    search_fields = ("actor_name",)
    date_hierarchy = "period_start"
    fields = (
        *("period_start", "period_end", "before_end", "retries"),
        *("actor_name", "started_at", "finished_at", "seen_at", "page"),
    )
    readonly_fields = ("page",)

    @admin.display(description="What it did")
    def page(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', run.get_absolute_url(), run)


@admin.register(RunPart)
class RunPartAdmin(ReadOnlyAdmin):
    list_display = ("run", "invoices", "currency", "total_shown", "credited_shown")
    list_select_related = ("run",)
    list_filter = ("currency",)
    search_fields = ("run__actor_name",)
    fields = ("run", "invoices", "currency", "total_shown", "credited_shown")
    readonly_fields = ("total_shown", "credited_shown")

    @admin.display(description="Total", ordering="total")
    def total_shown(self, part: RunPart) -> str:
        return money_display(part.total, part.currency)

    @admin.display(description="Credited", ordering="credited")
    def credited_shown(self, part: RunPart) -> str:
        return money_display(part.credited, part.currency)


@admin.register(RunParked)
class RunParkedAdmin(ReadOnlyAdmin):
    list_display = ("run", "account", "draft", "waiting", "reason")
    list_select_related = ("run", "account")
    search_fields = ("account__name", "account__key", "reason")
    fields = ("run", "account", "draft", "waiting", "reason")
