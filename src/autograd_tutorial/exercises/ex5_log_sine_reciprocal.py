"""Exercise 5: the dependency graph of F(x) = log(x²) · sin x + 1/x, and the chain rule on it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker import signs
from autograd_tutorial.checker.exercise import (
    Case,
    Exercise,
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.inputs import normal, used
from autograd_tutorial.functions import derivative, log_sine_reciprocal

__all__ = [
    "DEPENDENCIES",
    "EXERCISE",
    "Comparison",
    "chain_rule",
    "compare",
    "derivative_by_autograd",
    "derivative_by_hand",
    "evaluation_trace",
]


DEPENDENCIES = {
    "x": (),
    "x²": ("x",),
    "log x²": ("x²",),
    "sin x": ("x",),
    "log x² · sin x": ("log x²", "sin x"),
    "1/x": ("x",),
    "F": ("log x² · sin x", "1/x"),
}
"""The dependency graph of F, as a mapping from each value to those that it is computed from."""


def evaluation_trace(x: Tensor) -> dict[str, Tensor]:
    r"""Return every value of the dependency graph at x, in the order of `DEPENDENCIES`.

    .. math::

        \begin{aligned}
        & x, \quad x^2, \quad \log x^2, \quad \sin x, \\
        & \log x^2 \cdot \sin x, \quad \frac{1}{x}, \\
        & F(x) = \log x^2 \cdot \sin x + \frac{1}{x}
        \end{aligned}

    `x` is a real floating-point tensor of any shape; every value has its
    shape and dtype.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 2.
    """
    square = x**2
    log = torch.log(square)
    sine = torch.sin(x)
    product = log * sine
    reciprocal = 1 / x
    total = product + reciprocal
    values = (x, square, log, sine, product, reciprocal, total)
    return dict(zip(DEPENDENCIES, values, strict=True))


def chain_rule(x: Tensor) -> dict[str, Tensor]:
    r"""Return the adjoint of every value of the dependency graph at x, by the chain rule.

    .. math:: \bar u = \sum_{w \text{ computed from } u} \bar w \, \frac{\partial w}{\partial u}

    The adjoint of a value is the derivative of F with respect to it; the
    adjoint of "x" is F'(x). `x` is a real floating-point tensor of any
    shape; every adjoint has its shape and dtype.

    References: Baydin et al., "Automatic differentiation in machine
    learning: a survey", *JMLR* 18(153), 2018, section 3.2.
    """
    value = evaluation_trace(x)
    adjoint = {"F": torch.ones_like(x)}
    # F = product + 1/x: both summands take the adjoint of F as it is.
    adjoint["log x² · sin x"] = adjoint["F"]
    adjoint["1/x"] = adjoint["F"]
    # product = log · sin: each factor is the partial derivative for the other.
    adjoint["log x²"] = adjoint["log x² · sin x"] * value["sin x"]
    adjoint["sin x"] = adjoint["log x² · sin x"] * value["log x²"]
    # log has the derivative one over its argument.
    adjoint["x²"] = adjoint["log x²"] / value["x²"]
    # x is used three times, so three messages arrive and add up.
    adjoint["x"] = (
        adjoint["x²"] * 2 * x
        + adjoint["sin x"] * torch.cos(x)
        + adjoint["1/x"] * (-1 / x**2)
    )
    return adjoint


def derivative_by_hand(x: Tensor) -> Tensor:
    r"""Return F'(x) as the adjoint of x that `chain_rule` gives.

    .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \cos x - \frac{1}{x^2}

    `x` is a real floating-point tensor of any shape; the result has its
    shape and dtype. At 0 it is NaN.

    References: Baydin et al., "Automatic differentiation in machine
    learning: a survey", *JMLR* 18(153), 2018, section 3.2.
    """
    return chain_rule(x.detach())["x"]


def derivative_by_autograd(x: Tensor) -> Tensor:
    r"""Return F' at every element of x, by one backward pass.

    .. math:: F'(x_i) = \frac{\partial}{\partial x_i} \sum_j F(x_j)

    `x`, the result and the value at 0 are those of `derivative_by_hand`.
    The result does not require grad. Autograd raises a RuntimeError for a
    tensor of another dtype.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(log_sine_reciprocal(x).sum(), x)
    return slope


class Comparison(NamedTuple):
    """The derivative of F twice: by hand along the graph, and by autograd."""

    by_hand: Tensor
    """What `derivative_by_hand` gives."""

    by_autograd: Tensor
    """What `derivative_by_autograd` gives."""


def compare(x: Tensor) -> Comparison:
    r"""Return F'(x) twice, by `derivative_by_hand` and by `derivative_by_autograd`.

    .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \cos x - \frac{1}{x^2}

    `x`, the results and the errors are those of the two, and so is the
    source as named there.
    """
    return Comparison(derivative_by_hand(x), derivative_by_autograd(x))


