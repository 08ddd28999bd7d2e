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
    title="the derivative of the sine",
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
            "`torch.autograd.grad` differentiates a scalar, but `torch.sin(x)` is a whole grid. Can "
            "you make one number out of the grid whose derivative with respect to `x[i]` is the slope "
            "of the sine at `x[i]`, for every i?"
        ),
        (
            "Add the sines up. Each `x[i]` appears in one term of the sum only, so the derivative of "
            "the sum with respect to `x[i]` sees that term and no other."
        ),
        (
            "Work on `x.detach().clone().requires_grad_(True)`, because the caller's x must stay as "
            "it was. Then `torch.autograd.grad(y, x)` returns a tuple with one gradient for each "
            "input: take out the only one."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
