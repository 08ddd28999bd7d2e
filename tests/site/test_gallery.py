"""The pages of the scripts: the picture first, the code that draws it closed below, all of it there."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).parents[2]
STEMS = sorted(path.stem for path in (ROOT / "gallery").glob("*.py"))
CODE = "div.highlight-Python pre"
DRAWS = re.compile(r"figures\.new\(|plt\.show\(|\.set_title\(")
TEACHES = re.compile(r"\bassert\b|\bbackward\(|\bautograd\.grad\(")
"""What belongs before a picture: a number that is computed or tested, not drawn."""


def article(pages: dict[str, BeautifulSoup], stem: str) -> Tag:
    """Return what the page of a script says."""
    found = pages[f"gallery/{stem}.html"].find("article")
    assert isinstance(found, Tag)
    return found


def fold_below(figure: Tag) -> Tag:
    """Return what is closed right below a figure, or below the last of those that one cell draws."""
    below = figure.find_next_sibling()
    while isinstance(below, Tag) and "house-figures" in below["class"]:
        below = below.find_next_sibling()
    assert isinstance(below, Tag)
    return below


@pytest.mark.parametrize("stem", STEMS)
def test_the_picture_comes_before_its_code(
    pages: dict[str, BeautifulSoup], stem: str
) -> None:
    """Below each figure stands its code, closed; a summary opens it without a script, by any key."""
    here = article(pages, stem)
    shown = here.select(".house-figures")
    folds = here.select("details.drawing")
    draws = DRAWS.search((ROOT / f"gallery/{stem}.py").read_text("utf-8"))
    assert bool(shown) == bool(folds) == bool(draws)
    assert len({id(fold_below(figure)) for figure in shown}) == len(folds)
    for figure in shown:
        fold = fold_below(figure)
        assert fold.name == "details"
        assert not fold.has_attr("open")
        assert [part.name for part in fold.find_all(recursive=False)] == [
            "summary",
            "div",
        ]
        assert fold.select_one("summary:first-child:not([tabindex])")
        (code,) = fold.select(CODE)
        assert DRAWS.search(code.get_text())


@pytest.mark.parametrize("stem", STEMS)
def test_what_draws_is_folded_and_what_teaches_is_not(
    pages: dict[str, BeautifulSoup], stem: str
) -> None:
    """A cell that draws does nothing else; otherwise split it in the script."""
    for code in article(pages, stem).select(CODE):
        text = code.get_text()
        is_folded = code.find_parent("details", class_="drawing") is not None
        assert is_folded == bool(DRAWS.search(text)), text
        assert not (is_folded and TEACHES.search(text)), text


@pytest.mark.parametrize("stem", STEMS)
def test_the_code_is_whole(pages: dict[str, BeautifulSoup], stem: str) -> None:
    """The cells of the page, one after the other, are the script."""
    shown = article(pages, stem).select(CODE)
    page = ast.parse("\n".join(code.get_text() for code in shown))
    script = ast.parse((ROOT / f"gallery/{stem}.py").read_text("utf-8"))
    assert ast.get_docstring(script)
    assert ast.dump(page) == ast.dump(ast.Module(script.body[1:], []))


@pytest.mark.parametrize("stem", STEMS)
def test_each_page_ends_with_one_next_station(
    pages: dict[str, BeautifulSoup], stem: str
) -> None:
    """The exercise or the lesson to which the script belongs; no other line names a next one."""
    said = article(pages, stem).select("p")
    *others, last = [
        p for p in said if not p.find_parent(class_="sphx-glr-footer")
    ]
    assert last.get_text().startswith("Next:")
    (link,) = last.select("a[href]")
    assert "gallery/" not in str(link["href"])
    assert not [p for p in others if p.get_text().startswith("Next:")]


def test_thumbnails_can_be_read(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """None is wider than a figure, or much higher than wide: so its letters are not made smaller."""
    images = pages["gallery/index.html"].select(".sphx-glr-thumbcontainer img")
    assert len(images) == len(STEMS)
    for image in images:
        name = Path(str(image["src"])).name
        drawing = ET.parse(site / "_images" / name).getroot()
        _, _, width, height = map(float, drawing.attrib["viewBox"].split())
        assert width <= 360, name
        assert height <= 1.1 * width, name
