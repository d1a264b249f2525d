"""What a test reads from a page: its text, the values of its form's fields, the sentences of refusals."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.test import Client

# What a test client answers: the stubs have a private name for it.
Answer = Any


def text(answer: Answer) -> str:
    """The words of a page, tags left out and spaces made single."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.content[:300]!r}"
    words = re.sub(r"<(script|style|svg|head)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", words)).split()).replace(" ,", ",").replace(" .", ".")


def rows(answer: Answer) -> list[str]:
    """The rows of a page's tables, each as one line of words."""
    assert answer.status_code == 200
    found = re.findall(r"<tr\b.*?</tr>", answer.content.decode(), flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form = ""
        self.values: dict[str, list[str]] = {}
        self.open: str | None = None
        self.template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = said.get("method", "get") + said.get("id", "")
        self.template += tag == "template"
        if self.template or not self.form.startswith("post") or self.form.endswith("logout-form"):
            return
        name = said.get("name", "")
        ticked = said.get("type") in ("checkbox", "radio")
        if tag == "input" and name and ("checked" in said or not ticked) and said.get("type") != "submit":
            self.values.setdefault(name, []).append(said.get("value", "on" if ticked else ""))
        if tag in ("textarea", "select") and name:
            self.values[name], self.open = [], name
        if tag == "option" and "selected" in said and self.open:
            self.values[self.open].append(said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self.template -= tag == "template"
        if tag in ("textarea", "select"):
            self.open = None
        if tag == "form":
            self.form = ""

    def handle_data(self, data: str) -> None:
        if self.open and not self.template and data.strip():
            said = self.values[self.open]
            if self.lasttag == "textarea":
                said.append(data.strip())


def fields(answer: Answer) -> dict[str, Any]:
    """The page's own form as a browser would send it back."""
    parser = _Fields()
    parser.feed(answer.content.decode())
    parser.values.pop("csrfmiddlewaretoken", None)
    return {name: values if len(values) != 1 else values[0] for name, values in parser.values.items()}


def sent(browser: Client, path: str, **typed: Any) -> Any:
    """Open a form, type into it, send it: what comes back, without following it."""
    return browser.post(path, fields(browser.get(path)) | typed)
