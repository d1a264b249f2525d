"""What a mutant is: one small wrong change, and the tests that must notice it.

`old` stands exactly once in the file; `tests` are ids as pytest takes them: of a
test, or of one of its cases.
`engines` are those on which the change must be noticed, each by itself.
"""

from dataclasses import dataclass
from typing import Literal

Engine = Literal["SQLite", "PostgreSQL"]
BOTH: tuple[Engine, ...] = ("SQLite", "PostgreSQL")
LOCKS: tuple[Engine, ...] = ("PostgreSQL",)  # SQLite lets one writer in at a time
ANY: tuple[Engine, ...] = ("SQLite",)  # plain Python: one engine tells as much as two


@dataclass(frozen=True, slots=True)
class Mutant:
    """`guard` is what the change takes away."""

    guard: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    engines: tuple[Engine, ...] = ANY


LOCK, ORDER, EXPIRY, PRIORITY = "the lock", "the order of locks", "the last day", "the order of credits"
SCOPE, CURRENCY, TOKEN, VOIDED = "the scope", "the currency", "the unique token", "a void is for good"
UNITS, CAP, UNPAID, REPORTS = "free units", "the cap", "bought in advance", "what reports count"
PRIMARY, JOBS = "what is asked of the primary", "jobs of a run"
RUN, SETWISE, RATING, BILLED = "a billing run", "many rows at once", "what a quantity costs", "billed once"
GUARDS = (
    *(LOCK, ORDER, EXPIRY, PRIORITY, SCOPE, CURRENCY, TOKEN, VOIDED, UNITS, CAP, UNPAID, REPORTS),
    *(PRIMARY, JOBS, RUN, SETWISE, RATING, BILLED),
)
