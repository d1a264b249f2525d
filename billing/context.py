"""What every page's frame needs: the header of the admin's base template, and the way to here.

Nothing is read from the database here: whether the header is shown is found out only when a
template asks, so that an error page still renders while the database is away.
"""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

# The part of the navigation that an address belongs to, by its first path segment.
SECTIONS = {
    "": "home",
    "customers": "customers",
    "accounts": "customers",
    "charges": "customers",
    "credits": "credits",
    "schedules": "customers",
    "invoices": "invoices",
    "items": "items",
    "prices": "prices",
    "runs": "runs",
    "reports": "reports",
    "admin": "admin",
}


def admin_frame(request: HttpRequest) -> dict[str, Any]:
    """The names that `admin/base.html` looks for; the admin's own views set them themselves."""
    frame: dict[str, Any] = {"section": SECTIONS.get(request.path_info.strip("/").partition("/")[0], "")}
    if request.resolver_match is None or "admin" not in request.resolver_match.namespaces:
        frame |= {
            "has_permission": SimpleLazyObject(lambda: _may_enter(request)),
            "site_title": "Scrip",
            "site_header": "Scrip",
            "site_url": "/",
            "is_nav_sidebar_enabled": False,
            "is_popup": False,
        }
    return frame


def _may_enter(request: HttpRequest) -> bool:
    """Staff see the header; others, and requests stopped before anybody was known, do not."""
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_active and user.is_staff)
