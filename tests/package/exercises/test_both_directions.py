"""Every exercise, both ways: the solution passes, and each mistake gets its own name."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest
from learner import defines

from autograd_tutorial import check, exercises
from autograd_tutorial.checker.compare import LIKENESS, mismatch
from autograd_tutorial.checker.exercise import (
    Exercise,
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.judge import judge
from autograd_tutorial.checker.observe import observe
from autograd_tutorial.exercises import EXERCISES, starter

TASKS = [
    pytest.param(exercise, task, id=f"{exercise.name}-{task.name}")
    for exercise in EXERCISES
    for task in exercise.tasks
]
MISTAKES = [
    pytest.param(
        task,
        mistake,
        answer,
        id=f"{exercise.name}-{task.name}-{mistake.name}-{number}",
    )
    for exercise in EXERCISES
    for task in exercise.tasks
    for mistake in task.misconceptions
    for number, answer in enumerate(mistake.answers)
]
EACH = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


def test_numbers() -> None:
    """There are eight, in order, and each has a module, a starter and a test."""
    assert [exercise.number for exercise in EXERCISES] == list(range(1, 9))
    for exercise in EXERCISES:
        assert exercise.stem.startswith(f"{exercise.name}_")
        assert getattr(exercises, exercise.stem).EXERCISE is exercise
        assert starter(exercise).is_file()
        test = Path(__file__).parent / f"test_{exercise.stem}.py"
        assert test.is_file()


@EACH
def test_words(exercise: Exercise) -> None:
    """Every hint says something, and there are four known mistakes or more."""
    assert len(exercise.hints) in {2, 3}
    assert all(hint.strip() for hint in exercise.hints)
    mistakes = [m for task in exercise.tasks for m in task.misconceptions]
    assert len(mistakes) >= 4
    for task in exercise.tasks:
        names = [mistake.name for mistake in task.misconceptions]
        assert len(set(names)) == len(names)
    for mistake in mistakes:
        assert mistake.why.endswith(".")
        assert re.fullmatch(r"[\w/-]+#[\w-]+", mistake.see)


@EACH
def test_solution_passes(exercise: Exercise) -> None:
    """The package's own answers pass, in any order of the functions."""
    answers = [task.solution for task in exercise.tasks]
    report = check(exercise.name, *answers)
    assert report.passed, str(report)
    assert report.misconception is None


@pytest.mark.parametrize(("task", "mistake", "answer"), MISTAKES)
def test_mistake_gets_its_name(
    task: Task | Prediction, mistake: Misconception, answer: object
) -> None:
    """An answer that makes a listed mistake fails under its name and no other's, in every form."""
    if isinstance(answer, Mapping):  # the entries that are wrong
        assert isinstance(task.solution, Mapping)
        assert set(answer) <= set(task.solution)
        answer = {**task.solution, **answer}
    verdict = judge(task, answer, 5)
    assert not verdict.passed
    assert verdict.misconception == mistake.name
    assert verdict.see == mistake.see


@EACH
def test_every_wrong_answer_is_a_mistake(exercise: Exercise) -> None:
    """None is left without its decorator, where the next of the same name would hide it."""
    module = import_module(f"{exercises.__name__}.{exercise.stem}.mistakes")
    tree = ast.parse(inspect.getsource(module))
    written = Counter(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    )
    for task in exercise.tasks:
        if isinstance(task, Task):
            known = [a for m in task.misconceptions for a in m.answers]
            assert written[task.name] == len(known)


@pytest.mark.parametrize(("exercise", "task"), TASKS)
def test_mistakes_differ(exercise: Exercise, task: Task | Prediction) -> None:
    """No two of the mistakes that show in the results give the same results."""
    answers = [m.example for m in task.misconceptions if m.sign is None]
    answers.append(task.solution)
    results = [
        answer if isinstance(task, Prediction) else _behaviour(task, answer)
        for answer in answers
    ]
    rtol = task.rtol if isinstance(task, Prediction) else LIKENESS
    for i, first in enumerate(results):
        for second in results[i + 1 :]:
            assert mismatch(first, second, rtol), (exercise.name, task.name)


def _behaviour(task: Task, answer: object) -> list[object]:
    assert callable(answer)
    return [
        (trial.error, trial.results)
        for trial in observe(answer, task.inputs, 5)
    ]


@pytest.mark.parametrize(("task", "mistake", "answer"), MISTAKES)
def test_example_raises_what_it_means_to(
    task: Task | Prediction, mistake: Misconception, answer: object
) -> None:
    """An example that raises says so, with words of the message; the others do not raise."""
    if isinstance(task, Task) and mistake.sign is None:
        assert callable(answer)
        error = observe(answer, task.inputs, None)[-1].error
        assert bool(error) == bool(mistake.raises)
        assert mistake.raises in error


@pytest.mark.parametrize(("exercise", "task"), TASKS)
def test_starter_asks_for_what_the_solution_has(
    exercise: Exercise, task: Task | Prediction
) -> None:
    """The functions of a starter have the names and parameters of the solutions."""
    tree = ast.parse(starter(exercise).read_text("utf-8"))
    (node,) = (n for n in tree.body if defines(n, task.name))
    if isinstance(node, ast.FunctionDef):
        assert isinstance(task, Task)
        wanted = list(inspect.signature(task.solution).parameters)
        assert [argument.arg for argument in node.args.args] == wanted
        assert ast.get_docstring(node)
