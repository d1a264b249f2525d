"""Runs the suite on SQLite and on PostgreSQL at the same time, and says in its last line what was left out.

    python -m tests.engines [--require-all] [arguments for pytest]

`--require-all`, or `SCRIP_REQUIRE_ALL=1`, turns an engine or a browser left out into a failure.
Of the product's own settings none comes in from the environment: a suite runs as `tests.settings` says.
"""

import argparse
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import django

from billing.bench.server import NoServerError
from tests.machine import browser_missing, chromium_find, postgresql

ROOT = Path(__file__).resolve().parent.parent
NOTHING_SELECTED = 5  # pytest's exit code


class Suite:
    """One run of the suite per engine, and the account of what was tested and what was not."""

    def __init__(self, for_pytest: Sequence[str], browser_note: Path) -> None:
        self.for_pytest = for_pytest
        self.browser_note = browser_note
        self.tested: list[str] = []
        self.left_out = dict.fromkeys(("SQLite", "PostgreSQL", "browser"), "interrupted")
        self.failed = False

    def run(self) -> None:
        # A browser sees no difference between engines, and what pages answer is tested on both without one.
        on_postgresql = [*self.for_pytest, "--ignore=tests/browser"]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as aside, contextlib.ExitStack() as started:
            sqlite = started.enter_context(_pytest("sqlite", "", self.for_pytest, self.browser_note, aside))
            try:
                with (
                    postgresql() as (address, version),
                    _pytest("postgresql", address, on_postgresql, self.browser_note) as process,
                ):
                    say(f"\n=== PostgreSQL {version}; what SQLite did comes after it ===")
                    self.judge("PostgreSQL", version, process.wait())
            except NoServerError as missing:
                self.left_out["PostgreSQL"] = str(missing)
                # Asked for by name, so it has to be there.
                self.failed |= "SCRIP_TEST_DATABASE_URL" in os.environ
            code = sqlite.wait()
            aside.seek(0)
            say(f"\n=== SQLite {sqlite3.sqlite_version} ===\n{aside.read()}")
            self.judge("SQLite", sqlite3.sqlite_version, code)
        if self.browser_note.exists():
            self.add("browser", f"Chromium {self.browser_note.read_text()}")
        else:
            self.left_out["browser"] = browser_missing() or "no browser test was run"

    def judge(self, engine: str, version: str, code: int) -> None:
        if code == NOTHING_SELECTED:
            self.left_out[engine] = "no test was selected"
            return
        self.add(engine, f"{engine} {version}" + (" FAILED" if code else ""))
        self.failed |= code != 0

    def add(self, kind: str, tested: str) -> None:
        del self.left_out[kind]
        self.tested.append(tested)

    def sentence(self) -> str:
        sentence = f"tested: {', '.join(self.tested) or 'nothing'}"
        if self.left_out:
            sentence += "; NOT tested: " + ", ".join(f"{kind} ({why})" for kind, why in self.left_out.items())
        python = ".".join(str(part) for part in sys.version_info[:3])
        return f"{sentence} [Django {django.get_version()}, Python {python}]"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.engines", allow_abbrev=False)
    parser.add_argument("--require-all", action="store_true", help="fail if anything is left out")
    parser.add_argument("--find-browser", action="store_true", help="only say which Chromium would be used")
    options, for_pytest = parser.parse_known_args()
    if options.find_browser:
        say(chromium_find() or "no Chromium found")
        return 0 if chromium_find() else 1
    require_all = options.require_all or os.environ.get("SCRIP_REQUIRE_ALL", "") not in ("", "0")

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with tempfile.TemporaryDirectory(prefix="scrip-tests-") as directory:
        suite = Suite(for_pytest, Path(directory, "browser"))
        try:
            suite.run()
        except KeyboardInterrupt:
            return 130
        finally:
            say(f"\n{suite.sentence()}")
    return 1 if suite.failed or not suite.tested or (require_all and suite.left_out) else 0


@contextlib.contextmanager
def _pytest(
    engine: str, address: str, for_pytest: Sequence[str], browser_note: Path, output: IO[str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Pytest at work. The fixture that starts the browser leaves its version in `browser_note`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SCRIP_") or name.startswith("SCRIP_TEST_")
    }
    environment["DATABASE_URL"] = address
    environment["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    environment["SCRIP_TEST_BROWSER_NOTE"] = str(browser_note)
    # Each engine remembers its own failures, for `--last-failed`.
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir=.pytest_cache/{engine}", *for_pytest]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield process
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit):  # Ctrl-C has reached pytest too, a signal to this process has not
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        raise
    finally:
        process.kill()
        process.wait()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
