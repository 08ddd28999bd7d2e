"""The mistakes that people make in exercise 3, each as an answer that makes it."""

import itertools
from collections.abc import Callable

import torch

from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.exercise import Kind, Mistakes
from autograd_tutorial.checker.observe import Trial
from autograd_tutorial.checker.results import agree, tensors
from autograd_tutorial.exercises.common import (
    ARGUMENT_CHANGED,
    FINITE_DIFFERENCES,
    RESULT_REQUIRES_GRAD,
    SINGLE_PRECISION,
)
from autograd_tutorial.exercises.ex3_backward_twice import solution

mistakes = Mistakes()
GRAPH_USED_UP = Kind(
    "the graph was used up by the first pass",
    "troubleshooting/error-messages#a-second-time",
    raises="a second time",
)
SECOND_ADDED = Kind(
    "the second gradient was added to the first",
    "tutorial#once-more-and-the-gradient-doubles",
)
NO_CLONE = Kind(
    "the first gradient was saved without a clone",
    "tutorial#once-more-and-the-gradient-doubles",
)


def _one_tensor(trials: list[Trial]) -> bool:
    """Whether the two results of a call are right and share memory."""
    return agree(trials) and any(
        first.data_ptr() == second.data_ptr()
        for trial in trials
        for result in trial.results
        for first, second in itertools.pairwise(tensors(result))
    )


def _ran_twice(trials: list[Trial]) -> bool:
    """Whether the gradients are right, and the shared part ran more than once in a call."""
    return agree(trials) and any(
        trial.case.arguments[0].calls > trial.case.calls  # type: ignore[attr-defined]
        for trial in trials
    )


def _total(several: bool) -> Callable[[list[Trial]], bool]:
    """Return the sign of two results that are both the sum of the two gradients.

    They come from several passes, or from one.
    """

    def sign(trials: list[Trial]) -> bool:
        return all(
            not trial.error
            and mismatch(trial.results, _sums(trial), trial.rtol) is None
            and (trial.reverse_passes > trial.case.calls) == several
            for trial in trials
        )

    return sign


def _sums(trial: Trial) -> list[object]:
    """Return, for each call, the sum of the two gradients, two times."""
    pairs = (tuple(tensors(pair)) for pair in trial.expected)
    return [(of_first + of_second,) * 2 for of_first, of_second in pairs]


mistakes.predict(
    "PREDICTIONS",
    "a second pass was thought to be always allowed",
    {"y.backward() two times": [0, 8, 16, 24]},
    {"y.backward() two times": [0, 4, 8, 12]},
    {"y.backward() two times": [0, 0, 0, 0]},
    why="y = 2·x·x has saved x for its derivative. The first pass frees what is saved, so the "
    "second finds nothing there and raises an error.",
    see="troubleshooting/error-messages#a-second-time",
)

mistakes.predict(
    "PREDICTIONS",
    "`retain_graph` was thought to clear the gradient",
    {"y.backward(retain_graph=True), then y.backward()": [0, 4, 8, 12]},
    why="It keeps the graph, but it has nothing to do with `.grad`, and both passes add to that.",
    see="tutorial#once-more-and-the-gradient-doubles",
)

mistakes.predict(
    "PREDICTIONS",
    "a new y was thought to bring a new gradient",
    {"y computed anew before the second": [0, 4, 8, 12]},
    why="The graph is new, but x is the same leaf with the same `.grad`, so the second pass adds "
    "to what the first has left.",
    see="tutorial#once-more-and-the-gradient-doubles",
)

mistakes.predict(
    "PREDICTIONS",
    "a second pass was thought to be never allowed",
    {"z.backward() two times, with z = (x + 1).sum()": "error"},
    why="Neither the addition nor the sum needs a saved tensor for its derivative, so the second "
    "pass misses nothing. It raises no error, and the gradient doubles in silence.",
    see="theory/what-a-gradient-costs#see-what-it-pays-in-memory",
)

mistakes.predict(
    "PREDICTIONS",
    "an error was expected where there is none",
    {"y computed anew before the second": "error"},
    {"y.backward(retain_graph=True), then y.backward()": "error"},
    {"y computed anew and x.grad = None before the second": "error"},
    why="A graph that was retained, or a new one, has everything that the second pass needs. So "
    "the pass runs and leaves numbers in `x.grad`.",
    see="troubleshooting/error-messages#a-second-time",
)


@mistakes.add(GRAPH_USED_UP)
def gradient_twice(f, x):
    """A backward pass frees what the graph has saved, unless you ask it to retain the
    graph. Compute f(x) again for the second pass.
    """
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (first,) = torch.autograd.grad(y, x)
    (second,) = torch.autograd.grad(y, x)
    return first, second


@mistakes.add(SECOND_ADDED)
def gradient_twice(f, x):
    """`backward` adds to `x.grad`, whether the graph was retained or f ran again, so after
    the second pass it holds twice the gradient. Set it to None between the passes.
    """
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    return first, x.grad


@mistakes.add(NO_CLONE)
def gradient_twice(f, x):
    """`first = x.grad` is a second name for the same tensor, so what the second pass adds
    shows under both names. Keep `x.grad.clone()` instead.
    """
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    first = x.grad
    f(x).backward()
    second = x.grad
    return first, second


