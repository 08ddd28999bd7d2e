"""The command line: write the starters to a folder, check a folder, show a hint.

Each file is run as the learner would run it, in a process of its own, so
that none can disturb another.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import watchfiles
from rich.console import Console
from rich.text import Text

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.exercises import EXERCISES, find, starter

__all__ = ["Outcome", "main", "run", "write"]

SECONDS = 120.0
"""How long a file may take, with all that it does besides the check."""

STYLES = {"✓": "green", "✗": "yellow", "·": "dim"}


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    exercise: Exercise
    """The exercise that the file belongs to."""

    mark: str
    """A check mark if all its tasks have passed, a dot if none is begun, else a cross."""

    summary: str
    """The state in a few words."""

    text: str = ""
    """The report, or what went wrong with the file."""

    @property
    def passed(self) -> bool:
        """Whether all tasks have passed."""
        return self.mark == "✓"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process, and return the exit status.

    The status is 0 if all is well, 1 if an exercise has not passed, and 2 if
    the command could not be carried out.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every one has ✓
    console = Console(highlight=False, soft_wrap=True)
    try:
        if options.command == "exercises":
            return _exercises(options.folder, options.overwrite, console)
        if options.command == "hint":
            return _hint(options.exercise, options.number, console)
        once: list[object] = [None]
        rounds = _saves(options.folder, console) if options.watch else once
        return _check(options.folder, rounds, console)
    except (OSError, ValueError) as error:
        _say(
            f"autograd_tutorial: {error}", Console(stderr=True, soft_wrap=True)
        )
        return 2
    except KeyboardInterrupt:
        _say("Stopped.", console)
        return 1


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the three commands."""
    parser = argparse.ArgumentParser(
        prog="python -m autograd_tutorial",
        description="Eight exercises on torch.autograd that answer back.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    exercises = commands.add_parser(
        "exercises", help="write all starters to a folder"
    )
    exercises.add_argument("folder", type=Path, metavar="DIR")
    exercises.add_argument(
        "--overwrite",
        action="store_true",
        help="begin anew; files that you have changed are kept under another name",
    )
    check = commands.add_parser("check", help="check the files of a folder")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.add_argument(
        "--watch",
        action="store_true",
        help="check a file again whenever it is saved, until all have passed",
    )
    hint = commands.add_parser("hint", help="show a hint")
    hint.add_argument("exercise", metavar="EXERCISE", help='such as "ex2"')
    hint.add_argument(
        "number", type=int, nargs="?", default=1, metavar="NUMBER"
    )
    return parser


def _exercises(folder: Path, overwrite: bool, console: Console) -> int:
    """Write all starters, and say what became of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for exercise in EXERCISES:
        _say(
            f"{exercise.stem}.py  {write(exercise, folder, overwrite)}", console
        )
    _say(
        f"Fill in the dots, then run: python -m autograd_tutorial check {folder}",
        console,
    )
    return 0


def write(exercise: Exercise, folder: Path, overwrite: bool = False) -> str:
    """Write a starter to a folder, and return in words what was done.

    A file that differs from the starter is left as it is; with `overwrite` it
    is kept under a new name that ends in ".bak".
    """
    file = folder / f"{exercise.stem}.py"
    text = starter(exercise).read_text("utf-8")
    if not file.exists():
        done = "written"
    elif file.read_bytes() == text.encode():
        return "is there already, unchanged"
    elif not overwrite:
        return "left as it is: you have changed it (--overwrite begins anew)"
    else:
        number, kept = 1, file.with_suffix(".py.bak")
        while kept.exists():
            number += 1
            kept = file.with_suffix(f".py.bak{number}")
        file.rename(kept)
        done = f"written anew; yours is kept as {kept.name}"
    file.write_bytes(text.encode())
    return done


def _hint(name: str, number: int, console: Console) -> int:
    """Show one hint."""
    exercise = find(name)
    hints = exercise.hints
    if not 1 <= number <= len(hints):
        raise ValueError(
            f"There is no hint {number}: {exercise.name} has {len(hints)} hints."
        )
    _say(f"Hint {number} of {len(hints)}: {hints[number - 1]}", console)
    return 0


def _check(folder: Path, rounds: Iterable[object], console: Console) -> int:
    """In each round run the files that are new or have changed, until all have passed."""
    if not folder.is_dir():
        raise NotADirectoryError(
            f"There is no folder {folder}. To write the starters there: "
            f"python -m autograd_tutorial exercises {folder}"
        )
    seen: dict[str, bytes | None] = {}
    outcomes: dict[str, Outcome] = {}
    for _ in rounds:
        now = {
            exercise.name: _content(exercise, folder) for exercise in EXERCISES
        }
        new = [e for e in EXERCISES if seen.get(e.name, b"") != now[e.name]]
        seen = now
        if not new:
            continue
        for outcome in _run_all(new, folder, console):
            outcomes[outcome.exercise.name] = outcome
        _show(
            [outcomes[exercise.name] for exercise in new],
            console,
        )
        passed = sum(outcome.passed for outcome in outcomes.values())
        _say(f"{passed} of {len(outcomes)} passed.", console)
        if passed == len(outcomes):
            return 0
    return 1


def _content(exercise: Exercise, folder: Path) -> bytes | None:
    """Return what is in a learner's file, if there is one."""
    file = folder / f"{exercise.stem}.py"
    return file.read_bytes() if file.is_file() else None


