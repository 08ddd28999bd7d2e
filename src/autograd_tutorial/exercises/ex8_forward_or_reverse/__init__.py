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
    title="choose forward or reverse",
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
                "jacfwd": "`torch.func.jacfwd` sends all one-hot tangents in one batch.",
                "vmap": "`vmap` sends all one-hot tangents in one batch: that is what `torch.func.jacfwd` does.",
                "make_dual": "Dual numbers by hand, from `torch.autograd.forward_ad`: what `torch.func.jvp` is made of.",
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
            "A JVP sends one tangent from the inputs forward and gives J times it; a one-hot tangent "
            "gives a column. A VJP sends one cotangent from the outputs back; a one-hot cotangent "
            "gives a row. How many columns are there, and how many rows?"
        ),
        (
            "`torch.func.jvp(f, (x,), (e,))` returns the value and the tangent. Take e from the rows "
            "of `torch.eye(n)`, in the dtype of x, for n inputs; the results are columns, so stack "
            "them along dim=1."
        ),
        (
            "For the choice you need two sizes only: `x.numel()` and `f(x).numel()`. Whichever is "
            "smaller is the number of passes. Begin with `x = x.detach()`, so that the result is not "
            "tied to a graph of the caller's."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
