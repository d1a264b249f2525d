"""R5 held against oracles that share no idea with the product's algorithm.

Maximum flow says how much the first k credits can pay together, for every k. Which lines they pay is
checked cell by cell: for small invoices by writing down every matrix there is, for larger ones by a
linear programme that makes one cell after the other as large as it can be.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from random import Random

import networkx as nx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits.allocation import Allocation, Source, allocate

Case = tuple[list[Source], list[int]]


@st.composite
def cases(draw: st.DrawFn, *, most_credits: int, most_lines: int, amounts: tuple[int, ...]) -> Case:
    """Any numbers and scopes; mostly large and without zeros, where credits collide."""
    least, most = draw(st.sampled_from([0, 1, 1])), draw(st.sampled_from(amounts))
    credits = draw(st.sampled_from([1, *range(most_credits // 2, most_credits + 1)]))
    lines = draw(st.sampled_from([1, *range(most_lines // 2, most_lines + 1)]))
    amount, scope = st.integers(least, most), st.integers(least, (1 << lines) - 1)
    balances_and_scopes = draw(st.lists(st.tuples(amount, scope), min_size=credits, max_size=credits))
    payables = draw(st.lists(amount, min_size=lines, max_size=lines))
    return [Source(balance, scope) for balance, scope in balances_and_scopes], payables


@st.composite
def invoices(draw: st.DrawFn) -> Case:
    """Many credits of few scopes: whole invoice, a kind, an item; lines of a handful of items."""
    items = draw(st.lists(st.integers(0, 5), min_size=8, max_size=24))
    kinds = draw(st.lists(st.integers(0, 1), min_size=6, max_size=6))
    of_item = [sum(1 << line for line, item in enumerate(items) if item == wanted) for wanted in range(6)]
    of_kind = [sum(of_item[item] for item in range(6) if kinds[item] == kind) for kind in range(2)]
    scope = st.sampled_from([(1 << len(items)) - 1, *of_kind, *of_item])
    credits = draw(st.lists(st.tuples(st.integers(1, 500), scope), min_size=8, max_size=30))
    payables = draw(st.lists(st.integers(0, 400), min_size=len(items), max_size=len(items)))
    return [Source(balance, scope) for balance, scope in credits], payables


def lines_in(source: Source) -> Iterator[int]:
    return (line for line in range(source.scope.bit_length()) if source.scope >> line & 1)


def network(sources: list[Source], payables: list[int]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(["source", "sink"])
    for line, payable in enumerate(payables):
        graph.add_edge(("line", line), "sink", capacity=payable)
    for credit, source in enumerate(sources):
        graph.add_edge("source", ("credit", credit), capacity=source.balance)
        graph.add_edges_from((("credit", credit), ("line", line)) for line in lines_in(source))
    return graph


def most_by_first(count: int, case: Case) -> int:
    sources, payables = case
    if not count:
        return 0
    return int(nx.maximum_flow_value(network(sources[:count], payables), "source", "sink"))


def greatest_used(case: Case) -> tuple[int, ...]:
    totals = [most_by_first(count, case) for count in range(len(case[0]) + 1)]
    return tuple(later - earlier for earlier, later in pairwise(totals))


def matrix(found: Allocation, case: Case) -> tuple[int, ...]:
    """The cells in a row, credit by credit."""
    sources, payables = case
    flat = [0] * (len(sources) * len(payables))
    for credit, line, amount in found.cells:
        flat[credit * len(payables) + line] = amount
    return tuple(flat)


def every_matrix(case: Case) -> Iterator[tuple[int, ...]]:
    sources, payables = case

    def fill(place: int, balances: list[int], left: list[int]) -> Iterator[tuple[int, ...]]:
        if place == len(sources) * len(payables):
            yield ()
            return
        credit, line = divmod(place, len(payables))
        most = min(balances[credit], left[line]) if sources[credit].scope >> line & 1 else 0
        for amount in range(most + 1):
            balances[credit] -= amount
            left[line] -= amount
            for rest in fill(place + 1, balances, left):
                yield (amount, *rest)
            balances[credit] += amount
            left[line] += amount

    return fill(0, [source.balance for source in sources], list(payables))


def largest_matrix(case: Case) -> tuple[int, ...]:
    """Cell by cell as large as possible, by minimum-cost flow: this cell earns 1, what is fixed is gone."""
    sources, payables = case
    needs, left = list(greatest_used(case)), list(payables)
    open_cells = {(credit, line) for credit, source in enumerate(sources) for line in lines_in(source)}
    flat = []
    for credit in range(len(sources)):
        for line in range(len(payables)):
            amount = 0
            if (credit, line) in open_cells and needs[credit] and left[line]:
                graph = nx.DiGraph()
                graph.add_node("sink", demand=sum(needs))
                for other, need in enumerate(needs):
                    graph.add_node(("credit", other), demand=-need)
                for other, room in enumerate(left):
                    graph.add_edge(("line", other), "sink", capacity=room, weight=0)
                for one, other in open_cells:
                    weight = -1 if (one, other) == (credit, line) else 0
                    graph.add_edge(("credit", one), ("line", other), weight=weight)
                amount = -nx.network_simplex(graph)[0]
            open_cells.discard((credit, line))
            needs[credit] -= amount
            left[line] -= amount
            flat.append(amount)
    return tuple(flat)


def plain_walk(case: Case) -> tuple[int, ...]:
    sources, payables = case
    left, flat = list(payables), []
    for source in sources:
        balance = source.balance
        for line in range(len(payables)):
            amount = min(balance, left[line]) if line in lines_in(source) else 0
            balance -= amount
            left[line] -= amount
            flat.append(amount)
    return tuple(flat)


def used_by(flat: tuple[int, ...], lines: int) -> tuple[int, ...]:
    return tuple(sum(flat[start : start + lines]) for start in range(0, len(flat), lines))


quick = settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(cases(most_credits=7, most_lines=7, amounts=(1, 3, 10, 10**12)))
def test_r5_every_prefix_of_credits_pays_as_much_as_any_flow_could(case: Case) -> None:
    found = allocate(*case)
    expected = [most_by_first(count, case) for count in range(1, len(case[0]) + 1)]
    assert list(accumulate(found.used)) == expected


@settings(max_examples=150)
@given(invoices())
def test_r5_every_prefix_pays_the_most_on_invoices_of_a_realistic_shape(case: Case) -> None:
    found = allocate(*case)
    for count in (1, len(case[0]) // 3, 2 * len(case[0]) // 3, len(case[0])):
        assert sum(found.used[:count]) == most_by_first(count, case)


@quick
@given(cases(most_credits=3, most_lines=3, amounts=(1, 2, 4)))
def test_r5_is_the_largest_of_all_matrices_there_are(case: Case) -> None:
    best = max((used_by(flat, len(case[1])), flat) for flat in every_matrix(case))
    assert (allocate(*case).used, matrix(allocate(*case), case)) == best


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(cases(most_credits=6, most_lines=6, amounts=(4, 12, 1000)))
def test_r5_every_cell_is_as_large_as_the_cells_before_it_allow(case: Case) -> None:
    assert matrix(allocate(*case), case) == largest_matrix(case)


@quick
@given(cases(most_credits=9, most_lines=9, amounts=(3, 10, 100_000)))
def test_r5_pays_within_balances_lines_and_scopes_in_few_rows(case: Case) -> None:
    sources, payables = case
    found = allocate(*case)
    rows = [(credit, line) for credit, line, _ in found.cells]
    assert rows == sorted(set(rows))
    assert all(amount > 0 and sources[credit].scope >> line & 1 for credit, line, amount in found.cells)
    assert used_by(matrix(found, case), len(payables)) == found.used
    assert all(used <= source.balance for used, source in zip(found.used, sources, strict=True))
    for line, payable in enumerate(payables):
        assert sum(amount for _, paid, amount in found.cells if paid == line) <= payable
    credits_used, lines_paid = {credit for credit, _ in rows}, {line for _, line in rows}
    assert len(rows) <= max(0, len(credits_used) + len(lines_paid) - 1)


@quick
@given(cases(most_credits=5, most_lines=5, amounts=(3, 10)))
def test_r5_is_the_plain_walk_wherever_that_strands_nothing(case: Case) -> None:
    walk, lines = plain_walk(case), len(case[1])
    found = allocate(*case)
    if used_by(walk, lines) == greatest_used(case):
        assert matrix(found, case) == walk
        assert found.passed_over == ()
    else:
        # Some earlier credit must have left a line that the walk would have paid.
        assert found.passed_over != ()


@quick
@given(cases(most_credits=8, most_lines=8, amounts=(3, 10, 1000)), st.randoms(use_true_random=False))
def test_r5_order_of_lines_changes_no_used_amount(case: Case, random: Random) -> None:
    sources, payables = case
    order = list(range(len(payables)))
    random.shuffle(order)
    moved = [
        Source(source.balance, sum(1 << to for to, line in enumerate(order) if source.scope >> line & 1))
        for source in sources
    ]
    assert allocate(moved, [payables[line] for line in order]).used == allocate(*case).used


@quick
@given(cases(most_credits=8, most_lines=8, amounts=(3, 10, 1000)), st.randoms(use_true_random=False))
def test_r5_order_of_credits_changes_no_total(case: Case, random: Random) -> None:
    sources, payables = case
    shuffled = list(sources)
    random.shuffle(shuffled)
    assert sum(allocate(shuffled, payables).used) == sum(allocate(*case).used)


@quick
@given(cases(most_credits=7, most_lines=7, amounts=(3, 10, 1000)))
def test_r5_passed_over_is_what_a_turn_left_and_put_further_down(case: Case) -> None:
    sources, payables = case
    found = allocate(*case)
    rows, left, expected = matrix(found, case), list(payables), []
    for credit, source in enumerate(sources):
        row = rows[credit * len(payables) :][: len(payables)]
        left = [room - amount for room, amount in zip(left, row, strict=True)]
        for line in lines_in(source):
            if skipped := min(left[line], sum(row[line + 1 :])):
                expected.append((credit, line, skipped))
    assert list(found.passed_over) == expected
