"""What to call each value: as the caller says, as the program does, or by a number."""

import inspect
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from types import CodeType
from typing import Any

import torch
from torch import Tensor

from autograd_tutorial.graph.notation import counted
from autograd_tutorial.graph.recording.tape import Tape
from autograd_tutorial.graph.recording.torch_nodes import (
    GradFn,
    Reference,
    count_results,
    origin,
)

Names = Mapping[str, Tensor] | Sequence[str]


def name_values(
    f: Callable[..., Tensor],
    tape: Tape,
    inner: Sequence[GradFn],
    others: Sequence[Tensor],
    known: dict[int, str],
) -> dict[Reference, str]:
    """Name each leaf and each result: as the caller says, as the program does, or by a number."""
    name_of: dict[Reference, str] = {
        (key, 0): name for key, name in known.items()
    }
    taken = set(known.values())
    unnamed = [leaf for leaf in others if id(leaf) not in known]
    surroundings = (
        _surroundings(f, tape.constants) if unnamed or tape.constants else {}
    )
    used = {
        name: buffer
        for name, buffer in tape.buffers.items()
        if id(buffer) in tape.constants
    }
    for name, tensor in (surroundings | used).items():
        if origin(tensor) not in name_of:
            name_of[origin(tensor)] = _free(name, taken)
    for name, held in tape.variables.items():
        # What the function was given already has a name: it is the same tensor.
        values = [key for key in held if key not in name_of]
        numbered = len(values) > 1 or name in taken
        for k, key in enumerate(values, start=1):
            name_of[key] = _free(f"{name}{k}" if numbered else name, taken)
    for leaf in unnamed:
        if origin(leaf) not in name_of:
            name_of[origin(leaf)] = _free("w", taken, start=1)
    step = 0
    for fn in inner:
        count = count_results(fn)
        missing = [k for k in range(count) if (fn, k) not in name_of]
        if not missing:
            continue
        step += 1
        while f"v{step}" in taken:
            step += 1
        for k in missing:
            of_several = f"v{step}[{k}]" if count > 1 else f"v{step}"
            name_of[(fn, k)] = of_several
    return name_of


def _free(name: str, taken: set[str], start: int | None = None) -> str:
    """Return the name, or with a number if it is taken; it is taken from now on."""
    candidate = name if start is None else f"{name}{start}"
    k = start or 1
    while candidate in taken:
        k += 1
        candidate = f"{name}{k}" if start else f"{name}_{k}"
    taken.add(candidate)
    return candidate


def _surroundings(f: object, constants: Container[int]) -> dict[str, Tensor]:
    """Return the tensors that f can see besides its arguments, by name.

    Of the buffers of modules only those among the constants, given by their identity.

    A function that f calls may see more, as in trace(lambda x: loss(x, labels), x).
    """
    if isinstance(f, torch.nn.Module):
        return dict(f.named_parameters())
    seen = _visible(f)
    called = [value for value in seen.values() if inspect.isfunction(value)]
    for function in called:
        seen = {**_visible(function), **seen}
    modules = {
        name: value
        for name, value in seen.items()
        if isinstance(value, torch.nn.Module)
    }
    tensors = {
        name: value for name, value in seen.items() if isinstance(value, Tensor)
    }
    for name, module in modules.items():
        prefix = f"{name}." if len(modules) > 1 else ""
        for inner, parameter in module.named_parameters():
            tensors[prefix + inner] = parameter
        for inner, buffer in module.named_buffers():
            if id(buffer) in constants:
                tensors[prefix + inner] = buffer
    return tensors


def _visible(f: object) -> dict[str, Any]:
    """Return what a function finds by name outside of itself, or what an object holds."""
    if isinstance(f, partial):
        return _visible(f.func)
    if inspect.ismethod(f):
        owner = f.__self__
        held = (
            {"self": owner}
            if isinstance(owner, torch.nn.Module)
            else _visible(owner)
        )
        return {**_visible(f.__func__), **held}
    if not inspect.isfunction(f):
        return dict(getattr(f, "__dict__", {}))
    try:
        variables = inspect.getclosurevars(inspect.unwrap(f))
    except (
        TypeError,
        ValueError,
    ):  # it wraps C, or a variable is not bound yet
        return {}
    return {**variables.globals, **variables.nonlocals}


def function_name(f: object) -> str:
    """Return what to call the function itself."""
    if isinstance(f, partial):
        return function_name(f.func)
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)


