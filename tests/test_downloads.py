"""The downloads of the gallery: each runs alone, in an empty folder, with no display."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

STEMS = [
    "vector_to_scalar",
    "ex1_gradient_argument",
    "control_flow",
    "ex2_sine_derivative",
    "ex5_log_sine_reciprocal",
    "walk_the_graph",
    "training",
    "accumulation",
    "cost_of_modes",
    "newton",
    "checkpointing",
    "kinks",
]


def download(site: Path, name: str) -> Path:
    """Return the file of that name that the page of the gallery offers."""
    page = site / "gallery" / f"{Path(name).stem}.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    (link,) = soup.select(f'a[download][href$="/{name}"]')
    return (page.parent / str(link["href"])).resolve()


def test_every_script_is_tested(site: Path) -> None:
    """The list above is complete."""
    pages = {path.stem for path in (site / "gallery").glob("*.html")}
    assert pages - {"index"} == set(STEMS)


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
