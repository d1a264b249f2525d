"""The allocation against the plain walk, which strands credits, and against general solvers.

The solvers are for this comparison alone (`requirements-bench.txt`); one that is missing is said to be. They
find how much is paid in all, and not which credit pays which line.
"""

import importlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from billing.bench.limits import Result, figure
from billing.bench.plan import Desk
from credits.allocation import Source, allocate

CREDITS, LINES = 1000, 500
SMALL_CASES = 300
TURNS = 25
SOLVERS = {
    "networkx": "networkx",
    "scipy": "scipy.sparse.csgraph",
    "ortools": "ortools.graph.python.max_flow",
}
Case = tuple[Sequence[Source], Sequence[int]]
Solve = Callable[[Any, Case], int]


def allocation_measure(desk: Desk) -> None:
    desk.say("allocation: 3×5 and 1000×500")
    rng = random.Random(5)
    small = [case for case in (_small(rng) for _ in range(4 * SMALL_CASES)) if not _stranded(case)]
    small = small[:SMALL_CASES]
    walks, allocations = [], []
    for _ in range(desk.plan.reps):
        # In short turns, so that whatever else the machine does falls on both.
        turns = [(_seconds(small, walk), _seconds(small, lambda case: allocate(*case))) for _ in range(TURNS)]
        walks.append(median(turn[0] for turn in turns))
        allocations.append(median(turn[1] for turn in turns))
    note = f"{figure(1e6 * min(walks))} µs and {figure(1e6 * min(allocations))} µs each"
    ratios = [a / b for a, b in zip(allocations, walks, strict=True)]
    desk.results.append(Result("walk", ratios, [note]))
    large = dict(_large(rng))
    seconds = {name: _seconds([case], lambda case: allocate(*case)) for name, case in large.items()}
    notes = [f"{name}: {figure(taken)} s" for name, taken in seconds.items()]
    desk.results.append(Result("largest", [max(seconds.values())], notes, {"cases": seconds}))
    _solvers_compare(desk, small, large["20 items"])


def walk(case: Case) -> list[tuple[int, int, int]]:
    """Each credit pays from the top what it may; whoever comes too late has had bad luck."""
    sources, payables = case
    left = list(payables)
    open_lines = sum(1 << line for line, payable in enumerate(left) if payable)
    cells = []
    for number, (rest, scope) in enumerate(sources):
        candidates = scope & open_lines
        while rest and candidates:
            bit = candidates & -candidates
            line = bit.bit_length() - 1
            amount = min(rest, left[line])
            left[line] -= amount
            rest -= amount
            candidates ^= bit
            if not left[line]:
                open_lines ^= bit
            cells.append((number, line, amount))
    return cells


def _stranded(case: Case) -> bool:
    return sum(amount for _, _, amount in walk(case)) != sum(allocate(*case).used)


def _small(rng: random.Random) -> Case:
    """Three credits, five lines."""
    everything = (1 << 5) - 1
    scopes = [everything if rng.random() < 0.4 else rng.randint(1, everything) for _ in range(3)]
    return (
        [Source(rng.randint(100, 20_000), scope) for scope in scopes],
        [rng.randint(100, 30_000) for _ in range(5)],
    )


