"""Exercise 7: what the second derivative costs."""

from collections.abc import Callable, Iterator
from dataclasses import replace

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

__all__ = ["EXERCISE", "hessian_by_rows", "hessian_vector_product"]


def hessian_by_rows(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""Return the Hessian of f at a vector x, by n + 1 backward passes.

    .. math:: H_{ij} = \frac{\partial^2 f}{\partial x_i \, \partial x_j}

    One pass gives the gradient, with a graph of its own; one pass for each
    of its elements gives a row. f returns a scalar; for `x` of shape (n,)
    the result has shape (n, n), the dtype of `x`, and does not require
    grad. Autograd raises a RuntimeError if f(x) is not a scalar, or if the
    gradient does not depend on x, as for a linear f.

    References: Griewank and Walther, *Evaluating Derivatives*, 2nd ed.,
    chapter 5.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


def hessian_vector_product(
    f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor
) -> Tensor:
    r"""Return the Hessian of f at x times v by two backward passes, without the Hessian.

    .. math:: (H v)_i = \sum_j \frac{\partial^2 f}{\partial x_i \, \partial x_j} v_j
              = \frac{\partial}{\partial x_i} \left( v^\top \nabla f(x) \right)

    The gradient is a function like any other, and its Jacobian is H. So the
    second pass gives vᵀH, and H is symmetric. `v` and the result have the
    shape of `x`; the result has its dtype and does not require grad. The
    same errors as `hessian_by_rows`.

    References: Pearlmutter, "Fast exact multiplication by the Hessian",
    *Neural Computation* 6(1), 1994.
    """
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, grad_outputs=v)
    return product


def rosenbrock(x: Tensor) -> Tensor:
    """Add 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² for all neighbours: a narrow curved valley."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def sines_of_neighbours(x: Tensor) -> Tensor:
    """Add the products of the sine of each element with the next element."""
    return (torch.sin(x) * x.roll(-1)).sum()


def log_of_squares(x: Tensor) -> Tensor:
    """Return the logarithm of 1 plus the sum of squares."""
    return torch.log(1 + (x * x).sum())


def cube_of_the_first(x: Tensor) -> Tensor:
    """Cube the first element and add the others, which have no second derivative."""
    return x[0] ** 3 + x.sum()


LARGE = 40
"""The number of elements at which a matrix can be told from vectors."""


def _product_cases(generator: Generator) -> Iterator[Case]:
    """Functions that couple their inputs, and the cases that show traces."""

    def draw(n: int = 3) -> Tensor:
        return normal(generator, n)

    yield Case("three elements", (rosenbrock, draw(), draw()))
    yield Case("four elements", (sines_of_neighbours, draw(4), draw(4)))
    yield Case("one element", (log_of_squares, draw(1), draw(1)))
    yield Case("two elements", (cube_of_the_first, draw(2), draw(2)))
    yield Case(f"{LARGE} elements", (rosenbrock, draw(LARGE), draw(LARGE)))
    yield Case("two calls with the same x", (log_of_squares, draw(), draw()), 2)
    yield Case(
        "an x that requires grad and has a `.grad`",
        (sines_of_neighbours, used(draw()), draw()),
    )
    x, v = draw().float(), draw().float()
    yield Case("numbers in float32", (sines_of_neighbours, x, v))


def _hessian_cases(generator: Generator) -> Iterator[Case]:
    """Yield the same without v."""
    for case in _product_cases(generator):
        f, x, _ = case.arguments
        yield Case(case.label, (f, x), case.calls)


def _matrix_was_built(trials: list[Trial]) -> bool:
    """Whether a right product came with something of the Hessian's size, at once or in rows."""
    return signs.agree(trials) and any(
        trial.largest >= LARGE**2 or trial.reverse_passes >= LARGE
        for trial in trials
    )


