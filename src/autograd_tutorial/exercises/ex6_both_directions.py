"""Exercise 6: every term on the graph, forward and backward."""

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker.exercise import (
    Case,
    Exercise,
    Misconception,
    Prediction,
    Task,
)

__all__ = ["EXERCISE", "adjoints", "partials", "tangents"]


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


def _points(_: Generator) -> Iterator[Case]:
    """Positive and negative numbers."""
    for number in (2.0, -2.0, 0.5, -7.25, 1.0):
        x = torch.tensor(number, dtype=torch.float64)
        yield Case(f"the number {number:g}", (x,))


def _graphs(generator: Generator) -> Iterator[Case]:
    """Yield the graph of F, the smallest ones, and random ones with fan-outs."""
    for number in (2.0, -3.5):
        edges = partials(torch.tensor(number, dtype=torch.float64))
        yield Case(f"the graph of F at {number:g}", (edges,))
    yield Case("a single edge", ({("y", "x"): -3.0},))
    chain = {("a", "x"): 2.0, ("b", "a"): 0.25, ("y", "b"): -6.0}
    yield Case("a chain", (chain,))
    dead = {("a", "x"): 2.0, ("b", "x"): 7.0, ("y", "a"): 5.0}
    yield Case("a graph in which b does not reach the output y", (dead,))
    for size in (5, 8, 12):
        edges = {}
        for i in range(1, size):
            fan_in = min(i, 1 + int(torch.randint(3, (), generator=generator)))
            for j in torch.randperm(i, generator=generator)[:fan_in].tolist():
                number = torch.randn((), generator=generator).item()
                edges[f"u{i}", f"u{j}"] = round(number, 2)
        yield Case(f"a random graph with {size} values", (edges,))


def _forward_graphs(generator: Generator) -> Iterator[Case]:
    """Yield the graphs, and one with a second value that is computed from nothing."""
    yield from _graphs(generator)
    edges = {
        ("a", "x"): 2.0,
        ("b", "c"): 7.0,
        ("y", "a"): 3.0,
        ("y", "b"): -4.0,
    }
    yield Case("a graph in which c is a constant", (edges,), lenient=True)


def _values(x):  # type: ignore[no-untyped-def]
    x = x.item()
    square, sine = x**2, math.sin(x)
    log = math.log(square)
    return {
        ("x²", "x"): square,
        ("log x²", "x²"): log,
        ("sin x", "x"): sine,
        ("log x² · sin x", "log x²"): log * sine,
        ("log x² · sin x", "sin x"): log * sine,
        ("1/x", "x"): 1 / x,
        ("F", "log x² · sin x"): log * sine + 1 / x,
        ("F", "1/x"): log * sine + 1 / x,
    }


def _own_factor(x):  # type: ignore[no-untyped-def]
    edges = partials(x)
    edges["log x² · sin x", "log x²"] = math.log(x.item() ** 2)
    edges["log x² · sin x", "sin x"] = math.sin(x.item())
    return edges


def _sign_of_reciprocal(x):  # type: ignore[no-untyped-def]
    edges = partials(x)
    edges["1/x", "x"] = 1 / x.item() ** 2
    return edges


def _log_of_x(x):  # type: ignore[no-untyped-def]
    edges = partials(x)
    edges["log x²", "x²"] = 1 / x.item()
    return edges


def _down_to_x(x):  # type: ignore[no-untyped-def]
    edges = partials(x)
    edges["log x²", "x²"] = 2 / x.item()
    return edges


def _source_first(x):  # type: ignore[no-untyped-def]
    return {
        (source, result): partial
        for (result, source), partial in partials(x).items()
    }


