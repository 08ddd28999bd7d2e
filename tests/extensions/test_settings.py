"""What conf.py is silent about has still to be passed over in silence."""

import logging
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from sphinx_gallery.utils import check_spaces_in_filenames


def test_axes_are_defined_where_they_are_not_documented() -> None:
    """Otherwise `nitpick_ignore` can go."""
    assert Axes.__module__ == "matplotlib.axes._axes"


def test_sphinx_gallery_warns_of_a_space_in_a_folder(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Which breaks no link (not reported). Otherwise `suppress_warnings` can go."""
    for logger in ("sphinx", "sphinx.sphinx-gallery"):
        logging.getLogger(logger).propagate = True
    check_spaces_in_filenames([str(Path("a folder", "script.py"))])
    assert "spaces found" in caplog.text
