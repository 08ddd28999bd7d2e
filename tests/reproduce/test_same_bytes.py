"""The site is the same, byte for byte, wherever and whenever it is built.

A clean build in another folder, on another date and under another locale is compared with the site
that `nox -s docs` has left. Where that one has grown over many builds, it may hold pages whose
sources are gone: remove docs/_build and docs/gallery, and build it anew.
"""

import shutil
import time
from pathlib import Path

import pytest
from project_copy import ROOT, build, built_copy

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def copy() -> Path:
    """Return a copy of the project, built once."""
    return built_copy()


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is served: every file but what Sphinx keeps for its next build.

    Of this, `.buildinfo` has a hash of the paths at which the packages are installed.
    """
    site = folder / "docs" / "_build" / "html"
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file()
        and not {".doctrees", ".buildinfo"} & {*path.relative_to(site).parts}
    }


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Name what one has and the other lacks, and where files of the same name differ."""
    found = [f"{name}: only in the first" for name in first.keys() - second]
    found += [f"{name}: only in the second" for name in second.keys() - first]
    for name in first.keys() & second:
        if first[name] != second[name]:
            found.append(
                f"{name}, {first_difference(first[name], second[name])}"
            )
    return sorted(found)


def first_difference(first: bytes, second: bytes) -> str:
    """Show the first line in which two files differ, from a little before that place."""
    pairs = enumerate(zip(first, second, strict=False))
    shorter = min(len(first), len(second))
    at = next((place for place, (a, b) in pairs if a != b), shorter)
    line = first.count(b"\n", 0, at) + 1
    start = max(at - 40, first.rfind(b"\n", 0, at) + 1)
    shown = [text[start:].partition(b"\n")[0][:120] for text in (first, second)]
    return f"line {line}:\n  {shown[0]!r}\n  {shown[1]!r}"


def test_differences_are_named() -> None:
    """The comparison itself: a file that is missing, one too many, and one that differs."""
    first = {"a": b"one\ntwo", "b": b"", "c": b"same"}
    second = {"a": b"one\ntoo", "c": b"same", "d": b""}
    assert differences(first, second) == [
        "a, line 2:\n  b'two'\n  b'too'",
        "b: only in the first",
        "d: only in the second",
    ]


def test_a_clean_build_elsewhere_is_the_same(copy: Path) -> None:
    """Another folder, another date, another order of hashes, another locale: the same site."""
    first, second = contents(ROOT), contents(copy)
    found = differences(first, second)
    assert not found, (
        f"{len(found)} of {len(first)} files differ (first: the site in docs/_build), "
        "of these first:\n" + "\n".join(found[:10])
    )
    assert len(first) > 200


def test_no_file_names_its_folder(copy: Path) -> None:
    """What is served says nothing of the folder that it was built in."""
    for folder in (ROOT, copy):
        name = str(folder).encode()
        found = [
            file for file, text in contents(folder).items() if name in text
        ]
        assert found == []


@pytest.mark.parametrize(
    "touched", [(), ("docs/theory/jacobians.md", "gallery/newton.py")]
)
def test_a_rebuild_is_the_same(copy: Path, touched: tuple[str, ...]) -> None:
    """A build over an earlier one, with nothing changed, or a page and a script saved again."""
    for name in touched:
        (copy / name).touch()
    done = build(copy)
    assert done.returncode == 0, done.stdout
    found = differences(contents(ROOT), contents(copy))
    assert not found, "\n".join(found[:10])


def test_the_book_is_the_same_twice(copy: Path) -> None:
    """The entries of the archive have no date of their own, and are in one order."""
    book = copy / "docs" / "_build" / "epub" / "autograd-tutorial.epub"
    made = set()
    for _ in range(2):
        done = build(copy, "epub")
        assert done.returncode == 0, done.stdout
        made.add(book.read_bytes())
        shutil.rmtree(book.parent)
        time.sleep(2)  # the step of a date in such an archive
    assert len(made) == 1
