"""What is measured against what: the target to reach, and the limit past which the bench fails.

The limits are wide, since a busy machine moves times; ratios of two things measured in turns move less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """`more_is_better`: the value is to be at least so much, not at most. `counts`: what is counted, not
    timed; the worst of it counts."""

    name: str
    target: float
    fail_at: float
    unit: str = ""
    more_is_better: bool = False
    counts: bool = False

    def verdict(self, value: float) -> str:
        sign = -1 if self.more_is_better else 1
        if sign * value > sign * self.fail_at:
            return "FAILS"
        return "over target" if sign * value > sign * self.target else "good"


LIMITS: Mapping[str, Limit] = {
    "run": Limit("run ÷ write floor, PostgreSQL", 1.6, 2.2),
    "run_sqlite": Limit("run ÷ write floor, SQLite", 2.2, 3),
    "extras": Limit("chain, tokens, numbers and acts, on top of the rest", 25, 40, "%"),
    "workers": Limit("2 workers ÷ 1", 1.3, 1.1, more_is_better=True),
    "issue": Limit("issue one ÷ pgbench-style floor", 3.5, 6),
    "statements": Limit("statements in issuing one, any size", 14, 17, counts=True),
    "statements_sqlite": Limit("statements in issuing one, any size, SQLite", 14, 17, counts=True),
    "statements_chunk": Limit("statements in one chunk of the run, any size", 14, 17, counts=True),
    "statements_differ": Limit("kinds of issuing that take another number of statements", 0, 0, counts=True),
    "entries": Limit("last 50 entries ÷ select 1", 4, 8),
    "entries_heavy": Limit("last 50 entries, heaviest account ÷ typical", 1.5, 3),
    "operator": Limit("operator's p99 wait during a run", 50, 150, "ms"),
    "errors": Limit("errors, after overlapping runs and voids", 0, 0, counts=True),
    "walk": Limit("allocation ÷ plain walk, 3×5, nothing stranded", 2, 3),
    "largest": Limit("worst 1000×500 allocation", 2, 5, "s"),
    "memory": Limit("memory of a run ÷ that of one a quarter its size", 1.1, 1.3),
    "rows": Limit("rows of the run that do not add up", 0, 0, counts=True),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One measured row: every value, and their median."""

    key: str
    values: Sequence[float]
    notes: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def limit(self) -> Limit:
        return LIMITS[self.key]

    @property
    def value(self) -> float:
        return max(self.values) if self.limit.counts else median(self.values)

    @property
    def verdict(self) -> str:
        return self.limit.verdict(self.value)

    @property
    def failed(self) -> bool:
        return self.verdict == "FAILS"

    def as_json(self) -> dict[str, Any]:
        limit = self.limit
        return {
            "key": self.key,
            "measured": limit.name,
            "value": rounded(self.value),
            "unit": limit.unit,
            "target": limit.target,
            "fail_at": limit.fail_at,
            "verdict": self.verdict,
            "values": [rounded(value) for value in self.values],
            "notes": list(self.notes),
            **self.details,
        }


def rounded(value: float) -> float:
    """Four figures are more than a clock here can tell."""
    return float(f"{value:.4g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not pass."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)]


def quotients(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Turn by turn: what was measured one after the other is compared."""
    return [a / b for a, b in zip(above, below, strict=True)]


def table_lines(results: Sequence[Result]) -> list[str]:
    """The table for people: what was measured, its limit, and every value."""
    rows = [("measured", "value", "target", "fail at", "", "values")]
    for result in results:
        limit = result.limit
        bound = "≥" if limit.more_is_better else "≤"
        rows.append(
            (
                limit.name,
                f"{figure(result.value)}{_unit(limit)}",
                f"{bound} {figure(limit.target)}{_unit(limit)}",
                f"{figure(limit.fail_at)}{_unit(limit)}",
                result.verdict,
                " ".join(figure(value) for value in result.values),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:4], widths[1:4], strict=True)]
        cells += [cell.ljust(width) for cell, width in zip(row[4:], widths[4:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    for result in results:
        lines += [f"  {result.limit.name}: {note}" for note in result.notes]
    return lines


def figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def _unit(limit: Limit) -> str:
    return f" {limit.unit}" if limit.unit else ""
