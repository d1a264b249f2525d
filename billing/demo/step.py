"""One step of the demo: an act, and the moment it is planned for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    planned: datetime
    act: Callable[[datetime], object]


def demo_token(*parts: object) -> str:
    return ":".join(["demo", *(str(part) for part in parts)])
