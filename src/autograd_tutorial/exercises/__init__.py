"""Eight exercises, each with a starter, hints, a solution and the mistakes that people make.

- `ex1_gradient_argument`: what the `gradient` argument of `backward` does.
- `ex2_sine_derivative`: the derivative of the sine without writing a cosine.
- `ex3_backward_twice`: what a second backward pass meets, and what it adds.
- `ex4_control_flow`: a function with a loop and a branch, on a vector and a matrix.
- `ex5_log_sine_reciprocal`: the dependency graph of F and the chain rule on it.
- `ex6_both_directions`: every term on the graph, forward and backward.
- `ex7_second_derivative`: what the second derivative costs.
- `ex8_forward_or_reverse`: which of the two modes is cheaper.

`check` tries an answer and says what is wrong with it.
"""

import difflib
from importlib import resources
from importlib.resources.abc import Traversable

import torch

from autograd_tutorial.checker.exercise import Exercise, Prediction
from autograd_tutorial.checker.judge import judge, misfit
from autograd_tutorial.checker.report import Report, Verdict
from autograd_tutorial.exercises import (
    ex1_gradient_argument,
    ex2_sine_derivative,
    ex3_backward_twice,
    ex4_control_flow,
    ex5_log_sine_reciprocal,
    ex6_both_directions,
    ex7_second_derivative,
    ex8_forward_or_reverse,
)

__all__ = ["EXERCISES", "check", "find", "starter"]

EXERCISES: tuple[Exercise, ...] = (
    ex1_gradient_argument.EXERCISE,
    ex2_sine_derivative.EXERCISE,
    ex3_backward_twice.EXERCISE,
    ex4_control_flow.EXERCISE,
    ex5_log_sine_reciprocal.EXERCISE,
    ex6_both_directions.EXERCISE,
    ex7_second_derivative.EXERCISE,
    ex8_forward_or_reverse.EXERCISE,
)
"""The exercises, in the order of their numbers."""


def check(
    exercise: str | int, *answers: object, seconds: float = 5.0
) -> Report:
    """Try the answers to an exercise, and say what is right and what is wrong with them.

    Each answer is called on random inputs, the same ones each time, and on
    edge cases, in float64 and once in float32. A wrong one that behaves like a
    known mistake gets the mistake's name. Whatever an answer does, the check
    comes back: an exception is reported with its line, an endless loop is
    stopped. Code that cannot be stopped (it catches every exception, or waits
    inside one call of C code) is left running in a thread of its own, and the
    report says so. Only a call of C code that keeps the interpreter to itself,
    such as a search with a regular expression, holds up the check until it ends.

    While an answer runs, what the whole process prints is taken for its own,
    and checks that are begun in other threads wait for their turn.

    Parameters
    ----------
    exercise
        The name of the exercise, "ex1" to "ex8", or its number.
    answers
        The functions that you wrote and the values that you predicted, in the
        order of the statement. A function whose name is that of the statement
        may stand anywhere, and those that you have not written may be left out.
    seconds
        How long each function may take, over all inputs together, in time of
        the processor, so that a busy machine takes nothing from it; and how
        long it may wait at a stretch. Imports are not counted.

    Returns
    -------
    Report
        It shows itself as a card in a notebook and as text where it is printed.
        `passed`, `diagnosis` and `misconception` are there for scripts.

    Raises
    ------
    ValueError
        If there is no such exercise, or `seconds` is not positive.

    Examples
    --------
    >>> import torch
    >>> def derivative_of_sine(x):
    ...     return torch.cos(x)
    >>> check("ex2", derivative_of_sine).misconception
    'the cosine was called'
    """
    chosen = find(exercise)
    if not seconds > 0:
        raise ValueError(
            f"seconds must be positive, but it is {seconds}. Pass a number such as 5."
        )
    title = f"Exercise {chosen.number}: {chosen.title}"
    placed, left = _placed(chosen, answers)
    # The caller's modes are not the answer's.
    with torch.device("cpu"), torch.inference_mode(False), torch.enable_grad():
        verdicts = [
            judge(task, placed.get(i, ...), seconds)
            for i, task in enumerate(chosen.tasks)
        ]
    if left:
        verdicts.append(
            Verdict(
                "one answer too many",
                False,
                (
                    f"You gave check {len(answers)} answers, but the exercise asks for "
                    f"{len(chosen.tasks)}: "
                    + ", ".join(f"`{task.name}`" for task in chosen.tasks)
                    + ". Leave out the others.",
                ),
            )
        )
    return Report(title, tuple(verdicts))


def find(exercise: str | int) -> Exercise:
    """Return the exercise of this name: "ex2", its number, or the stem of its page.

    A ValueError names the exercises that there are.
    """
    names = {
        name: e for e in EXERCISES for name in (str(e.number), e.name, e.stem)
    }
    asked = str(exercise).strip().lower()
    if asked in names:
        return names[asked]
    near = difflib.get_close_matches(asked, [e.name for e in EXERCISES], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"There is no exercise {exercise!r}.{hint} "
        f"There are {', '.join(e.name for e in EXERCISES)}."
    )


def starter(exercise: Exercise) -> Traversable:
    """Return the file that a learner begins with."""
    return resources.files(f"{__name__}.{exercise.stem}") / "starter.py"


def _placed(
    exercise: Exercise, answers: tuple[object, ...]
) -> tuple[dict[int, object], list[object]]:
    """Give each answer to a task: by its name, else in order; return what is left over."""
    tasks = exercise.tasks
    numbers = {task.name: i for i, task in enumerate(tasks)}
    placed: dict[int, object] = {}
    left = []
    for answer in answers:
        name = getattr(answer, "__name__", None)
        if name in numbers and numbers[name] not in placed:
            placed[numbers[name]] = answer
        else:
            left.append(answer)
    for answer in list(left):
        free = [i for i in range(len(tasks)) if i not in placed]
        fitting = [
            i
            for i in free
            if isinstance(tasks[i], Prediction) != callable(answer)
        ]
        called = [i for i in fitting if not misfit(tasks[i], answer)]
        for i in (called or fitting or free)[:1]:
            placed[i] = answer
            left.remove(answer)
    return placed, left
