"""Exercise 5: the dependency graph of F(x) = log(x²) · sin x + 1/x, and the chain rule on it."""

from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.functions import derivative, log_sine_reciprocal

__all__ = [
    "DEPENDENCIES",
    "Comparison",
    "chain_rule",
    "compare",
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

    .. math:: x, \quad x^2, \quad \log x^2, \quad \sin x, \quad \log x^2 \cdot \sin x,
              \quad \frac{1}{x}, \quad F(x) = \log x^2 \cdot \sin x + \frac{1}{x}

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


class Comparison(NamedTuple):
    """The derivative of F twice: by hand along the graph, and by autograd."""

    by_hand: Tensor
    """What `chain_rule` gives."""

    by_autograd: Tensor
    """What `autograd_tutorial.derivative` gives."""


def compare(x: Tensor) -> Comparison:
    r"""Return F'(x) twice: by `chain_rule` and by autograd.

    .. math:: F'(x) = \frac{2 \sin x}{x} + \log(x^2) \cos x - \frac{1}{x^2}

    `x` is a real floating-point tensor of any shape without zeros; both
    results have its shape and dtype. For anything else `derivative` raises
    a TypeError.

    References: Baydin et al., "Automatic differentiation in machine
    learning: a survey", *JMLR* 18(153), 2018, section 3.2.
    """
    return Comparison(
        by_hand=chain_rule(x)["x"],
        by_autograd=derivative(log_sine_reciprocal, x),
    )
