"""A run's work from its first account to the last: chunk after chunk until no draft is left (R7)."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billing.issuing.chunk import account_issue, chunk_issue, steadily
from billing.issuing.claim import accounts_waiting
from billing.issuing.drafts import Order

CHUNK = 250
"""Accounts in one transaction. Larger ones are hardly faster, and make operators wait (`manage.py bench`)."""
LARGEST_CHUNK = 500


def drafts_issue(
    order: Order, *, chunk: int = CHUNK, done: Callable[[int], None] = lambda count: None
) -> None:
    """Issue every draft of the order but those of accounts that are parked. `done` hears of each chunk.

    Accounts that somebody holds are passed over, and come up again in the next pass. When only such
    are left, each is waited for, as long as the database lets anybody wait for a lock.
    """
    with _little_to_collect():
        while _pass(order, chunk, done):
            pass
        waiting = accounts_waiting(order).values_list("pk", flat=True)
        while (account := steadily(waiting.first)) is not None:
            done(account_issue(order, account))


@contextmanager
def _little_to_collect() -> Iterator[None]:
    """Each chunk makes so many objects that Python looks for rubbish in all there are, again and again. The
    program itself, by far the most of them, is none."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _pass(order: Order, chunk: int, done: Callable[[int], None]) -> bool:
    """Whether there was anything to do."""
    after, some = 0, False
    while True:
        last, count = chunk_issue(order, after=after, size=chunk)
        if last is None:
            return some
        after, some = last, True
        done(count)
