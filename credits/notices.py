"""Which notices an account's people should have: each told once per crossing. Values in, values out.

At any moment something holds or does not: the balance is below its threshold, or a credit with something
left is about to end. What holds and is not told yet is told; what was told and no longer holds is cleared,
so that it can be told again when it comes back. Hence twice is once, and late tells what holds by then.

A crossing is known by its credit's key; `BALANCE` stands for the account's balance as a whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

BALANCE = None
Key = int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """When to tell; None is never. The balance is too low *below* `low_balance`, not at it."""

    low_balance: int | None = None
    expiring_days: int | None = None


@dataclass(frozen=True, slots=True)
class OpenCredit:
    """A credit with something left, of money or of units, counted in its own measure."""

    key: int
    left: int
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands on its day. `had_credit`: there was a balance that can have fallen."""

    today: date
    available: int = 0
    had_credit: bool = False
    credits: Sequence[OpenCredit] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    tell: Mapping[Key, int] = field(default_factory=dict)  # with what is left
    clear: frozenset[Key] = frozenset()


def notices_hold(limits: Limits, standing: Standing) -> dict[Key, int]:
    """All that people should know now, with what is left: the balance first, then what ends soonest."""
    held: dict[Key, int] = {}
    if limits.low_balance is not None and standing.had_credit and standing.available < limits.low_balance:
        held[BALANCE] = standing.available
    if limits.expiring_days is not None:
        ending = [
            (credit.last_day, credit.key, credit.left)
            for credit in standing.credits
            if credit.left > 0
            and credit.last_day is not None
            and 0 <= (credit.last_day - standing.today).days <= limits.expiring_days
        ]
        held |= {key: left for _, key, left in sorted(ending)}
    return held


def notices_decide(held: Mapping[Key, int], told: Collection[Key]) -> Decision:
    """What to tell and what to clear, so that afterwards the open notices are what holds."""
    return Decision(
        tell={key: left for key, left in held.items() if key not in told},
        clear=frozenset(key for key in told if key not in held),
    )
