"""Where a run left the graph: what cut it, and what to do instead."""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.utils._pytree import tree_leaves

from autograd_tutorial.graph.model import Source

PACKAGE = str(Path(__file__).parents[1] / "_").removesuffix("_")
TORCH = str(Path(torch.__file__).parent / "_").removesuffix("_")

BACKWARD = "a backward pass"
ITEM = "_local_scalar_dense"

_APPLY = getattr(
    getattr(torch.autograd.Function.apply, "__func__", None), "__code__", None
)
"""What `apply` runs. From torch 2.15 on it is not written in Python, and leaves no frame."""


class Block(NamedTuple):
    """What turns the recording off without a block that the program shows."""

    kind: Literal["apply", "list", "closure", "rsample", "sample", "decorator"]
    """The forward of a `torch.autograd.Function` that got a tensor of the graph as an argument, in
    a list, or not at all; the sample() of a distribution, with an rsample() or without one; or a
    decorator.
    """

    name: str
    """The name of the class, or of the decorated function."""

    source: Source | None
    """The line that called it."""


class Cut(NamedTuple):
    """An operation with an argument that requires grad and a result that does not."""

    operation: str
    source: Source | None
    mode: str
    """What kept it from being recorded: no_grad, inference_mode, or a backward pass; or empty."""

    block: Block | None = None
    """Whose no_grad it was, if not the program's."""


def mode_now() -> str:
    """Return why nothing is recorded now, or no more than asked for; empty if all is."""
    if torch._C._current_graph_task_id() != -1:
        return BACKWARD
    if torch.is_grad_enabled():
        return ""
    return "inference_mode" if torch.is_inference_mode_enabled() else "no_grad"


def source_of(frame: FrameType | None) -> Source | None:
    """Return the line of the program from which torch came to this frame."""
    while frame and frame.f_code.co_filename.startswith(TORCH):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename.startswith(PACKAGE):
        return None  # torch's own module, which trace called
    return Source(frame.f_code.co_filename, frame.f_lineno)


def block_around(frame: FrameType | None) -> Block | None:
    """Return the outermost block of torch's own around an operation that is not recorded."""
    found = None
    while frame and not frame.f_code.co_filename.startswith(PACKAGE):
        kind, name = _kind_of_block(frame)
        if kind:
            found = Block(kind, name, source_of(frame.f_back))
        frame = frame.f_back
    return found


def _kind_of_block(frame: FrameType) -> tuple[Any, str]:
    """Return the kind and the name of the block that a frame of torch's runs; None if it is none."""
    code, held = frame.f_code, frame.f_locals
    function, given = _apply_around(frame)
    if function:
        kind = (
            "apply"
            if any(map(_requires_grad, given))
            else "list"
            if any(map(_requires_grad, tree_leaves(given)))
            else "closure"
        )
        return kind, function.__name__
    if code.co_name == "sample" and isinstance(held.get("self"), Distribution):
        drawn = held["self"]
        kind = "rsample" if drawn.has_rsample else "sample"
        return kind, type(drawn).__name__
    # The frame of a decorator has the name decorate_context, from torch 2.15 on that of its class.
    if "ctx_factory" in held and "func" in held:
        factory = held["ctx_factory"]
        modes = torch.no_grad | torch.inference_mode
        if isinstance(getattr(factory, "__self__", None), modes):
            return "decorator", held["func"].__name__
    return None, ""


def _apply_around(frame: FrameType) -> tuple[type | None, Sequence[Any]]:
    """Return the `torch.autograd.Function` that a frame applies, and what it got; or None."""
    code, held = frame.f_code, frame.f_locals
    if code is _APPLY:
        return held["cls"], held["args"]
    if _APPLY is None and code.co_name == "forward":
        for function in _below(torch.autograd.Function):
            if getattr(function.forward, "__code__", None) is code:
                names = inspect.getargs(code)
                given = [held.get(name) for name in names.args]
                given += held.get(names.varargs or "", ())
                return function, given
    return None, ()


def _below(cls: Any) -> Iterator[Any]:
    """Yield the classes that are derived from one."""
    for each in cls.__subclasses__():
        yield each
        yield from _below(each)


def _requires_grad(value: object) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def explained(cut: Cut) -> str:
    """Say which operation cut the graph, and what to do instead."""
    if cut.mode == BACKWARD:
        return (
            "It comes from a gradient that a backward pass inside of f computed. That has a graph "
            "only with torch.autograd.grad(y, x, create_graph=True), if it is not constant, and if no "
            "torch.autograd.Function on the way lacks a second derivative."
        )
    if cut.block:
        kind, name, source = cut.block
        place = _place(source)
        called = f", called{place}" if place else ""  # else trace called it
        return _BLOCKS[kind].format(
            name=name, place=place, called=called, mode=cut.mode
        )
    operation, place = cut.operation, _place(cut.source)
    if cut.mode:
        modes = f"torch.{cut.mode}()"
        if cut.mode == "no_grad":
            modes += " or torch.set_grad_enabled(False)"
        return (
            f"The graph was cut by {modes}: {operation}{place} ran while that was on and was not "
            "recorded. Move what is to be differentiated to where it is off."
        )
    if operation == ITEM:
        operation = ".item(), or a conversion to a Python number,"
        advice = " Keep the tensor; torch.stack puts numbers together."
    elif operation == "detach":
        operation = ".detach(), .data, or torch.tensor() of a tensor,"
        advice = (
            " Leave it out, or copy with .clone(). If NumPy needed it, use torch's own functions: "
            "NumPy's are not recorded."
        )
    else:
        operation = f"{operation},"
        advice = " Its result has no derivative with respect to its argument."
    return f"The graph was cut by {operation}{place}.{advice}"


def _place(source: Source | None) -> str:
    return f" in line {source.line}" if source else ""


_BLOCKS = {
    "apply": (
        "The graph was cut by {name}.apply{place}: torch.{mode}() is on around it, or its forward "
        "returns integers or marks the result as not differentiable."
    ),
    "list": (
        "The graph was cut by {name}.apply{place}: it got its tensors in a list or the like, and a "
        "torch.autograd.Function records only tensors that are arguments of their own. Call "
        "{name}.apply(*tensors), define forward(ctx, *tensors), and let backward return a gradient "
        "for each."
    ),
    "closure": (
        "The graph was cut by {name}.apply{place}: its forward uses a tensor that is not one of "
        "its arguments, and a torch.autograd.Function records only those. Pass it as an argument."
    ),
    "rsample": (
        "The graph was cut by the sample() of {name}{place}, which draws under torch.no_grad(). "
        "Use rsample(), which computes the sample from the parameters."
    ),
    "sample": (
        "The graph was cut by the sample() of {name}{place}, which draws under torch.no_grad(), "
        "and {name} has no rsample(). Differentiate the log_prob() of the sample instead, weighted "
        "with what the sample earned."
    ),
    "decorator": (
        "The graph was cut by the decorator torch.{mode}() of {name}(){called}. Leave it "
        "out, or compute what is to be differentiated in another function."
    ),
}
"""What to say of each kind of block that the program does not show."""


def likely(cuts: Sequence[Cut]) -> Cut | None:
    """Return the last cut that made a Python number, which leads anywhere; else the last one.

    What a `torch.autograd.Function` does with its arguments is recorded as a whole.
    """
    others = [cut for cut in cuts if not cut.block or cut.block.kind != "apply"]
    return last_number(cuts) or next(reversed(others or cuts), None)


def last_number(cuts: Sequence[Cut]) -> Cut | None:
    """Return the last cut that made a Python number."""
    return next((cut for cut in reversed(cuts) if cut.operation == ITEM), None)
