"""What trace cannot work with, said in plain words."""

import reprlib
from collections.abc import Mapping, Sequence
from numbers import Number

import torch
from torch import Tensor
from torch._subclasses import FakeTensor
from torch.nn.utils.rnn import PackedSequence

from autograd_tutorial.graph.model import Source
from autograd_tutorial.graph.notation import counted
from autograd_tutorial.graph.recording.tape import BACKWARD, Cut, Tape
from autograd_tutorial.graph.tensors import check_like

ITEM = "_local_scalar_dense"

__all__ = [
    "FREED",
    "check_cotangent",
    "check_inputs",
    "check_result",
    "notes_on",
]


def check_inputs(names: Sequence[str], values: Sequence[object]) -> None:
    """Raise unless the values are tensors that can require grad."""
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"The input {name} must be a tensor, but it is of type {type(value).__name__}. "
                + _cure_of_input(name, value, _closed(names, values))
            )
        kind = _unusual(value)
        if kind:
            raise TypeError(
                f"The input {name} is a {kind} tensor, but trace needs an ordinary one. "
                f"{_UNUSUAL[kind]}."
            )
        if not value.is_floating_point():
            raise TypeError(
                f"The input {name} has {value.dtype}, but derivatives are defined on real "
                "floating-point numbers here. "
                + _cure_of_dtype(name, value, _closed(names, values))
            )


def _closed(names: Sequence[str], values: Sequence[object]) -> str:
    """Return a call of trace in which f closes over what cannot be differentiated."""
    varied = [
        name
        for name, value in zip(names, values, strict=True)
        if isinstance(value, Tensor) and value.is_floating_point()
    ]
    given = ", ".join(varied)
    return (
        f"trace(lambda{' ' * bool(varied)}{given}: f({', '.join(names)})"
        f"{', ' * bool(varied)}{given})"
    )


def _cure_of_dtype(name: str, value: Tensor, closed: str) -> str:
    """Say what to do about an input that holds no real floating-point numbers."""
    if value.is_complex():
        return (
            "Pass its real and imaginary parts: trace(lambda r: f(torch.view_as_complex(r)), "
            f"torch.view_as_real({name}))."
        )
    cure = (
        f"Numbers like 2 need a decimal point, or pass {name}.float(). "
        if value.dtype != torch.bool
        else ""
    )
    return (
        f"{cure}Labels, indices, tokens and masks have no derivative: let the function close over "
        f"them, as in {closed}."
    )


def _cure_of_input(name: str, value: object, closed: str) -> str:
    """Say what to do about an input that is no tensor."""
    if isinstance(value, PackedSequence):
        return (
            "Pass the padded tensor, and let f pack it: trace(lambda x: "
            "f(torch.nn.utils.rnn.pack_padded_sequence(x, lengths)), x)."
        )
    if _place_of_tensor(value) is not None:
        if isinstance(value, Mapping):
            packed = "{'a': a, 'b': b}"
        elif type(value) in {list, tuple}:
            packed = "(a, b)"
        else:
            packed = f"{type(value).__name__}(a, b)"
        return f"Pass its tensors one by one: trace(lambda a, b: f({packed}), a, b)."
    fixed = f"If it is not to be differentiated, let the function close over it, as in {closed}."
    if isinstance(value, Number | list) or hasattr(value, "__array__"):
        shown = reprlib.repr(value) if isinstance(value, Number) else name
        dtype = "" if isinstance(value, float) else ", dtype=torch.float32"
        return f"Convert it, as with torch.tensor({shown}{dtype}). {fixed}"
    return fixed


_UNUSUAL = {
    "sparse": "Pass x.to_dense(), and let f make it sparse",
    "nested": "Pass its parts one by one, or a padded tensor, and let f make it nested",
    "meta": "It has a shape but no numbers: pass one that has them",
    "fake": "It has a shape but no numbers: pass one that has them",
    "quantized": "Pass x.dequantize()",
    "transformed": (
        "It belongs to a transform of torch.func, such as vmap or grad, which calls f. Trace the "
        "transformed function instead: trace(torch.func.grad(f), x)"
    ),
}
"""What to do about tensors that are stored in another way."""

