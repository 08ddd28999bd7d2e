"""The messages: one real backward pass of torch's, with a hook on each node to note what it sends."""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.graph.model import Tensors
from autograd_tutorial.graph.recording.tape import Tape
from autograd_tutorial.graph.recording.torch_nodes import GradFn, is_custom
from autograd_tutorial.graph.tensors import all_dense

FREED = (
    "The graph, or a part of it, was freed before trace could go back through it. If f calls "
    "backward() on it, let f return the tensor before: trace runs the backward pass itself. If f "
    "calls torch.autograd.grad() on it, pass create_graph=True. If f uses a tensor that was "
    "computed before and sent back already, compute it inside of f, or pass retain_graph=True to "
    "that earlier backward()."
)


class Visit(NamedTuple):
    """What the engine did at a node."""

    number: int
    """How many nodes it had come to before."""

    messages: Tensors
    """What the node sent, an entry for each slot."""

    adjoints: Tensors
    """What it had received, an entry for each of its results."""


def send_messages(
    root: Tensor,
    leaves: Sequence[Tensor],
    operations: Sequence[GradFn],
    seed: Tensor,
    tape: Tape,
) -> tuple[dict[GradFn, Visit], Tensors]:
    """Run one backward pass; return what happened at each node, and the gradients of the leaves."""
    visits: dict[GradFn, Visit] = {}

    def note(fn: GradFn, sent: Tensors, received: Tensors) -> None:
        visits[fn] = Visit(len(visits), all_dense(sent), all_dense(received))

    handles = [fn.register_hook(partial(note, fn)) for fn in operations]
    # Torch begins with 1 itself. For a tensor that it is given it first loads much else.
    given = None if seed.numel() == 1 and seed.item() == 1 else seed
    try:
        # NaN passes, and is recorded like any number.
        with torch.autograd.set_detect_anomaly(mode=False):
            if any(map(_is_reentrant, operations)):
                with grads_kept([*leaves, *tape.leaves]):
                    torch.autograd.backward(root, given, retain_graph=True)
                    gradients = tuple(leaf.grad for leaf in leaves)
            else:
                gradients = torch.autograd.grad(
                    root, leaves, given, retain_graph=True, allow_unused=True
                )
    except Exception as error:
        if "backward through the graph a second time" in str(error):
            raise ValueError(FREED) from None
        error.add_note(_where_stopped(operations, visits, tape))
        raise
    finally:
        for handle in handles:
            handle.remove()
    return visits, all_dense(gradients)


def _is_reentrant(fn: GradFn) -> bool:
    """Tell whether the node is that of a checkpoint that runs a backward pass of its own.

    PyTorch's and others' of that name refuse `torch.autograd.grad`.
    """
    return is_custom(fn) and fn.name().endswith("CheckpointFunctionBackward")


@contextmanager
def grads_kept(leaves: Sequence[Tensor]) -> Iterator[None]:
    """Let a backward pass inside accumulate in vain, run no hook after it, leave each `.grad`."""
    kept = [(leaf, leaf.grad) for leaf in leaves]
    hooks = [leaf._post_accumulate_grad_hooks or {} for leaf in leaves]
    waiting = [dict(of_leaf) for of_leaf in hooks]
    for leaf, of_leaf in zip(leaves, hooks, strict=True):
        leaf.grad = None
        of_leaf.clear()
    try:
        yield
    finally:
        for leaf, gradient in kept:
            leaf.grad = gradient
        for of_leaf, before in zip(hooks, waiting, strict=True):
            of_leaf.update(before)


def _where_stopped(
    operations: Sequence[GradFn], visited: Container[GradFn], tape: Tape
) -> str:
    """Say which operation the backward pass could not finish: the engine goes from the last on."""
    fn = next((fn for fn in reversed(operations) if fn not in visited), None)
    call, _ = tape.calls.get(fn, (None, {}))
    if call is None or call.source is None:
        return "It happened in the backward pass that trace() runs after f."
    return (
        f"It happened in the backward pass of trace(), at {call.operation.name} in "
        f"{call.source.file}, line {call.source.line}."
    )
