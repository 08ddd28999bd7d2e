"""Nodes and edges are found in a graph, which is held and not copied."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from graphs import example, number, tensor, vector, wide_graph
from torch import Tensor

from autograd_tutorial.graph import Edge, Node, trace


class TestAsAContainer:
    """A graph holds nodes by name."""

    def test_in_and_iter(self) -> None:
        """The names lead to the nodes."""
        graph = example()
        assert [graph[name] for name in graph] == list(graph.nodes)
        assert "v1" in graph
        assert "y" not in graph
        assert graph["v1"] not in graph
        assert "v1[1]" in trace(lambda x: sum(x.unbind()), vector(1, 2))

    @pytest.mark.parametrize(
        "how", [pickle.dumps, copy.deepcopy], ids=["pickle", "deepcopy"]
    )
    def test_cannot_be_copied(self, how: Callable[[Any], object]) -> None:
        """It says so, and what to keep instead."""
        graph = example()
        for part in (graph, graph.nodes[0], graph.edges[0]):
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                how(part)
        kept = {name: graph[name].primal for name in graph}
        assert len(pickle.loads(pickle.dumps(kept))) == len(graph.nodes)


class TestGraph:
    """Nodes and edges are found."""

    def test_by_name(self) -> None:
        """A node is found by its name or that of one of its results."""
        graph = wide_graph()
        assert graph["x"] is graph.inputs[0]
        assert graph["a"] is graph["b"]

    def test_unknown_names(self) -> None:
        """The error lists the names, and only the first of many."""
        with pytest.raises(KeyError) as caught:
            example()["z"]
        assert "No node is called 'z'" in caught.value.args[0]
        assert caught.value.args[0].endswith("x, v1, v2, v3, v4, v5, v6, v7")

        def many(x: Tensor) -> Tensor:
            for _ in range(30):
                x = x * 1
            return x

        with pytest.raises(KeyError, match="x19, …"):
            trace(many, number(1))["y"]

    def test_repr(self) -> None:
        """Nodes and edges are shown in a few words."""
        graph = wide_graph()
        (split,) = graph.edges_into[graph["a"]]
        assert repr(split.source) == "<Node x>"
        assert repr(split.target) == f"<Node {split.target.statement}>"
        assert repr(split) == f"<Edge x to {split.target.name}>"
        (exp,) = graph.edges_into[graph["v1"]]
        assert repr(exp) == "<Edge b to v1>"

    def test_edges_into(self) -> None:
        """The edges into an operation stand in the order of its arguments."""
        graph = example()
        edges = graph.edges_into[graph["v4"]]
        assert [(e.source.name, e.slot) for e in edges] == [
            ("v2", 0),
            ("v3", 1),
        ]
        assert graph["x"] not in graph.edges_into
        assert sum(map(len, graph.edges_into.values())) == len(graph.edges)

    def test_edges_from(self) -> None:
        """The edges out of a node stand in the order of their messages."""
        graph = example()
        edges = graph.edges_from[graph["x"]]
        assert [e.target.name for e in edges] == ["v5", "v3", "v1"]
        total = sum(tensor(e.message) for e in edges)
        assert total == graph["x"].adjoint
        assert graph.output not in graph.edges_from

    def test_vjp(self) -> None:
        """An operation can be asked for its messages; a leaf cannot."""
        graph = example()
        vjp = graph["v4"].vjp
        assert vjp is not None
        v2, v3 = graph["v2"].primal, graph["v3"].primal
        assert vjp((number(10),)) == (10 * tensor(v3), 10 * tensor(v2))
        assert graph["x"].vjp is None

    def test_nodes_and_edges_are_told_apart(self) -> None:
        """They are compared by identity, and can be keys."""
        left, right = example(), example()
        assert left["v1"] != right["v1"]
        assert len({*left.nodes, *right.nodes}) == 16
        assert len({*left.edges, *right.edges}) == 18
        assert isinstance(left.nodes[0], Node)
        assert isinstance(left.edges[0], Edge)
