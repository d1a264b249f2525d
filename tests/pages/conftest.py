"""Pages are asked by a signed-in client, at noon (UTC) of one day: the clock is the pages' only edge."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from tests.factories import UserFactory, at

NOW = "2026-09-10"


def a_person(username: str, *groups: str, **more: Any) -> User:
    """Somebody who may enter the admin, with the rights of these roles."""
    make: Any = UserFactory
    user: User = make(username=username, is_staff=True, **more)
    user.groups.add(*Group.objects.filter(name__in=groups))
    return user


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """It is 10 September 2026, until a test says otherwise: `clock("2026-10-01 08:00")`."""

    def set_to(moment: str) -> None:
        monkeypatch.setattr(timezone, "now", lambda: at(moment))

    set_to(NOW)
    return set_to


@pytest.fixture
def operator(db: None) -> User:
    """The person of `tests.factories.an_operator`, with an operator's rights and no more."""
    return a_person("olivia", "Operators")


@pytest.fixture
def web(operator: User) -> Client:
    """The operator's browser. An error of a view becomes an answer of 500, as in production."""
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


@pytest.fixture
def root_web(db: None) -> Client:
    """A superuser's browser."""
    client = Client(raise_request_exception=False)
    client.force_login(a_person("root", is_superuser=True))
    return client
