"""Copies of the project in another folder, and what is run in them.

A clean copy is built once, and serves all who ask for one while the sources stay as they are.
"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".nox" / "a copy"
CLEAN, COPY = FOLDER / "clean", FOLDER / "project"
"""The copy as it was built, and where it was built: Sphinx goes on only in the same place."""

BUILT_FROM = FOLDER / "sources.txt"
LOCK = FileLock(FOLDER.with_name("a copy.lock"))
EAST = timedelta(hours=14)


def another_day() -> str:
    """Return a time zone in which it is not the date of here: the two are 26 hours apart."""
    east = (datetime.now(UTC) + EAST).date()
    return "Etc/GMT-14" if east != datetime.now().date() else "Etc/GMT+12"


def elsewhere() -> dict[str, str]:
    """Return the environment of a machine elsewhere: another clock, locale and order of hashes."""
    return {"PYTHONHASHSEED": "2", "TZ": another_day(), "LC_ALL": "C"}


def sources() -> list[str]:
    """Return the files of the project that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    return sorted(name for name in names if (ROOT / name).is_file())


def copy_sources(folder: Path) -> None:
    """Copy the sources of the project."""
    for name in sources():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def built_copy() -> Path:
    """Return a copy of the project, as it is right after a clean build of its site.

    It belongs to this process until that ends.
    """
    FOLDER.parent.mkdir(exist_ok=True)
    LOCK.acquire()
    digest = sha256(sys.version.encode())
    for name in sources():
        digest.update(name.encode() + (ROOT / name).read_bytes())
    shutil.rmtree(COPY, ignore_errors=True)
    if BUILT_FROM.exists() and BUILT_FROM.read_text() == digest.hexdigest():
        return Path(shutil.copytree(CLEAN, COPY))
    shutil.rmtree(FOLDER, ignore_errors=True)
    copy_sources(COPY)
    done = build(COPY)
    assert done.returncode == 0, done.stdout
    shutil.copytree(COPY, CLEAN)
    BUILT_FROM.write_text(digest.hexdigest())
    return COPY


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a copy, with the package of the copy, and keep what it says."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    # With it, a build would be dated as the caller wants.
    environment.pop("SOURCE_DATE_EPOCH", None)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment | elsewhere(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def build(
    folder: Path, builder: str = "html"
) -> subprocess.CompletedProcess[str]:
    """Build the site of a copy, with the options that `nox -s docs` has, or the book of it."""
    options = os.environ.get("SPHINX_OPTIONS")
    if not options:
        raise RuntimeError(
            "SPHINX_OPTIONS is not set. Start this test with nox, which sets it: "
            "nox -s reproduce faults"
        )
    read = ("-b", builder, "-d", "docs/_build/html/.doctrees")
    out = f"docs/_build/{builder}"
    return run(folder, "sphinx", *options.split(), *read, "docs", out)
