"""The solution of exercise 5."""

from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.functions import log_sine_reciprocal

__all__ = [
    "DEPENDENCIES",
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