def code_of(f: object) -> CodeType | None:
    """Return the code that runs when f is called, if it is Python's."""
    if isinstance(f, partial):
        return code_of(f.func)
    if isinstance(f, torch.nn.Module):
        f = f.forward
    if not hasattr(f, "__code__") and not inspect.ismethod(f):
        f = type(f).__call__  # an object that can be called
    f = inspect.unwrap(f) if callable(f) else f
    code = getattr(f, "__code__", None)
    return code if isinstance(code, CodeType) else None


def input_names(f: Callable[..., object], count: int) -> list[str]:
    """Return the names of f's parameters; x, or x1, x2, …, where f does not tell."""
    called = _declared(f)
    if inspect.isfunction(f) and not hasattr(f, "__wrapped__"):
        code = f.__code__
        if code.co_argcount == count and not code.co_kwonlyargcount:
            return list(code.co_varnames[:count])  # the usual case, and fast
    try:
        signature = inspect.signature(called)
        bound = signature.bind(*range(count)).arguments
    except ValueError:  # a function of C
        return ["x"] if count == 1 else [f"x{k + 1}" for k in range(count)]
    except TypeError:
        raise TypeError(
            f"{function_name(f)}{signature} cannot be called with "
            f"{counted(count, 'input')}. {_how_to_call(signature, count)}"
        ) from None
    names: list[str] = []
    for name, value in bound.items():
        if isinstance(value, tuple):
            names += [f"{name}{k + 1}" for k in range(len(value))]
        else:
            names.append(name)
    return names


def _how_to_call(signature: inspect.Signature, count: int) -> str:
    """Say how to trace a function that was given the wrong number of inputs."""
    parameters = signature.parameters.values()
    if not parameters:
        return "It takes no arguments, so trace it without inputs: trace(f)."
    required = [p for p in parameters if p.default is p.empty]
    needed = [
        p.name
        for p in required
        if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}
    ]
    keywords = [p.name for p in required if p.kind is p.KEYWORD_ONLY]
    if not keywords:
        return (
            f"Pass each tensor that it needs, as in trace(f, {', '.join(needed) or 'x'}), and fix "
            "the other arguments, as in trace(lambda x: f(x, 3), x)."
        )
    tensors = keywords[: max(count - len(needed), 0)]
    given = [f"{name}={name if name in tensors else 3}" for name in keywords]
    varied = ", ".join([*needed, *tensors])
    return (
        "Wrap keywords in a small function, as in "
        f"trace(lambda {varied}: f({', '.join([*needed, *given])}), {varied})."
    )


def _declared(f: Callable[..., object]) -> Callable[..., object]:
    """Return what has the parameters of f: the forward of a module or of a custom function."""
    if isinstance(f, torch.nn.Module):
        return f.forward
    owner = getattr(f, "__self__", None)
    custom = torch.autograd.Function
    if not (isinstance(owner, type) and issubclass(owner, custom)):
        return f
    if owner.setup_context is custom.setup_context:
        return partial(owner.forward, None)  # the first parameter is ctx
    return owner.forward


def known_names(
    names: Names | None,
    called: Sequence[str],
    inputs: Sequence[Tensor],
    leaves: Sequence[Tensor],
) -> dict[int, str]:
    """Return the names that the caller gave and those of the inputs, by the identity of a tensor.

    The leaves are the copies of the inputs, and go by their names; so do the parameters of f.
    """
    if isinstance(names, str):
        raise TypeError(
            f"names is the string {names!r}. Pass a list of names, as in names=[{names!r}], or a "
            "mapping from names to tensors."
        )
    chosen = list(called if names is None else names)
    if isinstance(names, Mapping):
        for name, tensor in names.items():
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    f"names[{name!r}] must be a tensor, but it is of type {type(tensor).__name__}. "
                    "A mapping goes from names to tensors."
                )
    elif len(chosen) != len(inputs):
        raise ValueError(
            f"names holds {counted(len(chosen), 'name')} for "
            f"{counted(len(inputs), 'input')}. Give one for each."
        )
    for name in chosen:
        if not str(name).strip() or not isinstance(name, str):
            raise TypeError(
                f"A name must be a string that is not empty, not {name!r}."
            )
    if names is not None and len(set(chosen)) < len(chosen):
        raise ValueError(
            "names holds a name twice. Give each tensor one of its own."
        )
    if not isinstance(names, Mapping):
        called, names = chosen, {}
    copies = dict(zip(map(id, inputs), map(id, leaves), strict=True))
    known = dict(zip(map(id, leaves), called, strict=True))
    for name, tensor in names.items():
        known[copies.get(id(tensor), id(tensor))] = name
    taken = list(known.values())
    for name in taken:
        if taken.count(name) > 1:
            raise ValueError(
                f"names calls a tensor {name}, but that is the name of another input. Give that "
                "one a name too."
            )
    return known
