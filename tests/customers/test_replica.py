"""Which reads may go to a replica, and which never do. A real one: `tests/at_once/test_replica.py`."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import (
    DataError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from credits.models import Entry
from customers import replica
from customers.models import Act
from customers.replica import (
    COOKIE,
    NEVER,
    REPLICA,
    ReplicaRouter,
    read_alias,
    remember_writing,
    replica_read,
)
from invoices.models import Invoice

LISTS = {"home", "customers", "invoices", "items", "batches", "expiring"}
REPORTS = {"report_owed", "report_breakage", "report_use", "report_cost_basis", "report_roll_forward"}

router = ReplicaRouter()


class FakePrimary:
    in_atomic_block = False


class FakeReplica:
    """Answers whether it is fit, or fails; remembers what it was asked."""

    def __init__(self) -> None:
        self.fit: bool | Exception = True
        self.asked: list[list[Any]] = []
        self.primary = FakePrimary()

    def cursor(self) -> "FakeReplica":
        return self

    def __enter__(self) -> "FakeReplica":
        return self

    def __exit__(self, *trouble: object) -> None: ...

    def execute(self, question: str, values: list[Any]) -> None:
        self.asked.append(values)
        if isinstance(self.fit, Exception):
            raise self.fit

    def fetchone(self) -> tuple[object]:
        return (self.fit,)

    def close(self) -> None: ...


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeReplica:
    there = FakeReplica()
    monkeypatch.setitem(settings.DATABASES, REPLICA, {})
    monkeypatch.setattr(replica, "connections", {"default": there.primary, REPLICA: there})
    monkeypatch.setattr(replica, "_resting_until", 0.0)
    return there


@replica_read
def a_list(request: HttpRequest) -> HttpResponse:
    return HttpResponse(read_alias())


def served_by(view: Callable[..., HttpResponse], method: str = "GET", **cookies: str) -> str:
    request = RequestFactory().generic(method, "/customers/")
    request.COOKIES = cookies
    return view(request).content.decode()


def marked(resolver: URLResolver) -> set[str]:
    found: set[str] = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            found |= marked(pattern)
        elif isinstance(pattern, URLPattern) and getattr(pattern.callback, "from_replica", False):
            found.add(str(pattern.name))
    return found


def test_only_lists_and_reports_are_read_from_a_replica() -> None:
    assert marked(get_resolver()) == LISTS | REPORTS


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_marked_view_is_read_from_the_replica_when_looked_at_and_from_the_primary_when_sent_to(
    fake: FakeReplica, method: str
) -> None:
    assert served_by(a_list) == REPLICA
    assert served_by(a_list, "HEAD") == REPLICA
    assert len(fake.asked) == 2
    assert served_by(a_list, method) == "default"
    assert len(fake.asked) == 2, "it was not even asked"
    assert read_alias() == "default", "outside of the view nothing is"


def test_without_a_replica_a_marked_view_is_as_any_other() -> None:
    assert REPLICA not in settings.DATABASES
    assert served_by(a_list) == "default"


def test_what_is_read_inside_a_transaction_is_read_from_the_primary(fake: FakeReplica) -> None:
    @replica_read
    def acting(request: HttpRequest) -> HttpResponse:
        before = read_alias()
        fake.primary.in_atomic_block = True
        return HttpResponse(f"{before} {read_alias()}")

    assert served_by(acting) == "replica default"


def test_of_the_tables_only_ours_are_read_from_the_replica_and_none_is_written_there(
    fake: FakeReplica,
) -> None:
    @replica_read
    def reading(request: HttpRequest) -> HttpResponse:
        models = (Act, Invoice, Entry, User, Session)
        return HttpResponse(" ".join(f"{router.db_for_read(m)}/{router.db_for_write(m)}" for m in models))

    assert served_by(reading).split() == ["replica/default"] * 3 + ["default/default"] * 2
    assert router.db_for_read(Invoice) == router.db_for_read(Invoice, instance=Invoice()) == "default"
    assert [router.allow_migrate(alias, "credits") for alias in ("default", REPLICA)] == [True, False]


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError, InternalError, ProgrammingError])
def test_a_page_at_which_the_replica_fails_comes_from_the_primary(
    fake: FakeReplica, trouble: type[Exception]
) -> None:
    @replica_read
    def failing(request: HttpRequest) -> HttpResponse:
        if read_alias() == REPLICA:
            raise trouble("canceling statement due to conflict with recovery")
        return HttpResponse("from the primary")

    assert served_by(failing) == "from the primary"
    assert served_by(a_list) == REPLICA, "the next page asks it again"


def test_what_is_wrong_with_the_request_is_not_asked_twice(fake: FakeReplica) -> None:
    calls = []

    @replica_read
    def wrong(request: HttpRequest) -> HttpResponse:
        calls.append(read_alias())
        raise DataError("value out of range")

    with pytest.raises(DataError):
        served_by(wrong)
    assert calls == [REPLICA]
    assert read_alias() == "default"


def test_a_replica_that_cannot_be_asked_is_left_alone_for_a_while(
    fake: FakeReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    fake.fit = OperationalError("could not connect")
    assert [served_by(a_list) for _ in range(3)] == ["default"] * 3
    assert len(fake.asked) == 1
    fake.fit = True
    clock += replica.REST
    assert served_by(a_list) == REPLICA


@pytest.mark.parametrize("answer", [False, None])
def test_a_replica_that_lags_is_asked_again_at_the_next_page(fake: FakeReplica, answer: Any) -> None:
    fake.fit = answer
    assert [served_by(a_list), served_by(a_list)] == ["default", "default"]
    assert len(fake.asked) == 2


def test_it_is_asked_whether_it_has_come_to_where_the_person_s_own_changes_stand(fake: FakeReplica) -> None:
    served_by(a_list)
    served_by(a_list, **{COOKIE: "1/AB"})
    for strange in ("1/ab", "", "0/0; DROP", "1/1234567890", "١/١"):
        served_by(a_list, **{COOKIE: strange})
    assert fake.asked == [["0/0", 10], ["1/AB", 10], *[[NEVER, 10]] * 5]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_whoever_may_have_changed_something_takes_along_how_far_the_primary_was(
    fake: FakeReplica, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(replica, "connections", {"default": fake, REPLICA: fake})
    monkeypatch.setattr(fake, "execute", lambda question: None)
    monkeypatch.setattr(fake, "fetchone", lambda: ("0/16B3748",))
    response = remember_writing(lambda request: HttpResponse())(RequestFactory().generic(method, "/"))
    if method != "POST":
        assert response.cookies == {}
        return
    cookie = response.cookies[COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("0/16B3748", True, "Lax")


def test_if_the_primary_cannot_say_how_far_it_was_the_replica_is_not_asked_for_long(
    fake: FakeReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.fit = OperationalError("gone")
    monkeypatch.setattr(replica, "connections", {"default": fake})
    monkeypatch.setattr(fake, "cursor", lambda: (_ for _ in ()).throw(OperationalError("gone")))
    response = remember_writing(lambda request: HttpResponse())(RequestFactory().post("/"))
    assert response.cookies[COOKIE].value == NEVER
