"""Copies of the project in other folders, and what is run in them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_sources(folder: Path) -> None:
    """Copy the files of the project that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def run(
    folder: Path, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a copy, with the package of the copy, and keep what it says."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build the site of a copy, with the options that `nox -s docs` has."""
    options = os.environ.get("SPHINX_OPTIONS")
    if not options:
        raise RuntimeError(
            "SPHINX_OPTIONS is not set. Start this test with nox, which sets it: "
            "nox -s reproduce faults"
        )
    return run(
        folder,
        "sphinx",
        *options.split(),
        "docs",
        "docs/_build/html",
        **environment,
    )
