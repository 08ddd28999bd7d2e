"""The solution of exercise 6."""

import itertools
import math

from torch import Tensor

__all__ = ["adjoints", "partials", "tangents"]


def partials(x: Tensor) -> dict[tuple[str, str], float]:
    r"""Return the local derivative on each edge of the graph of F at x, by hand.

    .. math::

        \begin{aligned}
        & F(x) = \log(x^2) \cdot \sin x + \frac{1}{x}, \\
        & \Bigl\{ (w, u): \frac{\partial w}{\partial u} \Bigr\}
        \end{aligned}

    The keys are pairs (result, source), in the order of evaluation: all
    edges into a value come before the edges that leave it. `x` is a scalar
    of shape () that is not 0; for 0 Python raises a ZeroDivisionError.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 2.
    """
    number = x.item()
    return {
        ("x²", "x"): 2 * number,
        ("log x²", "x²"): 1 / number**2,
        ("sin x", "x"): math.cos(number),
        ("log x² · sin x", "log x²"): math.sin(number),
        ("log x² · sin x", "sin x"): math.log(number**2),
        ("1/x", "x"): -1 / number**2,
        ("F", "log x² · sin x"): 1.0,
        ("F", "1/x"): 1.0,
    }


def tangents(partials: dict[tuple[str, str], float]) -> dict[str, float]:
    r"""Return the tangent of every value of a graph, from the input to the output.

    .. math:: \dot w = \sum_{u \text{ source of } w} \frac{\partial w}{\partial u} \, \dot u,
              \qquad \dot x = 1

    `partials` holds the local derivative of each edge under its pair
    (result, source), in the order of evaluation. The source of the first
    edge is the input x. The tangent of a value is its derivative with
    respect to the input.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3; Baydin et al., "Automatic differentiation in machine
    learning: a survey", *JMLR* 18(153), 2018, section 3.1.
    """
    edges = list(partials)
    tangent = dict.fromkeys(itertools.chain(*edges), 0.0)
    tangent[edges[0][1]] = 1.0
    for result, source in edges:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


def adjoints(partials: dict[tuple[str, str], float]) -> dict[str, float]:
    r"""Return the adjoint of every value of a graph, from the output to the input.

    .. math:: \bar u = \sum_{w \text{ result of } u} \bar w \, \frac{\partial w}{\partial u},
              \qquad \bar F = 1

    `partials` is that of `tangents`. The result of the last edge is the
    output F. The adjoint of a value is the derivative of the output with
    respect to it; where none of the ways from a value leads to the output,
    it is 0.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3; Baydin et al., section 3.2.
    """
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in reversed(edges):
        adjoint[source] += adjoint[result] * partials[result, source]
    return adjoint
