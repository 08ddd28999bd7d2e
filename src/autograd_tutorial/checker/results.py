"""What the results of all trials together say of an answer."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.observe import Trial

__all__ = ["ROUGH", "agree", "differentiated", "doubles", "rough", "tensors"]

ROUGH = 1e-2
"""How far a rough result may be off, relative to the largest number in it."""


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
