"""How long something took: by the wall, and in CPU of this process and of its server's.

The server's CPU is read from the accounts of the process behind the connection, where that runs on this very
machine; elsewhere it is unknown.
"""

import os
import resource
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


class Clock:
    """`with Clock(backend) as clock: …`; then `clock.taken`. `backend` is the server's process id, or 0."""

    def __init__(self, backend: int = 0) -> None:
        self.backend = backend
        self.taken: dict[str, Any] = {}

    def __enter__(self) -> "Clock":
        self._start = time.perf_counter(), time.process_time(), server_seconds(self.backend)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wall, client, server = self._start
        used = server_seconds(self.backend)
        self.taken = {
            "wall": time.perf_counter() - wall,
            "client": time.process_time() - client,
            "server": None if server is None or used is None else used - server,
        }


def server_seconds(backend: int) -> float | None:
    """CPU seconds of a PostgreSQL process on this machine."""
    try:
        text = Path(f"/proc/{backend}/stat").read_text()
    except OSError:
        return None
    name, _, rest = text.rpartition(")")
    if "postgres" not in name:
        return None  # the number belongs to a process of another machine
    fields = rest.split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory() -> int:
    """The most memory this process has had, in bytes."""
    try:
        # What the system otherwise reports counts the parent in, from before the program was loaded.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def load_now() -> float:
    return os.getloadavg()[0]
