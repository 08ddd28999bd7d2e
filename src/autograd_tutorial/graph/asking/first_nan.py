"""The first NaN of a run, and what made it."""

import linecache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.asking.agreement import received
from autograd_tutorial.graph.asking.linear import send_back
from autograd_tutorial.graph.model import Edge, GraphData, Node, backward_order
from autograd_tutorial.graph.notation import write_tensor
from autograd_tutorial.graph.tensors import has_infinity, has_nan, has_zero

BEGIN = "All values are numbers. The first NaN comes on the way back"


class FirstNaN(NamedTuple):
    """The first node that made a NaN from arguments without NaN."""

    node: Node
    """The operation, the leaf that was NaN from the start, or the node whose adjoint became NaN."""

    phase: Literal["forward", "backward"]
    """Where the NaN is, forward in its value, or backward in its adjoint or a message it sent."""

    sentence: str
    """What happened, in words."""

    infinite: Edge | None = None
    """The edge that made ∞ of finite numbers, if the NaN is 0 · ∞ or ∞ − ∞."""

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def find_first_nan(graph: GraphData) -> FirstNaN | None:
    """Look at the values in the order of the run, then go back along the arrows."""
    return _forward(graph) or _backward(graph)


def _forward(graph: GraphData) -> FirstNaN | None:
    """Find the first value that is NaN."""
    for node in graph.nodes:
        if not any(map(has_nan, node.primals)):
            continue
        if not node.vjp:
            sentence = f"The {node.kind} {node.name} is NaN from the start."
        else:
            sentence = (
                f"The first NaN is the value of {node.statement}{_line(node)}"
                f"{_where_arguments(graph, node)}."
            )
            if _has_constants(graph, node):
                sentence += (
                    " None of the recorded arguments is NaN, so a constant "
                    "holds it or the operation made it."
                )
        return FirstNaN(node, "forward", sentence)
    return None


def _backward(graph: GraphData) -> FirstNaN | None:
    """Find the first adjoint or message that is NaN, where all values are numbers."""
    if has_nan(graph.cotangent):
        return FirstNaN(
            graph.output, "backward", "The cotangent is NaN from the start."
        )
    for node in backward_order(graph):
        for output, adjoint in enumerate(node.adjoints):
            if has_nan(adjoint):
                return _became_nan(graph, node, output)
        for edge in graph.edges_into.get(node, ()):
            if has_nan(edge.message):
                return _sent_nan(graph, edge)
    return None


def _became_nan(graph: GraphData, node: Node, output: int) -> FirstNaN:
    """Say why an adjoint is NaN: whoever sent NaN came before, so no message to it is."""
    messages = received(graph, node, output)
    if messages and has_nan(sum(messages[1:], messages[0])):
        cause = "adding ∞ and −∞ makes it NaN"
        infinite = _edge_that_made_infinity(graph, node)
    else:
        cause = "no message to it is NaN, so a hook changed it"
        infinite = None
    sentence = (
        f"{BEGIN}, in the adjoint of {node.names[output]}{_line(node)}: {cause}."
        f"{_came_from(graph, infinite, node)}"
    )
    return FirstNaN(node, "backward", sentence, infinite)


def _sent_nan(graph: GraphData, edge: Edge) -> FirstNaN:
    """Say why a node sent NaN though it had received none."""
    node = edge.target
    adjoint = (
        "its adjoints"
        if len(node.adjoints) > 1
        else f"the adjoint {write_tensor(node.adjoints[0])}"
    )
    sentence = (
        f"{BEGIN}: {node.statement}{_line(node)} receives {adjoint} and sends "
        f"NaN to {edge.source.names[edge.output]}{_where_arguments(graph, node)}."
    )
    if any(map(has_infinity, node.adjoints)):
        infinite = _edge_that_made_infinity(graph, node)
        if has_infinity(node.adjoints[0]) and has_zero(edge.partial):
            sentence += " There 0 · ∞ is NaN."
        sentence += _came_from(graph, infinite, node)
    else:
        infinite = edge if _has_infinite_partial(edge) else None
        if infinite and any(map(has_zero, node.adjoints)):
            sentence += (
                " Its local derivative is infinite there, and 0 · ∞ is NaN."
            )
    return FirstNaN(node, "backward", sentence, infinite)


def _edge_that_made_infinity(graph: GraphData, node: Node) -> Edge | None:
    """Return the edge that made the ∞ which a node received: before it all was finite."""
    while True:
        users = graph.edges_from.get(node, ())
        edge = next((e for e in users if has_infinity(e.message)), None)
        if not (edge and any(map(has_infinity, edge.target.adjoints))):
            return edge
        node = edge.target


def _came_from(graph: GraphData, edge: Edge | None, node: Node) -> str:
    """Say which operation made the ∞."""
    if edge is None or edge.target is node:
        return ""
    made, name = edge.target, edge.source.names[edge.output]
    how = (
        f"whose local derivative with respect to {name} is infinite"
        if _has_infinite_partial(edge)
        else f"which sends it to {name}"
    )
    return (
        f" The ∞ came from {made.statement}{_line(made)}, {how}"
        f"{_where_arguments(graph, made)}."
    )


def _where_arguments(graph: GraphData, node: Node) -> str:
    """Say what the operation worked on."""
    known = _known_arguments(graph, node)
    told = [f"{n} = {write_tensor(primal)}" for n, primal in known.items()]
    return f", where {' and '.join(told)}" if told else ""


def _known_arguments(graph: GraphData, node: Node) -> dict[str, Tensor | None]:
    """Return the arguments that are values of the graph, by name."""
    return {
        edge.source.names[edge.output]: edge.source.primals[edge.output]
        for edge in graph.edges_into.get(node, ())
    }


def _has_constants(graph: GraphData, node: Node) -> bool:
    """Tell whether the operation has arguments that the graph does not hold."""
    known = {*_known_arguments(graph, node), "None", "True", "False"}
    others = set(node.arguments) - known
    return any(map(str.isalpha, "".join(others)))


def _has_infinite_partial(edge: Edge) -> bool:
    """Tell whether the partial of an edge is infinite somewhere, also where it was not built."""
    if edge.partial is not None:
        return has_infinity(edge.partial)
    ones = tuple(
        None if like is None else torch.ones_like(like)
        for like in edge.target.adjoints
    )
    try:
        with torch.no_grad():
            return has_infinity(send_back(edge.target, ones)[edge.slot])
    except ValueError:
        return False


def _line(node: Node) -> str:
    """Say where the program called the operation, with the line itself if it can be read."""
    if node.source is None:
        return ""
    text = linecache.getline(node.source.file, node.source.line).strip()
    if len(text) > 60:
        text = f"{text[:59]}…"
    return f" (line {node.source.line}{': ' * bool(text)}{text})"
