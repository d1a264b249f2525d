"""Tasks of the bench as processes of their own, each on its scratch database.

So the command itself never opens the configured database, every run begins with the same empty memory, and
several workers are several processes. A task gets ready, says so, and waits for the word to start.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from customers.acts import Refusal

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
READY = "ready"


class BenchBroken(Refusal):
    """A task of the bench ended without an answer."""


class Task:
    def __init__(self, name: str, address: str, **told: Any) -> None:
        self.name = name
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 -- closed with the task
        self._process = subprocess.Popen(
            [sys.executable, str(MANAGE), "bench", "--task", name],
            env=environment(address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        self._tell(json.dumps(told))

    def ready(self) -> "Task":
        if self._hear() != READY:
            raise self._broken()
        return self

    def go(self) -> "Task":
        self._tell("go")
        return self

    def answer(self) -> dict[str, Any]:
        line = self._hear()
        if self._process.wait() or not line:
            raise self._broken()
        self._said.close()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- it was asked for
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as gone:
            raise self._broken() from gone

    def _hear(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 -- it was asked for
        return self._process.stdout.readline().rstrip("\n")

    def _broken(self) -> BenchBroken:
        self.stop()
        self._said.seek(0)
        last = (self._said.read().strip().splitlines() or ["it said nothing"])[-1]
        self._said.close()
        return BenchBroken(f"The bench's task “{self.name}” broke off: {last}")


def task_run(name: str, address: str, **told: Any) -> dict[str, Any]:
    return tasks_run([(name, address, told)])[0]


def tasks_run(orders: Sequence[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Several tasks, started at the same moment; their answers."""
    tasks = [Task(name, address, **told) for name, address, told in orders]
    try:
        for task in tasks:
            task.ready()
        for task in tasks:
            task.go()
        return [task.answer() for task in tasks]
    finally:
        for task in tasks:
            task.stop()


def environment(address: str) -> dict[str, str]:
    """What a task is told: nothing of the configured database, and none of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCRIP_", "PG"))}
    told = {"DATABASE_URL": address, "SCRIP_ENV_FILE": os.devnull, "SCRIP_HTTPS": "0"}
    return {**kept, **told, "DJANGO_SETTINGS_MODULE": "billing.settings"}
