"""The downloads: each runs alone, in an empty folder, with no display, and says what it needs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import files, version
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zipfile import ZipFile

import hosting
import nbformat
import pytest
from alone import run_alone
from bs4 import BeautifulSoup
from notebooks import Run, one_kernel
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

ROOT = Path(__file__).parents[2]

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
    run = run_alone(script)
    assert run.status == 0, run.errors
    assert run.errors == ""
    assert list(tmp_path.iterdir()) == [script]


@pytest.fixture(scope="module")
def run_notebook() -> Iterator[Run]:
    """Run notebooks."""
    with one_kernel() as run:
        yield run


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_runs_alone(
    site: Path,
    tmp_path: Path,
    run_notebook: Run,
    stem: str,
) -> None:
    """The notebook runs from top to bottom, and shows at least one figure."""
    notebook = nbformat.read(  # type: ignore[no-untyped-call]
        download(site, f"{stem}.ipynb"), as_version=4
    )
    # The environment has the package; tests/downloads runs this cell in one that has not.
    assert "pip install" in notebook.cells.pop(0).source
    run_notebook(notebook, tmp_path)
    outputs = [
        output for cell in notebook.cells for output in cell.get("outputs", ())
    ]
    shown = [output.get("data", {}) for output in outputs]
    assert any(
        "image/png" in data or "autograd-graph" in data.get("text/html", "")
        for data in shown
    )
    assert list(tmp_path.iterdir()) == []


def block(script: str) -> dict[str, object]:
    """Return what a script says about itself, read by the expression that PEP 723 gives."""
    (found,) = re.finditer(
        r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$",
        script,
    )
    assert found["type"] == "script"
    lines = found["content"].splitlines()
    return tomllib.loads("\n".join(line[2:] for line in lines))


def test_every_download_asks_for_the_package(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """It asks for the wheel of the site, or, without an address, says how to install it."""
    needed = ""
    for canonical in pages["index.html"].select('link[rel="canonical"]'):
        address = str(canonical["href"]).removesuffix("index.html")
        (wheel,) = (site / "wheels").iterdir()
        needed = f"autograd-tutorial @ {address}wheels/{wheel.name}"
    checked = 0
    for page, soup in pages.items():
        for link in soup.select("a[download]"):
            file = (site / page).parent / str(link["href"])
            text = file.read_text("utf-8") if file.suffix != ".zip" else ""
            if file.suffix == ".py" and needed:
                assert block(text) == {
                    "requires-python": ">=3.11",
                    "dependencies": [needed],
                }, page
                assert f"`pipx run {file.name}`" in text.splitlines()[0]
                checked += 1
            elif file.suffix == ".py":
                assert "python -m pip install ." in text.splitlines()[1]
                assert "# dependencies" not in text
                assert "autograd-tutorial==" not in text
                checked += 1
            elif file.suffix == ".ipynb":
                notebook = json.loads(text)
                nbformat.validate(notebook)
                source = "".join(notebook["cells"][0]["source"])
                asks = f'\n%pip install --quiet "{needed}"'
                assert source.endswith(asks if needed else "pip install .\n")
                assert "%pip" not in json.dumps(notebook["cells"][1:])
                checked += 1
    of_pages = sum(len(soup.select(".as-notebook")) for soup in pages.values())
    assert checked == 2 * (len(STEMS) + 8) + of_pages


def test_no_page_shows_what_is_put_before_a_download(
    pages: dict[str, BeautifulSoup],
) -> None:
    """A reader of the page has no use for it."""
    for page, soup in pages.items():
        for code in soup.select(".highlight"):
            assert "# /// script" not in code.get_text(), page
            assert "%pip" not in code.get_text(), page


def test_wheel_is_what_pip_installs(site: Path) -> None:
    """The wheel has the same files as the package that pip has installed for the tests."""
    (wheel,) = (site / "wheels").iterdir()
    number = version("autograd-tutorial")
    assert wheel.name == f"autograd_tutorial-{number}-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        carried = {name: archive.read(name) for name in archive.namelist()}
    record = f"autograd_tutorial-{number}.dist-info/RECORD"
    # These are written by pip or uv, or by Python when it runs.
    left = (
        *("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"),
        *("uv_build.json", "uv_cache.json"),
    )
    installed = {
        str(file): file.read_binary()
        for file in files("autograd-tutorial") or ()
        if file.name not in left and file.suffix != ".pyc"
    }
    assert carried.pop(record)
    assert carried == installed
    for name in (
        "graph/showing/player.js",
        "graph/showing/page.css",
        "py.typed",
    ):
        assert f"autograd_tutorial/{name}" in carried


def test_wheel_has_the_same_bytes_from_anywhere(tmp_path: Path) -> None:
    """Two folders, two seeds for the order of sets, two times: one wheel."""
    wheels = set()
    for seed in ("1", "2"):
        root = tmp_path / seed
        shutil.copytree(ROOT / "src", root / "src")
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(ROOT / name, root / name)
        code = (
            "import sys, pathlib, hosting;"
            "root = pathlib.Path(sys.argv[1]);"
            "hosting.carry_wheel(root, root)"
        )
        subprocess.run(
            [sys.executable, "-c", code, root],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": str(ROOT / "docs" / "_ext"),
            },
            check=True,
        )
        (wheel,) = (root / "wheels").iterdir()
        wheels.add(wheel.read_bytes())
    assert len(wheels) == 1


@pytest.mark.parametrize(
    ("address", "repository", "message"),
    [
        *(
            (
                address,
                "",
                f"AUTOGRAD_TUTORIAL_URL is {re.escape(repr(address))}",
            )
            for address in (
                "example.org/",
                "ftp://example.org/",
                "https:///notes/",
                "https://example.org/my notes/",
                "https://example.org/?page=notes",
                "https://example.org/#notes",
                "https://example.org/\"notes'/",
                "https://example.org/<b>/",
                "https://example.org/a\n/",
                "https://example.org/%2/",
            )
        ),
        ("", "https://example.org/a/b", "give the owner and the name"),
    ],
)
def test_addresses_that_cannot_work_are_refused(
    address: str, repository: str, message: str
) -> None:
    """The message says which variable is wrong and what it should hold."""
    config = SimpleNamespace(html_baseurl=address, repository=repository)
    with pytest.raises(ConfigError, match=message):
        hosting.check_addresses(cast("Sphinx", None), cast("Config", config))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://127.0.0.1:8000/",
        "http://[::1]:8000/notes/",
        "https://example.org/",
        "https://octocat.github.io/autograd-tutorial/",
        "https://example.org/~octocat/my%20notes/v1.0/",
    ],
)
def test_addresses_that_work_are_taken(address: str) -> None:
    """The pages learn whether the site has one."""
    config = SimpleNamespace(html_baseurl=address, repository="")
    app = SimpleNamespace(tags=set())
    hosting.check_addresses(cast("Sphinx", app), cast("Config", config))
    assert app.tags == ({"hosted"} if address else set())
