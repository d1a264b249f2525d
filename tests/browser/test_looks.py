"""Every page, wide and narrow, light and dark: whole, quiet, and usable by everybody.

axe judges each size and each scheme once: what depends on one seldom depends on the other.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.browser.stage import Stage, a_stage

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}

SETTLED = """() => !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")
  && document.getAnimations().every((animation) => animation.playState === "finished")"""

LOOKED_AT = """
() => {
  const seen = (part) => part.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const named = (part) => {
    const by = (part.getAttribute("aria-labelledby") || "").split(/\\s+/);
    const told = by.map((id) => document.getElementById(id)?.textContent);
    const labels = [...(part.labels || [])];
    const written = labels.map((label) => label.textContent || label.querySelector("img")?.alt);
    return [part.getAttribute("aria-label"), part.title, ...told, ...written].some((name) => name?.trim());
  };
  const typed = "input:not([type=hidden], [type=submit]), select, textarea";
  const controls = [...document.querySelectorAll(typed)];
  const pressed = [...document.querySelectorAll("a[href], button, input[type=submit], summary")];
  return {
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    headings: [...document.querySelectorAll("h1")].filter(seen).map((h1) => h1.textContent.trim()),
    nameless: controls.filter((c) => seen(c) && !named(c)).map((c) => c.outerHTML.slice(0, 120)),
    silent: pressed.filter((p) => seen(p) && !named(p) && !p.textContent.trim() && !p.value)
      .map((p) => p.outerHTML.slice(0, 120)),
    twice: [...document.querySelectorAll("[id]")].map((part) => part.id)
      .filter((id, place, all) => all.indexOf(id) !== place),
    language: document.documentElement.lang,
    title: document.title,
  };
}
"""


@pytest.fixture
def stage(page: Page) -> Stage:
    return a_stage()


@contextlib.contextmanager
def as_seen(page: Page, width: int, scheme: Any) -> Iterator[None]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    yield


@pytest.mark.parametrize(
    ("width", "scheme", "judged"),
    [(1280, "light", True), (390, "dark", True), (1280, "dark", False), (390, "light", False)],
)
def test_every_page_fits_is_quiet_and_names_all_it_offers(
    page: Page, stage: Stage, complaints: list[str], width: int, scheme: str, judged: bool
) -> None:
    wrong: list[tuple[str, Any]] = []
    with as_seen(page, width, scheme):
        for name, address in stage.pages().items():
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, name
            page.wait_for_function(SETTLED)
            seen = page.evaluate(LOOKED_AT)
            wrong += [(name, {what: seen[what]}) for what in ("nameless", "silent", "twice") if seen[what]]
            wrong += [(name, f"{seen['overflow']} px too wide")] if seen["overflow"] > 0 else []
            wrong += [(name, seen["headings"])] if len(seen["headings"]) != 1 else []
            wrong += [(name, "no language or title")] if not (seen["language"] and seen["title"]) else []
            wrong += [(name, complaint) for complaint in complaints]
            wrong += [(name, violation) for violation in violations(page)] if judged else []
            complaints.clear()  # those of axe, which puts a style of its own into the page
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong)


def violations(page: Page) -> list[str]:
    """What axe finds; its script is put beside the page's own, past the policy that keeps others out."""
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]
