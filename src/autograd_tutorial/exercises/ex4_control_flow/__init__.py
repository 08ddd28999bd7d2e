"""Exercise 4: a function with a loop and a branch, on a vector and on a matrix."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.common import PULLBACK
from autograd_tutorial.exercises.ex4_control_flow.cases import (
    factor_cases,
    gradient_cases,
)
from autograd_tutorial.exercises.ex4_control_flow.mistakes import mistakes
from autograd_tutorial.exercises.ex4_control_flow.solution import (
    factor,
    weighted_gradient,
)

__all__ = ["EXERCISE", "factor", "weighted_gradient"]

EXERCISE = Exercise(
    number=4,
    stem="ex4_control_flow",
    title="give control flow a vector and a matrix",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "k at (0.3, 0.4)": 2048,
                "a.grad at (0.3, 0.4), v = (1, 1)": [2048, 2048],
                "a.grad at (0.3, 0.4), v = (1, 10)": [2048, 20480],
                "k at (-0.3, -0.4)": 204800,
                "k at (0.3, -0.4)": 204800,
            },
            misconceptions=mistakes.of("PREDICTIONS"),
        ),
        Task(
            solution=weighted_gradient,
            cases=gradient_cases,
            misconceptions=mistakes.of("weighted_gradient"),
            ways={
                **PULLBACK,
                "jvp": "A tangent sent forward is right here, since J = kI is its own transpose.",
                "factor": "You found the one k and multiplied v with it: that is what J = kI says.",
                "backward": "`backward` with a `gradient` argument works as well.",
            },
        ),
        Task(
            solution=factor,
            cases=factor_cases,
            misconceptions=mistakes.of("factor"),
            ways={
                "jacrev": "It is right; the whole Jacobian takes n times the work of one backward pass, though, and k stands in its first row.",
                "mean": "Every entry of the gradient of the sum is k, and so is their mean.",
                "backward": "`backward` works as well, from the sum or with a `gradient` argument.",
            },
        ),
    ),
    hints=(
        (
            "Follow one run on paper: doubling multiplies every element by 2, and the branch "
            "multiplies every element by 100. So f(a) = k·a, with one k for all elements. What is "
            "the Jacobian of a ↦ k·a?"
        ),
        (
            "J = kI, so vᵀJ = k·v. Autograd gives vᵀJ without knowing k: pass v as `grad_outputs` "
            "of `torch.autograd.grad`, or as the `gradient` argument of `backward`."
        ),
        (
            "To read k, choose v: with ones every entry of vᵀJ is k, and with a one-hot v exactly one "
            "is. Neither divides by a, so zeros in a do no harm."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
