"""The exact half of R5: earlier credits move aside for later ones, as little as possible.

Credits with the same scope form a *class*; lines that the same classes may pay form a *group*. Only
how much each class pays to each group needs a search, so classes and groups set the cost, not credits
and lines: a thousand credits of five scopes are a network of five classes.

First, how much is used. Credit by credit, money goes to a group with room; if there is none, along a
path on which classes already paying in a full group move some of it to another group, until one has
room. Such a path changes where earlier credits pay, never how much. When there is none, the groups
reached are full for good.

Second, which lines. Credit by credit and line by line, the cell gets as much as a flow with the same
used amounts allows: if the class pays too little in that group, its own money elsewhere is swapped in
along such a path. Then the cell is fixed and taken out of the flow.

Two details make nested scopes bearable. Groups are numbered with the least wanted first, so that money
lands where nobody else will need it. And when a search fails, the groups it reached are *tight*: those
who pay there can pay nowhere else and fill all of it; so every class that pays nothing there loses
these groups from its scope, and no later search looks at them again.
"""

import functools
import operator
from collections.abc import Iterator, Sequence
from typing import NamedTuple


def move_aside(
    balances: Sequence[int], scopes: Sequence[int], payables: Sequence[int]
) -> list[tuple[int, int, int]]:
    """R5's cells (credit, line, amount), by credit and then line."""
    open_lines = sum(1 << line for line, payable in enumerate(payables) if payable)
    reach = [scope & open_lines if balance else 0 for balance, scope in zip(balances, scopes, strict=True)]
    class_of = {scope: number for number, scope in enumerate(dict.fromkeys(filter(None, reach)))}
    flow = Flow(list(class_of), payables)
    turns = [(credit, class_of[scope]) for credit, scope in enumerate(reach) if scope]
    used = [flow.place(kind, balances[credit]) for credit, kind in turns]
    cells: list[tuple[int, int, int]] = []
    for (credit, kind), amount in zip(turns, used, strict=True):
        cells += [(credit, line, paid) for line, paid in flow.fix_row(kind, amount)]
    return cells


class Way(NamedTuple):
    """Money can move on: each class named takes some from one group to the next, and so on to the end."""

    start: int
    end: int
    moves: list[tuple[int, int, int]]  # class, from group, to group


class Tight(NamedTuple):
    """Money cannot move on: these groups are filled by classes that can pay nowhere else."""

    groups: int
    payers: int


