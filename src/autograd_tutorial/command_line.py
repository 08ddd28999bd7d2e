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
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import watchfiles
from rich.console import Console
from rich.text import Text

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.exercises import EXERCISES, find, starter

__all__ = ["Outcome", "main", "run", "write"]

SECONDS = 120.0
"""How long a file may take, with all that it does besides the check."""

KEPT = 1_000_000
"""How many bytes of what a file prints are kept: those at the end, where the report stands."""

MODULE = "python -m autograd_tutorial"

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
        folder, chosen = _chosen(options.path)
        if options.watch:
            rounds = _saves(folder, console)
            return _check(folder, chosen, rounds, console, restart=True)
        return _check(folder, chosen, [None], console)
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
        _say(
            f"{exercise.stem}.py  {write(exercise, folder, overwrite)}", console
        )
    _say(
        f"Fill in the dots, then run: {MODULE} check {folder}",
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


def _chosen(path: Path) -> tuple[Path, Sequence[Exercise]]:
    """Return the folder to check, and the exercises in it; the path may be that of one file."""
    if path.is_dir():
        return path, EXERCISES
    for exercise in EXERCISES:
        if path.is_file() and path.name == f"{exercise.stem}.py":
            return path.parent, [exercise]
    if path.is_file():
        raise ValueError(
            f"{path} has not the name of a starter, such as {EXERCISES[0].stem}.py. If it calls "
            f"`check`, run it by itself: python {path}"
        )
    if path.suffix == ".py":
        raise FileNotFoundError(
            f"There is no file {path}. To write the starters there: "
            f"{MODULE} exercises {path.parent}"
        )
    for exercise in EXERCISES:
        if path.name in {str(exercise.number), exercise.name}:
            raise FileNotFoundError(
                f"There is no folder {path}. To check exercise {exercise.number}, name its file: "
                f"{MODULE} check DIR/{exercise.stem}.py"
            )
    raise NotADirectoryError(
        f"There is no folder {path}. To write the starters there: "
        f"{MODULE} exercises {path}"
    )


def _check(
    folder: Path,
    exercises: Sequence[Exercise],
    rounds: Iterable[object],
    console: Console,
    restart: bool = False,
) -> int:
    """In each round run the files that are new or have changed, until all have passed.

    With `restart`, whatever still runs when a file is saved gives way to that
    file, and is run again after it.
    """
    seen: dict[str, bytes | None] = {}
    outcomes: dict[str, Outcome] = {}
    waiting: list[Exercise] = []

    def contents() -> dict[str, bytes | None]:
        return {e.name: _content(e, folder) for e in exercises}

    def saved() -> bool:
        return contents() != seen

    for _ in rounds:
        while True:
            now = contents()
            changed = [
                e
                for e in exercises
                if e.name not in seen or seen[e.name] != now[e.name]
            ]
            batch = changed or waiting
            if not batch:
                break
            waiting = [e for e in waiting if e not in batch]
            seen = now
            stop = saved if restart else None
            for exercise, outcome in _run_all(batch, folder, console, stop):
                if outcome is None:
                    waiting.append(exercise)
                else:
                    outcomes[exercise.name] = outcome
            ran = [e for e in batch if e not in waiting]
            if ran:
                _show([outcomes[e.name] for e in ran], console)
                passed = _passed(exercises, outcomes)
                _say(f"{len(passed)} of {len(exercises)} passed.", console)
                if len(passed) == len(exercises):
                    return 0
            if not restart:
                break
    return 1


def _passed(
    exercises: Sequence[Exercise], outcomes: dict[str, Outcome]
) -> list[Exercise]:
    """Return the exercises that have passed."""
    return [
        e for e in exercises if e.name in outcomes and outcomes[e.name].passed
    ]


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
    exercises: Sequence[Exercise],
    folder: Path,
    console: Console,
    stop: Callable[[], bool] | None,
) -> Iterator[tuple[Exercise, Outcome | None]]:
    """Run files, some at a time, and show a line for each in their order.

    If some may be stopped, a line is shown as soon as it is ready, so that a
    file that does not end holds up no other.

    There is no outcome of a file that gave way.
    """
    left = threading.Event()

    def stops() -> bool:
        return left.is_set() or (stop is not None and stop())

    def outcome_of(exercise: Exercise) -> tuple[Exercise, Outcome | None]:
        try:
            return exercise, run(exercise, folder, stop=stops)
        except _GaveWay:
            return exercise, None

    with ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 1))) as pool:
        try:
            futures = [pool.submit(outcome_of, e) for e in exercises]
            for future in as_completed(futures) if stop else futures:
                exercise, outcome = future.result()
                if outcome is not None:
                    line = Text(f"{outcome.mark} ", STYLES[outcome.mark])
                    line += Text(f"{exercise.name}  {outcome.summary:<21}  ")
                    console.print(line + Text(exercise.title))
                yield exercise, outcome
        finally:  # also when someone presses Ctrl-C
            left.set()


