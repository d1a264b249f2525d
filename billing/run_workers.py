"""Several processes at one run, on one machine: each walks the same accounts on a connection of its own and
passes over what another holds (PostgreSQL only; SQLite has one writer at a time).

The parent hands out no work, so a worker that dies takes nothing along but the chunk at hand, which the
database rolls back. A worker's standard input is a pipe that nothing is ever written to: once the parent has
closed it, or is gone, however it went, the worker ends after the chunk at hand.
"""

import contextlib
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from django.conf import settings

from billing.issuing.drafts import Order
from billing.issuing.loop import drafts_issue
from billing.models import Run
from billing.run import run_actor
from billing.stopping import BY_SIGNAL, Stopped, Stopping

MOST_WORKERS = 64
LOOK = 0.2  # seconds
PATIENCE = 60  # seconds for the chunk at hand

Worker = subprocess.Popen[bytes]


def workers_run(run: Run, *, workers: int, chunk: int, watch: Callable[[], None]) -> list[str]:
    """Let so many processes work at the run until they have ended. How each that did not end well ended.

    `watch` is called all the while; if it raises, the workers end after the chunk at hand.
    """
    started: list[Worker] = []
    try:
        for _ in range(workers):
            started.append(_start(run, chunk))
        while any(worker.poll() is None for worker in started):
            watch()
            time.sleep(LOOK)
    finally:
        _dismiss(started)
    return [_ended(worker.returncode) for worker in started if worker.returncode]


def worker_run(run: Run, *, chunk: int) -> int:
    """What one of them does, for whoever started the run and as of the same moment; its exit code."""
    with Stopping() as stopping, contextlib.suppress(Stopped, KeyboardInterrupt):

        def done(drafts: int) -> None:
            stopping.check()
            if select.select([sys.stdin], [], [], 0)[0]:
                raise Stopped

        drafts_issue(Order(run, run_actor(run), run.started_at), chunk=chunk, done=done)
    return BY_SIGNAL + stopping.number if stopping.number else 0


def _start(run: Run, chunk: int) -> Worker:
    """A fresh process: a fork of this one would share its connection."""
    manage = str(settings.BASE_DIR / "manage.py")
    words = [sys.executable, manage, "run_billing", "--worker-of", str(run.pk), "--chunk", str(chunk)]
    # In a session of its own: Ctrl-C reaches the parent alone, which then tells the workers.
    return subprocess.Popen(  # noqa: S603 - our own
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )


def _dismiss(workers: Sequence[Worker]) -> None:
    """None is left behind, and each is waited for."""
    for worker in workers:
        if worker.stdin:
            worker.stdin.close()
    for worker in workers:
        try:
            worker.wait(PATIENCE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            worker.kill()
            worker.wait()


def _ended(code: int) -> str:
    if code < 0:
        return f"was killed by signal {-code}"
    return f"was stopped by signal {code - BY_SIGNAL}" if code > BY_SIGNAL else "failed"
