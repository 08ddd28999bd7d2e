"""Compare an answer with what was expected, and say in words where they part."""

import inspect
import math
import reprlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

__all__ = [
    "LIKENESS",
    "RTOL",
    "Mismatch",
    "kind_of",
    "mismatch",
    "place",
    "shown",
]

Path = tuple[object, ...]
"""The way to a place: keys and positions; a list for the index of a tensor."""

RTOL = 1e-12
"""How far a result in float64 may be off, relative to the largest number in it."""

LONGEST = 240
"""How many characters of a value are shown."""

LIKENESS = 1e-8
"""How near a result must be to that of a mistake to be taken for it."""


@dataclass(frozen=True)
class Mismatch:
    """The first place at which an answer is not what was expected."""

    kind: Literal["type", "shape", "dtype", "value"]
    """In what the two differ."""

    message: str
    """The end of a sentence about it, as in "is a list, but should be a tensor."."""

    path: Path
    """The way to the place inside the answer; empty for the whole."""

    yours: object
    """The answer at that place."""

    expected: object
    """What it should have been."""

    @property
    def where(self) -> str:
        """The place as one writes it behind a name, "[0][1, 2]"."""
        return "".join(
            str(key) if isinstance(key, list) else f"[{key!r}]"
            for key in self.path
        )


def mismatch(  # noqa: PLR0911 - one for each kind of value
    yours: object, expected: object, rtol: float, path: Path = ()
) -> Mismatch | None:
    """Return the first difference between two values, or None if there is none.

    Tensors must agree in shape, dtype and value; `rtol` is relative to the
    largest number expected in the tensor. A list of numbers may also be a
    tuple, an array or a tensor, and a number may be a tensor of one element.
    A pair of tensors may be stacked.
    A set may be given in any order, and as a single word. NaN equals NaN, and
    words are compared without regard to case.
    """
    if isinstance(expected, Tensor):
        return _tensors(yours, expected, rtol, path)
    if isinstance(yours, Tensor | np.ndarray | np.generic):
        yours = _unpacked(yours, expected)
    if isinstance(expected, Mapping):
        if not isinstance(yours, Mapping):
            return _type(yours, expected, "a dictionary", path)
        if set(yours) != set(expected):
            missing = [shown(key) for key in expected if key not in yours]
            extra = [shown(key) for key in yours if key not in expected]
            verb, key = (
                ("lacks", missing[0])
                if missing
                else ("should not have", extra[0])
            )
            message = f"{verb} the entry {key}."
            return Mismatch("shape", message, path, list(yours), list(expected))
        pairs = ((key, yours[key], expected[key]) for key in expected)
        return _first(pairs, rtol, path)
    if isinstance(expected, AbstractSet):
        return _sets(yours, expected, path)
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(yours, Sequence) or isinstance(yours, str):
            return _type(yours, expected, "a list", path)
        if len(yours) != len(expected):
            message = (
                f"has {len(yours)} {'entry' if len(yours) == 1 else 'entries'}, "
                f"but should have {len(expected)}."
            )
            return Mismatch("shape", message, path, yours, expected)
        pairs = (
            (i, a, b)
            for i, (a, b) in enumerate(zip(yours, expected, strict=True))
        )
        return _first(pairs, rtol, path)
    if isinstance(expected, str):
        if not isinstance(yours, str):
            return _type(yours, expected, "a word in quotes", path)
        same = yours.strip().casefold() == expected.casefold()
        return None if same else _value(yours, expected, path)
    return _numbers(yours, expected, rtol, path)


def _unpacked(
    yours: Tensor | np.ndarray | np.generic, expected: object
) -> object:
    """Return the numbers of a tensor or an array, where numbers are expected."""
    if isinstance(yours, Tensor) and (not _dense(yours) or yours.is_meta):
        return yours
    if isinstance(expected, Real):
        return yours.item() if np.prod(yours.shape) == 1 else yours
    if isinstance(yours, Tensor) and _holds_tensors(expected):
        return list(yours) if yours.dim() else yours
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return yours.tolist() if yours.ndim else yours
    return yours


