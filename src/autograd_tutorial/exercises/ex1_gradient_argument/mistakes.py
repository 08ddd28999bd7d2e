"""The mistakes that people make in exercise 1, each as an answer that makes it."""

import torch

from autograd_tutorial.checker.exercise import Mistakes
from autograd_tutorial.checker.results import agree
from autograd_tutorial.exercises.common import (
    ARGUMENT_CHANGED,
    BACKWARD_ON_A_VECTOR,
    FINITE_DIFFERENCES,
    MEAN_TAKEN,
    NOT_CLEARED,
    ONLY_THE_DIAGONAL,
    OUTPUT_AS_COTANGENT,
    RESULT_REQUIRES_GRAD,
    ROWS_ACCUMULATED,
    ROWS_ADDED_UP,
    SINGLE_PRECISION,
    TRANSPOSED,
    V_IGNORED,
)
from autograd_tutorial.exercises.ex1_gradient_argument import solution

mistakes = Mistakes()

mistakes.predict(
    "PREDICTIONS",
    V_IGNORED,
    [[1, 4, 4], [1, 4, 4], [1, 4, 4]],
    why="The sum of the rows of J is the answer for v = (1, 1) only. Any other v gives each row "
    "its own weight.",
)

mistakes.predict(
    "PREDICTIONS",
    "the three calls were added up",
    [[1, 4, 4], [2, 17, 44], [4, 22, 40]],
    why="That is what a single x would hold after all three calls, because `backward` adds to "
    "`.grad`. But here each call begins with a fresh x.",
    see="tutorial#once-more-and-the-gradient-doubles",
)

mistakes.predict(
    "PREDICTIONS",
    "the input x₂ was counted in one output only",
    [[1, 3, 4], [1, 3, 40], [2, 6, -4]],
    why="x₂ appears in both outputs, so two messages arrive at it, and they add up.",
    see="theory/backward-propagation#see-why-adjoints-sum-at-a-fan-out",
)

mistakes.predict(
    "PREDICTIONS",
    "the factor 2 of the square was lost",
    [[1, 4, 2], [1, 13, 20], [2, 5, -2]],
    why="It is easy to lose the 2 of the square: the derivative of x₃² is 2x₃, which is 4 at x₃ = 2.",
    see="theory/forward-propagation#give-each-step-its-local-derivative",
)


@mistakes.add(V_IGNORED)
def vector_jacobian_product(f, x, v):
    """The sum of the outputs gives every row of J the weight 1, but the weights that you
    need are in v. Pass v as the `gradient` argument.
    """
    x = x.detach().clone().requires_grad_(True)
    f(x).sum().backward()
    return x.grad


@mistakes.add(
    MEAN_TAKEN, see="theory/backward-propagation#why-backward-wants-v"
)
def vector_jacobian_product(f, x, v):
    """vᵀJ is the gradient of the sum of v·y. The mean divides it by the number of outputs."""
    x = x.detach().clone().requires_grad_(True)
    (v * f(x)).mean().backward()
    return x.grad


@mistakes.add(
    "J·v instead of vᵀJ",
    "theory/forward-propagation#push-a-tangent-forward",
    raises="a forward gradient that has a different size",
)
def vector_jacobian_product(f, x, v):
    """You sent v forward as a tangent, and a tangent has the shape of the input. But v has
    the shape of the output, because it goes backward.
    """
    return torch.func.jvp(f, (x.detach(),), (v,))[1]


@mistakes.add(OUTPUT_AS_COTANGENT, see="tutorial#three-inputs-two-outputs")
def vector_jacobian_product(f, x, v):
    """`y.backward(y)` takes the output itself for the weights of the rows of J. Pass v there."""
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    y.backward(y)
    return x.grad


@mistakes.add(BACKWARD_ON_A_VECTOR)
def vector_jacobian_product(f, x, v):
    """A vector has no single gradient that you could multiply with v afterwards. So v must
    go in from the start, as the `gradient` argument.
    """
    x = x.detach().clone().requires_grad_(True)
    f(x).backward()
    return v * x.grad


@mistakes.add(NOT_CLEARED)
def vector_jacobian_product(f, x, v):
    """`backward` adds to what `x.grad` already holds, from an earlier call or from the
    caller. Work on a fresh copy of x, whose `.grad` is empty.
    """
    x.requires_grad_(True)
    f(x).backward(v)
    return x.grad


