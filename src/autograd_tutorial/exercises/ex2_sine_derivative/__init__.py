"""Exercise 2: the derivative of the sine, without writing a cosine."""

from autograd_tutorial.checker.exercise import Exercise, Task
from autograd_tutorial.exercises.common import BACKWARD, ELEMENTWISE
from autograd_tutorial.exercises.ex2_sine_derivative.cases import inputs
from autograd_tutorial.exercises.ex2_sine_derivative.mistakes import mistakes
from autograd_tutorial.exercises.ex2_sine_derivative.solution import (
    derivative_of_sine,
)

__all__ = ["EXERCISE", "derivative_of_sine"]

EXERCISE = Exercise(
    number=2,
    stem="ex2_sine_derivative",
    title="differentiate the sine without its formula",
    tasks=(
        Task(
            solution=derivative_of_sine,
            cases=inputs,
            misconceptions=mistakes.of("derivative_of_sine"),
            ways={
                **ELEMENTWISE,
                **BACKWARD,
            },
        ),
    ),
    hints=(
        (
            "`torch.autograd.grad` differentiates a scalar, and `torch.sin(x)` is a whole grid. "
            "Which scalar has the derivative of sin at `x[i]` with respect to `x[i]`, for all i "
            "at once?"
        ),
        (
            "Add the sines up. In the sum, `x[i]` stands in one term only, so the derivative of "
            "the sum with respect to `x[i]` sees that term and no other."
        ),
        (
            "Work on `x.detach().clone().requires_grad_(True)`, so that the caller's x stays as "
            "it was. `torch.autograd.grad(y, x)` returns a tuple with one gradient for each input."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
