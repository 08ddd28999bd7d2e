"""What the tests share: settings, their order, and the site as built."""

import os
from pathlib import Path

import hypothesis
import matplotlib as mpl
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "_build" / "html"

LONGEST = (
    "test_starters",
    "test_wrong_ways",
    "test_book",
    "test_check",
    "test_downloads",
    "test_exercise_pages",
    "test_judge",
    "test_observe",
    "test_script",
    "test_site",
    "test_workarounds",
)
"""The files that take longest come first, so that no core is left alone with one at the end."""

mpl.use("agg")
os.environ.pop("DISPLAY", None)
# The same examples on every machine; none is timed.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


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
