"""The site as built, for the tests that look at it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built site."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"There is no site in {SITE}. Build it with: nox -s docs")
    return SITE


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Return every page of the site by its path."""
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(
            path.read_text(encoding="utf-8"), "html.parser"
        )
        for path in sorted(site.rglob("*.html"))
        if not {"_static", "_downloads"} & set(path.relative_to(site).parts)
    }


@pytest.fixture(scope="session")
def rebuild(
    site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Return a function that writes the pages once more, as the site's build has read them."""

    def build(builder: str, **environment: str) -> Path:
        """Write with a builder and variables of the environment; return the folder."""
        folder = tmp_path_factory.mktemp(builder)
        read = shutil.copytree(site / ".doctrees", folder / "doctrees")
        options = ("-q", "-n", "-W", "-j", "auto", "-b", builder, "-d", read)
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", *options, "docs", folder / "out"],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return folder / "out"

    return build


@pytest.fixture(scope="session")
def run_notebook() -> Iterator[Callable[[nbformat.NotebookNode, Path], None]]:
    """Return a function that runs a notebook in a folder.

    All run in one kernel, since its start takes longer than most notebooks. What one has defined is
    gone before the next.
    """
    client = NotebookClient(
        nbformat.v4.new_notebook(),  # type: ignore[no-untyped-call]
        timeout=600,
        kernel_name="python3",
    )

    def run(notebook: nbformat.NotebookNode, folder: Path) -> None:
        """Run a notebook from top to bottom; an error is raised here."""
        begin = nbformat.v4.new_code_cell(f"%reset -f\n%cd -q {folder}")  # type: ignore[no-untyped-call]
        empty = nbformat.v4.new_notebook(cells=[begin])  # type: ignore[no-untyped-call]
        for client.nb in (empty, notebook):
            client.execute(cleanup_kc=False)

    with client.setup_kernel():
        yield run
