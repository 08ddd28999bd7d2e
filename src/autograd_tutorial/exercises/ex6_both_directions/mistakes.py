"""The mistakes that people make in exercise 6, each as an answer that makes it."""

import itertools
import math

from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.exercises.common import SIGN_OF_THE_RECIPROCAL
from autograd_tutorial.exercises.ex6_both_directions import solution

mistakes = Mistakes()
LOG_AT_X = Kind(
    "the derivative of the logarithm was taken at x",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)

mistakes.predict(
    "PREDICTIONS",
    "a local derivative was taken for the tangent",
    {"tangent of log x²": 0.25},
    why="1/x² is the derivative of the logarithm with respect to x². It still has to be "
    "multiplied by the tangent of x², which is 4.",
    see="theory/forward-propagation#push-a-tangent-forward",
)

mistakes.predict(
    "PREDICTIONS",
    "the tangents of the factors were multiplied",
    {"tangent of log x² · sin x": -0.416147},
    why="The tangent of each factor is multiplied by the *other* factor, and the two products "
    "are added.",
    see="theory/forward-propagation#give-each-step-its-local-derivative",
)

mistakes.predict(
    "PREDICTIONS",
    "the factor's own value came back",
    {"adjoint of sin x": 0.909297},
    why="What comes back to a factor is the value of the *other* one, so log x² comes back to "
    "sin x.",
    see="theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)

mistakes.predict(
    "PREDICTIONS",
    LOG_AT_X,
    {"adjoint of x²": 0.454649},
    why="The logarithm is taken of x² = 4, so its derivative is 1/4 and not 1/2.",
)

mistakes.predict(
    "PREDICTIONS",
    "only the message from the square was counted",
    {"F′(2)": 0.909297},
    why="x is used three times, so three messages arrive at it, and they add up.",
    see="theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)


@mistakes.add(
    "values were written on the edges",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def partials(x):
    """An edge says how fast its result changes with its source, which is a derivative. The
    values belong to the nodes.
    """
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


@mistakes.add(
    "each factor got its own value",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def partials(x):
    """The derivative of a product with respect to one factor is the *other* factor, so
    exchange the two.
    """
    edges = solution.partials(x)
    edges["log x² · sin x", "log x²"] = math.log(x.item() ** 2)
    edges["log x² · sin x", "sin x"] = math.sin(x.item())
    return edges


@mistakes.add(SIGN_OF_THE_RECIPROCAL)
def partials(x):
    edges = solution.partials(x)
    edges["1/x", "x"] = 1 / x.item() ** 2
    return edges


@mistakes.add(LOG_AT_X)
def partials(x):
    """The logarithm is taken of x², so its derivative is 1/x² and not 1/x."""
    edges = solution.partials(x)
    edges["log x²", "x²"] = 1 / x.item()
    return edges


@mistakes.add(
    "an edge holds the whole way down to x",
    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
)
def partials(x):
    """2/x is the derivative of log x² with respect to x. But this edge leads only to x², and
    the next one does the rest.
    """
    edges = solution.partials(x)
    edges["log x²", "x²"] = 2 / x.item()
    return edges


@mistakes.add(
    "the pairs are turned round",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def partials(x):
    """Write the result first and the source second, in the order of ∂w/∂u."""
    return {
        (source, result): partial
        for (result, source), partial in solution.partials(x).items()
    }


@mistakes.add(
    "only the last source was kept",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """A value with several sources gets a contribution from each of them, but `=` throws
    away what came before. Add with `+=`.
    """
    edges = list(partials)
    tangent = dict.fromkeys(itertools.chain(*edges), 0.0)
    tangent[edges[0][1]] = 1.0
    for result, source in edges:
        tangent[result] = partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "the tangent of the source was left out",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """The local derivative says how much of the source's tangent is passed on, so multiply
    it by that tangent.
    """
    edges = list(partials)
    tangent = dict.fromkeys(itertools.chain(*edges), 0.0)
    tangent[edges[0][1]] = 1.0
    for result, source in edges:
        tangent[result] += partials[result, source]
    return tangent


@mistakes.add(
    "the input has no tangent",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """Every tangent is a multiple of the input's, so without the 1 at the input all of them
    stay 0.
    """
    tangent = dict.fromkeys(itertools.chain(*partials), 0.0)
    for result, source in partials:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "contributions were multiplied",
    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
)
def tangents(partials):
    """Multiply along a path, but add where paths meet."""
    tangent = dict.fromkeys(itertools.chain(*partials), 1.0)
    for result, source in partials:
        tangent[result] *= partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "every leaf was given the tangent 1",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """Only the input changes. Any other value that is computed from nothing is a constant,
    and the tangent of a constant is 0.
    """
    results = {result for result, _ in partials}
    tangent = {
        value: 0.0 if value in results else 1.0
        for value in itertools.chain(*partials)
    }
    for result, source in partials:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "adjoints instead of tangents",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """An adjoint says how fast the output changes with the value. A tangent says how fast
    the value changes with the input, so walk forward from there.
    """
    return solution.adjoints(partials)


@mistakes.add(
    "only the last message was kept",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def adjoints(partials):
    """A value that is used several times gets a message from each use, but `=` throws away
    what came before. Add with `+=`.
    """
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in reversed(edges):
        adjoint[source] = adjoint[result] * partials[result, source]
    return adjoint


@mistakes.add(
    "the walk went forward",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def adjoints(partials):
    """An adjoint is complete when every use of its value has sent its message, and the uses
    come later in the order of evaluation. So walk from the end.
    """
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in edges:
        adjoint[source] += adjoint[result] * partials[result, source]
    return adjoint


@mistakes.add(
    "the adjoint of the result was left out",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def adjoints(partials):
    """A message is the local derivative times the adjoint of the result, and not the local
    derivative alone.
    """
    edges = list(partials)
    adjoint = dict.fromkeys(itertools.chain(*edges), 0.0)
    adjoint[edges[-1][0]] = 1.0
    for result, source in reversed(edges):
        adjoint[source] += partials[result, source]
    return adjoint


@mistakes.add(
    "the output has no adjoint",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def adjoints(partials):
    """Every adjoint is a multiple of the output's, so without the 1 at the output all of
    them stay 0.
    """
    adjoint = dict.fromkeys(itertools.chain(*partials), 0.0)
    for result, source in reversed(partials):
        adjoint[source] += adjoint[result] * partials[result, source]
    return adjoint


@mistakes.add(
    "a value that does not reach the output was forgotten",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
    raises="KeyError",
)
def adjoints(partials):
    """No message arrives at such a value, so your dictionary has no entry for it. Its
    adjoint is 0: begin with a 0 for every value.
    """
    edges = list(partials)
    adjoint = {edges[-1][0]: 1.0}
    for result, source in reversed(edges):
        message = adjoint[result] * partials[result, source]
        adjoint[source] = adjoint.get(source, 0) + message
    return adjoint


@mistakes.add(
    "tangents instead of adjoints",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def adjoints(partials):
    """A tangent says how fast the value changes with the input. An adjoint says how fast the
    output changes with the value, so walk back from there.
    """
    return solution.tangents(partials)