def _saves(folder: Path, console: Console) -> Iterator[object]:
    """Yield at once, and then whenever something in a folder may have changed, until Ctrl-C."""
    yield None
    _say("Save a file, and it is checked again. Ctrl-C ends.", console)
    yield from watchfiles.watch(
        folder, recursive=False, raise_interrupt=False, yield_on_timeout=True
    )


def _run_all(
    exercises: Sequence[Exercise], folder: Path, console: Console
) -> Iterator[Outcome]:
    """Run files, some at a time, and show a line for each as it is ready."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for outcome in pool.map(lambda e: run(e, folder), exercises):
            line = Text(f"{outcome.mark} ", STYLES[outcome.mark])
            name, title = outcome.exercise.name, outcome.exercise.title
            line += Text(f"{name}  {outcome.summary:<21}  {title}")
            console.print(line)
            yield outcome


def _show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Show the first report that has something to say: of a file that was begun, if there is one."""
    open_ones = [outcome for outcome in outcomes if not outcome.passed]
    begun = [outcome for outcome in open_ones if outcome.mark == "✗"]
    for outcome in (begun or open_ones)[:1]:
        _say(f"\n{outcome.text}\n", console)


def run(exercise: Exercise, folder: Path, seconds: float = SECONDS) -> Outcome:
    """Run a learner's file as a script, and say what came of it.

    `seconds` is how long the script may take.
    """
    file = folder / f"{exercise.stem}.py"
    if not file.is_file():
        text = (
            f"{file} is missing. To write it: "
            f"python -m autograd_tutorial exercises {folder}"
        )
        return Outcome(exercise, "·", "missing", text)
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", file.name],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        text = (
            f"{file.name} did not come to an end within {seconds:g} seconds. Look for a "
            "loop outside the functions; those inside are stopped by the check."
        )
        return Outcome(exercise, "✗", "did not come to an end", text)
    title = f"Exercise {exercise.number}: {exercise.title}\n"
    _, found, report = done.stdout.rpartition(title)
    if found:
        return _read(exercise, title + report.rstrip(), done.returncode)
    if done.returncode or done.stderr:
        return Outcome(
            exercise, "✗", "the file does not run", _failure(file, done.stderr)
        )
    text = (
        f"{file.name} ended without a report. Its last line should be "
        f'check("{exercise.name}", ...).exit()'
    )
    return Outcome(exercise, "✗", "no report", text)


def _read(exercise: Exercise, report: str, status: int) -> Outcome:
    """Read a report."""
    tasks = len(exercise.tasks)
    passed = sum(f"\nPassed: {task.call}" in report for task in exercise.tasks)
    if passed == tasks and status == 0:
        return Outcome(exercise, "✓", "passed", report)
    if report.count("still to do") == tasks:
        return Outcome(exercise, "·", "not begun", report)
    summary = f"{passed} of {tasks} passed" if passed else "not yet"
    return Outcome(exercise, "✗", summary, report)


def _failure(file: Path, stderr: str) -> str:
    """Say in which line of the file a script failed, and with what."""
    lines = re.findall(rf'File ".*{re.escape(file.name)}", line (\d+)', stderr)
    place = f", line {lines[-1]}" if lines else ""
    last = stderr.rstrip().splitlines()[-1:] or ["It ended without a word."]
    return f"{file.name}{place}: {last[0]}"


def _say(text: str, console: Console) -> None:
    """Show text as it is, without markup."""
    console.print(Text(text))
