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
    why="1/x² is the derivative of the logarithm with respect to x²; the tangent of x² "
    "itself, 4, is still to be multiplied with it.",
    see="theory/forward-propagation#push-a-tangent-forward",
)

mistakes.predict(
    "PREDICTIONS",
    "the tangents of the factors were multiplied",
    {"tangent of log x² · sin x": -0.416147},
    why="Each factor's tangent is multiplied with the *other* factor, and the two results are"
    " added.",
    see="theory/forward-propagation#give-each-step-its-local-derivative",
)

mistakes.predict(
    "PREDICTIONS",
    "the factor's own value came back",
    {"adjoint of sin x": 0.909297},
    why="What comes back to a factor is the value of the *other* one: to sin x comes log x².",
    see="theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)

mistakes.predict(
    "PREDICTIONS",
    LOG_AT_X,
    {"adjoint of x²": 0.454649},
    why="The logarithm's argument is x² = 4, so its derivative is 1/4 and not 1/2.",
)

mistakes.predict(
    "PREDICTIONS",
    "only the message from the square was counted",
    {"F′(2)": 0.909297},
    why="x is used three times: three messages arrive at it, and they add up.",
    see="theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)


@mistakes.add(
    "values stand on the edges",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def partials(x):
    """An edge holds how much its result answers to its source, a derivative; the values
    belong to the nodes.
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
    """The derivative of a product with respect to one factor is the *other* factor."""
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
    """The logarithm's argument is x², so its derivative is 1/x² and not 1/x."""
    edges = solution.partials(x)
    edges["log x²", "x²"] = 1 / x.item()
    return edges


@mistakes.add(
    "an edge holds the whole way down to x",
    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
)
def partials(x):
    """2/x is the derivative of log x² with respect to x; the edge goes to x² only, and the
    next edge does the rest.
    """
    edges = solution.partials(x)
    edges["log x²", "x²"] = 2 / x.item()
    return edges


@mistakes.add(
    "the pairs are turned round",
    "theory/forward-propagation#give-each-step-its-local-derivative",
)
def partials(x):
    """The statement puts the result first and the source second, as in ∂w/∂u."""
    return {
        (source, result): partial
        for (result, source), partial in solution.partials(x).items()
    }


@mistakes.add(
    "only the last source was kept",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """A value with several sources gets a contribution from each, and `=` throws away what
    came before; add.
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
    """A local derivative says how much is passed on; what there is to pass on is the
    source's own tangent.
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
    """The sweep starts with 1 at the input; from nothing comes nothing."""
    tangent = dict.fromkeys(itertools.chain(*partials), 0.0)
    for result, source in partials:
        tangent[result] += partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "contributions were multiplied",
    "theory/backward-propagation#read-the-chain-rule-on-the-graph",
)
def tangents(partials):
    """Along a path one multiplies; where paths meet one adds."""
    tangent = dict.fromkeys(itertools.chain(*partials), 1.0)
    for result, source in partials:
        tangent[result] *= partials[result, source] * tangent[source]
    return tangent


@mistakes.add(
    "every leaf was given the tangent 1",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """Only the input moves. Another value that is computed from nothing is a constant, and
    the tangent of a constant is 0.
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
    "adjoints in the place of tangents",
    "theory/forward-propagation#push-a-tangent-forward",
)
def tangents(partials):
    """An adjoint says how the output answers to the value; a tangent says how the value
    answers to the input.
    """
    return solution.adjoints(partials)


@mistakes.add(
    "only the last message was kept",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)
def adjoints(partials):
    """A value that is used several times gets a message from each use, and `=` throws away
    what came before; add.
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
    """An adjoint is ready when all uses of the value have reported, and these come later in
    the order of evaluation; walk from the end.
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
    """A message is the result's adjoint times the local derivative, and not the local
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
    """The sweep starts with 1 at the output; from nothing comes nothing."""
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
    """No message arrives at such a value, so nothing is there to be looked up; its adjoint
    is 0.
    """
    edges = list(partials)
    adjoint = {edges[-1][0]: 1.0}
    for result, source in reversed(edges):
        message = adjoint[result] * partials[result, source]
        adjoint[source] = adjoint.get(source, 0) + message
    return adjoint


@mistakes.add(
    "tangents in the place of adjoints",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def adjoints(partials):
    """A tangent says how the value answers to the input; an adjoint says how the output
    answers to the value.
    """
    return solution.tangents(partials)
