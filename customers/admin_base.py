"""What every admin page of ours has in common: the second ring round money facts (R2).

Nothing is deleted through the admin, by superusers neither. Lists can be filtered only by what
they offer, and searches are short: any other lookup is a way to make the database work or fail.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest

LONGEST_SEARCH = 100


class ScripAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when the code runs
    list_per_page = 50
    show_full_result_count = False
    actions = None
    other_lookups: tuple[str, ...] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def may_add(self, request: HttpRequest) -> None:
        """For an add view that leads to a form of ours: whoever may not add gets 403 here already."""
        if not self.has_add_permission(request):
            raise PermissionDenied

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = {entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter}
        field = lookup.removesuffix("__exact").removesuffix("__isnull").removesuffix("__id")
        return (
            field in offered or lookup in self.other_lookups or lookup in _date_lookups(self.date_hierarchy)
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term[:LONGEST_SEARCH])


class ReadOnlyAdmin(ScripAdmin):
    """Looked at, never added to or changed here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _date_lookups(field: str | None) -> set[str]:
    """What a date hierarchy asks, and a date filter's bounds."""
    if not field:
        return set()
    return {f"{field}__{part}" for part in ("year", "month", "day", "gte", "lt")}
