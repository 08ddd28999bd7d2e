"""Exercise 8: which of the two modes is cheaper."""

from collections.abc import Callable, Iterator
from typing import Literal

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
from autograd_tutorial.checker.observe import Trial
from autograd_tutorial.exercises.ex1_gradient_argument import jacobian_by_rows
from autograd_tutorial.functions import space_to_plane

__all__ = ["EXERCISE", "cheaper_mode", "jacobian", "jacobian_by_columns"]


def jacobian_by_columns(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Jacobian of f at a vector x, by one JVP for each column.

    .. math:: J_{\cdot j} = J e_j

    A one-hot tangent picks one column of J. For a vector `x` of shape (n,)
    and an output of shape (m,), the result has shape (m, n), the dtype of
    the output, does not require grad, and takes n tangents. No graph is
    recorded. Torch raises a NotImplementedError if f uses an operation
    without a rule for forward mode.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3.
    """
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


def cheaper_mode(
    f: Callable[[Tensor], Tensor], x: Tensor
) -> Literal["forward", "reverse"]:
    r"""Return the mode that takes fewer passes for the Jacobian of f at x.

    .. math::

        \begin{aligned}
        n < m &\;\Rightarrow\; \text{forward} \\
        m \le n &\;\Rightarrow\; \text{reverse}
        \end{aligned}

    For n inputs and m outputs, forward mode takes n passes and reverse mode
    m. Where both take the same number, either answer is as good; this one
    is "reverse". `x` has shape (n,), f(x) has shape (m,).

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3.
    """
    m, n = f(x.detach()).numel(), x.numel()
    return "forward" if n < m else "reverse"


def jacobian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Jacobian of f at a vector x by the cheaper of the two modes.

    .. math:: J_{ij} = \frac{\partial y_i}{\partial x_j}, \qquad y = f(x)

    Shapes, dtypes and errors are those of `jacobian_by_columns` and of
    `autograd_tutorial.exercises.ex1_gradient_argument.jacobian_by_rows`.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3.
    """
    if cheaper_mode(f, x) == "forward":
        return jacobian_by_columns(f, x)
    return jacobian_by_rows(f, x)


def powers(x: Tensor) -> Tensor:
    """Return the powers 1 to 4 of all elements: four times as many outputs as inputs."""
    return torch.cat([x, x**2, x**3, x**4])


def sines(x: Tensor) -> Tensor:
    """Return sin x₁ and sin (x₁ · x₂) and cos x₂: two inputs, three outputs."""
    return torch.stack([x[0].sin(), (x[0] * x[1]).sin(), x[1].cos()])


def neighbours(x: Tensor) -> Tensor:
    """Multiply the sine of each element by the next element, but for the last."""
    return torch.sin(x[:-1]) * x[1:]


def squared_length(x: Tensor) -> Tensor:
    """Add the squares: one output, in a vector of one element."""
    return (x * x).sum().reshape(1)


def _cases(generator: Generator) -> Iterator[Case]:
    """Tall and wide Jacobians, and the cases that show traces."""

    def draw(n: int) -> Tensor:
        return normal(generator, n)

    yield Case("two inputs, three outputs", (sines, draw(2)))
    yield Case("three inputs, two outputs", (space_to_plane, draw(3)))
    yield Case("five inputs, four outputs", (neighbours, draw(5)))
    yield Case("ten inputs, one output", (squared_length, draw(10)))
    yield Case("one input, four outputs", (powers, draw(1)))
    yield Case("ten inputs, forty outputs", (powers, draw(10)))
    yield Case("two calls with the same x", (sines, draw(2)), calls=2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (neighbours, used(draw(4))),
    )
    yield Case("numbers in float32", (sines, draw(2).float()))


def _chose(*modes: set[str]) -> Callable[[list[Trial]], bool]:
    """Return the sign of right matrices by these modes, which are not always the cheaper one."""

    def sign(trials: list[Trial]) -> bool:
        used = [_modes(trial) for trial in trials]
        cheap = [{cheaper_mode(*trial.case.arguments)} for trial in trials]  # type: ignore[arg-type]
        return (
            signs.agree(trials)
            and used != cheap
            and all(found in modes for found in used)
        )

    return sign


def _modes(trial: Trial) -> set[str]:
    """Return the modes that were used."""
    passes = {"forward": trial.forward_passes, "reverse": trial.reverse_passes}
    return {mode for mode, count in passes.items() if count}


def _transposed(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])


