"""Ctrl-C and SIGTERM, for work that is committed in parts: it ends after the part at hand.

A second signal ends it at once; the part at hand is rolled back.
"""

import signal
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
BY_SIGNAL = 128
"""Added to a signal's number it is the exit code that shells give."""


class Stopped(Exception):
    """Somebody asked for the work to end before it was done."""


class Stopping:
    """While in its block: `check()` between two parts raises once somebody has asked."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stopping":
        self._before = {number: signal.signal(number, self._asked) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        if self.number:
            raise Stopped

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            raise KeyboardInterrupt
        self.number = number
