"""Which of a long run of operations are drawn."""

import time

import pytest
import torch

from autograd_tutorial.graph import Edge, Graph, Node
from autograd_tutorial.graph.showing.fold import (
    MOST_BOXES,
    Fold,
    Link,
    Picture,
    TooLargeError,
    fold,
)


def made(leaves: str, operations: list[tuple[str, list[str]]]) -> Graph:
    """Make a graph of leaves and operations v1, v2, …, each with its arguments."""
    one = (torch.tensor(1.0),)
    nodes = [Node(name, name, "input", one, one) for name in leaves.split()]
    by_name = {node.name: node for node in nodes}
    edges = []
    for i, (operation, arguments) in enumerate(operations, 1):
        node = Node(f"v{i}", "", "operation", one, one, operation=operation)
        by_name[node.name] = node
        nodes.append(node)
        edges += [
            Edge(by_name[name], node, slot, message=one[0])
            for slot, name in enumerate(arguments)
        ]
    for step, node in enumerate(nodes, 1):
        node.forward_step = step
        node.backward_step = len(nodes) - step + 1
    inputs = tuple(node for node in nodes if node.kind == "input")
    return Graph("f", tuple(nodes), tuple(edges), inputs, nodes[-1], 0, one[0])


def chain(length: int, block: str = "mul") -> Graph:
    """Make a chain of operations that repeat."""
    names = block.split()
    return made(
        "x",
        [
            (names[i % len(names)], [f"v{i}" if i else "x"])
            for i in range(length)
        ],
    )


def only_fold(picture: Picture) -> Fold:
    """Return the one fold of a picture."""
    (found,) = [box for box in picture.boxes if isinstance(box, Fold)]
    return found


def drawn(picture: Picture) -> str:
    """Return the names of the boxes, with … for what is folded."""
    return " ".join(
        "…" if isinstance(box, Fold) else box.name for box in picture.boxes
    )


def test_what_fits_is_not_folded() -> None:
    """Forty nodes are all drawn, with all their edges."""
    graph = chain(39)
    picture = fold(graph)
    assert picture.boxes == graph.nodes
    assert [link.edges for link in picture.links] == [(e,) for e in graph.edges]


@pytest.mark.parametrize("length", [40, 1_000, 10_000])
def test_a_chain(length: int) -> None:
    """Of a chain the first and the last operation are drawn, and what joins them to the fold."""
    graph = chain(length)
    picture = fold(graph)
    assert drawn(picture) == f"x v1 v2 … v{length}"
    folded = only_fold(picture)
    assert folded.turns == length - 3
    assert folded.block == ("mul",)
    assert folded.nodes == graph.nodes[3:-1]
    assert [link.edges for link in picture.links] == [
        (graph.edges[i],) for i in (0, 1, 2, -1)
    ]


def test_ten_thousand_operations_take_a_moment() -> None:
    """Folding is linear in the number of operations: it takes little of the processor's time."""
    graph = chain(10_000, "mul sin")
    begin = time.process_time()
    fold(graph)
    assert time.process_time() - begin < 2


def test_a_block_of_three() -> None:
    """A turn of three operations is folded whole."""
    picture = fold(chain(99, "mul sin exp"))
    assert drawn(picture) == "x v1 v2 v3 v4 v5 v6 … v97 v98 v99"
    folded = only_fold(picture)
    assert folded.turns == 30
    assert folded.block == ("mul", "sin", "exp")


def test_what_stands_around_a_loop_is_drawn() -> None:
    """Operations before and after a run stay."""
    steps = [("exp", ["x"])]
    steps += [("mul", [f"v{i}"]) for i in range(1, 60)]
    steps += [("sum", ["v60"])]
    assert drawn(fold(made("x", steps))) == "x v1 v2 … v60 v61"


def test_leaves_of_the_folded_turns() -> None:
    """A leaf that only folded operations use is folded, one that others use as well is not."""
    leaves = [f"w{i}" for i in range(60)]
    steps = [
        ("mul", [f"v{i}" if i else "x", leaf]) for i, leaf in enumerate(leaves)
    ]
    picture = fold(made(" ".join(["x", *leaves]), steps))
    assert drawn(picture) == "x w0 w1 w59 v1 v2 … v60"
    assert sum(n.kind == "input" for n in only_fold(picture).nodes) == 57


def fold_and_arrow_from_x(
    steps: list[tuple[str, list[str]]],
) -> tuple[Fold, Link]:
    """Return the one fold of a program, and the one arrow from its input to it."""
    picture = fold(made("x", steps))
    folded = only_fold(picture)
    (link,) = [
        link
        for link in picture.links
        if link.target is folded and link.source is picture.boxes[0]
    ]
    return folded, link


def test_edges_across_the_border_of_a_fold() -> None:
    """What is used in each turn has one arrow to the fold, which stands for its edges."""
    steps = [("mul", [f"v{i}" if i else "x", "x"]) for i in range(60)]
    folded, link = fold_and_arrow_from_x(steps)
    assert len(link.edges) == folded.turns == 57
    assert {edge.target for edge in link.edges} == set(folded.nodes)


def test_two_edges_into_a_fold_are_one_arrow() -> None:
    """A fold is no place to tell its edges apart, also where they are few."""
    steps = [
        (f"op{i % 10}", [f"v{i}" if i else "x", *([] if i % 10 else ["x"])])
        for i in range(50)
    ]
    folded, link = fold_and_arrow_from_x(steps)
    assert len(link.edges) == folded.turns == 2


def test_a_value_from_before_the_loop_is_the_same_in_each_turn() -> None:
    """An argument may be the same operation each time, however far back."""
    steps = [("exp", ["x"]), ("sin", ["v1"])]
    steps += [("mul", [f"v{i}", "v1"]) for i in range(2, 60)]
    assert drawn(fold(made("x", steps))) == "x v1 v2 v3 … v60"


def test_two_loops() -> None:
    """Each of two runs has a fold of its own."""
    steps = [
        ("mul" if i < 50 else "add", [f"v{i}" if i else "x"])
        for i in range(100)
    ]
    assert drawn(fold(made("x", steps))) == "x v1 v2 … v50 v51 … v100"


def test_parallel_edges_are_joined_when_they_are_many() -> None:
    """Two edges between two nodes are two arrows; five are one."""
    two = fold(made("x", [("mul", ["x", "x"])]))
    assert [len(link.edges) for link in two.links] == [1, 1]
    five = fold(made("x", [("cat", ["x"] * 5)]))
    assert [len(link.edges) for link in five.links] == [5]


def test_the_steps_of_a_fold() -> None:
    """A fold has the earliest steps of its operations."""
    graph = chain(50)
    folded = only_fold(fold(graph))
    assert folded.forward_step == graph["v3"].forward_step
    assert folded.backward_step == graph["v49"].backward_step


def test_too_large() -> None:
    """A graph without repetition, or with too much of it, says how large it is."""
    names = [f"op{i}" for i in range(60)]
    with pytest.raises(
        TooLargeError, match=r"has 61 nodes and 60 edges, too many for a pic"
    ):
        fold(chain(60, " ".join(names)))
    many = " ".join(f"op{i} " * 4 for i in range(MOST_BOXES))
    with pytest.raises(TooLargeError, match="even with its repeated"):
        fold(chain(4 * MOST_BOXES, many))
    dense = [("cat", [f"v{j}" for j in range(1, i + 1)]) for i in range(1, 20)]
    with pytest.raises(TooLargeError, match="21 nodes and 191 edges"):
        fold(made("x", [("sin", ["x"]), *dense]))
