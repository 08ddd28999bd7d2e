"""What trace is given and what f returns: what it cannot work with is said in plain words."""

import reprlib
from collections.abc import Mapping, Sequence
from numbers import Number

import torch
from torch import Tensor
from torch._subclasses import FakeTensor
from torch.nn.utils.rnn import PackedSequence

from autograd_tutorial.graph.notation import counted
from autograd_tutorial.graph.recording import cuts
from autograd_tutorial.graph.recording.tape import Tape
from autograd_tutorial.graph.tensors import check_like


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
        cut = tape.cut_before(root) or (
            cuts.last_number(tape.cuts) if name else None
        )
        if cut:
            notes.append(
                f"{cuts.explained(cut)} Setting requires_grad on {name} afterwards makes it a leaf: "
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
    cut = tape.cut_behind(result) if result is not None else None
    cut = cut or cuts.likely(tape.cuts)
    if cut is None:
        return (
            "Nothing that it returned depends on its inputs through operations that autograd "
            "recorded. Python numbers, as of x.tolist(), and a tensor that is built anew, as by "
            "torch.tensor([x]) or by NumPy, have no graph: torch.stack keeps it."
        )
    return cuts.explained(cut)


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
