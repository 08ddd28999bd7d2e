"""Slips that no exercise lists, because one can make them in any: what they mean, and the entry on how to fix them.

The entries are in `docs/troubleshooting`; the messages of `trace` are in `graph/recording/messages.py`.
"""

from typing import NamedTuple

from torch import Tensor

from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.observe import BACKWARD, Trial
from autograd_tutorial.checker.remarks import factor

__all__ = ["CURES", "Cure", "cure_of"]

ERRORS = "troubleshooting/error-messages"
SILENT = "troubleshooting/silent-mistakes"


class Cure(NamedTuple):
    """What a slip means, and where the site explains how to fix it."""

    why: str
    """A sentence or two for the report."""

    see: str
    """The page and the heading, as in a misconception."""


CURES: dict[str, Cure] = {
    "backward through the graph a second time": Cure(
        "A backward pass frees what the graph has saved for it, so a second pass finds nothing "
        "there. Compute the output again, or pass `retain_graph=True` to the first pass.",
        f"{ERRORS}#a-second-time",
    ),
    "can be implicitly created only for scalar outputs": Cure(
        "The output has several elements, and torch does not know how much weight to give to each. "
        "Take their sum, or pass a `gradient` of the output's shape.",
        f"{ERRORS}#only-scalar-outputs",
    ),
    "can be implicitly created only for real scalar outputs": Cure(
        "The output is complex, but torch takes a gradient without further words only of one "
        "real number. Take `.real` or `abs`, or pass a `gradient`.",
        f"{ERRORS}#only-scalar-outputs",
    ),
    "Mismatch in shape: grad_output": Cure(
        "The `gradient` argument holds one weight for each element of the output, so it needs the "
        "output's shape.",
        f"{ERRORS}#mismatch-in-shape",
    ),
    "modified by an inplace operation": Cure(
        "The backward pass needs a value that was overwritten in the meantime. Look for a `+=`, an "
        "assignment to an index, or a method that ends in an underscore, and make a new tensor there.",
        f"{ERRORS}#modified-by-an-inplace-operation",
    ),
    "leaf Variable that requires grad": Cure(
        "You wrote into a leaf that requires grad, and torch refuses that while it records. Make a "
        "new tensor instead, or write under `torch.no_grad()`.",
        f"{ERRORS}#leaf-in-place",
    ),
    "appears to not have been used in the graph": Cure(
        "The output was not computed from the tensor that you ask about. Perhaps it was computed "
        "from a copy, or from an older tensor of the same name: ask about the one that it came from.",
        f"{ERRORS}#not-used-in-the-graph",
    ),
    "numpy() on Tensor that requires grad": Cure(
        "NumPy records nothing, so the gradient would be lost on the way, and torch refuses. Use "
        "torch's functions, or `detach()` a result that you only want to look at.",
        f"{ERRORS}#numpy-on-requires-grad",
    ),
    "nference tensor": Cure(
        "A tensor made under `torch.inference_mode()` cannot be saved for a backward pass. Make it "
        "under `torch.no_grad()` instead, or clone it outside.",
        f"{ERRORS}#inference-tensors",
    ),
    "'float' object has no attribute 'backward'": Cure(
        "`.item()` and `float()` take the number out of the tensor and leave its graph behind. "
        "Call `backward` on the tensor itself.",
        f"{ERRORS}#does-not-require-grad",
    ),
    "dtype can require gradients": Cure(
        "Whole numbers cannot change by a little, so they have no derivatives. Write the numbers "
        "with a decimal point, or give the tensor a floating-point dtype.",
        f"{ERRORS}#only-floating-point",
    ),
}
"""Words of torch's messages, each with what they mean."""