@mistakes.add(SINGLE_PRECISION)
def vector_jacobian_product(f, x, v):
    return solution.vector_jacobian_product(f, x.float(), v.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def vector_jacobian_product(f, x, v):
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    slopes = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack([v @ slope for slope in slopes])


@mistakes.add(RESULT_REQUIRES_GRAD)
def vector_jacobian_product(f, x, v):
    x = x.detach().clone().requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, v, create_graph=True)
    return product


@mistakes.add(ARGUMENT_CHANGED)
def vector_jacobian_product(f, x, v):
    x.requires_grad_(True)
    (product,) = torch.autograd.grad(f(x), x, v)
    return product


@mistakes.add(TRANSPOSED)
def jacobian_by_rows(f, x):
    """J has one row for each output and one column for each input. If you built it from
    tangents, each of them gave you a column.
    """
    x = x.detach()
    one_hot = torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([torch.func.jvp(f, (x,), (e,))[1] for e in one_hot])


@mistakes.add(ROWS_ADDED_UP)
def jacobian_by_rows(f, x):
    """One pass with ones adds all rows up into one vector, and nothing can take the sum
    apart again. Send back one pass for each row.
    """
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    (rows,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return rows


@mistakes.add(ONLY_THE_DIAGONAL)
def jacobian_by_rows(f, x):
    """One derivative for each element is the whole Jacobian only if output i depends on
    input i alone. Here the outputs mix the inputs.
    """
    x = x.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(f(x).sum(), x)
    return torch.diag(slope)


@mistakes.add(
    "all rows are the same tensor",
    "tutorial#once-more-and-the-gradient-doubles",
)
def jacobian_by_rows(f, x):
    """Every pass adds to the same tensor, `x.grad`. So a list that holds it once for each
    row holds the total each time.
    """
    x = x.detach().clone().requires_grad_(True)
    rows = []
    for y in f(x):
        y.backward(retain_graph=True)
        rows.append(x.grad)
    return torch.stack(rows)


@mistakes.add(ROWS_ACCUMULATED)
def jacobian_by_rows(f, x):
    """`backward` adds each row to what `x.grad` holds already. Set it to None between the
    rows, or use `torch.autograd.grad`.
    """
    x = x.detach().clone().requires_grad_(True)
    rows = []
    for y in f(x):
        y.backward(retain_graph=True)
        rows.append(x.grad.clone())
    return torch.stack(rows)


@mistakes.add(
    "the graph was used up by the first row",
    "troubleshooting/error-messages#a-second-time",
    raises="a second time",
)
def jacobian_by_rows(f, x):
    """A backward pass frees what the graph has saved, so the second row finds nothing
    there. Pass `retain_graph=True` while more rows are to come, or run f again for each.
    """
    x = x.detach().clone().requires_grad_(True)
    y = f(x)
    one_hot = torch.eye(y.numel(), dtype=y.dtype)
    return torch.stack([torch.autograd.grad(y, x, v)[0] for v in one_hot])


@mistakes.add(
    "forward mode was used",
    "theory/backward-propagation#send-vectors-back-each-message-is-v-j",
    sign=lambda trials: (
        agree(trials)
        and any(
            trial.forward_passes and (not trial.reverse_passes)
            for trial in trials
        )
    ),
)
def jacobian_by_rows(f, x):
    """The matrix is right, but you built it from tangents, column by column. In this task
    every row comes from a backward pass.
    """
    return torch.func.jacfwd(f)(x.detach())


@mistakes.add(SINGLE_PRECISION)
def jacobian_by_rows(f, x):
    return solution.jacobian_by_rows(f, x.float()).double()


@mistakes.add(FINITE_DIFFERENCES)
def jacobian_by_rows(f, x):
    x, h = x.detach(), 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    columns = [(f(x + step) - f(x - step)) / (2 * h) for step in steps]
    return torch.stack(columns, dim=1)


@mistakes.add(RESULT_REQUIRES_GRAD)
def jacobian_by_rows(f, x):
    return torch.autograd.functional.jacobian(f, x, create_graph=True)


@mistakes.add(ARGUMENT_CHANGED)
def jacobian_by_rows(f, x):
    x.requires_grad_(True)
    rows = []
    for i in range(f(x).numel()):
        x.grad = None
        f(x)[i].backward()
        rows.append(x.grad)
    return torch.stack(rows)
