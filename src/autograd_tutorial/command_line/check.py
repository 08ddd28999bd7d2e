"""The command `check`: run the files of a folder, and with `--watch` again whenever one is saved."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import watchfiles
from rich.console import Console
from rich.text import Text

from autograd_tutorial.checker.exercise import Exercise
from autograd_tutorial.command_line.script import (
    MODULE,
    GaveWay,
    Outcome,
    file_of,
    run,
)
from autograd_tutorial.exercises import EXERCISES

__all__ = ["check_folder"]

STYLES = {"✓": "green", "✗": "yellow", "·": "dim"}


def check_folder(path: Path, watch: bool, console: Console) -> int:
    """Run the files of a folder, or one of them, and return 0 if all have passed, else 1.

    With `watch`, each is run again when it has changed, until all have
    passed. Whatever still runs when a file is saved gives way to that file,
    and is run again after it.
    """
    folder, exercises = _chosen(path)
    seen: dict[str, bytes | None] = {}
    outcomes: dict[str, Outcome] = {}
    waiting: list[Exercise] = []

    def contents() -> dict[str, bytes | None]:
        return {e.name: _content(file_of(e, folder)) for e in exercises}

    def saved() -> bool:
        return contents() != seen

    for _ in _saves(folder, console) if watch else [None]:
        while True:
            now = contents()
            changed = [
                e for e in exercises if seen.get(e.name, 0) != now[e.name]
            ]
            batch = changed or waiting
            if not batch:
                break
            waiting = [e for e in waiting if e not in batch]
            seen = now
            stop = saved if watch else None
            for exercise, outcome in _run_all(batch, folder, console, stop):
                if outcome is None:
                    waiting.append(exercise)
                else:
                    outcomes[exercise.name] = outcome
            ran = [outcomes[e.name] for e in batch if e not in waiting]
            if ran:
                _show(ran, console)
                passed = sum(outcome.passed for outcome in outcomes.values())
                console.print(f"{passed} of {len(exercises)} passed.")
                if passed == len(exercises):
                    return 0
            if not watch:
                break
    return 1


def _chosen(path: Path) -> tuple[Path, Sequence[Exercise]]:
    """Return the folder to check, and the exercises in it; the path may be that of one file."""
    if path.is_dir():
        return path, EXERCISES
    if path.is_file():
        for exercise in EXERCISES:
            if path.name == f"{exercise.stem}.py":
                return path.parent, [exercise]
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


def _content(file: Path) -> bytes | None:
    """Return what is in a file, if there is one."""
    return file.read_bytes() if file.is_file() else None


def _saves(folder: Path, console: Console) -> Iterator[object]:
    """Yield at once, and then whenever something in a folder may have changed, until Ctrl-C."""
    yield None
    console.print("Save a file, and it is checked again. Ctrl-C ends.")
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
        except GaveWay:
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


def _show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Show the first report that has something to say: of a file that was begun, if there is one."""
    open_ones = [outcome for outcome in outcomes if not outcome.passed]
    begun = [outcome for outcome in open_ones if outcome.mark == "✗"]
    for outcome in (begun or open_ones)[:1]:
        console.print(f"\n{outcome.text}\n")
        console.print(f"For a hint: {MODULE} hint {outcome.exercise.name}")
