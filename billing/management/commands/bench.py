"""`manage.py bench`: how fast the product is, in ratios of the least the database needs. Touches no data."""

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.core.management.base import CommandError, CommandParser

from billing.bench.bench import Bench
from billing.bench.plan import ENGINES, NORMAL, PARTS, SMALL, Plan
from billing.bench.processes import READY
from billing.bench.server import NoServerError
from billing.bench.tasks import TASKS, task_answer
from customers.commands import Report, ReportingCommand, counted


class Command(ReportingCommand):
    help = (
        "Measure the run, issuing one invoice, the account page and the allocation in scratch databases, "
        "which are dropped again, and compare each with its floor. Exit code 1 past a limit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--accounts", type=int, help=f"accounts to bill (default: {NORMAL.accounts:,})")
        parser.add_argument("--reps", type=int, help=f"how often each is timed (default: {NORMAL.reps})")
        parser.add_argument(
            "--entries", type=int, help=f"entries of the large ledger (default: {NORMAL.entries:,})"
        )
        parser.add_argument("--only", metavar="PART,PART", help=f"some parts alone: {', '.join(PARTS)}")
        parser.add_argument(
            "--small", action="store_true", help="quick, and judges counts alone, never time; for CI"
        )
        parser.add_argument("--engine", choices=ENGINES, help="one engine alone (default: both)")
        parser.add_argument("--task", choices=sorted(TASKS), help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["task"]:
            self._task(options["task"])
        else:
            super().handle(*args, **options)

    def report(self, options: Mapping[str, Any]) -> Report:
        plan = _plan(options)
        try:
            bench = Bench(plan, server=_server(), say=self._say)
            with _stopping():
                bench.run()
        except NoServerError as missing:
            raise CommandError(f"The bench needs PostgreSQL: {missing}.") from missing
        failure = ""
        if bench.failed:
            names = "; ".join(result.limit.name for result in bench.failed)
            failure = f"{counted(len(bench.failed), 'result')} beyond the limit: {names}."
        return Report(bench.summary(), bench.lines(), failure)

    def _say(self, what: str) -> None:
        if not self.as_json:
            self.stderr.write(what, style_func=str)

    def _task(self, name: str) -> None:
        """One process of the bench: what it is told comes on one line, and so does its answer."""
        try:
            told = json.loads(sys.stdin.readline())
        except ValueError as refused:
            raise CommandError("--task: only the bench itself starts its processes.") from refused

        def ready() -> None:
            self.stdout.write(READY)
            self.stdout.flush()
            sys.stdin.readline()

        answer = task_answer(name, told, ready)
        self.stdout.write(json.dumps(answer))


def _plan(options: Mapping[str, Any]) -> Plan:
    plan = SMALL if options["small"] else NORMAL
    least = {"accounts": 20, "reps": 1, "entries": 1000}
    for name, bound in least.items():
        value = options[name]
        if value is not None and value < bound:
            raise CommandError(f"--{name}: at least {bound}, please, not {value}.")
        if value is not None:
            plan = plan.but(**{name: value})
    if options["engine"]:
        plan = plan.but(engines=(options["engine"],))
    if options["only"] is not None:
        parts = [part.strip() for part in options["only"].split(",")]
        if unknown := [part for part in parts if part not in PARTS]:
            raise CommandError(f"--only: there is no part “{unknown[0]}”. The parts are {', '.join(PARTS)}.")
        plan = plan.but(parts=tuple(part for part in PARTS if part in parts))
    return plan


def _server() -> str:
    """The address of the configured server, where that is PostgreSQL; its database is not opened."""
    address = os.environ.get("DATABASE_URL", "")
    return address if urlsplit(address).scheme in ("postgres", "postgresql") else ""


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """Whoever ends the bench ends its server and its databases with it."""
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
