"""What `trace` recorded: the values of one run, the arrows between them, and the numbers on both.

Everything here is data that torch computed. What can be asked of it stands in `asking`, and how it
is shown in `showing`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, NoReturn, SupportsIndex

from torch import Tensor

from autograd_tutorial.graph import rules
from autograd_tutorial.graph.notation import counted, describe_matrix

Tensors = tuple[Tensor | None, ...]


class Source(NamedTuple):
    """The line of the program that computed a value."""

    file: str
    """The path of the file, or what Python calls it, such as ``<stdin>``."""

    line: int
    """The number of the line, from 1."""


@dataclass(eq=False, slots=True)
class Node:
    """A value of the graph: an input, a parameter, or the result of an operation.

    An operation such as `split` has several results. Then `primals` and `adjoints` hold one entry
    for each, and so does `names`.
    """

    name: str
    """As the function names it, or v1, v2, … in the order of the operations."""

    statement: str
    """The line of the evaluation trace, such as ``v1 = pow(x, 2)``; for a leaf, its name."""

    kind: Literal["input", "parameter", "operation"]
    """An input is an argument of the function. A parameter is any other leaf."""

    primals: Tensors
    """The value of each result, as it was when the operation returned; None if it was not seen."""

    adjoints: Tensors
    """The derivative of the output with respect to each result, weighted by the cotangent.

    None if no adjoint came back, since the output does not depend on the result.
    """

    names: tuple[str, ...] = ()
    """The name of each result; that of the node, if there is one result."""

    operation: str = ""
    """The operation without its namespace, such as ``pow``; empty for a leaf."""

    overload: str = ""
    """The operation as torch lists it, such as ``pow.Tensor_Scalar``; empty if it was not seen."""

    arguments: tuple[str, ...] = ()
    """The arguments of the operation as the statement shows them."""

    grad_fn: str = ""
    """The name of torch's node, such as ``PowBackward0``."""

    source: Source | None = None
    """Where the program called the operation, if that is known."""

    forward_step: int = 0
    """When the value was computed, from 1 for the first input."""

    backward_step: int | None = None
    """When the engine came to the node, from 1; None if it did not."""

    vjp: Callable[[Tensors], Tensors] | None = None
    """The pullback that torch recorded, from the adjoints of the results to the messages, one for
    each slot; None for a leaf.
    """

    def __post_init__(self) -> None:
        """Call the one result as the node."""
        self.names = self.names or (self.name,)

    def __repr__(self) -> str:
        """Show the statement."""
        return f"<Node {self.statement}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied, and with it the graph."""
        raise TypeError(
            "A graph cannot be pickled or copied: its nodes hold torch's own, which live in one "
            "process only. Keep its numbers, as in {name: graph[name].primal for name in graph}, "
            "its table or its picture; or trace the function again."
        )

    @property
    def primal(self) -> Tensor | Tensors | None:
        """The value; a tuple of values if the operation has several results."""
        return self.primals[0] if len(self.primals) == 1 else self.primals

    @property
    def adjoint(self) -> Tensor | Tensors | None:
        """The adjoint; a tuple of adjoints if the operation has several results."""
        return self.adjoints[0] if len(self.adjoints) == 1 else self.adjoints


