"""What can be seen in wrong numbers: a factor, a sign, a transpose, rows that are not one tensor."""

import math
from collections.abc import Iterator, Mapping
from numbers import Real

import torch
from torch import Tensor

from autograd_tutorial.checker.compare import (
    LIKENESS,
    Mismatch,
    kind_of,
    mismatch,
)
from autograd_tutorial.checker.observe import SINGLE_RTOL, Trial
from autograd_tutorial.checker.results import agree

__all__ = ["factor", "numbers", "remarks"]


def remarks(trials: list[Trial], wrong: Mismatch) -> Iterator[str]:
    """Say what else can be seen in wrong numbers, where it helps."""
    by = factor(trials)
    if wrong.kind == "shape" and _transposed(wrong):
        yield "It is the transpose of what it should be: exchange its rows and columns."
    elif wrong.kind == "dtype" and agree(trials):
        yield "The numbers are right: take the dtype from the input, as in `dtype=x.dtype`."
    elif wrong.kind == "type" and _in_parts(wrong):
        yield "Its entries are right: make one tensor out of them, with `torch.stack`."
    elif wrong.kind == "value" and wrong.yours != wrong.yours:
        yield "Something became NaN on the way, as it does in 0/0, in 0 times infinity, and in the logarithm of a negative number."
    elif by == 0:
        yield "Every number is zero: look for a factor 0, or for a result that was never filled."
    elif by is not None and math.isclose(by, -1.0, rel_tol=1e-6):
        yield "Every number has the wrong sign: look for a minus too many, or one too few."
    elif by is not None:
        yield f"Every number is {by:.4g} times what it should be."


def factor(trials: list[Trial]) -> float | None:
    """Return by what all numbers of some trials are too large, if it is one factor."""
    if any(
        trial.error
        or trial.unfinished
        or ((wrong := trial.wrong) and wrong.kind != "value")
        for trial in trials
    ):
        return None
    yours = numbers([trial.results for trial in trials])
    expected = numbers([trial.expected for trial in trials])
    if yours.shape != expected.shape or not expected.any():
        return None
    clear = expected.abs() > 1e-6 * expected.abs().max()
    by = (yours[clear] / expected[clear]).median()
    rtol = max(LIKENESS, *(trial.rtol for trial in trials))
    if not torch.allclose(by * expected, yours, rtol=rtol) or by == 1:
        return None
    return float(by)


def numbers(value: object, depth: int = 4) -> Tensor:
    """Return all numbers of a result in one row."""
    if isinstance(value, Tensor):
        if kind_of(value) == "a tensor" and not value.is_complex():
            return value.detach().flatten().double()
    elif isinstance(value, Real):
        return torch.tensor([float(value)], dtype=torch.float64)
    elif isinstance(value, Mapping):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, list | tuple) and value and depth:
        return torch.cat([numbers(entry, depth - 1) for entry in value])
    return torch.zeros(0, dtype=torch.float64)


def _transposed(wrong: Mismatch) -> bool:
    """Whether a matrix is the transpose of the expected one."""
    return (
        isinstance(wrong.yours, Tensor)
        and isinstance(wrong.expected, Tensor)
        and wrong.yours.ndim == 2
        and mismatch(wrong.yours.T, wrong.expected, SINGLE_RTOL) is None
    )


def _in_parts(wrong: Mismatch) -> bool:
    """Whether a list holds the rows of the expected tensor."""
    return (
        isinstance(wrong.yours, list | tuple)
        and isinstance(wrong.expected, Tensor)
        and wrong.expected.ndim > 1
        and mismatch(wrong.yours, list(wrong.expected), SINGLE_RTOL) is None
    )
