"""Two acts met at the account's lock, on purpose: who is stopped where is decided here, not by chance."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from django.db import connection

from customers.acts import Refusal

PATIENCE = 30  # seconds
SOON = 4  # less than any lock is waited for


class Walker(Thread):
    """Does one act in a thread and on a connection of its own, and remembers what it answered.

    `before` and `holding` are doors before and behind the account's lock: an open one lets through.
    """

    def __init__(self, act: Callable[[], Any], *, stopped: str = "") -> None:
        super().__init__(daemon=True)
        self.act = act
        self.answer: Any = None
        self.doors = {"before": Event(), "holding": Event()}
        self.reached = {"before": Event(), "holding": Event()}
        for place, door in self.doors.items():
            if place != stopped:
                door.set()

    def run(self) -> None:
        try:
            self.answer = self.act()
        except Refusal as refused:
            self.answer = refused
        finally:
            connection.close()

    def stands(self, place: str) -> None:
        self.reached[place].set()
        assert self.doors[place].wait(PATIENCE), f"nobody came to open the door {place}"

    def wait_until(self, place: str) -> None:
        assert self.reached[place].wait(PATIENCE), f"{self.name} never came to the door {place}"

    def finish(self) -> Any:
        for door in self.doors.values():
            door.set()
        self.join(PATIENCE)
        assert not self.is_alive(), "it still waits for something"
        return self.answer


def gated(lock: Callable[[list[int]], Any]) -> Callable[[list[int]], Any]:
    """The function through which every act takes its lock, with the doors of the walker that calls it."""

    def locked(account_ids: list[int]) -> Any:
        walker = threading.current_thread()
        if not isinstance(walker, Walker):
            return lock(account_ids)
        walker.stands("before")
        found = lock(account_ids)
        walker.stands("holding")
        return found

    return locked


@contextmanager
def started(*walkers: Walker) -> Iterator[None]:
    """In this order, and none is left behind."""
    for walker in walkers:
        walker.start()
    try:
        yield
    finally:
        for walker in walkers:
            for door in walker.doors.values():
                door.set()
            walker.join(PATIENCE)


def until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
