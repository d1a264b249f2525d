"""Users in the admin, so that whoever gives rights cannot take them for themselves."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

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
