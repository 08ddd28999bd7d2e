"""Mistakes that show in what an answer does, not only in the numbers that it returns.

Each function takes an answer that makes the mistake and returns the
`Misconception`, in words that fit every exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.exercise import Misconception
from autograd_tutorial.checker.observe import Trial

__all__ = [
    "ROUGH",
    "agree",
    "argument_changed",
    "differentiated",
    "doubles",
    "finite_differences",
    "no_autograd",
    "result_requires_grad",
    "rough",
    "single_precision",
    "tensors",
    "used",
]

ROUGH = 1e-2
"""How far a rough result may be off, relative to the largest number in it."""


def result_requires_grad(example: Callable[..., object]) -> Misconception:
    """Return the mistake of a result that is still tied to a graph."""
    return Misconception(
        "the result requires grad",
        example,
        "What is computed from a tensor that requires grad requires grad too, and so does "
        "a gradient that was asked for with `create_graph=True`; call `detach()` on the result.",
        "theory/forward-propagation#see-what-torch-records-on-the-way",
        lambda trials: (
            agree(trials)
            and any(
                part.requires_grad
                for trial in trials
                for part in tensors(trial.results)
            )
        ),
    )


def argument_changed(example: Callable[..., object]) -> Misconception:
    """Return the mistake of an answer that leaves traces in its argument."""
    return Misconception(
        "the argument was changed",
        example,
        "`requires_grad_`, `backward` and every method that ends in an underscore work on the "
        "tensor that the caller passed; begin with `x.detach().clone()`.",
        "tutorial#once-more-and-the-gradient-doubles",
        lambda trials: any(trial.changed for trial in trials),
    )


def single_precision(example: Callable[..., object]) -> Misconception:
    """Return the mistake of computing in float32 on the way."""
    return Misconception(
        "computed in float32",
        example,
        "The input is float64, but something on the way is float32, the default dtype of "
        "`torch.tensor` and `torch.zeros`: about seven digits are left.",
        "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
        lambda trials: (
            agree(doubles(trials), ROUGH)
            and any(
                torch.float32 in trial.dtypes
                and mismatch(trial.results, trial.expected, trial.rtol)
                for trial in doubles(trials)
            )
        ),
    )


def finite_differences(example: Callable[..., object]) -> Misconception:
    """Return the mistake of a small step in the place of autograd."""
    return Misconception(
        "finite differences instead of autograd",
        example,
        "The numbers are nearly right and nothing was differentiated: a difference over a "
        "small step h is off by its own error, which no h removes.",
        "gallery/ex2_sine_derivative#how-small-should-h-be",
        lambda trials: not differentiated(trials) and rough(trials),
    )


def no_autograd(example: Callable[..., object]) -> Misconception:
    """Return the mistake of a formula in the place of autograd."""
    return Misconception(
        "a formula instead of autograd",
        example,
        "The numbers are right, but no derivative was taken by autograd, and that is what the "
        "exercise asks for: it is about functions whose formula you do not know.",
        "tutorial#vector-to-scalar",
        lambda trials: not differentiated(trials) and agree(trials),
    )


def used(
    functions: tuple[str, ...],
    name: str,
    example: Callable[..., object],
    why: str,
    see: str,
) -> Misconception:
    """Return the mistake of calling one of these functions of torch."""
    return Misconception(
        name,
        example,
        why,
        see,
        lambda trials: (
            any(
                function in trial.called
                for trial in trials
                for function in functions
            )
            and not any(trial.error for trial in trials)
        ),
    )


def tensors(value: object, depth: int = 4) -> Iterator[Tensor]:
    """Yield the tensors in a result, down to a depth, since a list may hold itself."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple) and depth:
        entries = value.values() if isinstance(value, Mapping) else value
        for entry in entries:
            yield from tensors(entry, depth - 1)


def differentiated(trials: list[Trial]) -> bool:
    """Return whether autograd took a derivative."""
    return any(trial.reverse_passes or trial.forward_passes for trial in trials)


def doubles(trials: list[Trial]) -> list[Trial]:
    """Return the trials in float64, but for those where the function jumps."""
    return [t for t in trials if not t.single and not t.case.jump]


def rough(trials: list[Trial]) -> bool:
    """Return whether the results in float64 are nearly right, and not quite."""
    kept = doubles(trials)
    return agree(kept, ROUGH) and not agree(kept)


def agree(trials: list[Trial], rtol: float = 0.0) -> bool:
    """Return whether all results are right up to a tolerance, whatever their dtype."""
    return all(
        not trial.error
        and not trial.unfinished
        and mismatch(
            _double(trial.results),
            _double(trial.expected),
            max(rtol, trial.rtol),
        )
        is None
        for trial in trials
    )


def _double(value: object, depth: int = 4) -> object:
    """Return a result with all its floating-point tensors in float64."""
    if isinstance(value, Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, Mapping) and depth:
        return {key: _double(entry, depth - 1) for key, entry in value.items()}
    if isinstance(value, list | tuple) and depth:
        return [_double(entry, depth - 1) for entry in value]
    return value
