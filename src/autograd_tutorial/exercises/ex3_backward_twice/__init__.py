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
    title="two backward passes",
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
                "retain_graph": "You kept the graph for the second pass. That is right, and the saved tensors stay in memory until then.",
                "backward": "`backward` works as well, as long as the second pass finds `.grad` cleared and the first result is kept apart.",
                "func": "A transform such as `torch.func.grad` leaves no graph to use up and no `.grad` to clear: another good way.",
            },
        ),
        Task(
            solution=gradients_of_both,
            cases=both_cases,
            misconceptions=mistakes.of("gradients_of_both"),
            ways={
                "jacrev": "You made the two losses the two outputs of one function, whose Jacobian holds both gradients: another good way.",
                "is_grads_batched": "You sent both one-hot vectors back in one batch: another good way.",
                "backward": "`backward` works as well, as long as `.grad` is cleared between the two losses.",
            },
        ),
    ),
    hints=(
        (
            "Two things decide what a second backward pass does: the graph, whose saved tensors the "
            "first pass has freed, and `x.grad`, to which it adds. For each line, ask in what state "
            "the second pass finds them."
        ),
        (
            "To keep two gradients apart, give each pass a fresh leaf, or use `torch.autograd.grad`, "
            "which touches no `.grad`. And the second pass needs a graph that is still whole: compute "
            "f again, or retain the graph in the first pass."
        ),
        (
            "For the two losses you compute h = shared(x) once, so its graph has to serve two passes. "
            "Ask for `torch.autograd.grad(first(h), x, retain_graph=True)` first, and then for the "
            "second gradient without retaining anything."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