def _dense(tensor: Tensor) -> bool:
    """Return whether a tensor has its numbers laid out plainly."""
    return (
        type(tensor) in {Tensor, Parameter}
        and not tensor.is_nested
        and tensor.layout == torch.strided
        and not tensor.is_mkldnn
        and not tensor.is_quantized
    )


def _numbers(
    yours: object, expected: object, rtol: float, path: Path
) -> Mismatch | None:
    """Compare a value with a number."""
    assert isinstance(expected, Real)
    if not isinstance(yours, Real) or isinstance(yours, bool) != isinstance(
        expected, bool
    ):
        what = kind_of(yours)
        if isinstance(yours, Tensor | np.ndarray):
            what += f" of shape {tuple(yours.shape)}"
        message = f"is {what}, but should be a number."
        return Mismatch("type", message, path, yours, expected)
    same = math.isclose(yours, expected, rel_tol=rtol, abs_tol=1e-12) or (
        math.isnan(yours) and math.isnan(expected)
    )
    return None if same else _value(yours, expected, path)


def _first(
    pairs: Iterable[tuple[str, object, object]], rtol: float, path: Path
) -> Mismatch | None:
    """Return the first mismatch among (key, yours, expected)."""
    for key, yours, expected in pairs:
        found = mismatch(yours, expected, rtol, (*path, key))
        if found:
            return found
    return None


def _holds_tensors(expected: object) -> bool:
    return isinstance(expected, tuple | list) and any(
        isinstance(entry, Tensor) for entry in expected
    )


def _sets(
    yours: object, expected: AbstractSet[object], path: Path
) -> Mismatch | None:
    """Compare a collection with a set."""
    given = (yours,) if isinstance(yours, str) else yours
    if not isinstance(given, Sequence | AbstractSet):
        return _type(yours, expected, "a tuple of words", path)
    for entry in given:
        if not isinstance(entry, str) or entry not in expected:
            message = f"should not have {shown(entry)}."
            return Mismatch("value", message, path, yours, expected)
    for entry in sorted(expected, key=str):
        if entry not in given:
            message = f"lacks {shown(entry)}."
            return Mismatch("value", message, path, yours, expected)
    return None


def _tensors(
    yours: object, expected: Tensor, rtol: float, path: Path
) -> Mismatch | None:
    """Compare a value with a tensor."""
    if not isinstance(yours, Tensor):
        return _type(yours, expected, "a tensor", path)
    if not _dense(yours) or yours.device != expected.device:
        return _type(yours, expected, "a dense tensor on the CPU", path)
    for kind, mine, wanted in (
        ("shape", tuple(yours.shape), tuple(expected.shape)),
        ("dtype", yours.dtype, expected.dtype),
    ):
        if mine != wanted:
            message = f"has the {kind} {mine}, but should have {wanted}."
            return Mismatch(kind, message, path, yours, expected)  # type: ignore[arg-type]
    with torch.no_grad():
        finite = expected[expected.isfinite()]
        scale = finite.abs().max() if finite.numel() else 0.0
        close = torch.isclose(
            yours, expected, rtol=0, atol=rtol * float(scale), equal_nan=True
        )
    if close.all():
        return None
    index = tuple((~close).nonzero()[0].tolist())
    inside = (*path, list(index)) if index else path
    return _value(yours[index].item(), expected[index].item(), inside)


def _type(yours: object, expected: object, wanted: str, path: Path) -> Mismatch:
    message = f"is {kind_of(yours)}, but should be {wanted}."
    return Mismatch("type", message, path, yours, expected)


def _value(yours: object, expected: object, path: Path) -> Mismatch:
    message = f"is {shown(yours)}, but should be {shown(expected)}."
    return Mismatch("value", message, path, yours, expected)


COUNTED = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def place(path: Path, whole: object) -> str:
    """Say in words which part of a result a path leads to.

    `whole` is what was expected: "the first of the two numbers that you returned".
    """
    if not path:
        return "what you returned"
    parts = []
    for key in path:
        if isinstance(whole, Tensor) and isinstance(key, list):
            parts.append(_number_in(whole, key))
        elif isinstance(whole, Mapping):
            parts.append(f"the entry {shown(key)} of the dictionary")
            whole = whole[key]
        elif isinstance(whole, Sequence) and isinstance(key, int):
            tensors = _holds_tensors(whole)
            parts.append(
                _one_of(key, len(whole), "tensor" if tensors else "number")
            )
            whole = whole[key]
    return " in ".join(reversed(parts)) + " that you returned"


