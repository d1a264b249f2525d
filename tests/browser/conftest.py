"""A real Chromium in front of a live server. A page that complains fails its test.

Every test in this directory is marked `browser`. `complaints` collects what went wrong on the page;
a test that provokes one on purpose (an answer of 409, say) checks the list and empties it.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.factories import at
from tests.machine import chromium_find

HERE = Path(__file__).parent
QUIET = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
REPORT_REFUSALS = """
document.addEventListener("securitypolicyviolation", (refusal) =>
  console.error(`content security policy: ${refusal.violatedDirective} refuses ${refusal.blockedURI}`));
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's day is 10 September 2026, so that the stories of `tests.factories` are of today."""
    monkeypatch.setattr(timezone, "now", lambda: at("2026-09-10"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium's own sandbox does not work for root; for everybody else it stays on."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, where Django would refuse the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path=chromium_find(), args=QUIET, chromium_sandbox=os.geteuid() != 0
        )
        if note := os.environ.get("SCRIP_TEST_BROWSER_NOTE"):
            Path(note).write_text(".".join(browser.version.split(".")[:2]))
        yield browser
        browser.close()


@pytest.fixture
def operator(transactional_db: None) -> User:
    """Somebody with an operator's rights and no more; no password, since `page` is logged in already."""
    user = User.objects.create_user("olivia", is_staff=True)
    user.groups.add(Group.objects.get(name="Operators"))
    return user


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, operator: User, complaints: list[str]) -> Iterator[Page]:
    """A page of a logged-in operator; relative addresses lead to the live server."""
    with opened(chromium, live_server, operator, complaints) as page:
        yield page


@pytest.fixture
def plain_page(
    chromium: Browser, live_server: LiveServer, operator: User, complaints: list[str]
) -> Iterator[Page]:
    """The same in a browser that runs no scripts."""
    with opened(chromium, live_server, operator, complaints, java_script_enabled=False) as page:
        yield page


@contextlib.contextmanager
def opened(
    chromium: Browser, live_server: LiveServer, operator: User, complaints: list[str], **options: Any
) -> Iterator[Page]:
    client = Client()
    client.force_login(operator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 900}, locale="en-US", **options
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    context.add_init_script(REPORT_REFUSALS)
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location['url']})")

    def asked(request: Request) -> None:
        if request.url.startswith("http") and not request.url.startswith(live_server.url):
            complaints.append(f"asks a stranger: {request.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
    page.on("request", asked)
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)
