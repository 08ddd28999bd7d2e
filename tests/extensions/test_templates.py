"""What the templates change is still as it was where the theme is used alone.

A test that fails says that the theme, or myst-nb, has been mended: then remove the replacement.
None of these defects is reported.
"""

from pathlib import Path

import page_assets
import pytest
import small_site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small site with the theme alone."""
    folder = tmp_path_factory.mktemp("alone")
    small_site.write(
        folder,
        conf_py='extensions = ["myst_nb"]\nhtml_theme = "furo"\n'
        'nb_execution_mode = "off"\n',
        index_md="---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
        "# First\n\n```{toctree}\n:caption: Pages\n:hidden:\nother\n```\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "```{code-cell} ipython3\n:tags: [hide-input]\n1 + 1\n```\n\n## Second\n",
        other_md="# Other\n",
    )
    done = small_site.build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param('<aside class="sidebar-drawer">', id="a bar without name"),
        pytest.param('<aside class="toc-drawer">', id="another without name"),
        pytest.param('class="toc-sticky toc-scroll"', id="sections measured"),
        pytest.param(
            '<div class="table-wrapper colwidths-auto docutils container">',
            id="no scrolling by key",
        ),
        pytest.param(
            '<p class="caption" role="heading">', id="heading of no level"
        ),
        pytest.param(
            '<summary aria-label="Toggle hidden content">', id="another name"
        ),
        pytest.param('localStorage.getItem("theme") ||', id="any theme"),
    ],
)
def test_pages_have_the_defect(folder: Path, defect: str) -> None:
    """Furo has written it, or myst-nb."""
    assert defect in small_site.read(folder, "index.html")


def test_the_search_page_has_no_heading(folder: Path) -> None:
    """Which search.html adds."""
    assert "<h1" not in small_site.read(folder, "search.html")


def test_myst_nb_brings_rules_for_outputs_in_colours(folder: Path) -> None:
    """Most of its style sheet, which page_assets leaves out."""
    (style,) = (folder / "site" / "_static").glob("mystnb.*.css")
    text = style.read_text("utf-8")
    assert len(page_assets.TERMINAL_COLORS.sub("", text)) < len(text) / 2
