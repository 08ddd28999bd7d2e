"""What trace cannot work with, said in plain words."""

import reprlib
from collections.abc import Mapping
from numbers import Number

import torch
from torch import Tensor

from autograd_tutorial.graph.model import check_like
from autograd_tutorial.graph.structure import counted
from autograd_tutorial.graph.tape import BACKWARD, Cut, Tape

ITEM = "_local_scalar_dense"

__all__ = ["FREED", "check_cotangent", "check_input", "check_result"]


def check_input(name: str, value: object) -> None:
    """Raise unless the value is a tensor that can require grad."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The input {name} must be a tensor, but it is of type {type(value).__name__}. "
            + _cure_of_input(name, value)
        )
    kind = _unusual(value)
    if kind:
        raise TypeError(
            f"The input {name} is a {kind} tensor, but trace needs an ordinary one. "
            f"{_UNUSUAL[kind]}."
        )
    if not value.is_floating_point():
        if value.is_complex():
            cure = "Pass its real and imaginary parts, as with torch.view_as_real(z)"
        elif value.dtype == torch.bool:
            cure = "True and False do not change by small steps"
        else:
            cure = (
                "Write its numbers with a decimal point, or convert it with "
                ".double()"
            )
        other = "y" if name == "x" else "x"
        raise TypeError(
            f"The input {name} has {value.dtype}, but derivatives are defined on real "
            f"floating-point numbers here. {cure}. If it is not to be differentiated, as a label "
            "is not, let the function close over it: "
            f"trace(lambda {other}: f({other}, {name}), {other})."
        )


def _cure_of_input(name: str, value: object) -> str:
    """Say what to do about an input that is no tensor."""
    if _place_of_tensor(value) is not None:
        packed = "{'a': a, 'b': b}" if isinstance(value, Mapping) else "(a, b)"
        return f"Pass its tensors one by one: trace(lambda a, b: f({packed}), a, b)."
    return (
        "Convert it, as with torch.tensor(2.0); or, if it is not to be differentiated, fix it: "
        f"trace(lambda ...: f(..., {name}={reprlib.repr(value)}), ...)."
    )


_UNUSUAL = {
    "sparse": "Pass x.to_dense(), and let f make it sparse",
    "nested": "Pass its parts one by one, or a padded tensor",
    "meta": "It has a shape but no numbers: pass one that has them",
    "quantized": "Pass x.dequantize()",
}
"""What to do about tensors that are stored in another way."""


def _unusual(tensor: Tensor) -> str:
    """Say how a tensor is stored; nothing about an ordinary one."""
    if tensor.is_nested:
        return "nested"
    if tensor.layout is not torch.strided:
        return "sparse"
    if tensor.is_meta:
        return "meta"
    return "quantized" if tensor.is_quantized else ""


def check_result(result: object, tape: Tape) -> Tensor:
    """Return what f returned, if it is one real tensor with a graph."""
    if not isinstance(result, Tensor):
        raise TypeError(_no_tensor(result, tape))
    if not result.is_floating_point():
        raise TypeError(
            f"f returned a tensor of {result.dtype}, but derivatives are defined on real "
            "floating-point numbers here. "
            + (
                "Return its real part, or its abs()."
                if result.is_complex()
                else _where_cut(tape, result)
            )
        )
    if not result.requires_grad:
        raise ValueError(
            "f returned a tensor without a graph, so there is nothing to trace back. "
            + _where_cut(tape, result)
        )
    return result


def _no_tensor(result: object, tape: Tape) -> str:
    """Say what to do about something else than a tensor."""
    kind = f"a {type(result).__name__}"
    place = _place_of_tensor(result)
    if place is None:
        if result is None:
            kind = "None. Does it end in a return statement?"
        elif _is_numbers(result):
            kind += f". {_where_cut(tape)}"
        else:
            kind += "."
        return f"f must return a tensor, but it returned {kind}"
    cure = f"Return one of its tensors, as in trace(lambda x: f(x){place}, x)"
    if isinstance(result, Mapping):
        kind += f" with the keys {', '.join(map(repr, result))}"
    elif isinstance(result, tuple | list):
        if all(isinstance(item, Tensor) for item in result):
            kind += f" of {counted(len(result), 'tensor')}"
            cure += ", or make one of them, as with torch.cat"
        else:
            kind += " with tensors in it"
    return f"f returned {kind}, but a graph has one output. {cure}."


def _place_of_tensor(result: object) -> str | None:
    """Return the indices that lead to the first tensor, as in [0]; None if there is none."""
    if isinstance(result, Tensor):
        return ""
    items = (
        result.items()
        if isinstance(result, Mapping)
        else enumerate(result)
        if isinstance(result, tuple | list)
        else ()
    )
    for key, item in items:
        inner = _place_of_tensor(item)
        if inner is not None:
            return f"[{key!r}]{inner}"
    return None


def _is_numbers(result: object) -> bool:
    """Tell whether these are numbers of Python's or NumPy's, which have no graph."""
    if isinstance(result, Mapping):
        return _is_numbers(list(result.values()))
    if isinstance(result, tuple | list):
        return bool(result) and all(map(_is_numbers, result))
    return isinstance(result, Number) or hasattr(result, "__array__")


def _where_cut(tape: Tape, result: Tensor | None = None) -> str:
    """Say which operation took a tensor of the graph and gave one outside of it."""
    cut = (
        tape.cut_behind(result) if result is not None else None
    ) or _likely_cut(tape)
    if cut is None:
        return (
            "Nothing that it returned depends on its inputs through operations that autograd "
            "recorded. Python numbers, as of x.tolist(), and a tensor that is built anew, as by "
            "torch.tensor([x]) or by NumPy, have no graph: torch.stack keeps it."
        )
    place = f" in line {cut.source.line}" if cut.source else ""
    operation, advice = cut.operation, ""
    if cut.mode == BACKWARD:
        return (
            "It comes from a gradient that a backward pass inside of f computed. That has a graph "
            "only with torch.autograd.grad(y, x, create_graph=True), and if it is not constant."
        )
    if cut.mode:
        return (
            f"The graph was cut by torch.{cut.mode}(): {operation}{place} ran inside of it and "
            "was not recorded. Move what is to be differentiated out of the block."
        )
    if operation == ITEM:
        operation = ".item(), or a conversion to a Python number,"
        advice = " Keep the tensor; torch.stack puts numbers together."
    elif operation == "detach":
        operation = ".detach(), or .data,"
        advice = " Leave it out."
    else:
        operation = f"{operation},"
        advice = " Its result has no derivative with respect to its argument."
    return f"The graph was cut by {operation}{place}.{advice}"


def _likely_cut(tape: Tape) -> Cut | None:
    """Return the last cut that made a Python number, which leads anywhere; else the last one."""
    numbers = [cut for cut in tape.cuts if cut.operation == ITEM]
    cuts = numbers or tape.cuts
    return cuts[-1] if cuts else None


def check_cotangent(cotangent: Tensor | None, root: Tensor) -> Tensor:
    """Return the adjoint of the output: what the caller gave, or 1 for a single number."""
    shape = tuple(root.shape)
    if cotangent is None:
        if root.numel() == 1:
            return torch.ones_like(root)
        raise ValueError(
            f"f returned a tensor of shape {shape}, so the backward pass needs a cotangent of that "
            "shape: the weights v of the vector-Jacobian product. Pass cotangent=torch.ones"
            f"({shape}), or make f return one number, as with .sum()."
        )
    check_like("cotangent", cotangent, root, "f's result")
    return cotangent.detach().to(root, copy=True)


FREED = (
    "The graph, or a part of it, was freed before trace could go back through it. If f calls "
    "backward() on it, let f return the tensor before: trace runs the backward pass itself. If f "
    "calls torch.autograd.grad() on it, pass create_graph=True. If f uses a tensor that was "
    "computed before and sent back already, compute it inside of f, or pass retain_graph=True to "
    "that earlier backward()."
)
