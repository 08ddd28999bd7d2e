"""Exercise 3: what a second backward pass meets, and what it adds."""

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from autograd_tutorial.checker import signs
from autograd_tutorial.checker.compare import mismatch
from autograd_tutorial.checker.exercise import (
    Case,
    Exercise,
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.inputs import normal, used
from autograd_tutorial.checker.observe import Trial

__all__ = ["EXERCISE", "gradient_twice", "gradients_of_both"]


def gradient_twice(
    f: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Return the gradient of f at x two times, from two backward passes.

    .. math:: \nabla f(x), \quad \nabla f(x)

    Each pass has its own leaf and its own graph, so the second neither
    meets a graph that was used up nor adds to the first. f returns a
    scalar; both results have the shape and dtype of `x`, share no memory,
    and do not require grad. Autograd raises a RuntimeError if f(x) is not a
    scalar or does not depend on x.

    References: "Autograd mechanics" in PyTorch's documentation.
    """

    def gradient() -> Tensor:
        leaf = x.detach().clone().requires_grad_(True)
        (result,) = torch.autograd.grad(f(leaf), leaf)
        return result

    return gradient(), gradient()


def gradients_of_both(
    shared: Callable[[Tensor], Tensor],
    first: Callable[[Tensor], Tensor],
    second: Callable[[Tensor], Tensor],
    x: Tensor,
) -> tuple[Tensor, Tensor]:
    r"""Return the gradients of two losses that share an expensive part, which runs once.

    .. math::

        \begin{aligned}
        & \nabla_x\, \mathrm{first}(h), \quad \nabla_x\, \mathrm{second}(h), \\
        & h = \mathrm{shared}(x)
        \end{aligned}

    Both passes go back through the graph of h, so the first must leave what
    that graph has saved: `retain_graph=True`. The second may free it. Both
    losses are scalars; the results have the shape and dtype of `x` and do
    not require grad. The same errors as `gradient_twice`.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, retain_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


class Shared:
    """The expensive part: it counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Return sin x · exp(x / 2), element by element."""
        self.calls += 1
        return torch.sin(x) * torch.exp(x / 2)


def sum_of_squares(x: Tensor) -> Tensor:
    """Add the squares."""
    return (x * x).sum()


def sum_of_cubes(x: Tensor) -> Tensor:
    """Add the cubes."""
    return (x**3).sum()


def sum_of_neighbours(x: Tensor) -> Tensor:
    """Add the products of neighbours."""
    return (x * x.roll(1)).sum()


def _gradient_cases(generator: Generator) -> Iterator[Case]:
    """Functions that save tensors, other shapes, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return normal(generator, *shape)

    yield Case("a vector", (sum_of_cubes, draw(4)))
    yield Case("a vector", (sum_of_neighbours, draw(3)))
    yield Case("a matrix", (sum_of_squares, draw(2, 3)))
    yield Case("a single number, of shape ()", (sum_of_cubes, draw()))
    yield Case("two calls with the same x", (sum_of_squares, draw(3)), 2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (sum_of_cubes, used(draw(3))),
    )
    yield Case("numbers in float32", (sum_of_cubes, draw(3).float()))


def _both_cases(generator: Generator) -> Iterator[Case]:
    """Two losses on one shared part, and the cases that show traces."""

    def draw(*shape: int) -> Tensor:
        return normal(generator, *shape)

    yield Case("a vector", (Shared(), sum_of_squares, sum_of_cubes, draw(4)))
    yield Case("a matrix", (Shared(), sum_of_neighbours, torch.sum, draw(2, 3)))
    yield Case(
        "two calls with the same x",
        (Shared(), sum_of_cubes, sum_of_squares, draw(3)),
        calls=2,
    )
    yield Case(
        "an x that requires grad and has a `.grad`",
        (Shared(), torch.sum, sum_of_cubes, used(draw(3))),
    )
    yield Case(
        "numbers in float32",
        (Shared(), sum_of_squares, sum_of_cubes, draw(3).float()),
    )


def _one_tensor(trials: list[Trial]) -> bool:
    """Whether the two results of a call are right and share memory."""
    return signs.agree(trials) and any(
        first.data_ptr() == second.data_ptr()
        for trial in trials
        for result in trial.results
        for first, second in itertools.pairwise(signs.tensors(result))
    )


def _ran_twice(trials: list[Trial]) -> bool:
    """Whether the gradients are right, and the shared part ran more than once in a call."""
    return signs.agree(trials) and any(
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
    pairs = (tuple(signs.tensors(pair)) for pair in trial.expected)
    return [(of_first + of_second,) * 2 for of_first, of_second in pairs]


def _graph_freed(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (first,) = torch.autograd.grad(y, x)
    (second,) = torch.autograd.grad(y, x)
    return first, second


def _retain_graph(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    return first, x.grad


def _no_clone(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    first = x.grad
    f(x).backward()
    second = x.grad
    return first, second


def _zeroed_in_place(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    first = x.grad
    x.grad.zero_()
    f(x).backward()
    return first, x.grad


def _second_derivative(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (first,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    return first.detach(), second


def _on_the_argument(f, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    (first,) = torch.autograd.grad(f(x), x)
    (second,) = torch.autograd.grad(f(x), x)
    return first, second


def _create_graph(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (second,) = torch.autograd.grad(y, x)
    return first, second


def _differences(f, x):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-6
    slope = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x).flatten()
        step[i] = h
        step = step.reshape(x.shape)
        slope.view(-1)[i] = (f(x + step) - f(x - step)) / (2 * h)
    return slope, slope.clone()


def _single_precision(f, x):  # type: ignore[no-untyped-def]
    first, second = gradient_twice(f, x.float())
    return first.double(), second.double()


def _shared_freed(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


def _accumulated(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    first(h).backward(retain_graph=True)
    of_first = x.grad.clone()
    second(h).backward()
    return of_first, x.grad


def _alias(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    first(h).backward(retain_graph=True)
    of_first = x.grad
    second(h).backward()
    return of_first, x.grad


def _swapped(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_second,) = torch.autograd.grad(second(h), x, retain_graph=True)
    (of_first,) = torch.autograd.grad(first(h), x)
    return of_second, of_first


def _losses_added(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (gradient,) = torch.autograd.grad(first(h) + second(h), x)
    return gradient, gradient


def _of_the_shared(shared, first, second, x):  # type: ignore[no-untyped-def]
    h = shared(x.detach()).requires_grad_(True)
    (of_first,) = torch.autograd.grad(first(h), h)
    (of_second,) = torch.autograd.grad(second(h), h)
    return of_first, of_second


def _no_grad(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    with torch.no_grad():
        h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


def _shared_twice(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (of_first,) = torch.autograd.grad(first(shared(x)), x)
    (of_second,) = torch.autograd.grad(second(shared(x)), x)
    return of_first, of_second


def _both_on_the_argument(shared, first, second, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, retain_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


def _both_with_graph(shared, first, second, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    h = shared(x)
    (of_first,) = torch.autograd.grad(first(h), x, create_graph=True)
    (of_second,) = torch.autograd.grad(second(h), x)
    return of_first, of_second


def _both_in_single_precision(shared, first, second, x):  # type: ignore[no-untyped-def]
    pair = gradients_of_both(shared, first, second, x.float())
    return pair[0].double(), pair[1].double()


EXERCISE = Exercise(
    number=3,
    stem="ex3_backward_twice",
    title="go backward twice",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "y.backward() two times": "error",
                "y.backward(retain_graph=True), then y.backward()": [
                    0,
                    8,
                    16,
                    24,
                ],
                "y computed anew before the second": [0, 8, 16, 24],
                "y computed anew and x.grad = None before the second": [
                    0,
                    4,
                    8,
                    12,
                ],
                "z.backward() two times, with z = (x + 1).sum()": [2, 2, 2, 2],
            },
            misconceptions=(
                Misconception(
                    "a second pass was thought to be always allowed",
                    {"y.backward() two times": [0, 8, 16, 24]},
                    "y = 2·x·x has saved x for its derivative, and the first pass frees what is "
                    "saved.",
                    "troubleshooting/error-messages#a-second-time",
                    forms=(
                        {"y.backward() two times": [0, 4, 8, 12]},
                        {"y.backward() two times": [0, 0, 0, 0]},
                    ),
                ),
                Misconception(
                    "`retain_graph` was thought to clear the gradient",
                    {
                        "y.backward(retain_graph=True), then y.backward()": [
                            0,
                            4,
                            8,
                            12,
                        ]
                    },
                    "It keeps the graph and says nothing of `.grad`, which both passes add to.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "a new y was thought to bring a new gradient",
                    {"y computed anew before the second": [0, 4, 8, 12]},
                    "The graph is new, but the leaf x is the same, and so is its `.grad`.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "a second pass was thought to be never allowed",
                    {"z.backward() two times, with z = (x + 1).sum()": "error"},
                    "Neither the addition nor the sum needs a saved tensor for its derivative, so "
                    "nothing is missing: no error, and the gradient doubles in silence.",
                    "theory/backward-propagation#see-what-it-pays-in-memory",
                ),
                Misconception(
                    "an error was expected where there is none",
                    {"y computed anew before the second": "error"},
                    "A graph that was retained, or made anew, has all that a second pass needs, so "
                    "it runs and leaves numbers in `x.grad`.",
                    "troubleshooting/error-messages#a-second-time",
                    forms=(
                        {
                            "y.backward(retain_graph=True), then y.backward()": "error"
                        },
                        {
                            "y computed anew and x.grad = None before the second": "error"
                        },
                    ),
                ),
            ),
        ),
        Task(
            solution=gradient_twice,
            cases=_gradient_cases,
            misconceptions=(
                Misconception(
                    "the graph was used up by the first pass",
                    _graph_freed,
                    "A backward pass frees what the graph has saved, unless it is asked to retain "
                    "it; compute f(x) anew for a second one.",
                    "troubleshooting/error-messages#a-second-time",
                    raises="a second time",
                ),
                Misconception(
                    "the second gradient was added to the first",
                    _retain_graph,
                    "`backward` adds to `x.grad`, whether the graph was retained or f ran anew: after "
                    "the second pass it holds twice the gradient.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the first gradient was saved without a clone",
                    _no_clone,
                    "`first = x.grad` is a second name for the same tensor, so what the second "
                    "pass adds is seen under both.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the second derivative was taken",
                    _second_derivative,
                    "Two passes through the same function give the same gradient two times; the "
                    "derivative of the gradient is another thing, and exercise 7.",
                    "exercises/ex7_second_derivative#statement",
                ),
                Misconception(
                    "both results are the same tensor",
                    _zeroed_in_place,
                    "The numbers are right, but the two names share one memory: whoever changes "
                    "the one changes the other.",
                    "tutorial#once-more-and-the-gradient-doubles",
                    _one_tensor,
                ),
                signs.single_precision(_single_precision),
                signs.finite_differences(_differences),
                signs.result_requires_grad(_create_graph),
                signs.argument_changed(_on_the_argument),
            ),
            ways=(
                (
                    "retain_graph",
                    "You kept the graph for the second pass: right, and the saved tensors stay in memory until then.",
                ),
                (
                    "backward",
                    "`backward` works as well, as long as the second pass finds `.grad` cleared and the first result is kept apart.",
                ),
                (
                    "func",
                    "A transform such as `torch.func.grad` leaves no graph to use up and no `.grad` to clear: another good way.",
                ),
            ),
        ),
        Task(
            solution=gradients_of_both,
            cases=_both_cases,
            misconceptions=(
                Misconception(
                    "the graph was used up by the first pass",
                    _shared_freed,
                    "Both losses go back through the one graph of h, and the first pass frees what "
                    "that has saved; here `retain_graph=True` is what is wanted.",
                    "troubleshooting/error-messages#a-second-time",
                    raises="a second time",
                ),
                Misconception(
                    "the second gradient was added to the first",
                    _accumulated,
                    "`backward` adds to `x.grad`, so after the second loss it holds the sum of "
                    "both gradients.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the two gradients were swapped",
                    _swapped,
                    "The numbers are right, but they come in the other order: the gradient of "
                    "first(h) is asked for first.",
                    "exercises/ex3_backward_twice#statement",
                ),
                Misconception(
                    "the first gradient was saved without a clone",
                    _alias,
                    "`x.grad` is one tensor, to which every pass adds. A second name for it shows "
                    "the sum too, so keep `x.grad.clone()`, or set `x.grad = None` between the passes.",
                    "tutorial#once-more-and-the-gradient-doubles",
                    _total(several=True),
                ),
                Misconception(
                    "the two losses were added up",
                    _losses_added,
                    "One pass from the sum gives the sum of the gradients, which trains a network "
                    "on both losses but does not tell them apart.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                    _total(several=False),
                ),
                Misconception(
                    "the derivative with respect to the shared value",
                    _of_the_shared,
                    "These are the gradients at h = shared(x); the way from h to x is still to go.",
                    "theory/backward-propagation#carry-adjoints-from-the-output-to-the-input",
                ),
                Misconception(
                    "the graph was cut at the shared value",
                    _no_grad,
                    "Under `no_grad`, or after `detach`, nothing leads from h back to x.",
                    "how-to/trace-your-own-function#find-where-the-graph-is-cut",
                    raises="does not require grad",
                ),
                signs.single_precision(_both_in_single_precision),
                Misconception(
                    "the shared part ran twice",
                    _shared_twice,
                    "The gradients are right, but `shared` was called once for each loss, and it "
                    "is the expensive part.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                    _ran_twice,
                ),
                signs.result_requires_grad(_both_with_graph),
                signs.argument_changed(_both_on_the_argument),
            ),
            ways=(
                (
                    "jacrev",
                    "You took the two losses as the two outputs of one function: its Jacobian holds both gradients.",
                ),
                (
                    "is_grads_batched",
                    "You sent both one-hot vectors back in one batch: another good way.",
                ),
                (
                    "backward",
                    "`backward` works as well, as long as `.grad` is cleared between the two losses.",
                ),
            ),
        ),
    ),
    hints=(
        (
            "A backward pass meets two things that an earlier one has left: the graph, whose saved "
            "tensors are gone, and `x.grad`, which it adds to. Ask of each line: what does it find "
            "of the two?"
        ),
        (
            "For two independent gradients, let each pass have its own: a fresh leaf, or no `.grad` "
            "at all, as with `torch.autograd.grad`; and f computed anew, or a graph that was retained."
        ),
        (
            "For the two losses, h = shared(x) is computed once, so its graph must serve two passes: "
            "`torch.autograd.grad(first(h), x, retain_graph=True)`, and then the second without it."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
