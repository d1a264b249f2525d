"""Trouble becomes an answer with a sentence, and every answer bears the same guards."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DataError, IntegrityError, InterfaceError, InternalError, OperationalError, connection
from django.test import Client, override_settings

from billing import views
from credits.models import Credit
from customers.acts import Refusal
from customers.sealed import Sealed
from tests.factories import a_credit, an_account
from tests.pages.reading import Answer, sent

pytestmark = pytest.mark.django_db

GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def home_raises(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """From now on the home page fails with this, halfway through."""

    def let(trouble: Exception) -> None:
        def fail(*args: Any) -> None:
            raise trouble

        monkeypatch.setattr(views, "expiring_soon", fail)

    return let


TROUBLE = {
    "lock": (OperationalError("canceling statement due to lock timeout"), 503, "Just a moment, please"),
    "gone": (InterfaceError("connection already closed"), 503, "Just a moment, please"),
    "read only": (InternalError("cannot execute INSERT in a read-only transaction"), 503, "Just a moment"),
    "refusal": (Refusal("This credit was voided already."), 409, "This credit was voided already."),
    "sealed": (Sealed("A saved credit is never changed."), 409, "A saved credit is never changed."),
    "race": (IntegrityError("duplicate key"), 409, "changed the same thing at the same moment"),
    "data": (DataError("value out of range"), 400, "That request made no sense here"),
    "overflow": (OverflowError("too large to convert"), 400, "That request made no sense here"),
    "bug": (ZeroDivisionError("secret detail"), 500, "Something went wrong on our side"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_in_a_view_has_its_own_answer_and_tells_nothing_of_the_inside(
    web: Client, home_raises: Callable[[Exception], None], case: str
) -> None:
    trouble, status, sentence = TROUBLE[case]
    home_raises(trouble)
    answer = web.get("/")
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert b"Traceback" not in answer.content
    assert (str(trouble) in answer.content.decode()) is (status == 409 and case != "race")
    assert answer.get("Retry-After") == ("5" if status == 503 else None)


def test_the_page_for_a_database_that_is_away_needs_no_database(web: Client) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("could not connect")

    with connection.execute_wrapper(away):
        for path in ("/", "/customers/", "/admin/", "/admin/credits/credit/"):
            answer = web.get(path)
            assert (answer.status_code, answer["Retry-After"]) == (503, "5"), path


@pytest.mark.parametrize("case", ["lock", "gone", "read only", "bug"])
def test_trouble_outside_of_any_view_is_answered_alike(
    web: Client, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """The session is saved when the view has answered already."""
    trouble, status, sentence = TROUBLE[case]

    def fail(*args: Any) -> None:
        raise trouble

    monkeypatch.setattr(SessionMiddleware, "process_response", fail)
    answer = web.get("/")
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert answer.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.parametrize(("cause", "status"), [(OperationalError("gone"), 503), (None, 400)])
def test_a_session_that_could_not_be_saved_is_a_bad_request_only_if_the_database_was_there(
    web: Client, monkeypatch: pytest.MonkeyPatch, cause: Exception | None, status: int
) -> None:
    def fail(*args: Any) -> None:
        raise SessionInterrupted("The session was deleted before the request completed.") from cause

    monkeypatch.setattr(SessionMiddleware, "process_response", fail)
    assert web.get("/").status_code == status


def test_r13_an_act_whose_database_fails_is_not_done_and_its_form_can_be_sent_again(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit = a_credit(an_account(), "50.00")
    path = f"/credits/{credit.pk}/void/"
    form = {"reason": "Granted twice", "request_token": "one-token"}

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr("credits.services.entries_write", fail)
        assert web.post(path, form).status_code == 503
    assert Credit.objects.with_balance().get().balance == 5000
    assert web.post(path, form).status_code == 302
    assert Credit.objects.with_balance().get().balance == 0


def policy(answer: Answer) -> set[str]:
    return {part.strip() for part in answer.get("Content-Security-Policy", "").split(";")}


def answers(web: Client) -> dict[str, Answer]:
    stranger, watched = Client(raise_request_exception=False), Client(enforce_csrf_checks=True)
    with override_settings(ALLOWED_HOSTS=["scrip.example"]):
        strange_host = Client(raise_request_exception=False).get("/")
    return {
        "200": web.get("/"),
        "200 admin": web.get("/admin/"),
        "200 sign-in": stranger.get("/admin/login/"),
        "200 static": stranger.get("/static/scrip/theme.css"),
        "200 picture": stranger.get("/static/scrip/mark.svg"),
        "302": stranger.get("/customers/"),
        "302 act": sent(web, "/customers/add/", key="C-X", name="Winston"),
        "400": web.get("/?q=%00"),
        "400 host": strange_host,
        "403": web.get("/customers/1/erase/"),
        "403 form": watched.post("/admin/login/", {"username": "x"}),
        "404": web.get("/nowhere/"),
        "404 static": stranger.get("/static/nowhere.css"),
        "405": web.get("/admin/logout/"),
    }


def test_every_kind_of_answer_bears_the_guards_and_the_policy(
    web: Client, home_raises: Callable[[Exception], None]
) -> None:
    given = answers(web)
    assert {name: answer.status_code for name, answer in given.items()} == {n: int(n[:3]) for n in given}
    for trouble, status, _ in TROUBLE.values():
        home_raises(trouble)
        given[f"{status} {trouble!r}"] = web.get("/")
    for name, answer in given.items():
        assert {guard: answer.get(guard) for guard in GUARDS} == GUARDS, name
        assert policy(answer) == POLICY, name


def test_no_page_of_ours_is_kept_by_a_browser_or_a_proxy(web: Client) -> None:
    credit = a_credit(an_account(), "50.00")
    for path in ("/", "/customers/", f"/credits/{credit.pk}/", f"/credits/{credit.pk}/void/", "/admin/"):
        kept = web.get(path)["Cache-Control"]
        assert "no-store" in kept, path
        assert "private" in kept, path


def test_a_form_from_elsewhere_is_not_trusted_and_is_told_so(operator: Any) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    answer = browser.post("/customers/add/", {"key": "C-X", "name": "Winston", "request_token": "t"})
    assert answer.status_code == 403
    assert b"This form could not be trusted" in answer.content


def test_on_https_a_plain_request_is_sent_on_and_the_browser_told_to_stay() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31_536_000):
        browser = Client()
        assert browser.get("/customers/")["Location"] == "https://testserver/customers/"
        assert browser.get("/customers/", secure=True)["Strict-Transport-Security"].startswith(
            "max-age=31536000"
        )


def test_scripts_are_not_in_the_pages_but_beside_them(web: Client) -> None:
    credit = a_credit(an_account(), "50.00")
    for path in ("/", f"/accounts/{credit.account_id}/credits/add/", f"/credits/{credit.pk}/", "/admin/"):
        page = web.get(path).content
        assert b"<script>" not in page, path
        assert b" style=" not in page, path
        assert b" onclick=" not in page, path
        assert b"javascript:" not in page, path
