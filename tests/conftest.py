"""What the tests share: the site as built, and settings."""

import os
from pathlib import Path

import hypothesis
import matplotlib as mpl
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "_build" / "html"

mpl.use("agg")
os.environ.pop("DISPLAY", None)
# The same examples on every machine; none is timed.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


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