def _graph_of_gradient_missing(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


def _row_sums(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)
    return second


def _diagonal(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (second,) = torch.autograd.grad(gradient.sum(), x)
    return torch.diag(second)


def _outer_product(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return torch.outer(gradient, gradient)


def _accumulated(f, x):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = []
    for element in gradient:
        element.backward(retain_graph=True)
        rows.append(x.grad.clone())
    return torch.stack(rows)


def _differences_of_gradient(f, x):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-5
    gradient = torch.func.grad(f)
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    rows = [(gradient(x + s) - gradient(x - s)) / (2 * h) for s in steps]
    return torch.stack(rows)


def _single_precision(f, x):  # type: ignore[no-untyped-def]
    return hessian_by_rows(f, x.float()).double()


def _create_graph(f, x):  # type: ignore[no-untyped-def]
    return torch.autograd.functional.hessian(f, x, create_graph=True)


def _on_the_argument(f, x):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [
        torch.autograd.grad(element, x, retain_graph=True)[0]
        for element in gradient
    ]
    return torch.stack(rows)


def _product_without_graph(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    (product,) = torch.autograd.grad(gradient, x, grad_outputs=v)
    return product


def _v_ignored(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient.sum(), x)
    return product


def _slope_along_v(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return gradient @ v


def _gradient_times_v(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x)
    return gradient * v


def _gradient_added(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    f(x).backward(create_graph=True)
    (x.grad @ v).backward()
    return x.grad.detach()


def _matrix_times_v(f, x, v):  # type: ignore[no-untyped-def]
    return torch.func.hessian(f)(x.detach()) @ v


def _difference_along_v(f, x, v):  # type: ignore[no-untyped-def]
    x, h = x.detach(), 1e-5
    gradient = torch.func.grad(f)
    return (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)


def _product_in_single_precision(f, x, v):  # type: ignore[no-untyped-def]
    return hessian_vector_product(f, x.float(), v.float()).double()


def _product_with_graph(f, x, v):  # type: ignore[no-untyped-def]
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, v, create_graph=True)
    return product


def _product_on_the_argument(f, x, v):  # type: ignore[no-untyped-def]
    x.requires_grad_(True)
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(gradient, x, v)
    return product


def _differences(example: Callable[..., object]) -> Misconception:
    """Return the mistake of a small step in the place of the second derivative."""
    return replace(
        signs.finite_differences(example),
        name="finite differences in the place of the second derivative",
        why="The numbers are nearly right, but a difference of two gradients over a small step "
        "has an error of its own, which no step removes.",
        sign=signs.rough,
    )


EXERCISE = Exercise(
    number=7,
    stem="ex7_second_derivative",
    title="count what the second derivative costs",
    tasks=(
        Prediction(
            name="PASSES",
            solution={
                "the gradient": 1,
                "the Hessian times one vector": 2,
                "the Hessian, row by row": 11,
            },
            misconceptions=(
                Misconception(
                    "one pass for each input",
                    {"the gradient": 10},
                    "That is forward mode; one backward pass gives the derivatives with respect to "
                    "all inputs.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "the product was built from the whole matrix",
                    {"the Hessian times one vector": 11},
                    "Hv is the gradient of vᵀ∇f, one number: one pass for ∇f and one more for "
                    "its gradient.",
                    "theory/backward-propagation#send-vectors-back-each-message-is-v-j",
                ),
                Misconception(
                    "the pass for the gradient was forgotten",
                    {"the Hessian, row by row": 10},
                    "Ten rows are ten passes through the graph of the gradient, and one pass "
                    "before these makes that graph.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
                Misconception(
                    "one pass for each entry",
                    {"the Hessian, row by row": 100},
                    "A pass gives a whole row: the derivatives of one element of the gradient with "
                    "respect to all inputs.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                ),
            ),
        ),
        Task(
            solution=hessian_by_rows,
            cases=_hessian_cases,
            misconceptions=(
                Misconception(
                    "the gradient was computed without a graph",
                    _graph_of_gradient_missing,
                    "Without `create_graph=True` the backward pass is not recorded, so its result "
                    "has nothing to differentiate.",
                    "theory/forward-propagation#see-what-torch-records-on-the-way",
                    raises="does not require grad",
                ),
                Misconception(
                    "the rows were added up",
                    _row_sums,
                    "The gradient of the sum of the gradient is the sum of the rows of H, one "
                    "vector.",
                    "tutorial#v-1-1",
                ),
                Misconception(
                    "only the diagonal was filled",
                    _diagonal,
                    "The sums of the rows are the diagonal only where every mixed derivative is 0; "
                    "here the variables are coupled.",
                    "tutorial#three-inputs-two-outputs",
                ),
                Misconception(
                    "the gradient was multiplied with itself",
                    _outer_product,
                    "The product of two first derivatives is not a second derivative; the gradient "
                    "itself must be differentiated.",
                    "glossary#term-gradient",
                ),
                Misconception(
                    "each row was added to those before",
                    _accumulated,
                    "`backward` adds to `x.grad`; use `torch.autograd.grad` for the rows.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                signs.single_precision(_single_precision),
                _differences(_differences_of_gradient),
                signs.result_requires_grad(_create_graph),
                signs.argument_changed(_on_the_argument),
            ),
            ways=(
                (
                    "hessian",
                    "`hessian` from torch itself: in `torch.func` it is forward over reverse, and all columns go in one batch.",
                ),
                (
                    "jacfwd",
                    "The Jacobian of the gradient by forward mode: that is how `torch.func.hessian` does it.",
                ),
                (
                    "jacrev",
                    "The Jacobian of the gradient by reverse mode, all rows in one batch.",
                ),
                (
                    "backward",
                    "`backward` works as well, if `.grad` is cleared between the rows.",
                ),
            ),
        ),
        Task(
            solution=hessian_vector_product,
            cases=_product_cases,
            misconceptions=(
                Misconception(
                    "the gradient was computed without a graph",
                    _product_without_graph,
                    "Without `create_graph=True` the backward pass is not recorded, so its result "
                    "has nothing to differentiate.",
                    "theory/forward-propagation#see-what-torch-records-on-the-way",
                    raises="does not require grad",
                ),
                Misconception(
                    "the vector v was ignored",
                    _v_ignored,
                    "The gradient of the sum of the gradient is H times a vector of ones.",
                    "tutorial#v-1-10",
                ),
                Misconception(
                    "the slope along v was returned",
                    _slope_along_v,
                    "∇f·v is one number, the *first* derivative along v; its gradient is what is "
                    "asked for.",
                    "theory/forward-propagation#push-a-tangent-forward",
                ),
                Misconception(
                    "the gradient was multiplied with v",
                    _gradient_times_v,
                    "That weights the first derivatives; H holds second ones, so a second pass is "
                    "needed.",
                    "glossary#term-gradient",
                ),
                Misconception(
                    "the gradient was added to the product",
                    _gradient_added,
                    "The first `backward` filled `x.grad`, and the second added to it: ∇f + Hv.",
                    "tutorial#once-more-and-the-gradient-doubles",
                ),
                signs.single_precision(_product_in_single_precision),
                _differences(_difference_along_v),
                Misconception(
                    "the whole Hessian was built",
                    _matrix_times_v,
                    "The numbers are right, but for n inputs the matrix has n² entries, and "
                    "two passes give Hv without it.",
                    "theory/backward-propagation#count-what-a-gradient-costs",
                    _matrix_was_built,
                ),
                signs.result_requires_grad(_product_with_graph),
                signs.argument_changed(_product_on_the_argument),
            ),
            ways=(
                (
                    "jvp",
                    "A tangent and a gradient, one inside the other: another good way.",
                ),
                (
                    "hvp",
                    "`hvp` from torch itself; it takes three backward passes where two are enough.",
                ),
                (
                    "vhp",
                    "`vhp` from torch itself, two backward passes; since H is symmetric, vᵀH is Hv.",
                ),
                (
                    "vjp",
                    "The pullback of the gradient, called with v: another good way.",
                ),
                (
                    "backward",
                    "`backward` works as well, as long as `.grad` is cleared between the passes.",
                ),
            ),
        ),
    ),
    hints=(
        (
            "A gradient is a vector that depends on x, and the Hessian is its Jacobian. So exercise 1 "
            "applies, if the gradient comes with a graph of its own: "
            "`torch.autograd.grad(..., create_graph=True)`."
        ),
        (
            "For the rows, differentiate one element of the gradient after the other, and retain the "
            "graph for the next: `torch.autograd.grad(element, x, retain_graph=True)`."
        ),
        (
            "For Hv, do not ask for the rows at all. vᵀ∇f(x) is one number; what is its gradient? "
            "Passing v as `grad_outputs` to the second pass computes the same."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
