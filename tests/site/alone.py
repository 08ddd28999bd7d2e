"""Run a script alone: in its own folder, with no display, in a process that has nothing but imports.

Each process is forked from one that has imported torch and matplotlib, which takes longer than most
scripts. A script that does not import them gains nothing: their names are not in its namespace.
"""

import contextlib
import multiprocessing
import os
import runpy
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["matplotlib.pyplot", "torch", __name__])
UNSET = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONPATH")


class Run(NamedTuple):
    """What came of a script."""

    status: int
    """The exit status."""

    errors: str
    """What it wrote to the standard error, with the traceback if it raised."""


def run_alone(script: Path) -> Run:
    """Run a script, and return what came of it."""
    said = script.parent.with_name(script.stem + ".stderr")
    process = SERVER.Process(target=_run, args=(script, said))
    kept = {name: os.environ.pop(name, None) for name in UNSET}
    process.start()
    os.environ.update({name: v for name, v in kept.items() if v is not None})
    process.join()
    assert process.exitcode is not None
    return Run(process.exitcode, said.read_text("utf-8"))


def _run(script: Path, said: Path) -> None:
    """Run a script in this process, and write what it says to a file."""
    os.chdir(script.parent)
    with said.open("w", encoding="utf-8") as errors:
        os.dup2(errors.fileno(), sys.stderr.fileno())
    warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
    sys.argv = [script.name]
    sys.path[0] = str(script.parent)
    with contextlib.redirect_stdout(None):
        runpy.run_path(str(script), run_name="__main__")
