"""What the guide for contributors names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "contributing.md").read_text("utf-8")
TOP = ("docs", "gallery", "src", "tests", ".github", ".ci", "benchmarks")


def in_the_map() -> list[Path]:
    """Return the paths in the map, which is indented as the folders are."""
    (drawn,) = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)
    paths: list[Path] = []
    folders = {-1: ROOT}
    for line in drawn.splitlines():
        depth = (len(line) - len(line.lstrip())) // 4
        if depth > 5:  # a description goes on
            continue
        path = folders[depth - 1] / line.split()[0]
        folders[depth] = path
        paths.append(path)
    return paths


def in_the_text() -> list[Path]:
    """Return the paths in the sentences and commands, but for those that are to be added."""
    words = re.findall(r"[\w./-]+/[\w./-]*\w", GUIDE)
    return [
        ROOT / word
        for word in words
        if word.startswith(TOP)
        and not re.search("taylor|spring|_build", word)
        and not word.startswith("docs.")
    ]


@pytest.mark.parametrize(
    "path",
    sorted({*in_the_map(), *in_the_text()}),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_what_is_named_exists(path: Path) -> None:
    """The files and folders of the guide are in the project."""
    assert path.exists()


def test_the_map_is_whole() -> None:
    """Every file and folder of the package stands in it, down to the folders of a folder."""
    package = ROOT / "src" / "autograd_tutorial"
    named = {*in_the_map()}
    missing = [
        path.name
        for path in package.iterdir()
        if not path.name.startswith("_") and path not in named
    ]
    assert missing in ([], ["py.typed"])
