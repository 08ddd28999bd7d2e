"""What is drawn of a graph: all of it, or a long one with its repeated operations folded.

A loop records the same block of operations again and again. Of it the first and the last
turn are drawn, and one box stands for the turns in between.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from autograd_tutorial.graph.model import Edge, GraphData, Node

MOST_BOXES = 40
"""Above that no picture of a graph can be read."""

MOST_LINKS = 120
"""The same for the arrows."""

LONGEST_BLOCK = 20
"""The number of operations in a turn that are looked for."""

MOST_PARALLEL = 3
"""More edges than these between the same two boxes are drawn as one arrow."""


class TooLargeError(ValueError):
    """The graph has too many boxes to be drawn, also when it is folded."""


@dataclass(frozen=True, eq=False)
class Fold:
    """The turns of a loop that are not drawn."""

    turns: int
    """How many they are."""

    nodes: tuple[Node, ...]
    """Their operations, and the leaves that only these use."""

    block: tuple[str, ...]
    """The names of the operations in one turn."""

    forward_step: int
    """The step at which the first of its operations was computed."""

    backward_step: int | None
    """The step at which the engine came to the first of its operations."""


Box = Node | Fold


@dataclass(frozen=True, eq=False)
class Link:
    """An arrow of the picture: one edge, or several between the same two boxes."""

    source: Box
    target: Box
    edges: tuple[Edge, ...]


class Picture(NamedTuple):
    """What is drawn of a graph."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...]


class _Loop(NamedTuple):
    """Operations number `start` to `stop`, in turns of `period`."""

    start: int
    stop: int
    period: int

    @property
    def turns(self) -> int:
        return (self.stop - self.start) // self.period

    @property
    def hidden(self) -> range:
        """The numbers of the operations between the first turn and the last.

        Turns are counted from the end: the first turn begins with other arguments, and so what
        repeats often begins within it.
        """
        first = self.stop - (self.turns - 1) * self.period
        return range(first, self.stop - self.period)


def fold(graph: GraphData) -> Picture:
    """Return what is drawn of a graph: if it has more than 40 nodes, with its loops folded.

    Raises
    ------
    TooLargeError
        If more than 40 boxes are left.
    """
    folds = _folds(graph) if len(graph.nodes) > MOST_BOXES else []
    box_of: dict[Node, Box] = {node: node for node in graph.nodes}
    for one in folds:
        box_of |= dict.fromkeys(one.nodes, one)
    seen = [
        box_of[node]
        for node in graph.nodes
        if node.kind == "operation" or box_of[node] is node
    ]
    picture = Picture(tuple(dict.fromkeys(seen)), tuple(_links(graph, box_of)))
    if len(picture.boxes) > MOST_BOXES or len(picture.links) > MOST_LINKS:
        folded = ", even with its repeated operations folded" if folds else ""
        raise TooLargeError(
            f"The graph has {len(graph.nodes)} nodes and {len(graph.edges)} edges, too many for a "
            f"picture{folded}. Read it as a table, from to_table(), or let a tool for large graphs "
            "lay out what to_dot() returns."
        )
    return picture


def _links(graph: GraphData, box_of: dict[Node, Box]) -> list[Link]:
    between: dict[tuple[Box, Box], list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        ends = box_of[edge.source], box_of[edge.target]
        if ends[0] is not ends[1]:
            between[ends].append(edge)
    links = []
    for (source, target), edges in between.items():
        folded = isinstance(source, Fold) or isinstance(target, Fold)
        together = folded or len(edges) > MOST_PARALLEL
        groups = [tuple(edges)] if together else [(edge,) for edge in edges]
        links += [Link(source, target, group) for group in groups]
    return links


def _folds(graph: GraphData) -> list[Fold]:
    operations = [node for node in graph.nodes if node.kind == "operation"]
    hidden: dict[Node, int] = {}
    loops = _loops(graph, operations)
    for number, loop in enumerate(loops):
        hidden |= dict.fromkeys((operations[i] for i in loop.hidden), number)
    inside: list[list[Node]] = [[] for _ in loops]
    for node in graph.nodes:
        loops_of = {hidden.get(user, -1) for user in _users(graph, node)}
        if len(loops_of) == 1 and (number := loops_of.pop()) >= 0:
            inside[number].append(node)
    return [
        _folded(loop, operations, tuple(nodes))
        for loop, nodes in zip(loops, inside, strict=True)
    ]


def _users(graph: GraphData, node: Node) -> list[Node]:
    """Return the operations that use a leaf; an operation itself."""
    if node.kind == "operation":
        return [node]
    return [edge.target for edge in graph.edges_from.get(node, [])]


def _folded(
    loop: _Loop, operations: list[Node], nodes: tuple[Node, ...]
) -> Fold:
    hidden = [operations[i] for i in loop.hidden]
    steps = [n.backward_step for n in hidden if n.backward_step is not None]
    return Fold(
        turns=loop.turns - 2,
        nodes=nodes,
        block=tuple(node.operation for node in hidden[: loop.period]),
        forward_step=min(node.forward_step for node in hidden),
        backward_step=min(steps, default=None),
    )


def _loops(graph: GraphData, operations: list[Node]) -> list[_Loop]:
    """Return loops that do not overlap, those that hide most first."""
    place = {node: i for i, node in enumerate(operations)}
    arguments = [
        [place.get(e.source, -1) for e in graph.edges_into.get(node, [])]
        for node in operations
    ]
    names = [node.operation for node in operations]
    found = [
        loop
        for period in range(1, min(LONGEST_BLOCK, len(operations) // 3) + 1)
        for loop in _periodic(names, arguments, period)
    ]
    found.sort(key=lambda loop: (-len(loop.hidden), loop.period, loop.start))
    chosen: list[_Loop] = []
    for loop in found:
        free = _outside(loop, chosen)
        if len(free.hidden) > 1:
            chosen.append(free)
        if len(chosen) > MOST_BOXES:
            break  # each leaves a box at least: it is too large
    return chosen


def _periodic(
    names: list[str], arguments: list[list[int]], period: int
) -> list[_Loop]:
    """Return the longest loops in which an operation repeats the one a period before.

    Repeats: it has the same name, and each argument is a leaf in both, the same operation in both,
    or as far back in both.
    """

    def repeats(i: int) -> bool:
        before = i - period
        return names[i] == names[before] and _same(
            arguments[i], arguments[before], period
        )

    breaks = [i for i in range(period, len(names)) if not repeats(i)]
    edges = [period - 1, *breaks, len(names)]
    loops = (_Loop(a + 1 - period, b, period) for a, b in pairwise(edges))
    return [loop for loop in loops if len(loop.hidden) > 1]


def _same(now: list[int], before: list[int], period: int) -> bool:
    return len(now) == len(before) and all(
        a == b or (b >= 0 and a - b == period)
        for a, b in zip(now, before, strict=True)
    )


def _outside(loop: _Loop, chosen: list[_Loop]) -> _Loop:
    """Return the longest part of a loop that is in none of the chosen ones."""
    start, stop, period = loop
    for other in chosen:
        if other.start < stop and start < other.stop:
            left, right = other.start - start, stop - other.stop
            start, stop = (
                (start, start + left) if left > right else (stop - right, stop)
            )
            if stop - start < 3 * period:
                return _Loop(0, 0, 1)
    return _Loop(start, stop, period)
