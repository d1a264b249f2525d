"""What a bench is asked to do, and on what machine it does it."""

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from billing.bench.clock import load_now
from billing.bench.data import MOST_CREDITS, MOST_LINES
from billing.bench.limits import Result
from billing.bench.processes import task_run
from billing.bench.scratch import Scratch
from billing.issuing.loop import CHUNK

PARTS = ("run", "issue", "workers", "operator", "memory", "entries", "allocation")
ENGINES = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class Plan:
    accounts: int = 20_000
    reps: int = 5
    entries: int = 10_000_000
    issues: int = 300
    credits: int = MOST_CREDITS
    lines: int = MOST_LINES
    chunk: int = CHUNK
    parts: Sequence[str] = PARTS
    engines: Sequence[str] = ENGINES
    counts_only: bool = False

    def but(self, **changes: Any) -> "Plan":
        return replace(self, **changes)


NORMAL = Plan()
SMALL = NORMAL.but(
    accounts=300,
    reps=1,
    credits=100,
    lines=50,
    chunk=50,
    parts=("run", "issue", "operator"),
    counts_only=True,
)


def machine() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": ".".join(map(str, sys.version_info[:3])),
        "django": django.get_version(),
        "load": round(load_now(), 2),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@dataclass(slots=True)
class Desk:
    """Where the parts put their results, and get their databases from."""

    plan: Plan
    say: Callable[[str], None]
    directory: Path
    results: list[Result] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    _loaded: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)

    def company(self, scratch: Scratch, accounts: int) -> tuple[str, dict[str, int]]:
        """The name of a database with the company, loaded once for all parts, and its last ids."""
        name = f"company_{accounts}"
        key = scratch.engine, accounts
        if key not in self._loaded:
            self.say(f"Loading {accounts:,} accounts into {scratch.engine} {scratch.version}")
            told = {"accounts": accounts, "credits": self.plan.credits, "lines": self.plan.lines}
            answer = task_run("load", scratch.create(name), **told)
            self._loaded[key] = answer["rows"]
        return name, self._loaded[key]

    def copy(self, scratch: Scratch, company: str, name: str) -> str:
        address = scratch.create(name, company)
        scratch.settle()
        return address

    def verified(self, address: str, *, whole: bool) -> list[str]:
        """What does not add up after a run."""
        answer = task_run("verify", address, whole=whole)
        found = [answer["breach"]] if answer["breach"] else []
        return found + ([f"{answer['left']} drafts were left"] if answer["left"] else [])

    def results_of(self, key: str) -> Mapping[str, Any]:
        return next(result.details for result in self.results if result.key == key)

    def counted(self, key: str, count: float, *notes: str) -> None:
        """A count joins those of its kind, so that one row tells them all."""
        for place, result in enumerate(self.results):
            if result.key == key:
                self.results[place] = Result(key, [*result.values, count], [*result.notes, *notes])
                return
        self.results.append(Result(key, [count], notes))

    def timed(self, *results: Result) -> None:
        """Results that are times: none of them is told or judged where only counts are."""
        if not self.plan.counts_only:
            self.results += results
