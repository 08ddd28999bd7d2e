"""Products with the Jacobian of a run, along its arrows: back with v, forward with t."""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from autograd_tutorial.graph.model import (
    Edge,
    GraphData,
    Node,
    Tensors,
    backward_order,
)
from autograd_tutorial.graph.tensors import check_like, comparable


def pullback(
    graph: GraphData, cotangent: Tensor | None = None
) -> Tensors | Tensor | None:
    """Send a cotangent back: each node that receives something calls its own pullback."""
    seed = graph.cotangent if cotangent is None else cotangent
    check_like("cotangent", seed, graph.cotangent, "the output")
    adjoints: dict[tuple[Node, int], Tensor] = {
        (graph.output, graph.output_number): seed.detach().to(graph.cotangent)
    }
    for node in backward_order(graph):
        received = tuple(
            adjoints.get((node, k)) for k in range(len(node.names))
        )
        if not node.vjp or all(adjoint is None for adjoint in received):
            continue
        with torch.no_grad():
            sent = send_back(node, received)
        for edge in graph.edges_into.get(node, ()):
            message, key = sent[edge.slot], (edge.source, edge.output)
            if message is not None:
                before = adjoints.get(key)
                adjoints[key] = message if before is None else before + message
    gradients = tuple(adjoints.get((node, 0)) for node in graph.inputs)
    return gradients[0] if len(gradients) == 1 else gradients


def pushforward(graph: GraphData, tangents: Sequence[Tensor]) -> Tensor:
    """Send tangents forward: along partials, and by the transpose of a pullback without one."""
    if len(tangents) != len(graph.inputs):
        raise ValueError(
            f"pushforward() needs one tangent for each of the {len(graph.inputs)} inputs, "
            f"but it got {len(tangents)}."
        )
    moved: dict[tuple[Node, int], Tensor] = {}
    for node, tangent in zip(graph.inputs, tangents, strict=True):
        primal = node.primals[0]
        assert primal is not None
        check_like("tangent", tangent, primal, f"the input {node.name}")
        moved[node, 0] = tangent.detach().to(primal)
    for node in graph.nodes:
        arriving = [
            (edge, moved[edge.source, edge.output])
            for edge in graph.edges_into.get(node, ())
            if (edge.source, edge.output) in moved
        ]
        if node.backward_step is None or not arriving:
            continue
        if all(_is_finite(edge.partial, t) for edge, t in arriving):
            results: Tensors = (_push(arriving),)
        else:
            results = _transpose(node, arriving)
        for k, result in enumerate(results):
            if result is not None:
                moved[node, k] = result
    zero = torch.zeros_like(graph.cotangent)
    return moved.get((graph.output, graph.output_number), zero)


def send_back(node: Node, adjoints: Tensors) -> Tensors:
    """Call the pullback that torch recorded; say of which operation it is if it fails."""
    assert node.vjp is not None
    try:
        return node.vjp(adjoints)
    except Exception as error:
        if not re.search("freed|inplace", str(error)):
            raise ValueError(
                f"{node.statement} cannot be sent back: {error}"
            ) from error
        raise ValueError(
            f"{node.statement} can no longer be sent back: {error} Trace the function again; if "
            "its backward is your own, let it keep what it needs for a second time."
        ) from error


def _push(arriving: Sequence[tuple[Edge, Tensor]]) -> Tensor:
    """Return the sum of the tangents, each times the partial of its edge."""
    products: list[Tensor] = [
        torch.tensordot(slope, moved, moved.dim()).to(adjoint)
        for edge, tangent in arriving
        if (slope := comparable(edge.partial)) is not None
        and (moved := comparable(tangent)) is not None
        and (adjoint := edge.target.adjoints[0]) is not None
    ]
    return sum(products[1:], products[0])


def _is_finite(*factors: Tensor | None) -> bool:
    numbers = map(comparable, factors)
    return all(t is not None and bool(t.isfinite().all()) for t in numbers)


def _transpose(node: Node, arriving: Sequence[tuple[Edge, Tensor]]) -> Tensors:
    """Push tangents through an operation by its pullback, which is linear in the adjoints."""
    if all(adjoint is None for adjoint in node.adjoints):
        return node.adjoints
    with torch.inference_mode(mode=False), torch.enable_grad():
        weights = tuple(
            None if like is None else torch.ones_like(like).requires_grad_()
            for like in node.adjoints
        )
        sent = send_back(node, weights)
    pairs = [
        (message, tangent)
        for edge, tangent in arriving
        if (message := sent[edge.slot]) is not None
        # A message that does not depend on the adjoints must be zero, as that of floor is.
        and (message.requires_grad or message.any())
    ]
    if not pairs:
        return (None,) * len(weights)
    messages, directions = zip(*pairs, strict=True)
    wanted = [weight for weight in weights if weight is not None]
    try:
        found = torch.autograd.grad(
            messages, wanted, directions, allow_unused=True
        )
    except RuntimeError as error:
        raise ValueError(_NO_TRANSPOSE.format(node.statement)) from error
    if all(tangent is None for tangent in found):
        raise ValueError(_NO_TRANSPOSE.format(node.statement))
    left = iter(found)
    return tuple(None if weight is None else next(left) for weight in weights)


_NO_TRANSPOSE = (
    "{} has no partial here, or a number is not finite, and its pullback cannot be differentiated, "
    "so a tangent cannot be pushed through it. Use torch.func.jvp, if torch has a forward mode for "
    "it."
)