@dataclass(eq=False, slots=True)
class Edge:
    """From an argument to the operation that uses it: forward flows the value, back the message."""

    source: Node
    """The node whose result is the argument."""

    target: Node
    """The operation that uses it."""

    slot: int
    """The place among the operation's differentiable arguments, from 0."""

    output: int = 0
    """Which of the source's results is the argument."""

    partial: Tensor | None = None
    r"""The local derivative :math:`\partial \text{target} / \partial \text{source}`, of shape
    ``(*target.shape, *source.shape)``. None above 64 entries, for complex numbers, for an
    operation with several results, and where no message was sent.

    It is what torch answers to unit vectors. Beside an infinite entry their zeros leave NaN, since
    0 · ∞ is NaN.
    """

    message: Tensor | None = None
    """What the target sent back along this edge, its adjoint times the partial; None if nothing."""

    def __repr__(self) -> str:
        """Name both ends."""
        return f"<Edge {self.source.names[self.output]} to {self.target.name}>"

    @property
    def structure(self) -> str:
        """What kind of matrix the partial is, such as ``× 4``, ``2 I``, ``diag(3)``, ``J 15×12``."""
        rows = _entries(
            zip(self.target.primals, self.target.adjoints, strict=True)
        )
        columns = _entries([(self.source.primals[self.output], self.message)])
        if not rows or not columns:
            return "J"
        return describe_matrix(self.partial, rows, columns)

    @property
    def rule(self) -> str:
        """The textbook form, such as ``x̄ += v̄2 · cos(x)``; empty if we know none."""
        source, target = self.source, self.target
        x, y = source.primals[self.output], target.primals[0]
        is_own = rules.is_own_node(target.grad_fn, target.overload)
        if x is None or y is None or x.is_complex() or not is_own:
            return ""
        return rules.textbook_rule(
            target.overload,
            target.arguments,
            self.slot,
            (source.names[self.output], x.numel()),
            (target.name, y.numel()),
        )

    @property
    def formula(self) -> str:
        """Torch's own formula for the message, such as ``grad * self.cos()``; empty if unlisted."""
        return rules.torch_formula(self.target.overload, self.slot)


@dataclass(eq=False, repr=False)
class GraphData:
    """What a graph holds; `Graph` adds what can be asked of it, and how it is shown."""

    function: str
    """The name of the function that ran."""

    nodes: tuple[Node, ...]
    """All nodes, the leaves first, then the operations in the order in which they ran."""

    edges: tuple[Edge, ...]
    """All edges, those into one operation together, in the order of its arguments."""

    inputs: tuple[Node, ...]
    """The nodes of the function's arguments, in their order."""

    output: Node
    """The node whose result the function returned."""

    output_number: int
    """Which of its results."""

    cotangent: Tensor
    """The adjoint of the output, with which the backward pass began."""

    notes: tuple[str, ...] = ()
    """Sentences on what the graph cannot show, as why it is empty or which hook did not run."""

    def __repr__(self) -> str:
        """Say what it is and how large."""
        empty = "" if self.edges else ", so it is empty: see its notes"
        return (
            f"<Graph of {self.function}: {counted(len(self.nodes), 'node')}, "
            f"{counted(len(self.edges), 'edge')}{empty}>"
        )

    def __contains__(self, name: object) -> bool:
        """Tell whether a node, or one of its results, has that name."""
        return any(name in (node.name, *node.names) for node in self.nodes)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the nodes."""
        return (node.name for node in self.nodes)

    def __getitem__(self, name: str) -> Node:
        """Return the node of that name.

        Raises
        ------
        KeyError
            If there is no such node.
        """
        for node in self.nodes:
            if name == node.name or name in node.names:
                return node
        known = ", ".join(node.name for node in self.nodes[:20])
        more = ", …" if len(self.nodes) > 20 else ""
        raise KeyError(f"No node is called {name!r}. There are: {known}{more}")

    @cached_property
    def edges_into(self) -> dict[Node, list[Edge]]:
        """The edges into each operation, in the order of its arguments."""
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def edges_from(self) -> dict[Node, list[Edge]]:
        """The edges out of each node, in the order in which their messages came back."""
        edges = sorted(
            self.edges, key=lambda edge: edge.target.backward_step or 0
        )
        return _grouped(edges, lambda edge: edge.source)


def arrived(graph: GraphData, node: Node, output: int) -> list[Tensor]:
    """Return the messages that a result received from its users, in the order of their arrival."""
    return [
        edge.message
        for edge in graph.edges_from.get(node, ())
        if edge.output == output and edge.message is not None
    ]


def backward_order(graph: GraphData) -> list[Node]:
    """Return the nodes that the engine came to, in its order."""
    reached = [node for node in graph.nodes if node.backward_step is not None]
    return sorted(reached, key=lambda node: node.backward_step or 0)


def _grouped(
    edges: Iterable[Edge], end: Callable[[Edge], Node]
) -> dict[Node, list[Edge]]:
    groups = defaultdict(list)
    for edge in edges:
        groups[end(edge)].append(edge)
    return dict(groups)


def _entries(alike: Iterable[tuple[Tensor | None, Tensor | None]]) -> int:
    """Return the number of entries of results, from their values or else from what came back."""
    known = [right if left is None else left for left, right in alike]
    return sum(tensor.numel() for tensor in known if tensor is not None)
