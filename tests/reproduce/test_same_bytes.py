"""A site is the same, byte for byte, wherever and whenever it is built.

Two clean builds are compared, rather than one with the site that `nox -s docs` has left: that one
may have grown over many builds, and may hold pages whose sources are gone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from project_copy import build, copy_sources

pytestmark = pytest.mark.timeout(1800)

HERE = {"PYTHONHASHSEED": "1", "TZ": "Etc/GMT+12", "LC_ALL": "C.UTF-8"}
THERE = {"PYTHONHASHSEED": "2", "TZ": "Etc/GMT-14", "LC_ALL": "C"}
"""The clocks are 26 hours apart, so they never show the same date."""

Copies = tuple[Path, Path]


def built(folder: Path, environment: dict[str, str]) -> Path:
    """Build the site of a copy and return its folder."""
    done = build(folder, **environment)
    assert done.returncode == 0, done.stdout
    return folder / "docs" / "_build" / "html"


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Return two copies of the project, in folders of different depth, each built once."""
    base = tmp_path_factory.mktemp("copies")
    folders = base / "a", base / "another" / "with space"
    with pytest.MonkeyPatch.context() as patch:
        # With it, a build would be dated as the caller wants.
        patch.delenv("SOURCE_DATE_EPOCH", raising=False)
        for folder in folders:
            copy_sources(folder)
        for folder, environment in zip(folders, (HERE, THERE), strict=True):
            built(folder, environment)
        yield folders


def contents(folder: Path) -> dict[str, bytes]:
    """Return what is served: every file but what Sphinx keeps for its next build."""
    site = folder / "docs" / "_build" / "html"
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file() and ".doctrees" not in path.parts
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


def test_two_clean_builds_are_the_same(copies: Copies) -> None:
    """Another folder, another date, another order of hashes, another locale: the same site."""
    first, second = map(contents, copies)
    found = differences(first, second)
    assert not found, (
        f"{len(found)} of {len(first)} files differ, of these first:\n"
        + "\n".join(found[:10])
    )
    assert len(first) > 200


def test_no_file_names_its_folder(copies: Copies) -> None:
    """What is served says nothing of the folder that it was built in."""
    for folder in copies:
        name = str(folder.parent).encode()
        found = [
            file for file, text in contents(folder).items() if name in text
        ]
        assert found == []


@pytest.mark.parametrize(
    "touched", [None, "docs/theory/jacobians.md", "gallery/newton.py"]
)
def test_a_rebuild_is_the_same(copies: Copies, touched: str | None) -> None:
    """A build over an earlier one, with nothing changed or one file saved again."""
    first, second = copies
    if touched:
        (second / touched).touch()
    built(second, THERE)
    found = differences(contents(first), contents(second))
    assert not found, "\n".join(found[:10])
