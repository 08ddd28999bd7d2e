"""The downloads of the built site: each runs alone, in an empty folder, with no display."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

STEMS = [
    "vector_to_scalar",
    "ex1_gradient_argument",
    "control_flow",
    "ex2_sine_derivative",
    "ex5_log_sine_reciprocal",
    "walk_the_graph",
    "training",
]


def download(site: Path, name: str) -> Path:
    """Return the one file of that name that the site offers."""
    (found,) = (site / "_downloads").rglob(name)
    return found


def test_every_script_is_tested(site: Path) -> None:
    """The list above is complete."""
    assert {path.stem for path in (site / "_downloads").rglob("*.py")} == set(
        STEMS
    )


@pytest.mark.parametrize("stem", STEMS)
def test_script_runs_alone(site: Path, tmp_path: Path, stem: str) -> None:
    """The script needs nothing beside it, and says nothing but that there is no display."""
    script = tmp_path / f"{stem}.py"
    script.write_bytes(download(site, script.name).read_bytes())
    unset = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONPATH")
    environment = {
        name: value for name, value in os.environ.items() if name not in unset
    }
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore:FigureCanvasAgg is non-interactive",
            script.name,
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == [script]


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_runs_alone(site: Path, tmp_path: Path, stem: str) -> None:
    """The notebook runs from top to bottom, and shows at least one figure."""
    notebook = nbformat.read(  # type: ignore[no-untyped-call]
        download(site, f"{stem}.ipynb"), as_version=4
    )
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": tmp_path}},
    ).execute()
    outputs = [
        output for cell in notebook.cells for output in cell.get("outputs", ())
    ]
    shown = [output.get("data", {}) for output in outputs]
    assert any(
        "image/png" in data or "autograd-graph" in data.get("text/html", "")
        for data in shown
    )
    assert list(tmp_path.iterdir()) == []
