"""The sessions: where they take packages from, and when they build the site."""

import importlib.util
import os
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def sessions() -> ModuleType:
    """Return the module, which can be loaded once."""
    file = ROOT / "noxfile.py"
    spec = importlib.util.spec_from_file_location("noxfile", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def noxfile(
    sessions: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ModuleType:
    """Return the sessions of somebody who has said nothing of packages."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(sessions, "UV_FOLDERS", (tmp_path,))
    return sessions


def test_what_is_pinned_admits_the_lowest_python(
    sessions: ModuleType,
) -> None:
    """That of Debian 12 is 3.11.2."""
    lowest = f"{sessions.PYTHONS[0]}.0"
    pinned = (ROOT / "constraints.txt").read_text("utf-8").lower().split()
    refuse = [
        f"{package.name} {package.version} wants Python {wanted}"
        for package in distributions()
        if f"{package.name}=={package.version}".lower() in pinned
        and "Requires-Python" in package.metadata
        and lowest
        not in SpecifierSet(wanted := package.metadata["Requires-Python"])
    ]
    assert not refuse, "\n".join(refuse)


CPU = {"UV_TORCH_BACKEND": "cpu"}


@pytest.mark.parametrize(
    ("said", "handed_on"),
    [
        ({}, CPU),
        ({"UV_FIND_LINKS": "/w"}, {}),
        ({"UV_INDEX": "https://example.org/"}, {}),
        ({"UV_TORCH_BACKEND": "cu130"}, {}),
        ({"PIP_FIND_LINKS": "/w"}, {"UV_FIND_LINKS": "/w"}),
        ({"PIP_FIND_LINKS": "/v /w"}, {"UV_FIND_LINKS": "/v,/w"}),
        (
            {"PIP_INDEX_URL": "https://example.org/"},
            {"UV_DEFAULT_INDEX": "https://example.org/"},
        ),
        ({"PIP_FIND_LINKS": "/w", "UV_FIND_LINKS": "/v"}, {}),
        ({"PIP_QUIET": "1", "UV_LINK_MODE": "copy"}, CPU),
    ],
)
def test_sources_by_variables(
    noxfile: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, str],
    handed_on: dict[str, str],
) -> None:
    """What is said to uv holds; what is said to pip is handed on to uv; else torch has no CUDA."""
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert noxfile.sources() == handed_on


@pytest.mark.parametrize(
    ("text", "handed_on"),
    [
        ('link-mode = "copy"', CPU),
        ('find-links = ["/w"]', {}),
        ('[pip]\ntorch-backend = "cu130"', {}),
        ('[[index]]\nurl = "https://example.org/"', {}),
    ],
)
def test_sources_by_a_file_of_uv(
    noxfile: ModuleType, tmp_path: Path, text: str, handed_on: dict[str, str]
) -> None:
    """A file that says nothing of packages changes nothing."""
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(text)
    assert noxfile.sources() == handed_on


def test_sources_by_a_file_of_pip(
    noxfile: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A variable comes before it."""
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nfind-links =\n  /v\n  /w\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    assert noxfile.sources() == {"UV_FIND_LINKS": "/v,/w"}
    monkeypatch.setenv("PIP_FIND_LINKS", "/x")
    assert noxfile.sources() == {"UV_FIND_LINKS": "/x"}


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("", True),
        ("-k name", True),
        ("tests", True),
        ("tests/site", True),
        ("tests/site/test_site.py::test_favicon -x", True),
        ("tests/package/graph tests/site/test_book.py", True),
        ("tests/package/graph -k name", False),
        (
            "./tests/package/graph/showing/test_fold.py::test_a_block_of_three",
            False,
        ),
        ("-x tests/package/test_functions.py tests/package/checker", False),
    ],
)
def test_the_site_is_built_for_its_tests_alone(
    noxfile: ModuleType, arguments: str, needed: bool
) -> None:
    """Who asks for tests of the package does not wait for the site."""
    assert noxfile.needs_site(arguments.split()) == needed
