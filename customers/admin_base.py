"""What every admin page of ours has in common: the second ring round money facts (R2).

Nothing is deleted through the admin, by superusers neither. Lists can be filtered only by what
they offer, and searches are short: any other lookup is a way to make the database work or fail.
"""

from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

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

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if self.date_hierarchy and not _is_a_day(request, self.date_hierarchy):
            raise BadRequest("No such day.")
        return super().changelist_view(request, extra_context)

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


class HistoryAdmin(ScripAdmin, SimpleHistoryAdmin):  # type: ignore[misc]
    """With the history of a row, which is looked at only.

    The package's switch for reverting hides a button; what would be sent by it is refused here, as
    whoever may look at a row could change it that way.
    """

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        if not _is_id(object_id):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def get_history_queryset(
        self, request: HttpRequest, history_manager: Any, pk_name: str, object_id: Any
    ) -> QuerySet[Any]:
        """As the package's, but naming what is joined also where a model has no foreign key: Django 6.1
        deprecates `select_related()` without a name."""
        tracked = [field.name for field in self.model._meta.concrete_fields if field.many_to_one]
        found: QuerySet[Any] = history_manager.filter(**{pk_name: object_id})
        return found.select_related("history_user", *tracked)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if not (_is_id(object_id) and _is_id(version_id)):
            raise Http404
        answer: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return answer


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


def _is_a_day(request: HttpRequest, field: str) -> bool:
    """Whether what a date hierarchy was asked is a day, or the beginning of one."""
    parts = [request.GET.get(f"{field}__{part}") for part in ("year", "month", "day")]
    try:
        year, month, day = (
            default if part is None else int(part) for part, default in zip(parts, (2000, 1, 1), strict=True)
        )
        date(year, month, day)
    except ValueError:
        return False
    return 2000 <= year <= 2200


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
