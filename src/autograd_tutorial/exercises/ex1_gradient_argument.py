"""Exercise 1: what the `gradient` argument of `backward` does."""

from collections.abc import Callable, Iterator

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
from autograd_tutorial.functions import space_to_plane, triple_square

__all__ = ["EXERCISE", "jacobian_by_rows", "vector_jacobian_product"]


def vector_jacobian_product(
    f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor
) -> Tensor:
    r"""Return the product of v with the Jacobian of f at x, by one backward pass.

    .. math:: (v^\top J)_j = \sum_i v_i \frac{\partial y_i}{\partial x_j}, \qquad y = f(x)

    `v` has the shape of the *output* y; the result has the shape and dtype
    of `x`. No `.grad` is changed, neither that of `x` nor that of a
    parameter which f uses. Autograd raises a RuntimeError if `v` has
    another shape than y, or if y does not depend on x.

    References: `torch.autograd.grad` in PyTorch's documentation.
    """
    x = x.detach().clone().requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, grad_outputs=v)
    return product


def jacobian_by_rows(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Jacobian of f at a vector x, one backward pass for each row.

    .. math:: J_{i \cdot} = e_i^\top J

    A one-hot `v` picks one row of J. For a vector `x` of shape (n,) and an
    output of shape (m,), the result has shape (m, n) and takes m backward
    passes. The same errors as `vector_jacobian_product`.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 3.
    """
    y = f(x.detach())
    one_hot = torch.eye(y.numel(), dtype=y.dtype, device=y.device)
    return torch.stack([vector_jacobian_product(f, x, v) for v in one_hot])


def mix(x: Tensor) -> Tensor:
    """Multiply the sine of each element by the next element: as many outputs as inputs."""
    return torch.sin(x) * x.roll(-1)


def squared_length(x: Tensor) -> Tensor:
    """Add the squares: one output, in a vector of one element."""
    return (x * x).sum().reshape(1)


def powers(x: Tensor) -> Tensor:
    """Return the first three powers: one input, three outputs."""
    return torch.cat([x, x**2, x**3])


def _product_cases(generator: Generator) -> Iterator[Case]:
    """Jacobians of every shape, then the cases that show traces."""

    def draw(n: int) -> Tensor:
        return normal(generator, n)

    yield Case("four inputs, four outputs", (mix, draw(4), draw(4)))
    yield Case("three inputs, two outputs", (space_to_plane, draw(3), draw(2)))
    yield Case("one output", (squared_length, draw(3), draw(1)))
    yield Case("one input", (powers, draw(1), draw(3)))
    yield Case("two calls with the same x", (mix, draw(3), draw(3)), calls=2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (triple_square, used(draw(3)), draw(3)),
    )
    yield Case("numbers in float32", (mix, draw(3).float(), draw(3).float()))


def _jacobian_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same without v."""
    for case in _product_cases(generator):
        f, x, _ = case.arguments
        yield Case(case.label, (f, x), case.calls)


def _v_ignored(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    f(x).sum().backward()
    return x.grad


def _weighted_mean(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (v * f(x)).mean().backward()
    return x.grad


def _tangent(f, x, v):  # type: ignore[no-untyped-def]
    return torch.func.jvp(f, (x.detach(),), (v,))[1]


def _output_as_cotangent(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    y.backward(y)
    return x.grad


def _v_afterwards(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    return v * x.grad


def _not_cleared(f, x, v):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    f(x).backward(v)
    return x.grad


def _on_the_argument(f, x, v):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, v)
    return product


def _create_graph(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, v, create_graph=True)
    return product


def _differences(f, x, v):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    slopes = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack([v @ slope for slope in slopes])


def _single_precision(f, x, v):  # type: ignore[no-untyped-def]
    return vector_jacobian_product(f, x.float(), v.float()).double()


def _columns_as_rows(f, x):  # type: ignore[no-untyped-def]
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])


def _one_pass(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (rows,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return rows


def _diagonal(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(f(x).sum(), x)
    return torch.diag(slope)


def _one_tensor(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    rows = []
    for y in f(x):
        y.backward(retain_graph=True)
        rows.append(x.grad)
    return torch.stack(rows)


def _accumulated(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    rows = []
    for y in f(x):
        y.backward(retain_graph=True)
        rows.append(x.grad.clone())
    return torch.stack(rows)


def _graph_freed(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    one_hot = torch.eye(y.numel(), dtype=y.dtype)
    return torch.stack([torch.autograd.grad(y, x, v)[0] for v in one_hot])


def _rows_on_the_argument(f, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    rows = []
    for i in range(f(x).numel()):
        x.grad = None
        f(x)[i].backward()
        rows.append(x.grad)
    return torch.stack(rows)


def _rows_with_graph(f, x):  # type: ignore[no-untyped-def]
    return torch.autograd.functional.jacobian(f, x, create_graph=True)


def _rows_by_tangents(f, x):  # type: ignore[no-untyped-def]
    return torch.func.jacfwd(f)(x.detach())


def _rows_by_differences(f, x):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    columns = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack(columns, dim=1)


def _rows_in_single_precision(f, x):  # type: ignore[no-untyped-def]
    return jacobian_by_rows(f, x.float()).double()


EXERCISE = Exercise(
    number=1,
    stem="ex1_gradient_argument",
    title="choose the gradient argument",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution=[[1, 4, 4], [1, 13, 40], [2, 5, -4]],
            misconceptions=(
                Misconception(
                    "the vector v was ignored",
                    [[1, 4, 4], [1, 4, 4], [1, 4, 4]],
                    "The sum of the rows of J is the answer for v = (1, 1) only; another v weights "
                    "each row with a number of its own.",
                    "tutorial#v-1-10",
                ),
                Misconception(
                    "the three calls were added up",
                    [[1, 4, 4], [2, 17, 44], [4, 22, 40]],
                    "That is what one x would hold if `.grad` were never cleared; the statement "
                    "begins each time with a fresh x.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the input x₂ was counted in one output only",
                    [[1, 3, 4], [1, 3, 40], [2, 6, -4]],
                    "x₂ stands in both outputs, so two messages arrive at it, and they add up.",
                    "theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
                ),
                Misconception(
                    "the factor 2 of the square was lost",
                    [[1, 4, 2], [1, 13, 20], [2, 5, -2]],
                    "The derivative of x₃² is 2x₃, which is 4 at x₃ = 2.",
                    "theory/forward-propagation#give-each-step-its-local-derivative",
                ),
            ),
        ),
        Task(
            solution=vector_jacobian_product,
            cases=_product_cases,
            misconceptions=(
                Misconception(
                    "the vector v was ignored",
                    _v_ignored,
                    "The sum of the outputs weights every row of J with 1; the weights that are "
                    "asked for stand in v.",
                    "tutorial#v-1-10",
                ),
                Misconception(
                    "the mean was taken in the place of the sum",
                    _weighted_mean,
                    "vᵀJ is the gradient of the sum of v·y; the mean divides it by the number of "
                    "outputs.",
                    "theory/backward-propagation#why-backward-wants-v",
                ),
                Misconception(
                    "J·v in the place of vᵀJ",
                    _tangent,
                    "A tangent goes forward and has the shape of the input; v has the shape of the "
                    "output and goes backward.",
                    "theory/forward-propagation#push-a-tangent-forward",
                    raises="a forward gradient that has a different size",
                ),
                Misconception(
                    "the output was passed as `gradient`",
                    _output_as_cotangent,
                    "`y.backward(y)` weights each row of J with the output itself, and v is not used.",
                    "tutorial#three-inputs-two-outputs",
                ),
                Misconception(
                    "`backward` was called on a vector",
                    _v_afterwards,
                    "There is no single gradient of a vector that v could be multiplied with "
                    "afterwards: v must go in as the `gradient` argument.",
                    "troubleshooting/error-messages#only-scalar-outputs",
                    raises="only for scalar outputs",
                ),
                Misconception(
                    "the gradient was not cleared",
                    _not_cleared,
                    "`backward` adds to what `x.grad` already holds, from an earlier call or from "
                    "the caller.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                signs.single_precision(_single_precision),
                signs.finite_differences(_differences),
                signs.result_requires_grad(_create_graph),
                signs.argument_changed(_on_the_argument),
            ),
            ways=(
                (
                    "vjp",
                    "`torch.func.vjp` hands out the pullback, which you called with v: another good way.",
                ),
                (
                    "jacrev",
                    "It is right; the whole Jacobian takes a pass for each row, though, where one pass with v is enough.",
                ),
                (
                    "jacfwd",
                    "It is right; the whole Jacobian takes a tangent for each column, though, where one pass with v is enough.",
                ),
                (
                    "sum",
                    "The gradient of the sum of v·y: that is what `gradient=v` means.",
                ),
                (
                    "backward",
                    "`backward` with a `gradient` argument works as well; `torch.autograd.grad` of the solution leaves every `.grad` alone.",
                ),
            ),
        ),
        Task(
            solution=jacobian_by_rows,
            cases=_jacobian_cases,
            misconceptions=(
                Misconception(
                    "the Jacobian was transposed",
                    _columns_as_rows,
                    "J has one row for each output and one column for each input; what a tangent "
                    "gives is a column.",
                    "gallery/ex1_gradient_argument#the-six-derivatives-as-a-picture",
                ),
                Misconception(
                    "the rows were added up",
                    _one_pass,
                    "One pass with ones gives the sum of all rows, in one vector, and the single "
                    "rows cannot be had back from it.",
                    "tutorial#v-1-1",
                ),
                Misconception(
                    "only the diagonal was filled",
                    _diagonal,
                    "A derivative for each element is the whole story only if output i depends on "
                    "input i alone; here the outputs mix the inputs.",
                    "tutorial#three-inputs-two-outputs",
                ),
                Misconception(
                    "all rows are the same tensor",
                    _one_tensor,
                    "`x.grad` is one tensor that every pass adds to, so a list that holds it once "
                    "for each row holds the total each time.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "each row was added to those before",
                    _accumulated,
                    "`backward` adds to `x.grad`; set it to None between the rows, or use "
                    "`torch.autograd.grad`.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                Misconception(
                    "the graph was used up by the first row",
                    _graph_freed,
                    "A backward pass frees what the graph has saved; ask for `retain_graph=True` "
                    "as long as rows are to come, or run f anew for each.",
                    "troubleshooting/error-messages#a-second-time",
                    raises="a second time",
                ),
                Misconception(
                    "forward mode was used",
                    _rows_by_tangents,
                    "The matrix is right, but tangents have built it, column by column; here every "
                    "row is to come from a backward pass.",
                    "theory/backward-propagation#send-vectors-back-each-message-is-v-j",
                    lambda trials: (
                        signs.agree(trials)
                        and any(
                            trial.forward_passes and not trial.reverse_passes
                            for trial in trials
                        )
                    ),
                ),
                signs.single_precision(_rows_in_single_precision),
                signs.finite_differences(_rows_by_differences),
                signs.result_requires_grad(_rows_with_graph),
                signs.argument_changed(_rows_on_the_argument),
            ),
            ways=(
                (
                    "jacrev",
                    "`torch.func.jacrev` does the same, and sends all one-hot vectors back in one batch.",
                ),
                (
                    "vmap",
                    "`vmap` sends all one-hot vectors back in one batch: another good way.",
                ),
                (
                    "jacobian",
                    "`torch.autograd.functional.jacobian` goes by rows as well.",
                ),
                (
                    "backward",
                    "`backward` works as well, if `.grad` is cleared between the rows.",
                ),
            ),
        ),
    ),
    hints=(
        (
            "vᵀJ adds the rows of J, the first weighted by v₁ and the second by v₂. Write J down "
            "first: one row for each output, one column for each input."
        ),
        (
            "`y.backward(v)` leaves vᵀJ in `x.grad`; `torch.autograd.grad(y, x, grad_outputs=v)` "
            "returns the same and adds nothing to any `.grad`. Work on "
            "`x.detach().clone().requires_grad_(True)`, so that the caller's x stays as it was."
        ),
        (
            "Which v makes every row but the first vanish and leaves the first as it is? The rows of "
            "`torch.eye(m)` are these vectors, for all m rows; `torch.stack` puts the results "
            "together."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
