"""Exercise 1: what the `gradient` argument of `backward` does."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.common import PULLBACK
from autograd_tutorial.exercises.ex1_gradient_argument.cases import (
    jacobian_cases,
    product_cases,
)
from autograd_tutorial.exercises.ex1_gradient_argument.mistakes import mistakes
from autograd_tutorial.exercises.ex1_gradient_argument.solution import (
    jacobian_by_rows,
    vector_jacobian_product,
)

__all__ = ["EXERCISE", "jacobian_by_rows", "vector_jacobian_product"]

EXERCISE = Exercise(
    number=1,
    stem="ex1_gradient_argument",
    title="choose the gradient argument",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution=[[1, 4, 4], [1, 13, 40], [2, 5, -4]],
            misconceptions=mistakes.of("PREDICTIONS"),
        ),
        Task(
            solution=vector_jacobian_product,
            cases=product_cases,
            misconceptions=mistakes.of("vector_jacobian_product"),
            ways={
                **PULLBACK,
                "jacrev": "It is right; the whole Jacobian takes a pass for each row, though, where one pass with v is enough.",
                "jacfwd": "It is right; the whole Jacobian takes a tangent for each column, though, where one pass with v is enough.",
                "sum": "The gradient of the sum of v·y: that is what `gradient=v` means.",
                "backward": "`backward` with a `gradient` argument works as well; `torch.autograd.grad` of the solution leaves every `.grad` alone.",
            },
        ),
        Task(
            solution=jacobian_by_rows,
            cases=jacobian_cases,
            misconceptions=mistakes.of("jacobian_by_rows"),
            ways={
                "jacrev": "`torch.func.jacrev` does the same, and sends all one-hot vectors back in one batch.",
                "vmap": "`vmap` sends all one-hot vectors back in one batch: another good way.",
                "jacobian": "`torch.autograd.functional.jacobian` goes by rows as well.",
                "backward": "`backward` works as well, if `.grad` is cleared between the rows.",
            },
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
