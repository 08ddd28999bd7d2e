"""The starters, as they are and solved: what the command line makes of them is what they do.

All files are run once each way, by the command `check`, as a learner runs them.
"""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from learner import solved

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.command_line import main, script
from autograd_tutorial.exercises import EXERCISES, starter

EACH = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


class Checked(NamedTuple):
    """What a command made of a folder, and the runs behind it."""

    status: int
    """The exit status of the command."""

    said: str
    """What it printed."""

    runs: dict[str, script.Script]
    """The run of each file, by its name."""


def check(folder: Path, text: Callable[[Exercise], str]) -> Checked:
    """Write a file for each exercise, and check the folder."""
    for exercise in EXERCISES:
        file = folder / f"{exercise.stem}.py"
        file.write_text(text(exercise), encoding="utf-8")
    runs: dict[str, script.Script] = {}

    class Noted(script.Script):
        """A script that is noted when it has ended."""

        def __exit__(self, *error: object) -> None:
            super().__exit__(*error)
            runs[self.file.name] = self

    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(io.StringIO()) as said,
    ):
        patch.setattr(script, "Script", Noted)
        status = main(["check", str(folder)])
    return Checked(status, said.getvalue(), runs)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Return what comes of the starters as they are."""
    return check(
        tmp_path_factory.mktemp("untouched"),
        lambda exercise: starter(exercise).read_text("utf-8"),
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Return what comes of the starters with the solutions filled in."""
    return check(tmp_path_factory.mktemp("done"), solved)


@EACH
def test_starter_is_not_passed(exercise: Exercise, untouched: Checked) -> None:
    """A starter runs as it is, ends with the report, and with exit status 1."""
    run = untouched.runs[f"{exercise.stem}.py"]
    assert run.status == 1
    assert not run.stderr
    assert exercise.title in run.stdout
    for task in exercise.tasks:
        assert f"Not yet: {task.call}" in run.stdout
    assert run.stdout.count("still to do") >= len(exercise.tasks)


@EACH
def test_solved_starter_passes(exercise: Exercise, done: Checked) -> None:
    """With the solutions filled in, the same file ends with exit status 0."""
    run = done.runs[f"{exercise.stem}.py"]
    assert run.status == 0, run.stdout + run.stderr
    assert not run.stderr
    for task in exercise.tasks:
        assert f"Passed: {task.call}" in run.stdout


def test_nothing_begun(untouched: Checked) -> None:
    """The command shows a line for each, the report of the first, and the count."""
    assert untouched.status == 1
    for exercise in EXERCISES:
        assert f"· {exercise.name}  not begun" in untouched.said
    assert untouched.said.count("Not yet: ") == len(EXERCISES[0].tasks)
    assert untouched.said.endswith("0 of 8 passed.\n")


def test_all_solved(done: Checked) -> None:
    """Nothing but check marks, and exit status 0."""
    assert done.status == 0
    assert done.said.count("✓") == 8
    assert done.said.endswith("8 of 8 passed.\n")
