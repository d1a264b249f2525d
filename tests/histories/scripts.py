"""Histories by number: the same number is the same history, on every engine and every Python."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from billing.digest import ledger_digest
from tests.histories.choices import Choices
from tests.histories.walk import ALL_STEPS, STEPS, Walk
from tests.histories.ways import Ways

LENGTH = 40
# The first scripts know money and its scopes alone: their facts have kept their digest since before the rest.
PLAIN = range(20)


def script_digest(number: int) -> str:
    """Live through a history, and take it back."""
    choices, steps = (Choices, STEPS) if number in PLAIN else (Ways, ALL_STEPS)
    pick, walk = picker(number), Walk(choices)
    names = [name for name, often in steps.items() for _ in range(often)]
    with transaction.atomic():
        walk.begin(pick)
        for _ in range(LENGTH):
            walk.step(pick(names), pick)
        walk.end()
        digest = ledger_digest()
        transaction.set_rollback(True)
    return digest


def picker(number: int) -> Callable[[Sequence[Any]], Any]:
    """Only `random()` is promised to give the same numbers in every Python."""
    generator = random.Random(number)
    return lambda values: values[int(generator.random() * len(values))]
