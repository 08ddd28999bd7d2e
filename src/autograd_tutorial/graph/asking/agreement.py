"""Whether the recorded numbers agree: messages with partials, sums of messages with adjoints."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.asking.linear import send_back
from autograd_tutorial.graph.model import Edge, GraphData, Node, arrived
from autograd_tutorial.graph.tensors import comparable


class _Difference(NamedTuple):
    """Two numbers that should be the same."""

    gap: float
    """How far they are apart."""

    rounding: float
    """What rounding can account for."""

    sentence: str
    """What it means if they are farther apart."""


def check_and_doubts(graph: GraphData) -> tuple[float, tuple[str, ...]]:
    """Return the largest difference, and a sentence for each that is more than rounding."""
    found = [
        *_of_messages(graph),
        *_of_bare_messages(graph),
        *_of_adjoints(graph),
    ]
    doubts = [one.sentence for one in found if one.gap > one.rounding]
    return max((one.gap for one in found), default=0.0), tuple(doubts)


def received(graph: GraphData, node: Node, output: int) -> list[Tensor]:
    """Return what a result received, in the order of its arrival; the cotangent first."""
    messages = map(comparable, arrived(graph, node, output))
    numbers = [message for message in messages if message is not None]
    if node is graph.output and output == graph.output_number:
        numbers.insert(0, graph.cotangent)
    return numbers


def _of_messages(graph: GraphData) -> Iterator[_Difference]:
    """Compare each message with the adjoint times the partial."""
    for edge in graph.edges:
        recorded = edge.target.adjoints[0], edge.message
        adjoint, message = map(comparable, recorded)
        slope = comparable(edge.partial)
        if slope is None or message is None or adjoint is None:
            continue
        dtype = torch.promote_types(adjoint.dtype, slope.dtype)
        factors = adjoint.to(dtype), slope.to(dtype)
        gap = _gap(_product(*factors, message).to(message.dtype), message)
        rounding = 0.0
        if gap:
            left, right = (factor.abs() for factor in factors)
            sizes = _without_zeros(left, right, message.shape)
            rounding = _rounding(sizes, adjoint.numel(), *recorded)
        as_recorded = recorded[0] is adjoint and recorded[1] is message
        if gap > rounding and as_recorded:
            rounding += _noise(edge, adjoint)
        yield _Difference(
            gap,
            rounding,
            f"The message from {edge.target.name} to {edge.source.names[edge.output]} is "
            "not its adjoint times the partial.",
        )


def _of_bare_messages(graph: GraphData) -> Iterator[_Difference]:
    """Compare each message on an arrow without a partial with what its node sends without hooks."""
    for node, edges in graph.edges_into.items():
        bare = [edge for edge in edges if edge.partial is None]
        if all(edge.message is None for edge in bare):
            continue
        try:
            with torch.no_grad():
                sent = send_back(node, node.adjoints)
        except ValueError:  # the backward of a Function may run only once
            continue
        for edge in bare:
            message, again = map(comparable, (edge.message, sent[edge.slot]))
            if message is not None and again is not None:
                yield _Difference(
                    _gap(again, message),
                    _rounding(message.abs(), 1, edge.message),
                    f"The message from {node.name} to {edge.source.names[edge.output]} is not "
                    "what the operation sends for its adjoint. Is there a hook on it?",
                )


def _of_adjoints(graph: GraphData) -> Iterator[_Difference]:
    """Compare each adjoint with the sum of the messages."""
    for node in graph.nodes:
        for output, adjoint in enumerate(map(comparable, node.adjoints)):
            if adjoint is None:
                continue
            messages = received(graph, node, output)
            first, *others = messages or [torch.zeros_like(adjoint)]
            gap, rounding = _gap(sum(others, first), adjoint), 0.0
            if gap:
                sizes = sum((m.abs() for m in others), first.abs())
                rounding = _rounding(
                    sizes, 1 + len(others), node.adjoints[output]
                )
            yield _Difference(
                gap,
                rounding,
                f"The messages to {node.names[output]} do not add up to its adjoint. "
                "Is there a hook on it?",
            )


def _product(adjoint: Tensor, slope: Tensor, message: Tensor) -> Tensor:
    """Return the adjoint times the partial, without terms 0 · ∞ where these make it NaN.

    Where it is vague even so, return the message.
    """
    product: Tensor = torch.tensordot(adjoint, slope, adjoint.dim())
    if not product.isnan().any():
        return product
    bare = _without_zeros(adjoint, slope, message.shape)
    rows = slope.reshape(-1, *message.shape)
    vague = bare.isnan() & ~rows.isfinite().all(0)
    bare = torch.where(vague, message, bare)
    return torch.where(product.isnan() & ~message.isnan(), bare, product)


def _gap(left: Tensor, right: Tensor) -> float:
    """Return the largest difference. Equal infinities do not differ, nor does NaN from NaN."""
    if left.shape != right.shape:
        return math.inf
    if torch.equal(left, right):
        return 0.0
    same = (left == right) | (left.isnan() & right.isnan())
    gaps = torch.where(same, 0.0, (left - right).abs())
    gaps = gaps.nan_to_num(nan=math.inf, posinf=math.inf)
    return gaps.max().item() if gaps.numel() else 0.0


def _without_zeros(
    adjoint: Tensor, partial: Tensor, shape: torch.Size
) -> Tensor:
    """Return the adjoint times the partial, without the terms that have a factor 0."""
    left = adjoint.reshape(-1, *[1] * len(shape))
    right = partial.reshape(-1, *shape)
    zero = (left == 0) | (right == 0)
    return torch.where(zero, 0.0, left * right).sum(0)


def _rounding(sizes: Tensor, terms: int, *rounded: Tensor | None) -> float:
    """Bound the rounding error of a sum from the sizes of its terms, with room for the terms'.

    Numbers may have been rounded to a coarser dtype than that of the sizes. What is infinite is
    not rounded.
    """
    if not sizes.numel():
        return 0.0
    kinds = [t.dtype for t in (sizes, *rounded) if t is not None]
    eps = max(torch.finfo(kind).eps for kind in kinds)
    largest = sizes.nan_to_num(posinf=0.0).max().item()
    return (terms + 8) * (eps * largest + max(map(_underflow, kinds)))


def _noise(edge: Edge, adjoint: Tensor) -> float:
    """Estimate how much torch's own formula rounds where its terms cancel.

    In normalisation or a saturated softmax they may cancel to nothing, and neither message nor
    partial shows how large they were. So ask the node again, for multiples of the adjoint and of
    the unit vectors: divided again, the answers differ by its rounding, and for the factor 2 not
    at all. If they do there, or the message was another, no rounding excuses the difference.

    A formula that uses a rounded value y, as 1 − y, errs by about its last digit. That is
    granted to torch's own formulas only: they are linear in the adjoint, whatever else they are.
    """
    node = edge.target

    def sent(weights: Tensor, factor: float = 1) -> Tensor:
        with torch.no_grad():
            message = send_back(node, (weights * factor,))[edge.slot]
        if message is None:
            raise ValueError(f"{node.statement} sends nothing this time.")
        return message / factor

    def spread(weights: Tensor) -> float:
        base = sent(weights)
        if _gap(sent(weights, 2), base) > _underflow(base.dtype):
            return math.inf
        return max(_gap(sent(weights, c), base) for c in (3, 0.7, 1.3, 5 / 7))

    try:
        if edge.message is None or _gap(sent(adjoint), edge.message):
            return 0.0
        noise = spread(adjoint)
        units = torch.eye(adjoint.numel()).to(adjoint)
        for weight, unit in zip(adjoint.flatten(), units, strict=True):
            if weight:
                row = unit.clone().view(adjoint.shape)
                noise += abs(weight.item()) * spread(row)
    except ValueError:
        return 0.0
    if math.isinf(noise):
        return 0.0
    x, y = edge.source.primals[edge.output], node.primals[0]
    scale = 0.0
    if node.overload and x is not None and y is not None and x.any():
        scale = (y.abs().max() * max(1.0, 1 / x.abs().max().item())).item()
    sizes = adjoint.abs().max() * scale
    return 8 * noise + _rounding(sizes, adjoint.numel(), adjoint, edge.message)


def _underflow(dtype: torch.dtype) -> float:
    """Return below what numbers of a kind lose digits, or are taken for zero."""
    kind, single = torch.finfo(dtype), torch.finfo(torch.float32)
    return max(kind.tiny * kind.eps, min(kind.tiny, single.tiny))
