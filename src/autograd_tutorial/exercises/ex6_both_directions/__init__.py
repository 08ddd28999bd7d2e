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
    title="both directions on a graph",
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
                "grad": "You let autograd find the local derivatives, one edge at a time. That is right, and the formulas are worth knowing too.",
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
            "Write one local derivative on each edge. A sum has 1 on both of its edges, and a product "
            "has the *other* factor on the edge to each factor. The logarithm, the sine, the square "
            "and 1/x have their derivatives, each at its own argument: that of the logarithm is x²."
        ),
        (
            "Going forward, give the input the tangent 1 and every other value 0. Then take the edges "
            "in their order: each adds its local derivative times the tangent of its source to the "
            "tangent of its result."
        ),
        (
            "Going back, give the output the adjoint 1 and every other value 0. Then take the edges "
            "from the last to the first, with `reversed(list(partials))`: each adds its local "
            "derivative times the adjoint of its result to the adjoint of its source."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
