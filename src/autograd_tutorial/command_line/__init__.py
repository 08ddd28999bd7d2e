"""The command line: write the starters to a folder, check a folder, show a hint.

Each file is run as the learner would run it, in a process of its own, so
that none can disturb another.
"""

from __future__ import annotations

import argparse
import functools
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.command_line.check import check_folder
from autograd_tutorial.command_line.script import (
    MODULE,
    Outcome,
    file_of,
    run,
)
from autograd_tutorial.exercises import EXERCISES, find, starter

__all__ = ["Outcome", "main", "run", "write"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process, and return the exit status.

    The status is 0 if all is well, 1 if an exercise has not passed, and 2 if
    the command could not be carried out.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every one has ✓
    plain = functools.partial(
        Console, soft_wrap=True, highlight=False, markup=False, emoji=False
    )
    console = plain()
    try:
        if options.command == "exercises":
            return _exercises(options.folder, options.overwrite, console)
        if options.command == "hint":
            return _hint(options.exercise, options.number, console)
        return check_folder(options.path, options.watch, console)
    except (OSError, ValueError) as error:
        plain(stderr=True).print(f"autograd_tutorial: {error}")
        return 2
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 1


def _parser() -> argparse.ArgumentParser:
    """Return the parser of the three commands."""
    parser = argparse.ArgumentParser(
        prog=MODULE,
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
    check = commands.add_parser(
        "check", help="check the files of a folder, or one of them"
    )
    check.add_argument("path", type=Path, metavar="DIR")
    check.add_argument(
        "--watch",
        action="store_true",
        help="check a file again whenever it is saved, until all have passed",
    )
    hint = commands.add_parser("hint", help="show a hint")
    hint.add_argument("exercise", metavar="EXERCISE", help="such as ex2, or 2")
    hint.add_argument(
        "number", type=int, nargs="?", default=1, metavar="NUMBER"
    )
    return parser


def _exercises(folder: Path, overwrite: bool, console: Console) -> int:
    """Write all starters, and say what became of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for exercise in EXERCISES:
        done = write(exercise, folder, overwrite)
        console.print(f"{exercise.stem}.py  {done}")
    console.print(f"Fill in the dots, then run: {MODULE} check {folder}")
    return 0


def write(exercise: Exercise, folder: Path, overwrite: bool = False) -> str:
    """Write a starter to a folder, and return in words what was done.

    A file that differs from the starter is left as it is; with `overwrite` it
    is kept under a new name that ends in ".bak".
    """
    file = file_of(exercise, folder)
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
    console.print(f"Hint {number} of {len(hints)}: {hints[number - 1]}")
    return 0
