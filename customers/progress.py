"""How far a long work has come, for work that counts as it goes: a bar, lines in a log, or nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

LOG_EVERY = 1000

Tell = Callable[[int], None]


@contextmanager
def counted_unseen() -> Iterator[Tell]:
    yield lambda done: None


class Done(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f}", style="progress.download")


class Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


@contextmanager
def counted_on_terminal(total: int, doing: str) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), Done(), Rate(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(doing, total=total)

        def tell(done: int) -> None:
            # What came in meanwhile is done as well.
            bar.update(task, completed=done, total=max(total, done))

        yield tell


@contextmanager
def counted_in_log(total: int, doing: str, what: str, log: Callable[[str], None]) -> Iterator[Tell]:
    """A line for every thousand, with the rate since the beginning and the time that is left at that rate."""
    begun, told = time.monotonic(), 0

    def tell(done: int) -> None:
        nonlocal told
        if done // LOG_EVERY == told // LOG_EVERY:
            return
        told = done
        rate = done / max(time.monotonic() - begun, 0.001)
        left = max(total - done, 0) / rate
        log(f"{doing}: {done:,} of {max(total, done):,} {what}, {rate:,.0f} per second, {left:,.0f} s left")

    yield tell