def _large(rng: random.Random) -> Iterator[tuple[str, Case]]:
    """A thousand credits, five hundred lines, with all sorts of scopes."""
    everything = (1 << LINES) - 1

    def amounts(most: int) -> list[int]:
        return [rng.randint(1, most) for _ in range(LINES)]

    def some(many: int) -> int:
        return sum(1 << line for line in rng.sample(range(LINES), many))

    def of_items(items: int) -> int:
        item = rng.randrange(items)
        return everything if rng.random() < 0.4 else sum(1 << line for line in range(item, LINES, items))

    def sources(most: int, scope: Callable[[int], int]) -> list[Source]:
        return [Source(rng.randint(1, most), scope(number)) for number in range(CREDITS)]

    yield "20 items", (sources(20_000, lambda _: of_items(20)), amounts(30_000))
    yield "500 items", (sources(20_000, lambda _: of_items(500)), amounts(30_000))
    yield "random scopes of ten lines", (sources(10**9, lambda _: some(10)), amounts(2 * 10**9))
    yield "dense random scopes", (sources(20_000, lambda _: rng.getrandbits(LINES) or 1), amounts(30_000))
    nested = sources(20_000, lambda number: everything >> (number * LINES // CREDITS))
    yield "nested, broad first", (nested, amounts(30_000))


def _seconds(cases: Sequence[Case], solve: Callable[[Case], object]) -> float:
    """Of one case, on the average."""
    began = time.perf_counter()
    for case in cases:
        solve(case)
    return (time.perf_counter() - began) / len(cases)


def _solvers_compare(desk: Desk, small: Sequence[Case], large: Case) -> None:
    told: dict[str, Any] = {}
    ours = _seconds(small[:50], lambda case: allocate(*case)), _seconds([large], lambda case: allocate(*case))
    for name, module_name in SOLVERS.items():
        try:
            module = importlib.import_module(module_name)
        except ImportError:
            desk.left_out.append(f"NOT compared with {name}, which is missing: requirements-bench.txt")
            continue
        solve = SOLVE[name]
        for case in (*small[:50], large):
            if solve(module, case) != sum(allocate(*case).used):
                raise AssertionError(f"{name} finds another total than the allocation.")
        few = _seconds(small[:50], lambda case: solve(module, case))  # noqa: B023 -- called at once
        many = _seconds([large], lambda case: solve(module, case))  # noqa: B023 -- called at once
        told[name] = {"3x5": few / ours[0], "1000x500": many / ours[1]}
        desk.left_out.append(
            f"{name}, the total alone: {figure(few / ours[0])} times as long as the allocation for 3×5, "
            f"{figure(many / ours[1])} times for 1000×500 (20 items)"
        )
    desk.details["solvers"] = told


def _arcs(case: Case) -> Iterator[tuple[int, int, int]]:
    """From, to, capacity: 0 is the source, then come the credits, the lines, and the sink."""
    sources, payables = case
    first = len(sources) + 1
    sink = first + len(payables)
    for number, source in enumerate(sources, start=1):
        yield 0, number, source.balance
        scope = source.scope
        while scope:
            bit = scope & -scope
            scope ^= bit
            line = bit.bit_length() - 1
            yield number, first + line, min(source.balance, payables[line])
    for line, payable in enumerate(payables):
        yield first + line, sink, payable


def _sink(case: Case) -> int:
    return len(case[0]) + len(case[1]) + 1


def _by_networkx(networkx: Any, case: Case) -> int:
    graph = networkx.DiGraph()
    graph.add_nodes_from((0, _sink(case)))
    graph.add_weighted_edges_from(_arcs(case), weight="capacity")
    return int(networkx.maximum_flow_value(graph, 0, _sink(case)))


def _by_scipy(csgraph: Any, case: Case) -> int:
    starts, ends, capacities = zip(*_arcs(case), strict=True)
    size = _sink(case) + 1
    numpy, sparse = importlib.import_module("numpy"), importlib.import_module("scipy.sparse")
    entries = numpy.array(capacities, dtype=numpy.int32), (starts, ends)
    graph = sparse.csr_matrix(entries, shape=(size, size))
    return int(csgraph.maximum_flow(graph, 0, size - 1).flow_value)


def _by_ortools(max_flow: Any, case: Case) -> int:
    flow = max_flow.SimpleMaxFlow()
    for start, end, capacity in _arcs(case):
        flow.add_arc_with_capacity(start, end, capacity)
    flow.solve(0, _sink(case))
    return int(flow.optimal_flow())


SOLVE: dict[str, Solve] = {"networkx": _by_networkx, "scipy": _by_scipy, "ortools": _by_ortools}