class _GaveWay(Exception):
    """A file was stopped, so that nothing came of it."""


def _show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Show the first report that has something to say: of a file that was begun, if there is one."""
    open_ones = [outcome for outcome in outcomes if not outcome.passed]
    begun = [outcome for outcome in open_ones if outcome.mark == "✗"]
    for outcome in (begun or open_ones)[:1]:
        _say(f"\n{outcome.text}\n", console)
        _say(f"For a hint: {MODULE} hint {outcome.exercise.name}", console)


def run(
    exercise: Exercise,
    folder: Path,
    seconds: float = SECONDS,
    stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Run a learner's file as a script, and say what came of it.

    `seconds` is how long the script may take. When `stop` says so, it gives way.
    """
    file = folder / f"{exercise.stem}.py"
    if not file.is_file():
        text = f"{file} is missing. To write it: {MODULE} exercises {folder}"
        return Outcome(exercise, "·", "missing", text)
    with _Script(file) as script:
        end = time.monotonic() + seconds
        while script.runs():
            if stop is not None and stop():
                raise _GaveWay
            if time.monotonic() > end:
                text = (
                    f"{file.name} did not come to an end within {seconds:g} seconds. Look for a "
                    "loop outside the functions; those inside are stopped by the check."
                )
                return Outcome(exercise, "✗", "did not come to an end", text)
    title = f"Exercise {exercise.number}: {exercise.title}\n"
    _, found, report = script.stdout.rpartition(title)
    if found:
        return _read(exercise, title + report.rstrip(), script.status)
    if script.status or script.stderr:
        said = _failure(file, script.stderr)
        return Outcome(exercise, "✗", "the file does not run", said)
    text = (
        f"{file.name} ended without a report. Its last line should be "
        f'check("{exercise.name}", ...).exit()'
    )
    return Outcome(exercise, "✗", "no report", text)


class _Script:
    """A learner's file that runs in a process of its own; on leaving it is ended."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", file.name],
            cwd=file.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._kept = (bytearray(), bytearray())
        pipes = (self._process.stdout, self._process.stderr)
        self._readers = [
            threading.Thread(target=_keep, args=pair, daemon=True)
            for pair in zip(pipes, self._kept, strict=True)
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)  # what the script has started may hold a pipe open

    def runs(self) -> bool:
        """Wait a moment, and return whether it still runs."""
        try:
            self._process.wait(0.1)
        except subprocess.TimeoutExpired:
            return True
        return False

    @property
    def status(self) -> int:
        """The exit status."""
        return self._process.wait()

    @property
    def stdout(self) -> str:
        """The end of what it printed."""
        return _text(self._kept[0])

    @property
    def stderr(self) -> str:
        """The end of what it wrote to the standard error."""
        return _text(self._kept[1])


def _keep(pipe: IO[bytes], kept: bytearray) -> None:
    """Read a pipe to its end, and keep the last bytes."""
    with pipe:
        while chunk := os.read(pipe.fileno(), 65_536):
            kept += chunk
            del kept[:-KEPT]


def _text(kept: bytearray) -> str:
    """Return bytes as text, with the ends of lines as Python has them."""
    return kept.decode("utf-8", "replace").replace("\r\n", "\n")


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
