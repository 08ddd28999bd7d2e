"""The local derivatives: torch's own nodes, called on unit vectors as the engine calls them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.model import Node, Tensors
from autograd_tutorial.graph.recording.messages import grads_kept
from autograd_tutorial.graph.recording.torch_nodes import GradFn, is_custom
from autograd_tutorial.graph.tensors import all_dense, has_numbers

LARGEST_PARTIAL = 64
"""The number of entries up to which a local derivative is built."""

Kind = tuple[torch.Size, torch.dtype] | None
"""The shape and the dtype of a tensor; None of a nested one, which has no shape."""


class TorchNodes(NamedTuple):
    """What the nodes of a graph share."""

    nodes: list[Any]
    """Torch's nodes, and the root last.

    They go together, from the end of the list: see `Tape.release`. In some versions of torch the
    node of the root would end with the root.
    """

    leaves: list[Tensor]
    """The leaves that the backward of a `torch.autograd.Function` may know."""


def kind_of_argument(
    message: Tensor | None, before: GradFn, output: int
) -> Kind:
    """Return the shape and the dtype of an argument."""
    if message is not None:
        return None if message.is_nested else (message.shape, message.dtype)
    like = before._input_metadata[output]
    if like.is_nested_tensor:
        return None
    return torch.Size(like.shape), like.dtype


def pull_back(
    kept: TorchNodes,
    position: int,
    kinds: dict[int, Kind],
    adjoints: Tensors,
) -> Tensors:
    """Call torch's node, the one at this position.

    The engine, not the node, undoes broadcasting and conversions between dtypes: so does this.
    """
    fn = kept.nodes[position]
    answer: Any
    if is_custom(fn):
        with grads_kept(kept.leaves):
            answer = _apply(fn, adjoints)
    else:
        answer = fn(*adjoints)
    messages = list(answer if isinstance(answer, tuple) else (answer,))
    for slot, kind in kinds.items():
        message = messages[slot]
        if message is None or kind is None:
            continue
        shape, dtype = kind
        if message.shape != shape:
            message = message.sum_to_size(shape)
        if message.dtype != dtype:
            real = message.is_complex() and not dtype.is_complex
            message = (message.real if real else message).to(dtype)
        messages[slot] = message
    return all_dense(tuple(messages))


def _apply(fn: GradFn, adjoints: Tensors) -> Tensors:
    """Call the backward of a `torch.autograd.Function` as the engine does.

    It gets zeros for adjoints that did not come. What it returns for arguments that are no
    tensors has no slot.
    """
    given = [
        torch.zeros(like.shape, dtype=like.dtype, device=like.device)
        if adjoint is None
        else adjoint
        for adjoint, like in zip(adjoints, fn._input_metadata, strict=True)
    ]
    answer = fn.apply(*given)
    messages = answer if isinstance(answer, tuple) else (answer,)
    wanted = iter(
        message
        for message, needed in zip(messages, fn.needs_input_grad, strict=False)
        if needed
    )
    return tuple(
        None if before is None else next(wanted)
        for before, _ in fn.next_functions
    )


def partials_of(
    node: Node,
    kinds: dict[int, Kind],
    sent: Tensors,
    units: Callable[..., Sequence[Tensor]],
    custom: bool,
) -> dict[int, Tensor]:
    """Call the node on unit vectors: each gives one row of the local derivatives."""
    if len(node.adjoints) != 1 or node.adjoints[0] is None or not node.vjp:
        return {}
    like = node.adjoints[0]
    if not has_numbers(like) or like.is_complex():
        return {}
    size = like.numel()
    wanted = {
        slot: kind[0]
        for slot, kind in kinds.items()
        if kind
        and sent[slot] is not None
        and 0 < size * kind[0].numel() <= LARGEST_PARTIAL
        and not kind[1].is_complex
    }
    if not wanted:
        return {}
    try:
        rows = [
            node.vjp((unit,))
            for unit in units(like.shape, like.dtype, like.device)
        ]
    except Exception:
        # A backward of one's own may run only once, as one that uses up an inner graph.
        if custom:
            return {}
        raise
    partials = {}
    for slot, source_shape in wanted.items():
        column = [entry for row in rows if (entry := row[slot]) is not None]
        entries = column[0] if size == 1 else torch.stack(column)
        shape = like.shape + source_shape
        if entries.shape != shape:
            entries = entries.reshape(shape)
        partials[slot] = entries
    return partials


def unit_vectors(
    shape: torch.Size, dtype: torch.dtype, device: torch.device
) -> Sequence[Tensor]:
    """Return the unit vectors of the tensors of one kind."""
    size = shape.numel()
    if size == 1:
        return (torch.ones(shape, dtype=dtype, device=device),)
    identity = torch.eye(size, dtype=dtype, device=device)
    # Each with memory of its own: some nodes, as that of as_strided_scatter, look at where in its
    # memory a tensor begins.
    return [row.clone() for row in identity.view((size, *shape)).unbind()]
