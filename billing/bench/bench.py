"""`manage.py bench`, part after part (README, "How fast it is").

Data from a fixed seed goes into scratch databases. The product works on it first; what it wrote is read back
and written again by the drivers alone, in turns, and the quotient of the two is what counts: it hardly knows
how busy or old a machine is. Whatever was fast has to be right as well: every run is verified.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing.bench.allocating import allocation_measure
from billing.bench.asking import entries_measure, issue_measure, statements_count
from billing.bench.clock import load_now
from billing.bench.limits import Result, table_lines
from billing.bench.meeting import operator_measure, workers_measure
from billing.bench.plan import Desk, Plan, machine
from billing.bench.running import memory_measure, run_measure
from billing.bench.scratch import InFiles, Scratch, on_server


class Bench:
    def __init__(self, plan: Plan, *, server: str, say: Callable[[str], None]) -> None:
        """`server` is the address of a PostgreSQL server to work on; empty for one of the bench's own."""
        self.plan = plan
        self.server = server
        self.say = say
        self.machine = machine()
        self.engines: dict[str, str] = {}

    def run(self) -> None:
        began = time.monotonic()
        with contextlib.ExitStack() as cleanup:
            directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="scrip-bench-")))
            self.desk = Desk(self.plan, self.say, directory)
            if "allocation" in self.plan.parts:
                allocation_measure(self.desk)
            if set(self.plan.parts) - {"allocation"}:
                if "postgresql" in self.plan.engines:
                    self._on(cleanup.enter_context(on_server(self.server)))
                if "sqlite" in self.plan.engines:
                    self._on(InFiles(directory))
        self.machine |= {
            "load_after": round(load_now(), 2),
            "minutes": round((time.monotonic() - began) / 60, 1),
        }

    def _on(self, scratch: Scratch) -> None:
        """SQLite has one writer at a time, and nothing between it and us: there only the run is measured."""
        self.engines[scratch.engine] = scratch.version
        parts, times = self.plan.parts, not self.plan.counts_only
        of_server = scratch.engine == "postgresql"
        if "run" in parts:
            run_measure(self.desk, scratch)
        if "issue" in parts:
            statements_count(self.desk, scratch)
            if of_server and times:
                issue_measure(self.desk, scratch)
        if "workers" in parts and of_server:
            workers_measure(self.desk, scratch)
        if "operator" in parts and (of_server or not times):
            operator_measure(self.desk, scratch)
        if "memory" in parts and of_server:
            memory_measure(self.desk, scratch)
        if "entries" in parts and of_server:
            entries_measure(self.desk, scratch)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.desk.results if result.failed]

    def summary(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "machine": {**self.machine, **self.engines},
            "accounts": plan.accounts,
            "reps": plan.reps,
            "results": [result.as_json() for result in self.desk.results],
            **self.desk.details,
            "failed": [result.key for result in self.failed],
        }

    def lines(self) -> list[str]:
        told = ", ".join(f"{what} {value}" for what, value in {**self.machine, **self.engines}.items())
        size = f"{self.plan.accounts:,} accounts, {self.plan.reps} times each, chunks of {self.plan.chunk}"
        return [told, size, "", *table_lines(self.desk.results), *self.desk.left_out]
