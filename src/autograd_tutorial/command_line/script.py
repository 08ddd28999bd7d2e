"""A learner's file, run as a script in a process of its own, so that none can disturb another."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from autograd_tutorial.checker.exercise import Exercise

__all__ = ["MODULE", "GaveWay", "Outcome", "Script", "file_of", "run"]

MODULE = "python -m autograd_tutorial"

SECONDS = 120.0
"""How long a file may take, with all that it does besides the check."""

KEPT = 1_000_000
"""How many bytes of what a file prints are kept: those at the end, where the report stands."""


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


class GaveWay(Exception):
    """A file was stopped, so that nothing came of it."""


def file_of(exercise: Exercise, folder: Path) -> Path:
    """Return where a learner's file is, or would be."""
    return folder / f"{exercise.stem}.py"


def run(
    exercise: Exercise,
    folder: Path,
    seconds: float = SECONDS,
    stop: Callable[[], bool] | None = None,
) -> Outcome:
    """Run a learner's file as a script, and say what came of it.

    `seconds` is how long the script may take. When `stop` says so, it gives way.
    """
    file = file_of(exercise, folder)
    if not file.is_file():
        text = f"{file} is missing. To write it: {MODULE} exercises {folder}"
        return Outcome(exercise, "·", "missing", text)
    with Script(file) as script:
        end = time.monotonic() + seconds
        while script.runs():
            if stop is not None and stop():
                raise GaveWay
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


class Script:
    """A file that runs in a process of its own; on leaving it is ended."""

    def __init__(self, file: Path) -> None:
        """Start the process."""
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
        """Return the script itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, and read what it has written."""
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
