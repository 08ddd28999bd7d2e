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
    "diagonal": "You took the diagonal of the whole Jacobian. That is right, but it takes n times the work of one backward pass.",
    "vmap": "You took one derivative for each element, and `vmap` put them into one batch: another good way.",
    "jvp": "You sent a tangent forward: another good way, and it keeps no graph.",
}
"""Ways to the derivative at each element."""

BACKWARD = {
    "backward": "`backward` and `.grad` work as well. Our solution uses `torch.autograd.grad`, because it leaves every `.grad` alone."
}
"""The way that leaves a trace."""

PULLBACK = {
    "vjp": "`torch.func.vjp` gives you the pullback, the function that computes vᵀJ, and you called it with v: another good way."
}
"""The way that torch offers for vᵀJ."""

# Mistakes that show in what an answer does, not only in the numbers that it returns.

RESULT_REQUIRES_GRAD = Kind(
    "the result requires grad",
    "theory/forward-propagation#see-what-torch-records-on-the-way",
    "Whatever is computed from a tensor that requires grad requires grad too, and so does a "
    "gradient that you asked for with `create_graph=True`. Call `detach()` on the result before "
    "you return it.",
    _ties_its_result,
)
ARGUMENT_CHANGED = Kind(
    "the argument was changed",
    "tutorial#once-more-and-the-gradient-doubles",
    "`requires_grad_`, `backward` and every method that ends in an underscore change the very "
    "tensor that the caller passed. Begin with a copy instead, such as `x.detach().clone()`.",
    lambda trials: any(trial.changed for trial in trials),
)
SINGLE_PRECISION = Kind(
    "computed in float32",
    "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
    "The input is float64, but something on the way is float32, so only about seven digits are "
    "left. Without a dtype, `torch.tensor` and `torch.zeros` make float32: pass "
    "`dtype=x.dtype`.",
    _loses_digits,
)
FINITE_DIFFERENCES = Kind(
    "finite differences instead of autograd",
    "gallery/ex2_sine_derivative#how-small-should-h-be",
    "The numbers are nearly right, but nothing was differentiated. A difference over a small "
    "step h has an error of its own, and no choice of h removes it.",
    lambda trials: not differentiated(trials) and rough(trials),
)
NO_AUTOGRAD = Kind(
    "a formula instead of autograd",
    "tutorial#vector-to-scalar",
    "The numbers are right, but autograd took no derivative, and the exercise asks for one. It "
    "prepares you for functions whose formula you do not know.",
    lambda trials: not differentiated(trials) and agree(trials),
)

# Mistakes that show in the results. Where there is no cause here, each wrong answer says its own.

V_IGNORED = Kind("the vector v was ignored", "tutorial#v-1-10")
MEAN_TAKEN = Kind(
    "the mean was taken instead of the sum", "tutorial#vector-to-scalar"
)
OUTPUT_AS_COTANGENT = Kind(
    "the output was passed as `gradient`",
    "theory/backward-propagation#why-backward-wants-v",
)
NOT_CLEARED = Kind(
    "the gradient was not cleared",
    "tutorial#once-more-and-the-gradient-doubles",
    "`backward` adds to `.grad` and replaces nothing, so a second call with the same x gives twice "
    "the derivative. Work on a fresh copy of x in each call.",
)
BACKWARD_ON_A_VECTOR = Kind(
    "`backward` was called on a vector",
    "troubleshooting/error-messages#only-scalar-outputs",
    raises="only for scalar outputs",
)
BACKWARD_ON_A_GRID = Kind(
    "`backward` was called on a whole grid",
    "troubleshooting/error-messages#only-scalar-outputs",
    "`backward` starts from one number, and you gave it a whole grid. Call it on the sum, or pass "
    "it a `gradient` argument of the grid's shape.",
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
    "1/x falls on both sides of 0, so its derivative is negative: it is −1/x².",
)