class Flow:
    """How much each class pays to each group. Sets of lines, groups and classes are bit masks."""

    def __init__(self, scopes: list[int], payables: Sequence[int]) -> None:
        self.left = list(payables)
        self.open_lines = 0
        self.lines_of_group = _groups(scopes)
        self.group_of_line: dict[int, int] = {}
        self.room: list[int] = []
        for group, lines in enumerate(self.lines_of_group):
            members = list(_bits(lines))
            self.open_lines |= lines
            self.group_of_line.update(dict.fromkeys(members, group))
            self.room.append(sum(payables[line] for line in members))
        self.roomy = (1 << len(self.room)) - 1
        self.lines_of_class = list(scopes)  # what a class may pay, as lines and as groups
        self.groups_of_class = [
            sum(1 << group for group, lines in enumerate(self.lines_of_group) if lines & scope)
            for scope in scopes
        ]
        self.amounts = [[0] * len(self.room) for _ in scopes]
        self.paid_by = [0] * len(scopes)  # the groups in which a class pays
        self.payers_of = [0] * len(self.room)  # the classes that pay in a group
        self.full_for_good = 0

    def place(self, kind: int, balance: int) -> int:
        """Use as much of a credit as possible; earlier ones move aside, but pay no less."""
        rest = balance
        while rest and self.groups_of_class[kind] & ~self.full_for_good:
            way = self.search(self.groups_of_class[kind], goal=self.roomy)
            if isinstance(way, Tight):
                self.full_for_good |= way.groups
                self.close(way)
                break
            amount = self.passable(way, min(rest, self.room[way.end]))
            self.push(way, amount)
            self.put(kind, way.start, amount)
            rest -= amount
        return balance - rest

    def fix_row(self, kind: int, need: int) -> list[tuple[int, int]]:
        """One credit's (line, amount): on each line, from the top, as much as can be."""
        row: list[tuple[int, int]] = []
        while need:
            lines = self.lines_of_class[kind] & self.open_lines
            if not lines:
                raise AssertionError("Part of a credit's used amount found no line.")
            line = _lowest(lines)
            group, wanted = self.group_of_line[line], min(need, self.left[line])
            tight = None
            if self.amounts[kind][group] < wanted:
                tight = self.gather(kind, group, wanted)
            amount = min(wanted, self.amounts[kind][group])
            if amount:
                row.append((line, amount))
                need -= amount
                self.fix(kind, group, line, amount)
            if tight:
                self.close(tight)
        return row

    def gather(self, kind: int, group: int, wanted: int) -> Tight | None:
        """Bring what a class pays in a group up to an amount, or as near to it as can be.

        The class's total stays: what it pays more here, it pays less elsewhere. It has that money,
        since what the current credit still needs is part of the class's flow.
        """
        own = self.amounts[kind]
        while own[group] < wanted:
            elsewhere = self.paid_by[kind] & ~(1 << group)
            way = self.search(1 << group, goal=self.roomy | elsewhere, barred=1 << kind)
            if isinstance(way, Tight):
                return way
            amount = wanted - own[group]
            if elsewhere >> way.end & 1:
                giver = way.end
            else:
                giver = _lowest(elsewhere)
                amount = min(amount, self.room[way.end])
            amount = self.passable(way, min(amount, own[giver]))
            self.put(kind, giver, -amount)
            self.push(way, amount)
            self.put(kind, group, amount)
        return None

    def search(self, starts: int, *, goal: int, barred: int = 0) -> Way | Tight:
        """A shortest way from a start group to a goal, over classes that pay where they are met."""
        if starts & goal:
            group = _lowest(starts & goal)
            return Way(group, group, [])
        reached, payers = starts, barred
        came_from: dict[int, tuple[int, int]] = {}
        waiting = list(_bits(starts))
        for group in waiting:
            fresh_payers = self.payers_of[group] & ~payers
            payers |= fresh_payers
            for kind in _bits(fresh_payers):
                fresh = self.groups_of_class[kind] & ~reached
                if fresh & goal:
                    came_from[_lowest(fresh & goal)] = kind, group
                    return _way_back(_lowest(fresh & goal), came_from)
                reached |= fresh
                for other in _bits(fresh):
                    came_from[other] = kind, group
                    waiting.append(other)
        return Tight(reached, payers & ~barred)

    def passable(self, way: Way, amount: int) -> int:
        return min([amount, *(self.amounts[kind][group] for kind, group, _ in way.moves)])

    def push(self, way: Way, amount: int) -> None:
        for kind, group, other in way.moves:
            self.put(kind, group, -amount)
            self.put(kind, other, amount)

    def put(self, kind: int, group: int, amount: int) -> None:
        self.pay(kind, group, amount)
        room = self.room[group] - amount
        self.room[group] = room
        if not room:
            self.roomy &= ~(1 << group)
        elif room == -amount:
            self.roomy |= 1 << group

    def pay(self, kind: int, group: int, amount: int) -> None:
        paid = self.amounts[kind][group] + amount
        self.amounts[kind][group] = paid
        if not paid:
            self.paid_by[kind] &= ~(1 << group)
            self.payers_of[group] &= ~(1 << kind)
        elif paid == amount:
            self.paid_by[kind] |= 1 << group
            self.payers_of[group] |= 1 << kind

    def fix(self, kind: int, group: int, line: int, amount: int) -> None:
        """The cell leaves the flow for the answer, and its line shrinks by as much: the room stays."""
        self.pay(kind, group, -amount)
        self.left[line] -= amount
        if not self.left[line]:
            self.open_lines &= ~(1 << line)

    def close(self, tight: Tight) -> None:
        """Nobody will ever pay in tight groups but those who do; so nobody else need look there."""
        lines = 0
        for group in _bits(tight.groups):
            lines |= self.lines_of_group[group]
        for kind in range(len(self.amounts)):
            if not tight.payers >> kind & 1:
                self.groups_of_class[kind] &= ~tight.groups
                self.lines_of_class[kind] &= ~lines


def _groups(scopes: list[int]) -> list[int]:
    """The lines in some scope, parted by who may pay them; the least wanted group first."""
    parts: list[tuple[int, int]] = []  # how many want it, lines
    unwanted = functools.reduce(operator.or_, scopes, 0)
    for scope in scopes:
        split: list[tuple[int, int]] = []
        for wanted, lines in [*parts, (0, unwanted)]:
            if lines & scope:
                split.append((wanted + 1, lines & scope))
            if wanted and lines & ~scope:
                split.append((wanted, lines & ~scope))
        unwanted &= ~scope
        parts = split
    return [lines for _, lines in sorted(parts, key=lambda part: (part[0], part[1] & -part[1]))]


def _way_back(end: int, came_from: dict[int, tuple[int, int]]) -> Way:
    moves, group = [], end
    while group in came_from:
        kind, before = came_from[group]
        moves.append((kind, before, group))
        group = before
    return Way(group, end, moves)


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit
