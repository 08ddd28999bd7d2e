"""Every page that runs cells offers them, and what it says, as a notebook."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from myst_nb.core.read import is_myst_markdown_notebook

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(
    path.relative_to(DOCS).with_suffix("").as_posix()
    for path in DOCS.rglob("*.md")
    if is_myst_markdown_notebook(path.read_text("utf-8"))
)
EACH = pytest.mark.parametrize("page", PAGES)
OURS = re.compile(
    r"\{[\w:-]+\}\0|^(\{|:::|%|---|\([\w-]+\)=|:[\w-]+: )", re.MULTILINE
)
"""A role before its text; a directive, a comment, front matter, a label, an option."""


def notebook(site: Path, page: str) -> nbformat.NotebookNode:
    """Return the notebook of a page."""
    file = site / "_downloads" / "notebooks" / f"{page.replace('/', '-')}.ipynb"
    made: nbformat.NotebookNode = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    return made


def texts(source: str) -> Iterator[str]:
    """Yield what Markdown has besides code, of which the place is marked, and its languages."""
    instead = {"code_inline": "\0", "softbreak": "\n"}
    for token in MarkdownIt().enable("table").parse(source):
        yield token.info
        parts = token.children or ()
        yield "".join(instead.get(each.type, each.content) for each in parts)


@EACH
def test_link_stands_below_the_title(
    site: Path, pages: dict[str, BeautifulSoup], page: str
) -> None:
    """It leads to the notebook, and is there once."""
    soup = pages[f"{page}.html"]
    (line,) = soup.select("h1 + p.as-notebook")
    (link,) = line.select("a[download]")
    assert link.get_text() == "Download this page as a notebook"
    file = (site / f"{page}.html").parent / str(link["href"])
    assert file.resolve().name == f"{page.replace('/', '-')}.ipynb"
    assert file.exists()


def test_there_are_no_others(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """Pages that run nothing offer none, and no notebook is left of a page that is gone."""
    linking = {
        page for page, soup in pages.items() if soup(class_="as-notebook")
    }
    assert linking == {f"{page}.html" for page in PAGES}
    files = (site / "_downloads" / "notebooks").iterdir()
    assert len(list(files)) == len(PAGES)


@EACH
def test_notebook_is_valid_and_as_new(site: Path, page: str) -> None:
    """It has no outputs, no tags, and names of cells that each build gives again."""
    made = notebook(site, page)
    nbformat.validate(made)
    names = [f"cell-{number}" for number in range(1, len(made.cells))]
    assert [cell.id for cell in made.cells] == ["install", *names]
    for cell in made.cells:
        assert cell.metadata in ({}, {"jupyter": {"source_hidden": True}})
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
            assert "myst_nb" not in cell.source


@EACH
def test_text_has_no_markup_of_pages(site: Path, page: str) -> None:
    """Nothing that a notebook would show as it is written."""
    for cell in notebook(site, page).cells:
        if cell.cell_type == "markdown":
            for text in texts(cell.source):
                assert not OURS.search(text), text


@EACH
def test_text_and_code_are_those_of_the_page(
    site: Path, pages: dict[str, BeautifulSoup], page: str
) -> None:
    """Every heading and every cell that the page shows, in their order."""
    soup = pages[f"{page}.html"]
    cells = notebook(site, page).cells[1:]
    shown = [
        cell.source.strip()
        for cell in cells
        if cell.cell_type == "code" and not cell.metadata
    ]
    assert shown == [
        code.get_text().strip() for code in soup.select(".cell_input pre")
    ]
    said = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    tokens = MarkdownIt().parse(said)
    depths = [int(t.tag[1]) for t in tokens if t.type == "heading_open"]
    headings = soup.select("article :is(h1, h2, h3, h4)")
    assert depths == [int(heading.name[1]) for heading in headings]
    assert len(soup.select("figure.predict")) == said.count(
        "<summary>Show the answer</summary>"
    )
