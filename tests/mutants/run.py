"""Shows that the suite notices each mutant: `python -m tests.mutants.run [WORD ...]`, or `make mutants`.

In a copy of the tree the named tests have to pass; then, with one mutant at a time, each of them has to
fail. The exit code is 1 if one does not, or if a mutant could not be judged. A word picks the mutants whose
guard or name has it.
"""

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from billing.bench.server import NoServerError
from tests.machine import postgresql
from tests.mutants.mutant import Engine, Mutant
from tests.mutants.mutants import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_BEHIND = shutil.ignore_patterns(".*", "var", "__pycache__", "node_modules")
LONGEST = 180  # seconds; every test says itself when it has waited too long
WORKERS = min(4, os.cpu_count() or 1)
SUMMARY = re.compile(r"^(FAILED|ERROR) ([^\s\[]+)(\[.*?\])?(?: - .*)?$", re.MULTILINE)


class MutantError(Exception):
    """A mutant that does not fit the tree, or tests that cannot judge it."""


def mutate(root: Path, mutant: Mutant) -> str:
    """Put the mutant into the tree; what the file was before."""
    path = root / mutant.file
    before = path.read_text(encoding="utf-8")
    if before.count(mutant.old) != 1:
        raise MutantError(f"{mutant.file} has the text to change {before.count(mutant.old)} times, not once")
    path.write_text(before.replace(mutant.old, mutant.new), encoding="utf-8")
    return before


def survivors(mutant: Mutant, code: int, said: str) -> list[str]:
    """The named tests that did not fail. Refuses a run that ended in another way than by failing tests."""
    ended = SUMMARY.findall(said)
    failed = {name for how, test, case in ended if how == "FAILED" for name in (test, test + case)}
    broken = {test for how, test, _ in ended if how == "ERROR"} - failed
    if code == 0 or (code == 1 and failed and not broken):
        return [test for test in mutant.tests if test not in failed]
    raise MutantError(f"pytest could not judge it (exit code {code}):\n{said[-2000:]}")


class Bench:
    """A copy of the tree, with a database of its own on each engine."""

    def __init__(self, number: int, home: Path, address: str) -> None:
        self.root = home / f"copy{number}"
        shutil.copytree(ROOT, self.root, ignore=LEFT_BEHIND)
        server = address.rpartition("/")[0]
        self.addresses: dict[Engine, str] = {"SQLite": "", "PostgreSQL": f"{server}/scrip_mutant_{number}"}

    def pytest(self, engine: Engine, tests: Sequence[str]) -> tuple[int, str]:
        ours = ("SCRIP_", "PYTEST_", "COV_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment |= {
            "DATABASE_URL": self.addresses[engine],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            # A mutant is often as long as what it replaces: no bytecode may be taken for current.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "--create-db", *tests]
        try:
            run = subprocess.run(
                command, cwd=self.root, env=environment, timeout=LONGEST, text=True, capture_output=True
            )
        except subprocess.TimeoutExpired as stuck:
            raise MutantError(f"the tests did not end within {LONGEST} seconds") from stuck
        return run.returncode, run.stdout + run.stderr

    def judge(self, mutant: Mutant) -> list[str]:
        """On which engine which named test did not notice the mutant."""
        before = mutate(self.root, mutant)
        try:
            return [
                f"{test} on {engine}"
                for engine in mutant.engines
                for test in survivors(mutant, *self.pytest(engine, mutant.tests))
            ]
        finally:
            (self.root / mutant.file).write_text(before, encoding="utf-8")


def main(words: Sequence[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if all(word in f"{mutant.guard} {mutant.name}" for word in words)]
    started = time.monotonic()
    try:
        with postgresql() as (address, _), tempfile.TemporaryDirectory(prefix="scrip-mutants-") as home:
            benches = [Bench(number, Path(home), address) for number in range(WORKERS)]
            bad = _unmutated(chosen, benches[0]) or _judged(chosen, benches)
    except NoServerError as missing:
        bad = f"no mutant was judged: {missing}"
    took = f"{time.monotonic() - started:.0f} s"
    say(f"\nmutants: {bad} [{took}]" if bad else f"\nmutants: all {len(chosen)} were killed [{took}]")
    return 1 if bad else 0


def _unmutated(chosen: Sequence[Mutant], bench: Bench) -> str:
    """What is wrong with the named tests on the tree as it is."""
    if not chosen:
        return "none has these words"
    engines: set[Engine] = {engine for mutant in chosen for engine in mutant.engines}
    for engine in sorted(engines):
        tests = sorted({test for mutant in chosen if engine in mutant.engines for test in mutant.tests})
        code, said = bench.pytest(engine, tests)
        if code:
            return f"the named tests do not pass without a mutant on {engine}:\n{said[-3000:]}"
        say(f"without a mutant, on {engine}: {said.strip().splitlines()[-1]}")
    return ""


def _judged(chosen: Sequence[Mutant], benches: Sequence[Bench]) -> str:
    """Print a row for each mutant; how many were not killed."""
    free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
    for bench in benches:
        free.put(bench)

    def judge(mutant: Mutant) -> str:
        bench = free.get()
        try:
            alive = bench.judge(mutant)
        except MutantError as trouble:
            return f"NOT JUDGED: {trouble}"
        finally:
            free.put(bench)
        return f"SURVIVED {', '.join(alive)}" if alive else "killed"

    not_killed = 0
    with ThreadPoolExecutor(len(benches)) as workers:
        for mutant, verdict in zip(chosen, workers.map(judge, chosen), strict=True):
            engines = " and ".join(mutant.engines)
            say(f"{mutant.guard:20} {mutant.name:75} {engines:21} {verdict}")
            not_killed += verdict != "killed"
    return f"{not_killed} of {len(chosen)} were NOT killed" if not_killed else ""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