NOT_RECORDED = Cure(
    "Torch recorded nothing, because no tensor asked for a gradient. Call `requires_grad_(True)` "
    "on your own copy of the input before you compute with it.",
    f"{ERRORS}#does-not-require-grad",
)
CUT = Cure(
    "A tensor asked for a gradient, but the recording does not reach from it to the output. Look "
    "between the two for a `detach`, `.data`, `.item()`, `torch.tensor(...)` or `torch.no_grad()`, "
    "or for a gradient that was taken without `create_graph=True`.",
    f"{ERRORS}#does-not-require-grad",
)
BACKWARD_RETURNS_NONE = Cure(
    "`backward` itself returns None, because it leaves the gradient in the `.grad` of the leaf. "
    "Call it first, and then return that `.grad`.",
    f"{SILENT}#grad-is-none",
)
NOT_A_LEAF = Cure(
    "The `.grad` that you read is None, because its tensor is not a leaf: it was computed from "
    "another one, and `backward` fills `.grad` at the leaves only. Make the tensor first, and call "
    "`requires_grad_(True)` on it as the last step.",
    f"{SILENT}#grad-is-none",
)
DOES_NOT_ASK = Cure(
    "The `.grad` that you read is None, because its tensor does not require grad. Read the `.grad` "
    "of the tensor on which you called `requires_grad_(True)`.",
    f"{SILENT}#grad-is-none",
)
NOT_REACHED = Cure(
    "The `.grad` that you read is None, because no backward pass has reached its tensor. Either "
    "none ran before you read it, or it started from something that was computed without this tensor.",
    f"{SILENT}#grad-is-none",
)
ADDED_UP = Cure(
    "`backward` runs {} times in each call, and each time it adds to `.grad`. Set `.grad` to None "
    "between the passes.",
    f"{SILENT}#twice-too-large",
)
PAIR = Cure(
    "`torch.func.jvp` returns a pair, first the value and then the tangent. Take the second.",
    "theory/forward-propagation#push-a-tangent-forward",
)
TUPLE = Cure(
    "`torch.autograd.grad` returns a tuple with one gradient for each input, even if there is only "
    "one input. Take the gradient out with `[0]`, or write `(slope,) = torch.autograd.grad(...)`.",
    f"{ERRORS}#tuple-of-gradients",
)


def cure_of(trial: Trial, trials: list[Trial]) -> Cure | None:
    """Return what is known of the way in which a trial, one of some, went wrong."""
    if trial.error:
        return _cure_of_error(trial)
    wrong = trial.wrong
    if wrong is None:
        return None
    if wrong.yours is None:
        # The last thing that ran tells.
        if trial.called and trial.called[-1] in BACKWARD:
            return BACKWARD_RETURNS_NONE
        return _cure_of_grad(trial)
    if (
        isinstance(wrong.yours, tuple)
        and len(wrong.yours) == 1
        and isinstance(wrong.yours[0], Tensor)
        and isinstance(wrong.expected, Tensor)
        and mismatch(wrong.yours[0], wrong.expected, trial.rtol) is None
    ):
        return TUPLE
    return _cure_of_repetition(trials)


def _cure_of_error(trial: Trial) -> Cure | None:
    """Return what is known of the exception that a trial ended with."""
    error = trial.error
    for words, cure in CURES.items():
        if words in error:
            return cure
    if "does not require grad" in error:
        return CUT if trial.recorded else NOT_RECORDED
    if "NoneType" in error:
        return _cure_of_grad(trial)
    if "tuple" in error and "grad" in trial.called:
        return TUPLE
    if "tuple" in error and trial.forward_passes:
        return PAIR
    return None


def _cure_of_grad(trial: Trial) -> Cure | None:
    """Return why the `.grad` that was read last is None, if it is."""
    seen = trial.grad
    if seen is None or seen.value is not None:
        return None
    if not seen.is_leaf:
        return NOT_A_LEAF
    return NOT_REACHED if seen.requires_grad else DOES_NOT_ASK


def _cure_of_repetition(trials: list[Trial]) -> Cure | None:
    """Return what to do if all is as many times too large as `backward` ran."""
    passes = {
        sum(map(trial.called.count, BACKWARD)) / trial.case.calls
        for trial in trials
    }
    by = factor(trials)
    if by is None or by < 2 or passes != {round(by, 6)}:
        return None
    return ADDED_UP._replace(why=ADDED_UP.why.format(round(by)))
