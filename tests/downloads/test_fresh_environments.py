"""The downloads of a site with an address, each in an environment that has nothing yet.

A copy of the project is built for an address on this machine and served there. Nothing is executed
in that build: a download is made from its source and the address, and from nothing else.
"""

import os
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin
from urllib.request import urlopen

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
WHEEL = "wheels/autograd_tutorial-0.1.0-py3-none-any.whl"
REPOSITORY = "octocat/autograd-tutorial"
# Environments with torch are made, and a copy of the site is built.
pytestmark = pytest.mark.timeout(900)
NOT_A_LEARNERS = {
    "DISPLAY",
    "MPLBACKEND",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "VIRTUAL_ENV",
}
"""Variables that a learner does not have, or not of this value."""
COLAB = f"https://colab.research.google.com/github/{REPOSITORY}/blob/notebooks/"


class Served(NamedTuple):
    """A site that is served: its address, its folder, and what has been fetched from it."""

    address: str
    folder: Path
    fetched: list[str]

    def get(self, page: str) -> BeautifulSoup:
        """Fetch a page."""
        with urlopen(self.address + page) as answer:
            return BeautifulSoup(answer.read(), "html.parser")

    def download(self, page: str, suffix: str, folder: Path) -> Path:
        """Fetch what a page offers, by its link, under the name that a browser would give it."""
        (link,) = self.get(page).select(f'a[download][href$="{suffix}"]')
        address = urljoin(self.address + page, str(link["href"]))
        file = folder / address.rpartition("/")[2]
        with urlopen(address) as answer:
            file.write_bytes(answer.read())
        return file


def build(project: Path, site: Path, address: str, repository: str) -> None:
    """Build a site for an address, without executing anything."""
    quick = ("-D", "nb_execution_mode=off", "-D", "plot_gallery=0")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", *quick, project / "docs", site],
        env={
            **os.environ,
            "AUTOGRAD_TUTORIAL_URL": address,
            "AUTOGRAD_TUTORIAL_REPOSITORY": repository,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the site under a path, as a project's page is. It has had another address before."""
    project = tmp_path_factory.mktemp("project")
    made = shutil.ignore_patterns("_build", "__pycache__", "node_modules")
    for name in ("benchmarks", "docs", "gallery", "src"):
        shutil.copytree(ROOT / name, project / name, ignore=made)
    shutil.rmtree(project / "docs" / "gallery", ignore_errors=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    root = tmp_path_factory.mktemp("served")
    site = root / "autograd-tutorial"
    fetched = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            fetched.append(self.path)

    handler = partial(Handler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/autograd-tutorial/"
        build(project, site, "https://example.org/", "")
        build(project, site, address, REPOSITORY)
        threading.Thread(target=server.serve_forever).start()
        yield Served(address, site, fetched)
        server.shutdown()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables for an installation in the versions of constraints.txt."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_A_LEARNERS
    }
    return {
        **kept,
        "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        "PIPX_DEFAULT_BACKEND": "pip",
        "PIPX_HOME": str(tmp_path_factory.mktemp("pipx")),
    }


@pytest.mark.parametrize("runner", ["pipx", "uv"])
def test_scripts_install_the_package_from_the_site(
    served: Served, environment: dict[str, str], tmp_path: Path, runner: str
) -> None:
    """A script runs by what it says it needs, and a starter that is not solved says so."""
    served.fetched.clear()
    for page, status, said in (
        ("gallery/newton.html", 0, ""),
        ("exercises/ex2_sine_derivative.html", 1, "still to do"),
    ):
        script = served.download(page, ".py", tmp_path)
        if runner == "uv":
            lock(script, environment)
        run = subprocess.run(
            [sys.executable, "-m", runner, "run", script.name],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == status, run.stdout + run.stderr
        assert said in run.stdout
    assert f"/autograd-tutorial/{WHEEL}" in served.fetched


def lock(script: Path, environment: dict[str, str]) -> None:
    """Have `uv run` take the versions of constraints.txt, which it reads from no variable."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    versions = [line for line in lines if line and not line.startswith("#")]
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "lock", "--script", script.name),
            *(f"--upgrade-package={version}" for version in versions),
        ],
        cwd=script.parent,
        env=environment,
        check=True,
    )


def test_notebook_installs_the_package_from_the_site(
    served: Served,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An environment with a kernel and nothing else is all that a notebook needs."""
    fresh, kernels = tmp_path / "fresh", tmp_path / "kernels"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    for command in (
        ("pip", "install", "--quiet", "ipykernel"),
        ("ipykernel", "install", f"--prefix={kernels}", "--name=fresh"),
    ):
        subprocess.run([python, "-m", *command], env=environment, check=True)
    served.fetched.clear()
    file = served.download("gallery/newton.html", ".ipynb", tmp_path)
    notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    monkeypatch.setenv("JUPYTER_PATH", str(kernels / "share" / "jupyter"))
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="fresh",
        resources={"metadata": {"path": tmp_path}},
    ).execute(env=environment)
    assert f"/autograd-tutorial/{WHEEL}" in served.fetched
    shown = [
        output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    ]
    assert any("image/png" in data for data in shown)


@pytest.mark.parametrize(
    "page", ["gallery/newton.html", "exercises/ex2_sine_derivative.html"]
)
def test_colab_opens_the_notebook_of_the_page(
    served: Served, tmp_path: Path, page: str
) -> None:
    """The link leads to the branch to which the notebooks are pushed, and the notebook is there."""
    (link,) = served.get(page).select('a[href*="colab"]')
    address = str(link["href"])
    assert address.startswith(COLAB)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    for _ in range(2):  # the second time, the branch is there
        subprocess.run(
            [ROOT / ".ci" / "publish-notebooks", served.folder, remote],
            check=True,
        )
    path = address.removeprefix(COLAB)
    pushed = subprocess.run(
        ["git", "show", f"notebooks:{path}"],
        cwd=remote,
        capture_output=True,
        check=True,
    ).stdout
    file = served.download(page, ".ipynb", tmp_path)
    assert pushed == file.read_bytes()
