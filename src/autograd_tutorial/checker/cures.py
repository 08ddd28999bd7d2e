"""Slips that no exercise lists, because one can make them in any: what they mean, and the entry that cures them.

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
    """What a slip means, and where the site cures it."""

    why: str
    """A sentence or two for the report."""

    see: str
    """The page and the heading, as in a misconception."""


CURES: dict[str, Cure] = {
    "backward through the graph a second time": Cure(
        "A backward pass frees what the graph has saved for it, so the same graph cannot serve "
        "twice: compute the output anew, or ask the first pass for `retain_graph=True`.",
        f"{ERRORS}#a-second-time",
    ),
    "can be implicitly created only for scalar outputs": Cure(
        "The output has several elements, so torch does not know how to weight them: take the sum, "
        "or pass a `gradient` of the output's shape.",
        f"{ERRORS}#only-scalar-outputs",
    ),
    "can be implicitly created only for real scalar outputs": Cure(
        "The output is complex, and only one real number has a gradient without a word on how to "
        "weight it: take `.real`, or `abs`, or pass a `gradient`.",
        f"{ERRORS}#only-scalar-outputs",
    ),
    "Mismatch in shape: grad_output": Cure(
        "The `gradient` argument has one weight for each element of the output, and so the "
        "output's shape.",
        f"{ERRORS}#mismatch-in-shape",
    ),
    "modified by an inplace operation": Cure(
        "A value that the backward pass needs was overwritten before it came to use it: look for a "
        "`+=`, an assignment to an index, or a method that ends in an underscore.",
        f"{ERRORS}#modified-by-an-inplace-operation",
    ),
    "leaf Variable that requires grad": Cure(
        "A leaf that requires grad must not be written to while torch records: work on a new "
        "tensor, or write under `torch.no_grad()`.",
        f"{ERRORS}#leaf-in-place",
    ),
    "appears to not have been used in the graph": Cure(
        "The output was not computed from the tensor that you ask about, but from a copy of it, "
        "for instance, or from a tensor of the same name that was there before.",
        f"{ERRORS}#not-used-in-the-graph",
    ),
    "numpy() on Tensor that requires grad": Cure(
        "NumPy records nothing, so the gradient would be lost on the way: stay with torch, or "
        "`detach()` a result that you only want to look at.",
        f"{ERRORS}#numpy-on-requires-grad",
    ),
    "nference tensor": Cure(
        "A tensor that was made under `torch.inference_mode()` cannot be saved for a backward "
        "pass: make it under `torch.no_grad()` instead, or clone it outside.",
        f"{ERRORS}#inference-tensors",
    ),
    "'float' object has no attribute 'backward'": Cure(
        "`.item()` and `float()` take the number out of the tensor and leave its graph behind: "
        "call `backward` on the tensor.",
        f"{ERRORS}#does-not-require-grad",
    ),
    "dtype can require gradients": Cure(
        "Whole numbers cannot change by a little, so they have no derivatives: make the tensor "
        "with a decimal point or a floating-point dtype.",
        f"{ERRORS}#only-floating-point",
    ),
}
"""Words of torch's messages, each with what they mean."""

NOT_RECORDED = Cure(
    "Nothing was recorded, because no tensor asked for a gradient: call `requires_grad_(True)` on "
    "your own copy of the input, before you compute with it.",
    f"{ERRORS}#does-not-require-grad",
)
CUT = Cure(
    "A tensor did ask for a gradient, but the recording does not reach from it to the output: look "
    "for a `detach`, `.data`, `.item()`, `torch.tensor(...)` or `torch.no_grad()` between the two, "
    "or for a gradient that was taken without `create_graph=True`.",
    f"{ERRORS}#does-not-require-grad",
)
BACKWARD_RETURNS_NONE = Cure(
    "`backward` itself returns None: it leaves the gradient in the `.grad` of the leaf. So return "
    "that `.grad` afterwards.",
    f"{SILENT}#grad-is-none",
)
NOT_A_LEAF = Cure(
    "The `.grad` that you read is None, because its tensor is not a leaf: it was computed from "
    "another one, and `backward` fills `.grad` at the leaves only. Call `requires_grad_(True)` "
    "last, on the tensor whose gradient you want.",
    f"{SILENT}#grad-is-none",
)
DOES_NOT_ASK = Cure(
    "The `.grad` that you read is None, because its tensor does not require grad: read that of the "
    "tensor on which you called `requires_grad_(True)`.",
    f"{SILENT}#grad-is-none",
)
NOT_REACHED = Cure(
    "The `.grad` that you read is None: no backward pass has reached its tensor. Either none ran "
    "before, or what it started from was not computed from this tensor.",
    f"{SILENT}#grad-is-none",
)
ADDED_UP = Cure(
    "`backward` runs {} times in each call, and each time it adds to `.grad`: clear it between "
    "the passes.",
    f"{SILENT}#twice-too-large",
)
PAIR = Cure(
    "`torch.func.jvp` returns a pair, the value and then the tangent: take the second.",
    "theory/forward-propagation#push-a-tangent-forward",
)
TUPLE = Cure(
    "`torch.autograd.grad` returns a tuple with one gradient for each input, even if there is only "
    "one: take it out with `[0]`, or write `(slope,) = torch.autograd.grad(...)`.",
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