@mistakes.add(
    "the second derivative was taken",
    "exercises/ex7_second_derivative#statement",
)
def gradient_twice(f, x):
    """You differentiated the gradient once more. This exercise wants the same gradient two
    times; the second derivative comes in exercise 7.
    """
    x = x.detach().clone().requires_grad_(True)
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    return first.detach(), second


@mistakes.add(
    "both results are the same tensor",
    "tutorial#once-more-and-the-gradient-doubles",
    sign=_one_tensor,
)
def gradient_twice(f, x):
    """The numbers are right, but both results are one tensor in memory, so whoever changes
    one of them changes the other. Return a clone of the first.
    """
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    first = x.grad
    x.grad.zero_()
    f(x).backward()
    return first, x.grad


@mistakes.add(SINGLE_PRECISION)
def gradient_twice(f, x):
    first, second = solution.gradient_twice(f, x.float())
    return first.double(), second.double()


@mistakes.add(FINITE_DIFFERENCES)
def gradient_twice(f, x):
    x, h = x.detach(), 1e-6
    slope = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x).flatten()
        step[i] = h
        step = step.reshape(x.shape)
        slope.view(-1)[i] = (f(x + step) - f(x - step)) / (2 * h)
    return slope, slope.clone()


@mistakes.add(RESULT_REQUIRES_GRAD)
def gradient_twice(f, x):
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (second,) = torch.autograd.grad(y, x)
    return first, second


@mistakes.add(ARGUMENT_CHANGED)
def gradient_twice(f, x):
    x.requires_grad_(True)
    (first,) = torch.autograd.grad(f(x), x)
    (second,) = torch.autograd.grad(f(x), x)
    return first, second


@mistakes.add(GRAPH_USED_UP)
def gradients_of_both(shared, first, second, x):
    """Both losses go back through the one graph of h, but the first pass frees what that
    graph has saved. This is what `retain_graph=True` is for: pass it to the first.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


@mistakes.add(SECOND_ADDED)
def gradients_of_both(shared, first, second, x):
    """`backward` adds to `x.grad`, so after the second loss it holds the sum of both
    gradients. Set it to None between the two.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    first(h).backward(retain_graph=True)
    of_first = x.grad.clone()
    second(h).backward()
    return of_first, x.grad


@mistakes.add(
    "the two gradients were swapped", "exercises/ex3_backward_twice#statement"
)
def gradients_of_both(shared, first, second, x):
    """The numbers are right, but their order is not: return the gradient of first(h) first."""
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_second,) = torch.autograd.grad(second(h), x, retain_graph=True)
    (of_first,) = torch.autograd.grad(first(h), x)
    return of_second, of_first


@mistakes.add(NO_CLONE, sign=_total(several=True))
def gradients_of_both(shared, first, second, x):
    """`x.grad` is one tensor, and every pass adds to it, so a second name for it shows the
    sum too. Keep `x.grad.clone()`, or set `x.grad = None` between the passes.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    first(h).backward(retain_graph=True)
    of_first = x.grad
    second(h).backward()
    return of_first, x.grad


@mistakes.add(
    "the two losses were added up",
    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
    sign=_total(several=False),
)
def gradients_of_both(shared, first, second, x):
    """One pass from the sum gives the sum of the two gradients. That trains a network on
    both losses, but it does not tell you the gradient of each.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (gradient,) = torch.autograd.grad(first(h) + second(h), x)
    return gradient, gradient


@mistakes.add(
    "the derivative with respect to the shared value",
    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
)
def gradients_of_both(shared, first, second, x):
    """These are the gradients with respect to h = shared(x). The way from h back to x is
    still missing, so ask for the gradient with respect to x.
    """
    h = shared(x.detach()).requires_grad_(True)
    (of_first,) = torch.autograd.grad(first(h), h)
    (of_second,) = torch.autograd.grad(second(h), h)
    return of_first, of_second


@mistakes.add(
    "the graph was cut at the shared value",
    "how-to/trace-your-own-function#find-where-the-graph-is-cut",
    raises="does not require grad",
)
def gradients_of_both(shared, first, second, x):
    """Under `no_grad`, or after `detach`, torch records nothing that leads from h back to x.
    Let h be computed from x while it records.
    """
    x = x.detach().clone().requires_grad_(True)
    with torch.no_grad():
        h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


@mistakes.add(SINGLE_PRECISION)
def gradients_of_both(shared, first, second, x):
    pair = solution.gradients_of_both(shared, first, second, x.float())
    return pair[0].double(), pair[1].double()


@mistakes.add(
    "the shared part ran twice",
    "theory/what-a-gradient-costs#count-what-a-gradient-costs",
    sign=_ran_twice,
)
def gradients_of_both(shared, first, second, x):
    """The gradients are right, but you called `shared` once for each loss, and it is the
    expensive part. Call it once, and retain its graph for the second pass.
    """
    x = x.detach().clone().requires_grad_(True)
    (of_first,) = torch.autograd.grad(first(shared(x)), x)
    (of_second,) = torch.autograd.grad(second(shared(x)), x)
    return of_first, of_second


@mistakes.add(RESULT_REQUIRES_GRAD)
def gradients_of_both(shared, first, second, x):
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, create_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


@mistakes.add(ARGUMENT_CHANGED)
def gradients_of_both(shared, first, second, x):
    x.requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, retain_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second
