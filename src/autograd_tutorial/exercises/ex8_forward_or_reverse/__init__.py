"""Exercise 8: which of the two modes is cheaper."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.ex8_forward_or_reverse.cases import inputs
from autograd_tutorial.exercises.ex8_forward_or_reverse.mistakes import mistakes
from autograd_tutorial.exercises.ex8_forward_or_reverse.solution import (
    cheaper_mode,
    jacobian,
    jacobian_by_columns,
)

__all__ = ["EXERCISE", "cheaper_mode", "jacobian", "jacobian_by_columns"]

EXERCISE = Exercise(
    number=8,
    stem="ex8_forward_or_reverse",
    title="forward or reverse mode",
    tasks=(
        Prediction(
            name="PASSES",
            solution={
                "1000 inputs, 1 output": [1000, 1],
                "1 input, 1000 outputs": [1, 1000],
                "2 inputs, 3 outputs": [2, 3],
            },
            misconceptions=mistakes.of("PASSES"),
        ),
        Task(
            solution=jacobian_by_columns,
            cases=inputs,
            misconceptions=mistakes.of("jacobian_by_columns"),
            ways={
                "jacfwd": "`torch.func.jacfwd` sends all one-hot tangents forward in one batch: another good way.",
                "vmap": "`vmap` sends all one-hot tangents forward in one batch, and that is what `torch.func.jacfwd` does.",
                "make_dual": "You made the dual numbers yourself, with `torch.autograd.forward_ad`: `torch.func.jvp` is made of them.",
            },
        ),
        Task(
            solution=cheaper_mode,
            cases=inputs,
            misconceptions=mistakes.of("cheaper_mode"),
        ),
        Task(
            solution=jacobian,
            cases=inputs,
            misconceptions=mistakes.of("jacobian"),
        ),
    ),
    hints=(
        (
            "A JVP sends one tangent forward from the inputs and gives J times that tangent. If it is "
            "one-hot, you get a column. A VJP sends one cotangent back from the outputs, and if that "
            "is one-hot, you get a row. How many columns are there, and how many rows?"
        ),
        (
            "`torch.func.jvp(f, (x,), (e,))` returns the value and the tangent. For n inputs, take e "
            "from the rows of `torch.eye(n)`, in the dtype of x. Each tangent that you get is a "
            "column, so stack them along dim=1."
        ),
        (
            "To choose, you need only two sizes, `x.numel()` and `f(x).numel()`, because one is the "
            "number of forward passes and the other of reverse passes. Begin with `x = x.detach()`, "
            "so that your result does not belong to a graph of the caller."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
