"""Many more histories than a test run has time for, in blocks, each from a seed that is printed.

    python -m tests.histories.soak [--sqlite 20000] [--postgresql 5000] [--seed 1]

A block is lived again with SCRIP_TEST_HISTORIES and --hypothesis-seed, as its line says. At the end histories
by number are lived on both engines, and must end in the same digests.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from billing.bench.server import NoServerError
from tests.machine import postgresql

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = 500
TEST = "test_every_history_is_as_the_rules_have_it"


class Soak:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.failed = False
        self.digests: dict[str, str] = {}

    def live(self, engine: str, address: str, count: int) -> None:
        """So many histories, block after block, and the digests of every tenth as many by number."""
        started = time.monotonic()
        for lived in range(0, count, BLOCK):
            number, seed = min(BLOCK, count - lived), self.seed + lived
            again = ["tests/histories", "-k", TEST, f"--hypothesis-seed={seed}"]
            ran = _run(["-m", "pytest", "-q", *again], address, SCRIP_TEST_HISTORIES=str(number))
            verdict = "FAILED" if ran.returncode else "ok"
            say(f"{engine}: SCRIP_TEST_HISTORIES={number} pytest {' '.join(again)}: {verdict}")
            if ran.returncode:
                say(ran.stdout + ran.stderr)
                self.failed = True
        seconds = time.monotonic() - started
        say(f"{engine}: {count} histories in {seconds:.0f} s, {count / seconds:.1f} a second")

    def digest(self, engine: str, address: str, count: int) -> None:
        ran = _run(["-m", "tests.histories.digests", f"--first={self.seed}", f"--count={count}"], address)
        self.failed |= ran.returncode != 0
        self.digests[engine] = ran.stdout or ran.stderr

    def compare(self, count: int) -> None:
        same = len(set(self.digests.values())) == 1
        self.failed |= not same
        verdict = "the same digests" if same else "OTHER DIGESTS"
        say(f"{' and '.join(self.digests)}: {count} histories by number from {self.seed} on, {verdict}")
        if not same:
            say("\n".join(self.digests.values()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.histories.soak", allow_abbrev=False)
    parser.add_argument("--sqlite", type=int, default=20_000, metavar="COUNT")
    parser.add_argument("--postgresql", type=int, default=5_000, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="else the time tells it")
    options = parser.parse_args()
    soak, by_number = Soak(options.seed), max(options.postgresql // 20, 1)
    started = time.monotonic()
    soak.live("SQLite", "", options.sqlite)
    try:
        with postgresql() as (address, version):
            soak.live(f"PostgreSQL {version}", address, options.postgresql)
            soak.digest(f"PostgreSQL {version}", address, by_number)
        soak.digest("SQLite", "", by_number)
        soak.compare(by_number)
    except NoServerError as missing:
        say(f"PostgreSQL: NOT soaked ({missing})")
        soak.failed = True
    say(f"seed {options.seed}: {'FAILED' if soak.failed else 'ok'} in {time.monotonic() - started:.0f} s")
    return int(soak.failed)


def _run(arguments: list[str], address: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCRIP_")}
    environment |= {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings", **more}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
