"""The site as it is served: what it tells search engines and other sites, and its downloads.

A copy of the project is built for an address on this machine and served there. Nothing is executed
in that build: what depends on the address is made from the sources and the address, and from
nothing else. The downloads run in environments that have nothing yet.
"""

import os
import shutil
import struct
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin
from urllib.request import urlopen
from xml.etree import ElementTree as ET

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
WHEEL = (
    f"wheels/autograd_tutorial-{version('autograd-tutorial')}-py3-none-any.whl"
)
REPOSITORY = "octocat/autograd-tutorial"
# Environments with torch are made, and a copy of the site is built.
pytestmark = pytest.mark.timeout(900)
GENERATED = {"404.html", "genindex.html", "search.html"}
"""Pages that nobody is sent to."""

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
def written(served: Served) -> dict[str, BeautifulSoup]:
    """Return the pages that somebody wrote."""
    found = {
        path.relative_to(served.folder).as_posix(): BeautifulSoup(
            path.read_text("utf-8"), "html.parser"
        )
        for path in sorted(served.folder.rglob("*.html"))
    }
    return {
        page: soup
        for page, soup in found.items()
        if page not in GENERATED and not page.startswith("_")
    }


def content(soup: BeautifulSoup, name: str) -> str:
    """Return what a page says of itself under a name of the Open Graph protocol."""
    tag = soup.find("meta", property=name)
    assert isinstance(tag, Tag), name
    return str(tag["content"])


def test_every_page_names_its_address(
    served: Served, written: dict[str, BeautifulSoup]
) -> None:
    """The canonical link and the Open Graph address are the page's own."""
    for page, soup in written.items():
        canonical = [str(tag["href"]) for tag in soup("link", rel="canonical")]
        assert canonical == [served.address + page]
        assert content(soup, "og:url") == served.address + page


def test_every_page_has_a_picture_for_other_sites(
    served: Served, written: dict[str, BeautifulSoup]
) -> None:
    """It is a PNG of the size that the page says, at an absolute address, with a text."""
    for page, soup in written.items():
        address = content(soup, "og:image")
        assert address.startswith(served.address), page
        picture = (
            served.folder / address.removeprefix(served.address)
        ).read_bytes()
        size = struct.unpack(">II", picture[16:24])
        assert picture.startswith(b"\x89PNG"), page
        assert size == tuple(
            int(content(soup, f"og:image:{side}"))
            for side in ("width", "height")
        )
        assert content(soup, "og:image:alt"), page


def test_sitemap_lists_the_written_pages(
    served: Served, written: dict[str, BeautifulSoup]
) -> None:
    """Each once, in order, and nothing else: no date, no page that a program made."""
    root = ET.parse(served.folder / "sitemap.xml").getroot()
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert root.tag == f"{space}urlset"
    in_order = sorted(written, key=lambda page: page.removesuffix(".html"))
    assert [[(entry.tag, entry.text) for entry in url] for url in root] == [
        [(f"{space}loc", served.address + page)] for page in in_order
    ]


def test_robots_are_told_where_the_sitemap_is(served: Served) -> None:
    """They may go everywhere."""
    assert (served.folder / "robots.txt").read_text("utf-8").splitlines() == [
        "User-agent: *",
        "Allow: /",
        f"Sitemap: {served.address}sitemap.xml",
    ]


def test_page_not_found_links_below_the_address(served: Served) -> None:
    """It is shown at any address, so its links begin with the path of the site."""
    text = (served.folder / "404.html").read_text("utf-8")
    soup = BeautifulSoup(text, "html.parser")
    links = [str(tag["href"]) for tag in soup.select("link[href], a[href]")]
    assert "/autograd-tutorial/index.html" in links
    elsewhere = ("https:", served.address)  # the canonical one is whole
    for link in links:
        assert link.startswith(("/autograd-tutorial/", "#", *elsewhere)), link


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


@pytest.fixture(scope="module")
def kernels(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return where Jupyter finds an environment with a kernel and nothing else."""
    folder = tmp_path_factory.mktemp("kernels")
    venv.create(folder / "fresh", with_pip=True)
    python = folder / "fresh" / "bin" / "python"
    for command in (
        ("pip", "install", "--quiet", "ipykernel"),
        ("ipykernel", "install", f"--prefix={folder}", "--name=fresh"),
    ):
        subprocess.run([python, "-m", *command], env=environment, check=True)
    return folder / "share" / "jupyter"


@pytest.fixture
def run_fresh(
    kernels: Path,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Path], nbformat.NotebookNode]:
    """Give a function that runs a notebook from top to bottom, in a kernel of its own."""
    monkeypatch.setenv("JUPYTER_PATH", str(kernels))

    def run(file: Path) -> nbformat.NotebookNode:
        notebook: nbformat.NotebookNode = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
        NotebookClient(
            notebook,
            timeout=600,
            kernel_name="fresh",
            resources={"metadata": {"path": tmp_path}},
        ).execute(env=environment)
        return notebook

    return run


def test_notebook_installs_the_package_from_the_site(
    served: Served,
    run_fresh: Callable[[Path], nbformat.NotebookNode],
    tmp_path: Path,
) -> None:
    """An environment with a kernel and nothing else is all that a notebook needs."""
    served.fetched.clear()
    file = served.download("gallery/newton.html", ".ipynb", tmp_path)
    notebook = run_fresh(file)
    assert f"/autograd-tutorial/{WHEEL}" in served.fetched
    shown = [
        output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", ())
    ]
    assert any("image/png" in data for data in shown)


@pytest.mark.parametrize(
    "page",
    [
        "tutorial",
        "theory/modes",
        "play/float32",
        "how-to/trace-your-own-function",
        "exercises/ex3_backward_twice",
    ],
)
def test_pages_run_as_notebooks(
    served: Served,
    run_fresh: Callable[[Path], nbformat.NotebookNode],
    tmp_path: Path,
    page: str,
) -> None:
    """What builds the pages is not needed to run their cells, and what these assert holds."""
    name = f"{page.replace('/', '-')}.ipynb"
    file = served.download(f"{page}.html", name, tmp_path)
    notebook = run_fresh(file)
    for cell in notebook.cells[1:]:
        assert cell.cell_type != "code" or cell.execution_count


@pytest.mark.parametrize(
    "page",
    [
        "gallery/newton.html",
        "exercises/ex2_sine_derivative.html",
        "theory/modes.html",
    ],
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