_UNUSUAL_RESULT = {
    "sparse": "Return y.to_dense()",
    "nested": "Return one of its parts, as in y.unbind()[0], or y.to_padded_tensor(0.0)",
    "quantized": "Return y.dequantize()",
}
"""What to do if f returns one."""


def _unusual(tensor: Tensor) -> str:
    """Say how a tensor is stored; nothing about an ordinary one."""
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return "transformed"
    if tensor.is_nested:
        return "nested"
    if isinstance(tensor, FakeTensor):
        return "fake"
    if tensor.layout is not torch.strided:
        return "sparse"
    if tensor.is_meta:
        return "meta"
    return "quantized" if tensor.is_quantized else ""


def notes_on(
    root: Tensor,
    tape: Tape,
    leaves: Mapping[str, Tensor],
    hooked: Sequence[str],
) -> tuple[str, ...]:
    """Say why a graph is empty, and whose hook did not run.

    The leaves are those that are no inputs; hooked are those with a hook that runs after
    accumulation.
    """
    notes = []
    if root.grad_fn is None:
        name = next((name for name, leaf in leaves.items() if leaf is root), "")
        notes.append(
            f"The graph is empty: f returned {f'the leaf {name}' if name else 'an input'}, which no "
            "recorded operation computed."
        )
        cut = tape.cut_before(root) or (_number_cut(tape) if name else None)
        if cut:
            notes.append(
                f"{_explained(cut)} Setting requires_grad on {name} afterwards makes it a leaf: "
                "it does not bring back the graph behind it."
            )
    if hooked:
        notes.append(
            f"A hook of {', '.join(hooked)} that is to run after accumulation did not run: trace "
            "adds nothing to any .grad."
        )
    return tuple(notes)


def check_result(result: object, tape: Tape) -> Tensor:
    """Return what f returned, if it is one real tensor with a graph."""
    if not isinstance(result, Tensor):
        raise TypeError(_no_tensor(result, tape))
    if kind := _unusual(result):
        raise TypeError(
            f"f returned a {kind} tensor, but trace needs an ordinary one. "
            f"{_UNUSUAL_RESULT.get(kind, 'It has no numbers that could be recorded')}."
        )
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
    if isinstance(result, Mapping | tuple | list):
        pairs = (
            result.items() if isinstance(result, Mapping) else enumerate(result)
        )
        items = [(f"[{key!r}]", item) for key, item in pairs]
    else:
        held = getattr(result, "__dict__", {})
        items = [
            (f".{key}", item)
            for key, item in held.items()
            if isinstance(item, Tensor)
        ]
    for place, item in items:
        inner = _place_of_tensor(item)
        if inner is not None:
            return f"{place}{inner}"
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
    return _explained(cut)


def _explained(cut: Cut) -> str:
    """Say which operation cut the graph, and what to do instead."""
    if cut.mode == BACKWARD:
        return (
            "It comes from a gradient that a backward pass inside of f computed. That has a graph "
            "only with torch.autograd.grad(y, x, create_graph=True), and if it is not constant."
        )
    operation, place = cut.operation, _place(cut.source)
    if cut.block:
        name, place = cut.block.name, _place(cut.block.source)
        return _BLOCKS[cut.block.kind].format(
            name=name, place=place, mode=cut.mode
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
        advice = (
            " Leave it out. If NumPy needed it, use torch's own functions: NumPy's are not "
            "recorded."
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
        "The graph was cut by the decorator torch.{mode}() of {name}(), called{place}. Leave it "
        "out, or compute what is to be differentiated in another function."
    ),
}
"""What to say of each kind of block that the program does not show."""


def _likely_cut(tape: Tape) -> Cut | None:
    """Return the last cut that made a Python number, which leads anywhere; else the last one.

    What a `torch.autograd.Function` does with its arguments is recorded as a whole.
    """
    cuts = [
        cut for cut in tape.cuts if not cut.block or cut.block.kind != "apply"
    ]
    last = cuts or tape.cuts
    return _number_cut(tape) or (last[-1] if last else None)


def _number_cut(tape: Tape) -> Cut | None:
    """Return the last cut that made a Python number."""
    numbers = [cut for cut in tape.cuts if cut.operation == ITEM]
    return numbers[-1] if numbers else None


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
