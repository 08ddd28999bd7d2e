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
    title="the gradient argument",
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
                "jacrev": "It is right, but the whole Jacobian takes a pass for each row, and one pass with v is enough.",
                "jacfwd": "It is right, but the whole Jacobian takes a tangent for each column, and one pass with v is enough.",
                "sum": "You took the gradient of the sum of v·y, and that is exactly what `gradient=v` means.",
                "backward": "`backward` with a `gradient` argument works as well. Our solution uses `torch.autograd.grad`, because it leaves every `.grad` alone.",
            },
        ),
        Task(
            solution=jacobian_by_rows,
            cases=jacobian_cases,
            misconceptions=mistakes.of("jacobian_by_rows"),
            ways={
                "jacrev": "`torch.func.jacrev` does the same, and sends all one-hot vectors back in one batch.",
                "vmap": "`vmap` sends all one-hot vectors back in one batch: another good way.",
                "jacobian": "`torch.autograd.functional.jacobian` builds the matrix from its rows, as our solution does.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the rows.",
            },
        ),
    ),
    hints=(
        (
            "vᵀJ is the sum of the rows of J, after the first was multiplied by v₁ and the second by "
            "v₂. So write J down first: it has one row for each output and one column for each input."
        ),
        (
            "`y.backward(v)` leaves vᵀJ in `x.grad`, and `torch.autograd.grad(y, x, grad_outputs=v)` "
            "returns the same without touching any `.grad`. Work on "
            "`x.detach().clone().requires_grad_(True)`, because the caller's x must stay as it was."
        ),
        (
            "Which v keeps the first row as it is and makes all others vanish? You find such a vector "
            "for each of the m rows in the rows of `torch.eye(m)`. Then put the results together with "
            "`torch.stack`."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
