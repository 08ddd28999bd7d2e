"""The two passes of a run, a sentence for each step."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from autograd_tutorial.graph.fold import Box, Fold, fold
from autograd_tutorial.graph.model import Graph, Tensors
from autograd_tutorial.graph.structure import value

__all__ = ["Step", "steps"]

MOST_MESSAGES = 6
"""Where more messages than these meet, the sentence gives their number."""


class Step(NamedTuple):
    """One step: a value is computed, or an adjoint is complete and sends its messages."""

    phase: Literal["forward", "backward"]
    """Forward, values appear. Backward, adjoints do."""

    box: Box
    """The node, or the folded turns, whose step it is."""

    sentence: str
    """What happens, in words."""


def steps(graph: Graph) -> list[Step]:
    """Return the steps of a graph: forward as it ran, then backward in the engine's order.

    Repeated operations that are folded in the picture are one step.

    Raises
    ------
    ValueError
        If the graph is too large for a picture.
    """
    boxes, _ = fold(graph)
    there = sorted(boxes, key=lambda box: box.forward_step)
    reached = [box for box in boxes if box.backward_step is not None]
    back = sorted(reached, key=lambda box: box.backward_step or 0)
    total = len(there) + len(back)
    told: list[Step] = []
    for box in there:
        start = f"Step {len(told) + 1} of {total}. Forward: "
        told.append(Step("forward", box, start + _forward(graph, box)))
    for box in back:
        start = f"Step {len(told) + 1} of {total}. Backward: "
        told.append(Step("backward", box, start + _backward(graph, box)))
    return told


def _forward(graph: Graph, box: Box) -> str:
    if isinstance(box, Fold):
        return f"{_turns(box)} run."
    primal = _values(box.primals)
    if box.kind != "operation":
        return f"the {box.kind} {box.name} is {primal}."
    partials = [
        f"{edge.structure.removeprefix('× ')} for {edge.source.names[edge.output]}"
        for edge in graph.edges_into.get(box, ())
    ]
    plural = "s" if len(partials) > 1 else ""
    told = f", with the partial{plural} {_listed(partials)}" if partials else ""
    return f"{box.statement} is {primal}{told}."


def _backward(graph: Graph, box: Box) -> str:
    if isinstance(box, Fold):
        return f"{_turns(box)} send their messages."
    adjoint = _values(box.adjoints)
    arrived = [
        value(edge.message)
        for edge in graph.edges_from.get(box, ())
        if edge.message is not None
    ]
    if box is graph.output and not arrived:
        received = (
            f"{box.name} starts with the cotangent {value(graph.cotangent)}"
        )
    elif len(arrived) > 1 and len(box.adjoints) == 1:
        told = (
            _listed(arrived)
            if len(arrived) <= MOST_MESSAGES
            else f"{len(arrived)} messages"
        )
        received = f"{box.name} has received {told}, which add up to its adjoint {adjoint},"
    else:
        several = "adjoints" if len(box.adjoints) > 1 else "adjoint"
        received = f"{box.name} receives {several} {adjoint}"
    sent = [
        f"{value(edge.message)} to {edge.source.names[edge.output]}"
        for edge in graph.edges_into.get(box, ())
        if edge.message is not None
    ]
    if not sent:
        return f"{received.removesuffix(',')}."
    return f"{received} and sends {_listed(sent)}."


def _turns(box: Fold) -> str:
    return f"{box.turns:,} more turns of {', '.join(box.block)}"


def _values(tensors: Tensors) -> str:
    return _listed([value(tensor) for tensor in tensors])


def _listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last
