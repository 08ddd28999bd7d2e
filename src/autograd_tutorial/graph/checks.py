"""What trace cannot work with, said in plain words."""

import torch
from torch import Tensor

from autograd_tutorial.graph.tape import Tape

__all__ = ["FREED", "check_cotangent", "check_input", "check_result"]


def check_input(name: str, value: object) -> None:
    """Raise unless the value is a tensor that can require grad."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The input {name} must be a tensor, but it is of type {type(value).__name__}. Convert "
            "it, as with torch.tensor(2.0); or, if it is not to be differentiated, fix it: "
            f"trace(lambda ...: f(..., {name}={value!r}), ...)."
        )
    if not value.is_floating_point():
        cure = (
            "Pass its real and imaginary parts, as with torch.view_as_real(z)"
            if value.is_complex()
            else "Write its numbers with a decimal point, or convert it with .double()"
        )
        raise TypeError(
            f"The input {name} has {value.dtype}, but derivatives are defined on real "
            f"floating-point numbers here. {cure}. If it is not to be differentiated, as a label "
            f"is not, let the function close over it: trace(lambda x: f(x, {name}), x)."
        )


def check_result(result: object, tape: Tape) -> Tensor:
    """Return what f returned, if it is one real tensor with a graph."""
    if (
        isinstance(result, tuple | list)
        and len(result)
        and all(isinstance(item, Tensor) for item in result)
    ):
        raise TypeError(
            f"f returned a {type(result).__name__} of {len(result)} tensors, but a graph has one "
            "output. Return one of them, "
            "as in trace(lambda x: f(x)[0], x), or make one of them, as with torch.cat."
        )
    if not isinstance(result, Tensor):
        raise TypeError(
            f"f must return a tensor, but it returned {_described(result)}. {_where_cut(tape)}"
        )
    if not result.is_floating_point():
        raise TypeError(
            f"f returned a tensor of {result.dtype}, but derivatives are defined on real "
            "floating-point numbers here. "
            + (
                "Return its real part, or its abs()."
                if result.is_complex()
                else _where_cut(tape)
            )
        )
    if not result.requires_grad:
        raise ValueError(
            "f returned a tensor without a graph, so there is nothing to trace back. "
            + _where_cut(tape)
        )
    return result


def _described(result: object) -> str:
    if result is None:
        return "None (does it end in a return statement?)"
    return f"a {type(result).__name__}"


def _where_cut(tape: Tape) -> str:
    """Say which operation took a tensor of the graph and gave one outside of it."""
    if not tape.cuts:
        return (
            "Nothing that it returned depends on its inputs through operations that autograd "
            "recorded. A tensor that is built anew, as by torch.tensor([x]) or by NumPy, has no "
            "graph: torch.stack keeps it."
        )
    cut = next((c for c in tape.cuts if not c.recording), tape.cuts[0])
    place = f" in line {cut.source.line}" if cut.source else ""
    operation, advice = cut.operation, ""
    if not cut.recording:
        return (
            f"The graph was cut by torch.no_grad(): {operation}{place} ran inside of it and was "
            "not recorded. Move what is to be differentiated out of the block."
        )
    if operation == "_local_scalar_dense":
        operation = ".item(), or a conversion to a Python number,"
        advice = " Keep the tensor; torch.stack puts numbers together."
    elif operation == "detach":
        operation = ".detach(), or .data,"
        advice = " Leave it out."
    else:
        operation = f"{operation},"
        advice = " Its result has no derivative with respect to its argument."
    return f"The graph was cut by {operation}{place}.{advice}"


def check_cotangent(cotangent: object, root: Tensor) -> Tensor:
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
    if not isinstance(cotangent, Tensor):
        raise TypeError(
            f"cotangent must be a tensor, but it is of type {type(cotangent).__name__}. "
            "Convert it with torch.tensor(...)."
        )
    if not cotangent.is_floating_point():
        raise TypeError(
            f"cotangent must have a real floating-point dtype, but it has {cotangent.dtype}. "
            "Write its numbers with a decimal point."
        )
    if cotangent.shape != root.shape:
        raise ValueError(
            f"cotangent must have the shape of f's result, {shape}, but it has shape "
            f"{tuple(cotangent.shape)}."
        )
    return cotangent.detach().to(root, copy=True)


FREED = (
    "The graph was freed while f ran, because f calls backward() on it. Let f return the tensor "
    "before it calls backward(): trace runs the backward pass itself."
)
