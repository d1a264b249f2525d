"""What a web request tells an act: who asks, from where, with which token."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from customers.acts import Actor

View = Callable[..., HttpResponse]


def permission_needed(*permissions: str) -> Callable[[View], View]:
    """Strangers are sent to sign in; signed-in people without the permissions get 403.

    No browser keeps a copy: who signs out on a shared machine leaves no customer's page behind.
    """

    def decorate(view: View) -> View:
        return never_cache(login_required(permission_required(permissions, raise_exception=True)(view)))

    return decorate


def actor_of(request: HttpRequest) -> Actor:
    user: Any = request.user
    return Actor(origin=f"page, from {request.META.get('REMOTE_ADDR', 'unknown')}", user=user)


def token_new() -> str:
    """A fresh request token: one per form shown, so that sending it twice acts once (R13)."""
    return uuid.uuid4().hex