def _cases(generator: Generator) -> Iterator[Case]:
    """Vectors of both signs, other shapes, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return 5 * normal(generator, *shape)

    yield Case("positive numbers", (draw(4).abs(),))
    yield Case("negative numbers", (-draw(3).abs(),))
    yield Case("a matrix", (draw(2, 3),))
    yield Case("a single number, of shape ()", (draw(),))
    yield Case("the number 2", (torch.tensor(2.0, dtype=torch.float64),))
    yield Case("two calls with the same x", (draw(3),), calls=2)
    yield Case("an x that requires grad and has a `.grad`", (used(draw(3)),))
    yield Case("numbers in float32", (draw(3).float(),))


def _sine_forgotten(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 * torch.sin(x) / x - 1 / x**2


def _logarithm_forgotten(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return torch.log(x**2) * torch.cos(x) - 1 / x**2


def _reciprocal_forgotten(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x)


def _product_of_derivatives(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 / x * torch.cos(x) - 1 / x**2


def _inner_lost(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return torch.sin(x) / x**2 + torch.log(x**2) * torch.cos(x) - 1 / x**2


def _sign_of_reciprocal(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x) + 1 / x**2


def _sign_of_cosine(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 * torch.sin(x) / x - torch.log(x**2) * torch.cos(x) - 1 / x**2


def _two_log(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return 2 * torch.sin(x) / x + 2 * torch.log(x) * torch.cos(x) - 1 / x**2


def _value(x):  # type: ignore[no-untyped-def]
    return log_sine_reciprocal(x.detach())


def _by_autograd(x):  # type: ignore[no-untyped-def]
    return derivative(log_sine_reciprocal, x.detach())


def _by_differences(x):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-6
    return (log_sine_reciprocal(x + h) - log_sine_reciprocal(x - h)) / (2 * h)


def _hand_in_single_precision(x):  # type: ignore[no-untyped-def]
    return derivative_by_hand(x.float()).double()


def _hand_with_graph(x):  # type: ignore[no-untyped-def]
    return 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x) - 1 / x**2


def _hand_in_place(x):  # type: ignore[no-untyped-def]
    x = x.detach()
    slope = 2 * torch.sin(x) / x + torch.log(x**2) * torch.cos(x)
    return slope - x.pow_(-2)


def _mean(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    log_sine_reciprocal(x).mean().backward()
    return x.grad


def _no_scalar(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    log_sine_reciprocal(x).backward()
    return x.grad


def _not_cleared(x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    log_sine_reciprocal(x).sum().backward()
    return x.grad


def _autograd_of_two_log(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = 2 * torch.log(x) * torch.sin(x) + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def _logarithm_cut(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x.detach() ** 2) * torch.sin(x) + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def _sine_cut(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x**2) * torch.sin(x).detach() + 1 / x
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def _reciprocal_cut(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = torch.log(x**2) * torch.sin(x) + (1 / x).detach()
    (slope,) = torch.autograd.grad(y.sum(), x)
    return slope


def _create_graph(x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = log_sine_reciprocal(x)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return slope


def _on_the_argument(x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    (slope,) = torch.autograd.grad(log_sine_reciprocal(x).sum(), x)
    return slope


def _single_precision(x):  # type: ignore[no-untyped-def]
    return derivative_by_autograd(x.float()).double()


EXERCISE = Exercise(
    number=5,
    stem="ex5_log_sine_reciprocal",
    title="follow the chain rule along a graph",
    tasks=(
        Prediction(
            name="GRAPH",
            solution={
                value: set(sources) for value, sources in DEPENDENCIES.items()
            },
            misconceptions=(
                Misconception(
                    "the edges point the other way",
                    {"x": ("x²", "sin x", "1/x")},
                    "Each value is listed with those that it is computed *from*; x is given, and "
                    "computed from nothing.",
                    "theory/forward-propagation#write-a-function-as-a-list-of-steps",
                ),
                Misconception(
                    "the square was skipped",
                    {"log x²": ("x",)},
                    "The logarithm is taken of x², which is a value of its own between x and the "
                    "logarithm.",
                    "theory/forward-propagation#write-a-function-as-a-list-of-steps",
                ),
                Misconception(
                    "the whole ancestry was listed",
                    {"log x²": ("x", "x²")},
                    "Only the values that one operation takes in are listed; what these depend on "
                    "stands in their own lines.",
                    "theory/forward-propagation#write-a-function-as-a-list-of-steps",
                ),
                Misconception(
                    "the product was skipped",
                    {"F": ("log x²", "sin x", "1/x")},
                    "F is a sum of two terms, and the first of them is the product, a value of its "
                    "own.",
                    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
                ),
                Misconception(
                    "F was connected to x",
                    {"F": ("x", "log x² · sin x", "1/x")},
                    "F depends on x, but only through the values between: the last operation takes "
                    "the product and 1/x.",
                    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
                ),
            ),
        ),
        Task(
            solution=derivative_by_hand,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "the message from the sine was forgotten",
                    _sine_forgotten,
                    "x is used three times, and log x² · cos x is what comes back through the sine.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
                Misconception(
                    "the message from the logarithm was forgotten",
                    _logarithm_forgotten,
                    "x is used three times, and 2 sin x / x is what comes back through the square "
                    "and the logarithm.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
                Misconception(
                    "the message from 1/x was forgotten",
                    _reciprocal_forgotten,
                    "x is used three times, and −1/x² is what comes back through the reciprocal.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
                Misconception(
                    "the derivatives of the factors were multiplied",
                    _product_of_derivatives,
                    "A product sends each factor its adjoint times the *other* factor, which makes "
                    "two terms.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "the inner derivative was lost",
                    _inner_lost,
                    "The logarithm's own derivative is 1/x², and the square below it brings a "
                    "factor of 2x: together 2/x.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "1/x was given the wrong sign",
                    _sign_of_reciprocal,
                    "1/x falls on both sides of 0, so its derivative is −1/x².",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "the sine was given the wrong sign",
                    _sign_of_cosine,
                    "The derivative of sin is cos; the minus belongs to the derivative of cos.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "the logarithm of x² was written as 2 log x",
                    _two_log,
                    "For negative x the two are not the same: x² is positive, and the logarithm "
                    "of x is NaN.",
                    "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
                ),
                Misconception(
                    "the value was returned, not the derivative",
                    _value,
                    "F(x) is where the walk begins, at the other end of the graph.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "autograd did the work",
                    _by_autograd,
                    "The numbers are right; this function is to use the chain rule by hand, and the "
                    "next one autograd.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                    lambda trials: (
                        signs.agree(trials) and signs.differentiated(trials)
                    ),
                ),
                signs.single_precision(_hand_in_single_precision),
                replace(
                    signs.finite_differences(_by_differences),
                    name="finite differences instead of the chain rule",
                    sign=signs.rough,
                ),
                signs.result_requires_grad(_hand_with_graph),
                signs.argument_changed(_hand_in_place),
            ),
            ways=(
                (
                    "chain_rule",
                    "The adjoint of x in the walk along the graph is F′(x).",
                ),
                (
                    "cos",
                    "In one line, F′ is 2 sin x / x + log x² · cos x − 1/x².",
                ),
            ),
        ),
        Task(
            solution=derivative_by_autograd,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "the mean was taken in the place of the sum",
                    _mean,
                    "The mean of n values is their sum divided by n, and so is its derivative.",
                    "tutorial#vector-to-scalar",
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
                    "the gradient was not cleared",
                    _not_cleared,
                    "`backward` adds to `.grad`, so a second call on the same x gives twice the "
                    "derivative.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the logarithm of x² was written as 2 log x",
                    _autograd_of_two_log,
                    "For negative x the two are not the same: x² is positive, and the logarithm "
                    "of x is NaN.",
                    "exercises/ex5_log_sine_reciprocal#where-f-cannot-be-plotted",
                ),
                Misconception(
                    "the value was returned, not the derivative",
                    _value,
                    "F(x) is the value; the derivative is what a backward pass leaves.",
                    "tutorial#vector-to-scalar",
                ),
                Misconception(
                    "a part of F was cut off",
                    _logarithm_cut,
                    "What is computed from `x.detach()`, or under `no_grad`, counts as a constant, "
                    "so its share of the derivative is missing.",
                    "how-to/trace-your-own-function#find-where-the-graph-is-cut",
                    forms=(_sine_cut, _reciprocal_cut),
                ),
                signs.no_autograd(derivative_by_hand),
                signs.single_precision(_single_precision),
                signs.finite_differences(_by_differences),
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
                    "derivative",
                    "The package's own `derivative` does that, and checks that f works element by element.",
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
            "The graph: give each operation a line of its own, first a square, then a logarithm, "
            "and so on. A value that is used twice is still one value. How often is x used?"
        ),
        (
            "The chain rule: start at F with the number 1 and walk back. Each value sends a message "
            "to every value that it was computed from, which is what it has collected times its "
            "local derivative. Where several messages arrive, they are added."
        ),
        (
            "For all elements at once by autograd, differentiate the sum, as in exercise 2. In the "
            "plot, 1/x grows without bound at 0: draw two branches and leave out what lies too "
            "close to 0."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
