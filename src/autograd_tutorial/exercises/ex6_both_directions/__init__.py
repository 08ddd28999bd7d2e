"""Exercise 6: every term on the graph, forward and backward."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.ex6_both_directions.cases import (
    forward_graphs,
    graphs,
    points,
)
from autograd_tutorial.exercises.ex6_both_directions.mistakes import mistakes
from autograd_tutorial.exercises.ex6_both_directions.solution import (
    adjoints,
    partials,
    tangents,
)

__all__ = ["EXERCISE", "adjoints", "partials", "tangents"]

EXERCISE = Exercise(
    number=6,
    stem="ex6_both_directions",
    title="go both ways along the graph",
    tasks=(
        Prediction(
            name="PREDICTIONS",
            solution={
                "tangent of log x²": 1.0,
                "tangent of log x² · sin x": 0.332395,
                "adjoint of sin x": 1.386294,
                "adjoint of x²": 0.227324,
                "F′(2)": 0.082395,
            },
            misconceptions=mistakes.of("PREDICTIONS"),
        ),
        Task(
            solution=partials,
            cases=points,
            misconceptions=mistakes.of("partials"),
            ways={
                "grad": "Autograd found the local derivatives, one edge at a time: right, and the formulas are worth knowing.",
            },
        ),
        Task(
            solution=tangents,
            cases=forward_graphs,
            misconceptions=mistakes.of("tangents"),
        ),
        Task(
            solution=adjoints,
            cases=graphs,
            misconceptions=mistakes.of("adjoints"),
        ),
    ),
    hints=(
        (
            "The edges: F = product + 1/x passes on 1 to both sides; the product passes to each "
            "factor the other factor; then come log, sin, the square and 1/x, each with its "
            "derivative at its own argument. The argument of log is x²."
        ),
        (
            "Forward: give the input the tangent 1, then take the edges in their order. Each one adds "
            "its local derivative times the tangent of its source to the tangent of its result. So "
            "every value must start at 0."
        ),
        (
            "Backward: give the output the adjoint 1, then take the edges from the last to the first, "
            "`reversed(list(partials))`. Each one adds the adjoint of its result times its local "
            "derivative to the adjoint of its source."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
