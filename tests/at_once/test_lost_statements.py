"""The connection is cut off before each single statement of a request, and before each commit, in turn.

Whatever the statement belongs to - the session, who is signed in, the act, the page, the session again -
the answer is 503, the act was not done, and the next request is fine.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from billing.verification.runner import ledger_verify
from customers.models import Act
from tests.at_once.databases import Database, asked
from tests.at_once.server import NAME, PASSWORD, operator_make
from tests.factories import a_credit, a_draft, an_account, an_item
from tests.pages.reading import fields

pytestmark = pytest.mark.postgresql


class Scissors:
    """Cuts this process's connection off when `left` more statements or commits have been let through."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.cut = False

    def __call__(self, execute: Callable[..., Any], *call: Any) -> Any:
        self.count()
        return execute(*call)

    def count(self) -> None:
        if self.left == 0:
            process = connection.connection.info.backend_pid
            self.cut = asked("SELECT pg_terminate_backend(%s, 5000)", process) == [(True,)]
        self.left -= 1


def sent(browser: Client, path: str, **typed: str) -> Callable[[], Any]:
    form = fields(browser.get(path)) | typed
    return lambda: browser.post(path, form)


@pytest.fixture
def cutting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any], int], tuple[Any, bool]]:
    """Does a request that is cut off at one place; its answer, and whether it came to that place at all."""

    def cut(request: Callable[[], Any], place: int) -> tuple[Any, bool]:
        scissors, commit = Scissors(place), BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

        def commit_counted(itself: BaseDatabaseWrapper) -> Any:
            scissors.count()
            return commit(itself)

        with monkeypatch.context() as patch, connection.execute_wrapper(scissors):
            patch.setattr(BaseDatabaseWrapper, "_commit", commit_counted)
            answer = request()
        if scissors.cut:
            connection.close()
        return answer, scissors.cut

    return cut


@pytest.fixture
def browser(database: Database) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator_make())
    return client


def signing_in(browser: Client) -> Callable[[], Any]:
    stranger, form = Client(raise_request_exception=False), {"username": NAME, "password": PASSWORD}
    return lambda: stranger.post("/admin/login/?next=/", form)


def signing_out(browser: Client) -> Callable[[], Any]:
    browser.force_login(User.objects.get())
    return lambda: browser.post("/admin/logout/")


# Each prepares a request that is then sent with scissors at hand.
REQUESTS: dict[str, Callable[[Client], Callable[[], Any]]] = {
    "a page": lambda browser: partial(browser.get, "/"),
    "a page that is not there": lambda browser: partial(browser.get, "/invoices/999999/"),
    "signing in": signing_in,
    "signing out": signing_out,
}


@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_cut_off_anywhere_is_answered_with_try_again(
    browser: Client, cutting: Any, counted: Callable[[str], None], what: str
) -> None:
    whole = REQUESTS[what](browser)().status_code
    place = 0
    while True:
        answer, was_cut = cutting(REQUESTS[what](browser), place)
        if not was_cut:
            break
        assert answer.status_code == 503, f"cut off before statement {place + 1}"
        assert (answer["Retry-After"], b"Load the page again" in answer.content) == ("5", True)
        place += 1
    assert answer.status_code == whole
    assert place > 1
    counted(f"PostgreSQL: {what} cut off at {place} places")


@pytest.mark.parametrize("what", ["void", "issue", "grant"])
def test_an_act_cut_off_anywhere_is_not_done_and_the_same_form_does_it(
    browser: Client, cutting: Any, counted: Callable[[str], None], what: str
) -> None:
    account = an_account()
    credit = a_credit(account, "50.00", effective_from="2024-01-01")
    draft = a_draft(account, (an_item(), "30.00"), start="2024-05-01", end="2024-06-01")
    request = {
        "void": lambda: sent(browser, f"/credits/{credit.pk}/void/", reason="A mistake"),
        "issue": lambda: sent(browser, f"/invoices/{draft.pk}/issue/"),
        "grant": lambda: sent(browser, f"/accounts/{account.pk}/credits/add/", name="New", amount="5.00"),
    }[what]()
    acts, place = Act.objects.count(), 0
    while True:
        answer, was_cut = cutting(request, place)
        if not was_cut:
            break
        assert answer.status_code == 503, f"cut off before statement {place + 1}"
        assert Act.objects.count() == acts, f"cut off before statement {place + 1}, and done all the same"
        place += 1
    assert answer.status_code == 302
    assert Act.objects.count() == acts + 1
    assert ledger_verify().breach is None
    counted(f"PostgreSQL: the act {what} cut off at {place} places")
