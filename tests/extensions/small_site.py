"""Small sites, on which an extension is tried, or another package without it."""

import os
import subprocess
import sys
from pathlib import Path

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_ext"


def write(folder: Path, **pages: str) -> None:
    """Write sources; `index_md` becomes index.md."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")


def build(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build the sources of a folder into its folder `site`."""
    command = [sys.executable, "-m", "sphinx", "-q", *options]
    return subprocess.run(
        [*command, folder, folder / "site"],
        env={**os.environ, "PYTHONPATH": str(EXTENSIONS)},
        capture_output=True,
        text=True,
        check=False,
    )


def read(folder: Path, page: str) -> str:
    """Return a file of the built site."""
    return (folder / "site" / page).read_text("utf-8")
