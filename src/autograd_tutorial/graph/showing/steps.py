"""The two passes of a run, a sentence for each step."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from torch import Tensor

from autograd_tutorial.graph.model import GraphData, arrived
from autograd_tutorial.graph.notation import write_tensor
from autograd_tutorial.graph.showing.fold import Box, Fold, fold

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


def steps(graph: GraphData) -> list[Step]:
    """Return the steps of a graph: forward as it ran, then backward in the engine's order.

    Repeated operations that are folded in the picture are one step.
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


def _forward(graph: GraphData, box: Box) -> str:
    if isinstance(box, Fold):
        return f"{_turns(box)} run."
    primal = _listed([_told(primal) for primal in box.primals])
    if box.kind != "operation":
        return f"the {box.kind} {box.name} is {primal}."
    partials = [
        f"{edge.structure.removeprefix('× ')} for {edge.source.names[edge.output]}"
        for edge in graph.edges_into.get(box, ())
    ]
    if not partials:
        return f"{box.statement} is {primal}."
    plural = "s" if len(partials) > 1 else ""
    return (
        f"{box.statement} is {primal}, with the local derivative{plural} "
        f"{_listed(partials)}."
    )


def _backward(graph: GraphData, box: Box) -> str:
    if isinstance(box, Fold):
        return f"{_turns(box)} send their messages."
    received = [
        [_told(message) for message in arrived(graph, box, output)]
        for output in range(len(box.names))
    ]
    adjoints = [_told(adjoint) for adjoint in box.adjoints]
    sent = [
        f"{_told(edge.message)} to {edge.source.names[edge.output]}"
        for edge in graph.edges_into.get(box, ())
        if edge.message is not None
    ]
    several = len(box.names) > 1
    if several:
        sums = [
            f"{adjoint} = {' + '.join(messages)}"
            if 1 < len(messages) <= MOST_MESSAGES
            else adjoint
            for adjoint, messages in zip(adjoints, received, strict=True)
        ]
        sentence = f"{_listed(box.names)} receive adjoints {_listed(sums)}"
    elif box is graph.output and not received[0]:
        sentence = f"{box.name} starts with adjoint {adjoints[0]}"
    elif (count := len(received[0])) > 1:
        few = count <= MOST_MESSAGES
        messages = _listed(received[0]) if few else f"{count} messages"
        sentence = (
            f"{box.name} has received {messages}, which add up to its adjoint "
            f"{adjoints[0]}{',' * bool(sent)}"
        )
    else:
        sentence = f"{box.name} receives adjoint {adjoints[0]}"
    if sent:
        sentence += f" and {'send' if several else 'sends'} {_listed(sent)}"
    return f"{sentence}."


def _turns(box: Fold) -> str:
    return f"{box.turns:,} more turns ({', '.join(box.block)})"


def _told(tensor: Tensor | None) -> str:
    """Return a value in full, or say that it is a tensor of some shape."""
    text = write_tensor(tensor)
    return f"a tensor of shape {text}" if text.startswith("(") else text


def _listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last
