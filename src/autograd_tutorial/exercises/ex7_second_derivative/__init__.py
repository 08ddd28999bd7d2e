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
    title="the cost of a second derivative",
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
                "hessian": "You used torch's `hessian`. The one in `torch.func` is forward over reverse, and takes all columns in one batch.",
                "jacfwd": "You took the Jacobian of the gradient by forward mode, and that is how `torch.func.hessian` does it.",
                "jacrev": "You took the Jacobian of the gradient by reverse mode, with all rows in one batch: another good way.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the rows.",
            },
        ),
        Task(
            solution=hessian_vector_product,
            cases=product_cases,
            misconceptions=mistakes.of("hessian_vector_product"),
            ways={
                "jvp": "You put a tangent and a gradient one inside the other: another good way.",
                "hvp": "You used torch's `hvp`. It takes three backward passes, where two are enough.",
                "vhp": "You used torch's `vhp`, which takes two backward passes. Because H is symmetric, vᵀH is Hv.",
                "vjp": "You called the pullback of the gradient with v: another good way.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the passes.",
            },
        ),
    ),
    hints=(
        (
            "A gradient is a vector that depends on x, and the Hessian is its Jacobian. So you can do "
            "what you did in exercise 1, if the gradient comes with a graph: ask for it with "
            "`torch.autograd.grad(..., create_graph=True)`."
        ),
        (
            "For the rows, differentiate one element of the gradient after the other. They all go "
            "back through the same graph, so retain it for the next: "
            "`torch.autograd.grad(element, x, retain_graph=True)`."
        ),
        (
            "For Hv you do not need the rows at all. vᵀ∇f(x) is one number: what is its gradient? "
            "You get the same if you pass v as `grad_outputs` to the second pass."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
