"""Histories as Hypothesis makes them: any act at any time, at the edges of its dates, twice, or forbidden.

Each history is one transaction, taken back at its end: so it starts from nothing, and costs little.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.histories.scripts import picker
from tests.histories.walk import ALL_STEPS, Walk

MOST_STEPS = 25
# One number per step, from which all its choices follow. Drawn one by one they would shrink further, but
# Hypothesis would spend its histories on small changes of few, and most steps would come to nothing.
NUMBERS = st.integers(0, 2**64 - 1)


def histories(count: int, **more: Any) -> settings:
    """So many histories; one that fails is printed with what repeats it."""
    return settings(
        max_examples=count,
        stateful_step_count=MOST_STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **more,
    )


class Histories(RuleBasedStateMachine):
    """Its rules are made from the table of steps, each as often as it says there."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.walk = Walk()

    @initialize(number=NUMBERS)
    def begin(self, number: int) -> None:
        self.walk.begin(picker(number))

    def teardown(self) -> None:
        try:
            if self.walk.intact:
                self.walk.end()
                connection.check_constraints()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)


def _rule(step: str) -> Callable[..., None]:
    def take(self: Histories, number: int) -> None:
        self.walk.step(step, picker(number))

    return take


for step, often in ALL_STEPS.items():
    for turn in range(1, often + 1):
        name = step if often == 1 else f"{step}_{turn}"
        take = _rule(step)
        take.__name__ = name
        setattr(Histories, name, rule(number=NUMBERS)(take))
