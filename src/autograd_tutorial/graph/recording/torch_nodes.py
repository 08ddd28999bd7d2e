"""Torch's own nodes, one for each operation that autograd recorded, and their order."""

from typing import Any

import torch
from torch import Tensor

GradFn = Any  # torch.autograd.graph.Node, with attributes that its type does not list
Reference = tuple[object, int]
"""Where a tensor of the graph comes from: a node and which of its results, or the identity of a
leaf and 0."""


def origin(tensor: Tensor) -> Reference:
    """Return where a tensor comes from."""
    return (node_of(tensor) or id(tensor), tensor.output_nr)


def node_of(tensor: Tensor) -> GradFn | None:
    """Return the node of a tensor, if it has one.

    A view that was made in a no_grad block has none that torch would tell when what it views has
    been changed, as where a `torch.autograd.Function` fills its result by slices.
    """
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def key_of(fn: GradFn) -> object:
    """Return what a node goes by: that of a leaf by the identity of its tensor, as in `origin`."""
    return id(fn.variable) if is_leaf(fn) else fn


def is_leaf(fn: GradFn) -> bool:
    """Tell whether the node is where a leaf receives its gradient."""
    return hasattr(fn, "variable")


def count_results(fn: GradFn) -> int:
    """Return the number of results of the operation."""
    return len(fn._input_metadata)


def is_custom(fn: GradFn) -> bool:
    """Tell whether the node belongs to a Python subclass of torch.autograd.Function."""
    return isinstance(fn, torch.autograd.function.BackwardCFunction)


def operations_behind(root: Tensor) -> dict[GradFn, list[GradFn]]:
    """Return the operations behind a result, as they ran, and the nodes of their arguments.

    Each thread counts its operations by itself. Where the numbers of two contradict the graph,
    the arguments of an operation go first.
    """
    arguments = _walk(root)
    done: dict[GradFn, list[GradFn]] = {}
    for fn in sorted(arguments, key=_sequence_number):
        stack = [fn]
        while stack:
            waiting = [
                before
                for before in arguments[stack[-1]]
                if before not in done and before in arguments
            ]
            if waiting:
                stack += sorted(waiting, key=_sequence_number, reverse=True)
            else:
                last = stack.pop()
                done[last] = arguments[last]
    return done


def _walk(root: Tensor) -> dict[GradFn, list[GradFn]]:
    """Go back from a result, without recursion: graphs are deep."""
    found: dict[GradFn, list[GradFn]] = {}
    stack = [root.grad_fn]
    while stack:
        fn = stack.pop()
        if fn is not None and fn not in found and not is_leaf(fn):
            found[fn] = [g for g, _ in fn.next_functions if g is not None]
            stack += found[fn]
    return found


def _sequence_number(fn: GradFn) -> int:
    """Return a number that grows with each operation that a thread runs."""
    return int(fn._sequence_nr())