def _number_in(tensor: Tensor, index: list[int]) -> str:
    """Name a number in a tensor: in a vector by counting, elsewhere by its index."""
    if tensor.dim() == 1:
        return _one_of(index[0], tensor.numel(), "number")
    kind = "matrix" if tensor.dim() == 2 else "tensor"
    return f"the number at {index} of the {kind}"


def _one_of(position: int, count: int, noun: str) -> str:
    """Say which one of several things: "the first of the two numbers"."""
    if count == 1:
        return f"the one {noun}"
    if count not in COUNTED:
        return f"{noun} {position + 1} of the {count} {noun}s"
    return f"the {ORDINALS[position]} of the {COUNTED[count]} {noun}s"


def kind_of(value: object) -> str:
    """Name the type of a value as a sentence would: "a list"."""
    if value is None or value is ...:
        return "None" if value is None else "still `...`"
    if isinstance(value, Tensor):
        device = value.device.type
        return ("a tensor" if _dense(value) else _special(value)) + (
            "" if device == "cpu" else f" on the device {device}"
        )
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    name = "text" if isinstance(value, str) else type(value).__name__
    article = "an" if name[0] in "aeiouAEIOU" else "a"
    return name if name == "text" else f"{article} {name}"


def _special(tensor: Tensor) -> str:
    """Name a tensor that is not a plain one."""
    name = type(tensor).__name__
    if name not in {"Tensor", "Parameter"}:
        return f"a tensor of the class {name}"
    for kind in ("nested", "quantized", "mkldnn"):
        if getattr(tensor, f"is_{kind}"):
            return f"a {kind} tensor"
    return "a sparse tensor"


def shown(value: object, depth: int = 4) -> str:
    """Write a value for a report: short, and the same under all print options."""
    if isinstance(value, Tensor):
        text = _shown_tensor(value)
    elif isinstance(value, float):
        text = _number(value)
    elif isinstance(value, Mapping | tuple | list | AbstractSet):
        # It may hold itself.
        text = _shown_entries(value, depth - 1) if depth else "…"
    elif inspect.isroutine(value):
        text = value.__name__
    elif isinstance(value, str):
        text = repr(value)
    elif isinstance(value, Real | None):
        text = reprlib.repr(value)
    else:
        text = kind_of(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _shown_entries(value: Collection[object], depth: int) -> str:
    """Write what a collection holds."""
    entries = [shown(entry, depth) for entry in value]
    if isinstance(value, Mapping):
        pairs = zip(entries, value.values(), strict=True)
        entries = [f"{key}: {shown(entry, depth)}" for key, entry in pairs]
    elif isinstance(value, AbstractSet):
        entries.sort()
    start, end = (
        "()"
        if isinstance(value, tuple)
        else "[]"
        if isinstance(value, list)
        else "{}"
    )
    comma = "," if isinstance(value, tuple) and len(entries) == 1 else ""
    return start + ", ".join(entries) + comma + end


def _shown_tensor(value: Tensor) -> str:
    """Write the numbers of a tensor, or what it is if they cannot be read."""
    if kind_of(value) != "a tensor":
        shape = "" if value.is_nested else f" of shape {tuple(value.shape)}"
        return kind_of(value) + shape
    numbers = value.detach().resolve_conj().resolve_neg()
    try:
        try:
            array = numbers.numpy()
        except TypeError:  # NumPy lacks the dtype
            array = numbers.double().numpy()
    except (RuntimeError, TypeError):  # PyTorch does too
        return f"a tensor of dtype {value.dtype}"
    return np.array2string(
        array,
        separator=", ",
        threshold=24,
        formatter={"float_kind": _number},  # type: ignore[arg-type]
    )


def _number(number: float) -> str:
    """Write a number with as many digits as a reader wants to compare."""
    return f"{number:.8g}"
