"""Exercise 2: the derivative of the sine, without writing a cosine."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker import signs
from autograd_tutorial.checker.exercise import (
    Case,
    Exercise,
    Misconception,
    Task,
)
from autograd_tutorial.checker.inputs import normal, used

__all__ = ["EXERCISE", "derivative_of_sine"]


def derivative_of_sine(x: Tensor) -> Tensor:
    r"""Return the derivative of the sine at every element of x, by autograd.

    .. math:: \frac{\mathrm{d}}{\mathrm{d} x_i} \sum_j \sin x_j = \frac{\mathrm{d} \sin x_i}{\mathrm{d} x_i}

    The sum makes a scalar of the whole grid, and the derivative of that
    scalar with respect to one element sees only the term in which the
    element stands. `x` is a real floating-point tensor of any shape; the
    result has its shape and dtype and does not require grad. Autograd
    raises a RuntimeError for a tensor of any other dtype.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x)
    return slope


def _cases(generator: Generator) -> Iterator[Case]:
    """Vectors, other shapes, and an x that has been used before."""

    def draw(*shape: int) -> Tensor:
        return 7 * normal(generator, *shape)

    yield Case("five random numbers", (draw(5),))
    yield Case("a matrix", (draw(2, 3),))
    yield Case("a single number, of shape ()", (draw(),))
    yield Case(
        "multiples of π/2",
        (torch.pi / 2 * torch.arange(-4.0, 5.0, dtype=torch.float64),),
    )
    yield Case("two calls with the same x", (draw(3),), calls=2)
    yield Case("an x that requires grad and has a `.grad`", (used(draw(3)),))
    yield Case("numbers in float32", (draw(4).float(),))


def _mean(x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_(True)
    torch.sin(x).mean().backward()
    assert x.grad is not None
    return x.grad


def _not_cleared(x: Tensor) -> Tensor:
    x.requires_grad_(True)
    torch.sin(x).sum().backward()
    assert x.grad is not None
    return x.grad


def _no_scalar(x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_(True)
    torch.sin(x).backward()
    assert x.grad is not None
    return x.grad


def _value(x: Tensor) -> Tensor:
    return torch.sin(x.detach())


def _sine_as_cotangent(x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_(True)
    y = torch.sin(x)
    y.backward(y)
    assert x.grad is not None
    return x.grad


def _cosine(x: Tensor) -> Tensor:
    return torch.cos(x.detach())


def _shifted(x: Tensor) -> Tensor:
    return torch.sin(x.detach() + math.pi / 2)


def _central_difference(x: Tensor) -> Tensor:
    x, h = x.detach(), 1e-5
    return (torch.sin(x + h) - torch.sin(x - h)) / (2 * h)


def _float32(x: Tensor) -> Tensor:
    return derivative_of_sine(x.float()).double()


def _create_graph(x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
    return slope


def _on_the_argument(x: Tensor) -> Tensor:
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x)
    return slope


EXERCISE = Exercise(
    number=2,
    stem="ex2_sine_derivative",
    title="differentiate the sine without its formula",
    tasks=(
        Task(
            solution=derivative_of_sine,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "the mean was taken in the place of the sum",
                    _mean,
                    "The mean of n numbers is their sum divided by n, and so is its derivative: "
                    "every slope comes out n times too small.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "the gradient was not cleared",
                    _not_cleared,
                    "`backward` adds to `.grad`, so a second call on the same x gives twice the "
                    "derivative.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "`backward` was called on a whole grid",
                    _no_scalar,
                    "A derivative for each element needs a scalar to differentiate, or a "
                    "`gradient` argument that makes one.",
                    "troubleshooting/error-messages#only-scalar-outputs",
                    raises="only for scalar outputs",
                ),
                Misconception(
                    "the sine was returned, not its derivative",
                    _value,
                    "`torch.sin(x)` is the value; the derivative is what a backward pass leaves.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "the output was passed as `gradient`",
                    _sine_as_cotangent,
                    "`y.backward(y)` weights each slope with y, so sin x · cos x comes out; weight "
                    "with ones.",
                    "tutorial#v-1-10",
                ),
                signs.used(
                    ("torch.cos", "torch.Tensor.cos", "torch.Tensor.cos_"),
                    "the cosine was called",
                    _cosine,
                    "You know the formula; the exercise is to let autograd find the derivative without it.",
                    "tutorial#vector-to-scalar",
                ),
                signs.no_autograd(_shifted),
                signs.single_precision(_float32),
                signs.finite_differences(_central_difference),
                signs.result_requires_grad(_create_graph),
                signs.argument_changed(_on_the_argument),
            ),
            ways=(
                (
                    "diagonal",
                    "You took the diagonal of the whole Jacobian: right, and n times the work of one backward pass.",
                ),
                (
                    "vmap",
                    "One derivative for each element, batched by `vmap`: another good way.",
                ),
                (
                    "jvp",
                    "A tangent, sent forward: another good way, and it keeps no graph.",
                ),
                (
                    "backward",
                    "`backward` and `.grad` work as well; `torch.autograd.grad` of the solution leaves every `.grad` alone.",
                ),
            ),
        ),
    ),
    hints=(
        (
            "`torch.autograd.grad` differentiates a scalar, and `torch.sin(x)` is a whole grid. "
            "Which scalar has the derivative of sin at `x[i]` with respect to `x[i]`, for all i "
            "at once?"
        ),
        (
            "Add the sines up. In the sum, `x[i]` stands in one term only, so the derivative of "
            "the sum with respect to `x[i]` sees that term and no other."
        ),
        (
            "Work on `x.detach().clone().requires_grad_(True)`, so that the caller's x stays as "
            "it was. `torch.autograd.grad(y, x)` returns a tuple with one gradient for each input."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