def _overwritten(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    tangent = dict.fromkeys(itertools.chain(*edges), 0.0)
    tangent[edges[0][1]] = 1.0
    for result, source in edges:
        tangent[result] = partials[result, source] * tangent[source]
    return tangent


def _no_source(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    tangent = dict.fromkeys(itertools.chain(*edges), 0.0)
    tangent[edges[0][1]] = 1.0
    for result, source in edges:
        tangent[result] += partials[result, source]
    return tangent


def _leaves(partials):  # type: ignore[no-untyped-def]
    results = {result for result, _ in partials}
    tangent = {
        value: 0.0 if value in results else 1.0
        for value in itertools.chain(*partials)
    }
    for result, source in partials:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


def _no_seed(partials):  # type: ignore[no-untyped-def]
    tangent = dict.fromkeys(itertools.chain(*partials), 0.0)
    for result, source in partials:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


def _multiplied(partials):  # type: ignore[no-untyped-def]
    tangent = dict.fromkeys(itertools.chain(*partials), 1.0)
    for result, source in partials:
        tangent[result] *= partials[result, source] * tangent[source]
    return tangent


def _last_message(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in reversed(edges):
        adjoint[source] = adjoint[result] * partials[result, source]
    return adjoint


def _forward_order(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in edges:
        adjoint[source] += adjoint[result] * partials[result, source]
    return adjoint


def _no_result(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in reversed(edges):
        adjoint[source] += partials[result, source]
    return adjoint


def _no_output(partials):  # type: ignore[no-untyped-def]
    adjoint = dict.fromkeys(itertools.chain(*partials), 0.0)
    for result, source in reversed(partials):
        adjoint[source] += adjoint[result] * partials[result, source]
    return adjoint


def _dead_end(partials):  # type: ignore[no-untyped-def]
    edges = list(partials)
    adjoint = {edges[-1][0]: 1.0}
    for result, source in reversed(edges):
        message = adjoint[result] * partials[result, source]
        adjoint[source] = adjoint.get(source, 0) + message
    return adjoint


EXERCISE = Exercise(
    number=6,
    stem="ex6_both_directions",
    title="go both ways along the graph",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "tangent of log x²": 1.0,
                "tangent of log x² · sin x": 0.332395,
                "adjoint of sin x": 1.386294,
                "adjoint of x²": 0.227324,
                "F′(2)": 0.082395,
            },
            misconceptions=(
                Misconception(
                    "a local derivative was taken for the tangent",
                    {"tangent of log x²": 0.25},
                    "1/x² is the derivative of the logarithm with respect to x²; the tangent of x² "
                    "itself, 4, is still to be multiplied with it.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "the tangents of the factors were multiplied",
                    {"tangent of log x² · sin x": -0.416147},
                    "Each factor's tangent is multiplied with the *other* factor, and the two "
                    "results are added.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "the factor's own value came back",
                    {"adjoint of sin x": 0.909297},
                    "What comes back to a factor is the value of the *other* one: to sin x comes "
                    "log x².",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "the derivative of the logarithm was taken at x",
                    {"adjoint of x²": 0.454649},
                    "The logarithm's argument is x² = 4, so its derivative is 1/4 and not 1/2.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "only the message from the square was counted",
                    {"F′(2)": 0.909297},
                    "x is used three times: three messages arrive at it, and they add up.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
            ),
        ),
        Task(
            solution=partials,
            cases=_points,
            misconceptions=(
                Misconception(
                    "values stand on the edges",
                    _values,
                    "An edge holds how much its result answers to its source, a derivative; the "
                    "values belong to the nodes.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "each factor got its own value",
                    _own_factor,
                    "The derivative of a product with respect to one factor is the *other* factor.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "1/x was given the wrong sign",
                    _sign_of_reciprocal,
                    "1/x falls on both sides of 0, so its derivative is −1/x².",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "the derivative of the logarithm was taken at x",
                    _log_of_x,
                    "The logarithm's argument is x², so its derivative is 1/x² and not 1/x.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
                Misconception(
                    "an edge holds the whole way down to x",
                    _down_to_x,
                    "2/x is the derivative of log x² with respect to x; the edge goes to x² only, "
                    "and the next edge does the rest.",
                    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
                ),
                Misconception(
                    "the pairs are turned round",
                    _source_first,
                    "The statement puts the result first and the source second, as in ∂w/∂u.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
            ),
            ways=(
                (
                    "grad",
                    "Autograd found the local derivatives, one edge at a time: right, and the formulas are worth knowing.",
                ),
            ),
        ),
        Task(
            solution=tangents,
            cases=_forward_graphs,
            misconceptions=(
                Misconception(
                    "only the last source was kept",
                    _overwritten,
                    "A value with several sources gets a contribution from each, and `=` throws "
                    "away what came before; add.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "the tangent of the source was left out",
                    _no_source,
                    "A local derivative says how much is passed on; what there is to pass on is "
                    "the source's own tangent.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "the input has no tangent",
                    _no_seed,
                    "The sweep starts with 1 at the input; from nothing comes nothing.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "contributions were multiplied",
                    _multiplied,
                    "Along a path one multiplies; where paths meet one adds.",
                    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
                ),
                Misconception(
                    "every leaf was given the tangent 1",
                    _leaves,
                    "Only the input moves. Another value that is computed from nothing is a "
                    "constant, and the tangent of a constant is 0.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "adjoints in the place of tangents",
                    adjoints,
                    "An adjoint says how the output answers to the value; a tangent says how the "
                    "value answers to the input.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
            ),
        ),
        Task(
            solution=adjoints,
            cases=_graphs,
            misconceptions=(
                Misconception(
                    "only the last message was kept",
                    _last_message,
                    "A value that is used several times gets a message from each use, and `=` "
                    "throws away what came before; add.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
                Misconception(
                    "the walk went forward",
                    _forward_order,
                    "An adjoint is ready when all uses of the value have reported, and these come "
                    "later in the order of evaluation; walk from the end.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "the adjoint of the result was left out",
                    _no_result,
                    "A message is the result's adjoint times the local derivative, and not the "
                    "local derivative alone.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "the output has no adjoint",
                    _no_output,
                    "The sweep starts with 1 at the output; from nothing comes nothing.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "a value that does not reach the output was forgotten",
                    _dead_end,
                    "No message arrives at such a value, so nothing is there to be looked up; its "
                    "adjoint is 0.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                    raises="KeyError",
                ),
                Misconception(
                    "tangents in the place of adjoints",
                    tangents,
                    "A tangent says how the value answers to the input; an adjoint says how the "
                    "output answers to the value.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
            ),
        ),
    ),
    hints=(
        (
            "The edges: F = product + 1/x passes on 1 to both sides; the product passes to each "
            "factor the other factor; then come log, sin, the square and 1/x, each with its "
            "derivative at its own argument. The argument of log is x²."
        ),
        (
            "Forward: give the input the tangent 1, then take the edges in their order. Each one adds "
            "its local derivative times the tangent of its source to the tangent of its result. So "
            "every value must start at 0."
        ),
        (
            "Backward: give the output the adjoint 1, then take the edges from the last to the first, "
            "`reversed(list(partials))`. Each one adds the adjoint of its result times its local "
            "derivative to the adjoint of its source."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
