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
    title="control flow",
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
                "jvp": "You sent v forward as a tangent. That is right here, because J = kI is its own transpose.",
                "factor": "You found the one k and multiplied v by it, and that is what J = kI says.",
                "backward": "`backward` with a `gradient` argument works as well.",
            },
        ),
        Task(
            solution=factor,
            cases=factor_cases,
            misconceptions=mistakes.of("factor"),
            ways={
                "jacrev": "It is right, but the whole Jacobian takes n times the work of one backward pass, and its first row alone shows k.",
                "mean": "Every entry of the gradient of the sum is k, so their mean is k as well.",
                "backward": "`backward` works as well, from the sum or with a `gradient` argument.",
            },
        ),
    ),
    hints=(
        (
            "Follow one run on paper. A doubling multiplies every element by 2, and the branch, if it "
            "is taken, multiplies every element by 100. So f(a) = k·a, with one k for all elements. "
            "What is the Jacobian of a function that multiplies by k?"
        ),
        (
            "J = kI, so vᵀJ = k·v. You do not need to know k, because autograd gives you vᵀJ if you "
            "hand it v: as `grad_outputs` to `torch.autograd.grad`, or as `gradient` to `backward`."
        ),
        (
            "To read k, choose a v. With ones, every entry of vᵀJ is k. With a single 1 among zeros, "
            "exactly one entry is. Neither way divides by a, so zeros in a do no harm."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
