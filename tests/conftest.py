"""Settings that the tests share."""

import os

import hypothesis
import matplotlib as mpl
import pytest

LONGEST = (
    "test_book",
    "test_starters",
    "test_hosting",
    "test_command_line",
    "test_downloads",
    "test_exercise_pages",
    "test_site",
    "test_unlisted",
)
"""The files that take longest come first, so that no core is left alone with one at the end.

Two of them build in the same folder, one after the other: so they do not follow one another."""

mpl.use("agg")
os.environ.pop("DISPLAY", None)
# The same examples on every machine; none is timed.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
