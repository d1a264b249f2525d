"""The product behind its own web server, in a process of its own; and somebody who uses its pages."""

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import Group, User

from tests.at_once.databases import Database
from tests.pages.reading import fields

NAME, PASSWORD = "olivia", "a password for tests"
PATIENCE = 60
TRY_AGAIN = b"Load the page again in a few seconds"


@contextmanager
def served(database: Database, *, threads: int, told: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port of a server that works on this database: one process, whose threads keep their connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = listener.fileno()
        server = ["-m", "gunicorn", "billing.wsgi", "--bind", f"fd://{descriptor}", "--threads", str(threads)]
        quiet = ["--log-level", "critical", "--no-control-socket"]
        options = {"pass_fds": [descriptor], "stderr": subprocess.DEVNULL}
        with database.start(*server, *quiet, told=told, **options) as process:
            try:
                yield int(listener.getsockname()[1])
            finally:
                process.terminate()


def operator_make() -> User:
    """Somebody with an operator's rights, who can sign in."""
    user = User.objects.create_user(NAME, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Operators"))
    return user


@dataclass(frozen=True, slots=True)
class Reply:
    path: str
    status: int
    content: bytes
    location: str
    retry_after: str
    seconds: float

    @property
    def form(self) -> dict[str, str]:
        """The page's form as a browser would send it back."""
        return fields(self)

    @property
    def says_try_again(self) -> bool:
        return self.status == 503 and self.retry_after == "5" and TRY_AGAIN in self.content


@dataclass(slots=True)
class Browser:
    """One who keeps cookies, and sends forms back with what proves that they were shown."""

    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    replies: list[Reply] = field(default_factory=list)

    def get(self, path: str) -> Reply:
        return self._ask("GET", path, None)

    def post(self, path: str, form: dict[str, str]) -> Reply:
        """Django takes the cookie's own value for the proof that a page of ours was shown."""
        proof = self.cookies[settings.CSRF_COOKIE_NAME].value
        return self._ask("POST", path, urlencode(form | {"csrfmiddlewaretoken": proof}))

    def sign_in(self) -> Reply:
        page = "/admin/login/?next=/"
        shown = self.get(page)
        if shown.status != 200:
            return shown
        return self.post(page, {"username": NAME, "password": PASSWORD, "next": "/"})

    def _ask(self, method: str, path: str, body: str | None) -> Reply:
        begun = time.monotonic()
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            asking.request(method, path, body, {"Cookie": cookies, **kind})
            answer = asking.getresponse()
            content = answer.read()
        finally:
            asking.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        reply = Reply(
            path,
            answer.status,
            content,
            answer.headers.get("Location", ""),
            answer.headers.get("Retry-After", ""),
            time.monotonic() - begun,
        )
        self.replies.append(reply)
        return reply
