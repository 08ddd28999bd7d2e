"""Exercise 3: what a second backward pass meets, and what it adds."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.ex3_backward_twice.cases import (
    both_cases,
    gradient_cases,
)
from autograd_tutorial.exercises.ex3_backward_twice.mistakes import mistakes
from autograd_tutorial.exercises.ex3_backward_twice.solution import (
    gradient_twice,
    gradients_of_both,
)

__all__ = ["EXERCISE", "gradient_twice", "gradients_of_both"]

EXERCISE = Exercise(
    number=3,
    stem="ex3_backward_twice",
    title="go backward twice",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "y.backward() two times": "error",
                "y.backward(retain_graph=True), then y.backward()": [
                    0,
                    8,
                    16,
                    24,
                ],
                "y computed anew before the second": [0, 8, 16, 24],
                "y computed anew and x.grad = None before the second": [
                    0,
                    4,
                    8,
                    12,
                ],
                "z.backward() two times, with z = (x + 1).sum()": [2, 2, 2, 2],
            },
            misconceptions=mistakes.of("PREDICTIONS"),
        ),
        Task(
            solution=gradient_twice,
            cases=gradient_cases,
            misconceptions=mistakes.of("gradient_twice"),
            ways={
                "retain_graph": "You kept the graph for the second pass: right, and the saved tensors stay in memory until then.",
                "backward": "`backward` works as well, as long as the second pass finds `.grad` cleared and the first result is kept apart.",
                "func": "A transform such as `torch.func.grad` leaves no graph to use up and no `.grad` to clear: another good way.",
            },
        ),
        Task(
            solution=gradients_of_both,
            cases=both_cases,
            misconceptions=mistakes.of("gradients_of_both"),
            ways={
                "jacrev": "You took the two losses as the two outputs of one function: its Jacobian holds both gradients.",
                "is_grads_batched": "You sent both one-hot vectors back in one batch: another good way.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the two losses.",
            },
        ),
    ),
    hints=(
        (
            "A backward pass meets two things that an earlier one has left: the graph, whose saved "
            "tensors are gone, and `x.grad`, which it adds to. Ask of each line: what does it find "
            "of the two?"
        ),
        (
            "For two independent gradients, let each pass have its own: a fresh leaf, or no `.grad` "
            "at all, as with `torch.autograd.grad`; and f computed anew, or a graph that was retained."
        ),
        (
            "For the two losses, h = shared(x) is computed once, so its graph must serve two passes: "
            "`torch.autograd.grad(first(h), x, retain_graph=True)`, and then the second without it."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
