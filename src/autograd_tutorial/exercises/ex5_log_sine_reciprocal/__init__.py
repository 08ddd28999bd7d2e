"""Exercise 5: the dependency graph of F(x) = log(x²) · sin x + 1/x, and the chain rule on it."""

from autograd_tutorial.checker.exercise import Exercise, Prediction, Task
from autograd_tutorial.exercises.common import BACKWARD, ELEMENTWISE
from autograd_tutorial.exercises.ex5_log_sine_reciprocal.cases import inputs
from autograd_tutorial.exercises.ex5_log_sine_reciprocal.mistakes import (
    mistakes,
)
from autograd_tutorial.exercises.ex5_log_sine_reciprocal.solution import (
    DEPENDENCIES,
    Comparison,
    chain_rule,
    compare,
    derivative_by_autograd,
    derivative_by_hand,
    evaluation_trace,
)

__all__ = [
    "DEPENDENCIES",
    "EXERCISE",
    "Comparison",
    "chain_rule",
    "compare",
    "derivative_by_autograd",
    "derivative_by_hand",
    "evaluation_trace",
]

EXERCISE = Exercise(
    number=5,
    stem="ex5_log_sine_reciprocal",
    title="the chain rule on a graph",
    tasks=(
        Prediction(
            name="GRAPH",
            solution={
                value: set(sources) for value, sources in DEPENDENCIES.items()
            },
            misconceptions=mistakes.of("GRAPH"),
        ),
        Task(
            solution=derivative_by_hand,
            cases=inputs,
            misconceptions=mistakes.of("derivative_by_hand"),
            ways={
                "chain_rule": "You took the adjoint of x from the walk along the graph, and that is F′(x).",
                "cos": "Written in one line, F′ is 2 sin x / x + log x² · cos x − 1/x².",
            },
        ),
        Task(
            solution=derivative_by_autograd,
            cases=inputs,
            misconceptions=mistakes.of("derivative_by_autograd"),
            ways={
                **ELEMENTWISE,
                "derivative": "The package's `derivative` does just that, and it checks that f works element by element.",
                **BACKWARD,
            },
        ),
    ),
    hints=(
        (
            "For the graph, give each operation its own line: first a square, then a logarithm, and "
            "so on. A value that is used twice is still one value. How often is x used?"
        ),
        (
            "For the chain rule, start at F with the number 1 and walk back. Each value multiplies "
            "what it has collected by the local derivative, and sends the product on as a message, "
            "to each value that it was computed from. Where several messages arrive, add them."
        ),
        (
            "For all elements at once by autograd, differentiate the sum, as in exercise 2. In the "
            "plot, 1/x grows without bound at 0, so draw two branches and leave out what lies too "
            "close to 0."
        ),
    ),
)
"""The exercise, for `autograd_tutorial.check`."""
