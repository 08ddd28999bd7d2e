"""What several exercises have in common: inputs, and kinds of mistakes."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.exercise import Kind
from autograd_tutorial.checker.observe import Trial
from autograd_tutorial.checker.results import (
    ROUGH,
    agree,
    differentiated,
    doubles,
    rough,
    tensors,
)


def normal(generator: Generator, *shape: int) -> Tensor:
    """Return normally distributed numbers in float64."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def used(x: Tensor) -> Tensor:
    """Return x as a leaf that a backward pass has already reached."""
    leaf = x.detach().clone().requires_grad_(True)
    leaf.grad = torch.ones_like(leaf)
    return leaf


def called(*functions: str) -> Callable[[list[Trial]], bool]:
    """Return the sign of an answer that calls one of these functions of torch."""
    return lambda trials: (
        any(
            function in trial.called
            for trial in trials
            for function in functions
        )
        and not any(trial.error for trial in trials)
    )


def _ties_its_result(trials: list[Trial]) -> bool:
    """Whether the numbers are right and a result is still tied to a graph."""
    return agree(trials) and any(
        part.requires_grad
        for trial in trials
        for part in tensors(trial.results)
    )


def _loses_digits(trials: list[Trial]) -> bool:
    """Whether results in float64 are nearly right, and float32 was seen on the way."""
    return agree(doubles(trials), ROUGH) and any(
        torch.float32 in trial.dtypes
        and mismatch(trial.results, trial.expected, trial.rtol)
        for trial in doubles(trials)
    )


ELEMENTWISE = {
    "diagonal": "You took the diagonal of the whole Jacobian: right, and n times the work of one backward pass.",
    "vmap": "One derivative for each element, batched by `vmap`: another good way.",
    "jvp": "A tangent, sent forward: another good way, and it keeps no graph.",
}
"""Ways to the derivative at each element."""

BACKWARD = {
    "backward": "`backward` and `.grad` work as well; `torch.autograd.grad` of the solution leaves every `.grad` alone."
}
"""The way that leaves a trace."""

PULLBACK = {
    "vjp": "`torch.func.vjp` hands out the pullback, which you called with v: another good way."
}
"""The way that torch offers for vᵀJ."""

# Mistakes that show in what an answer does, not only in the numbers that it returns.

RESULT_REQUIRES_GRAD = Kind(
    "the result requires grad",
    "theory/forward-propagation#see-what-torch-records-on-the-way",
    "What is computed from a tensor that requires grad requires grad too, and so does "
    "a gradient that was asked for with `create_graph=True`; call `detach()` on the result.",
    _ties_its_result,
)
ARGUMENT_CHANGED = Kind(
    "the argument was changed",
    "tutorial#once-more-and-the-gradient-doubles",
    "`requires_grad_`, `backward` and every method that ends in an underscore work on the "
    "tensor that the caller passed; begin with `x.detach().clone()`.",
    lambda trials: any(trial.changed for trial in trials),
)
SINGLE_PRECISION = Kind(
    "computed in float32",
    "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
    "The input is float64, but something on the way is float32, the default dtype of "
    "`torch.tensor` and `torch.zeros`: about seven digits are left.",
    _loses_digits,
)
FINITE_DIFFERENCES = Kind(
    "finite differences instead of autograd",
    "gallery/ex2_sine_derivative#how-small-should-h-be",
    "The numbers are nearly right and nothing was differentiated: a difference over a "
    "small step h is off by its own error, which no h removes.",
    lambda trials: not differentiated(trials) and rough(trials),
)
NO_AUTOGRAD = Kind(
    "a formula instead of autograd",
    "tutorial#vector-to-scalar",
    "The numbers are right, but no derivative was taken by autograd, and that is what the "
    "exercise asks for: it is about functions whose formula you do not know.",
    lambda trials: not differentiated(trials) and agree(trials),
)

# Mistakes that show in the results. Where there is no cause here, each wrong answer says its own.

V_IGNORED = Kind("the vector v was ignored", "tutorial#v-1-10")
MEAN_TAKEN = Kind(
    "the mean was taken in the place of the sum", "tutorial#vector-to-scalar"
)
OUTPUT_AS_COTANGENT = Kind(
    "the output was passed as `gradient`",
    "theory/backward-propagation#why-backward-wants-v",
)
NOT_CLEARED = Kind(
    "the gradient was not cleared",
    "tutorial#once-more-and-the-gradient-doubles",
    "`backward` adds to `.grad`, so a second call on the same x gives twice the derivative.",
)
BACKWARD_ON_A_VECTOR = Kind(
    "`backward` was called on a vector",
    "troubleshooting/error-messages#only-scalar-outputs",
    raises="only for scalar outputs",
)
BACKWARD_ON_A_GRID = Kind(
    "`backward` was called on a whole grid",
    "troubleshooting/error-messages#only-scalar-outputs",
    "A derivative for each element needs a scalar to differentiate, or a "
    "`gradient` argument that makes one.",
    raises="only for scalar outputs",
)
TRANSPOSED = Kind(
    "the Jacobian was transposed",
    "gallery/ex1_gradient_argument#the-six-derivatives-as-a-picture",
)
ROWS_ADDED_UP = Kind("the rows were added up", "tutorial#v-1-1")
ROWS_ACCUMULATED = Kind(
    "each row was added to those before",
    "tutorial#once-more-and-the-gradient-doubles",
)
ONLY_THE_DIAGONAL = Kind(
    "only the diagonal was filled", "tutorial#three-inputs-two-outputs"
)
A_PASS_FOR_EACH_ENTRY = Kind(
    "one pass for each entry",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
)
SIGN_OF_THE_RECIPROCAL = Kind(
    "1/x was given the wrong sign",
    "theory/forward-propagation#give-each-step-its-local-derivative",
    "1/x falls on both sides of 0, so its derivative is −1/x².",
)