def _primals(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[0] for e in one_hot]
    return torch.stack(columns, dim=1)


def _one_tangent(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    return torch.func.jvp(f, (x,), (torch.ones_like(x),))[1]


def _seeds_of_outputs(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    one_hot = torch.eye(f(x).numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


def _reverse(f, x):  # type: ignore[no-untyped-def]
    return torch.func.jacrev(f)(x.detach())


def _differences(f, x):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    columns = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack(columns, dim=1)


def _single_precision(f, x):  # type: ignore[no-untyped-def]
    return jacobian_by_columns(f, x.float()).double()


def _still_tied(f, x):  # type: ignore[no-untyped-def]
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


def _on_the_argument(f, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(False)
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    columns = [torch.func.jvp(f, (x,), (e,))[1] for e in one_hot]
    return torch.stack(columns, dim=1)


def _always_forward(f, x):  # type: ignore[no-untyped-def]
    return "forward"


def _always_reverse(f, x):  # type: ignore[no-untyped-def]
    return "reverse"


def _mixed_up(f, x):  # type: ignore[no-untyped-def]
    m, n = f(x).numel(), x.numel()
    return "forward" if m < n else "reverse"


def _scalar_only(f, x):  # type: ignore[no-untyped-def]
    return "reverse" if f(x).numel() == 1 else "forward"


def _by_columns(f, x):  # type: ignore[no-untyped-def]
    return torch.func.jacfwd(f)(x.detach())


def _dearer(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    if f(x).numel() < x.numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)


def _both(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    by_columns, by_rows = torch.func.jacfwd(f)(x), torch.func.jacrev(f)(x)
    return by_columns if x.numel() < f(x).numel() else by_rows


def _columns_as_rows(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    if x.numel() < f(x).numel():
        one_hot = torch.eye(x.numel(), dtype=x.dtype)
        return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])
    return torch.func.jacrev(f)(x)


def _jacobian_in_single_precision(f, x):  # type: ignore[no-untyped-def]
    return jacobian(f, x.float()).double()


def _jacobian_on_the_argument(f, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(False)
    if x.numel() < f(x).numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)


def _jacobian_still_tied(f, x):  # type: ignore[no-untyped-def]
    if x.numel() < f(x).numel():
        return torch.func.jacfwd(f)(x)
    return torch.func.jacrev(f)(x)


EXERCISE = Exercise(
    number=8,
    stem="ex8_forward_or_reverse",
    title="choose forward or reverse",
    tasks=(
        Prediction(
            name="PASSES",
            solution={
                "1000 inputs, 1 output": [1000, 1],
                "1 input, 1000 outputs": [1, 1000],
                "2 inputs, 3 outputs": [2, 3],
            },
            misconceptions=(
                Misconception(
                    "inputs and outputs were mixed up",
                    {"1000 inputs, 1 output": [1, 1000]},
                    "A tangent starts at an input, so forward mode counts the inputs; a cotangent "
                    "starts at an output.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "the order was reversed",
                    {"2 inputs, 3 outputs": [3, 2]},
                    "The first number is that of forward passes, one for each input.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "one pass for each entry",
                    {"2 inputs, 3 outputs": [6, 6]},
                    "A pass gives a whole column, or a whole row.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "one reverse pass was thought to be always enough",
                    {"1 input, 1000 outputs": [1, 1]},
                    "One backward pass gives vᵀJ for one v: a single row, or a mix of rows.",
                    "tutorial#three-inputs-two-outputs",
                ),
            ),
        ),
        Task(
            solution=jacobian_by_columns,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "the Jacobian was transposed",
                    _transposed,
                    "`torch.stack` puts what it is given in rows, and a JVP gives a column; stack "
                    "along dim=1.",
                    "gallery/ex1_gradient_argument#the-six-derivatives-as-a-picture",
                ),
                Misconception(
                    "primals in the place of tangents",
                    _primals,
                    "`torch.func.jvp` returns two things, the value f(x) and then the tangent.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "one tangent of ones was sent",
                    _one_tangent,
                    "A tangent of ones gives the sum of all columns, and the single columns "
                    "cannot be had back from it.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "the tangents have the shape of the output",
                    _seeds_of_outputs,
                    "A tangent starts at the input and has its shape; the one-hot vectors are the "
                    "rows of eye(n), for n inputs.",
                    "theory/forward-propagation#push-a-tangent-forward",
                    raises="a forward gradient that has a different size",
                ),
                Misconception(
                    "reverse mode was used",
                    _reverse,
                    "The matrix is right, but backward passes have built it, and this is about forward "
                    "mode.",
                    "theory/forward-propagation#push-a-tangent-forward",
                    lambda trials: (
                        signs.agree(trials)
                        and any("reverse" in _modes(trial) for trial in trials)
                    ),
                ),
                signs.single_precision(_single_precision),
                signs.finite_differences(_differences),
                signs.argument_changed(_on_the_argument),
                signs.result_requires_grad(_still_tied),
            ),
            ways=(
                (
                    "jacfwd",
                    "`torch.func.jacfwd` sends all one-hot tangents in one batch.",
                ),
                (
                    "vmap",
                    "`vmap` sends all one-hot tangents in one batch: that is what `torch.func.jacfwd` does.",
                ),
                (
                    "make_dual",
                    "Dual numbers by hand, from `torch.autograd.forward_ad`: what `torch.func.jvp` is made of.",
                ),
            ),
        ),
        Task(
            solution=cheaper_mode,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "always forward",
                    _always_forward,
                    "With more inputs than outputs, reverse mode takes fewer passes; a loss has "
                    "one output and millions of inputs.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "always reverse",
                    _always_reverse,
                    "With fewer inputs than outputs, forward mode takes fewer passes, and it keeps "
                    "no graph.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "inputs and outputs were mixed up",
                    _mixed_up,
                    "Forward mode takes one pass for each *input*, so it is the cheaper one when "
                    "there are few inputs.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "only a scalar output was thought to be fit for reverse mode",
                    _scalar_only,
                    "Two outputs and three inputs are two passes against three: reverse mode is the "
                    "cheaper one there too.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
            ),
        ),
        Task(
            solution=jacobian,
            cases=_cases,
            misconceptions=(
                Misconception(
                    "the columns were stacked as rows",
                    _columns_as_rows,
                    "`torch.stack` puts what it is given in rows; what forward mode gives are "
                    "columns.",
                    "gallery/ex1_gradient_argument#the-six-derivatives-as-a-picture",
                ),
                signs.single_precision(_jacobian_in_single_precision),
                signs.finite_differences(_differences),
                Misconception(
                    "always forward",
                    _by_columns,
                    "The matrices are right, but with more inputs than outputs forward mode takes "
                    "more passes than reverse mode.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                    _chose({"forward"}),
                ),
                Misconception(
                    "always reverse",
                    _reverse,
                    "The matrices are right, but with fewer inputs than outputs reverse mode takes "
                    "more passes than forward mode.",
                    "theory/forward-propagation#push-a-tangent-forward",
                    _chose({"reverse"}),
                ),
                Misconception(
                    "the dearer mode was chosen",
                    _dearer,
                    "Forward mode takes one pass for each input and reverse mode one for each "
                    "output; the comparison is the wrong way round.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                    _chose({"forward"}, {"reverse"}),
                ),
                Misconception(
                    "both modes ran",
                    _both,
                    "The matrices are right, but each was computed twice; decide from the two sizes "
                    "before you differentiate.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                    _chose({"forward", "reverse"}, {"forward"}, {"reverse"}),
                ),
                signs.result_requires_grad(_jacobian_still_tied),
                signs.argument_changed(_jacobian_on_the_argument),
            ),
        ),
    ),
    hints=(
        (
            "A JVP sends one tangent from the inputs forward and gives J times it; a one-hot tangent "
            "gives a column. A VJP sends one cotangent from the outputs back; a one-hot cotangent "
            "gives a row. How many columns are there, and how many rows?"
        ),
        (
            "`torch.func.jvp(f, (x,), (e,))` returns the value and the tangent. Take e from the rows "
            "of `torch.eye(n)`, in the dtype of x, for n inputs; the results are columns, so stack "
            "them along dim=1."
        ),
        (
            "For the choice you need two sizes only: `x.numel()` and `f(x).numel()`. Whichever is "
            "smaller is the number of passes. Begin with `x = x.detach()`, so that the result is not "
            "tied to a graph of the caller's."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
