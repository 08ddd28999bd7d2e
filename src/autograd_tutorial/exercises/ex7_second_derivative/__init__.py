"""Exercise 7: what the second derivative costs."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.ex7_second_derivative.cases import (
    hessian_cases,
    product_cases,
)
from autograd_tutorial.exercises.ex7_second_derivative.mistakes import mistakes
from autograd_tutorial.exercises.ex7_second_derivative.solution import (
    hessian_by_rows,
    hessian_vector_product,
)

__all__ = ["EXERCISE", "hessian_by_rows", "hessian_vector_product"]

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
            misconceptions=mistakes.of("PASSES"),
        ),
        Task(
            solution=hessian_by_rows,
            cases=hessian_cases,
            misconceptions=mistakes.of("hessian_by_rows"),
            ways={
                "hessian": "`hessian` from torch itself: in `torch.func` it is forward over reverse, and all columns go in one batch.",
                "jacfwd": "The Jacobian of the gradient by forward mode: that is how `torch.func.hessian` does it.",
                "jacrev": "The Jacobian of the gradient by reverse mode, all rows in one batch.",
                "backward": "`backward` works as well, if `.grad` is cleared between the rows.",
            },
        ),
        Task(
            solution=hessian_vector_product,
            cases=product_cases,
            misconceptions=mistakes.of("hessian_vector_product"),
            ways={
                "jvp": "A tangent and a gradient, one inside the other: another good way.",
                "hvp": "`hvp` from torch itself; it takes three backward passes where two are enough.",
                "vhp": "`vhp` from torch itself, two backward passes; since H is symmetric, vᵀH is Hv.",
                "vjp": "The pullback of the gradient, called with v: another good way.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the passes.",
            },
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
