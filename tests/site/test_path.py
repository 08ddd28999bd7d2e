"""The path through the site: the first page, the foot of each page, and its last line name the same next page."""

import posixpath
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

README = Path(__file__).parents[2] / "README.md"


def address(page: str, link: Tag) -> str:
    """Return the page to which a link leads."""
    href = str(link["href"]).partition("#")[0]
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), href))


@pytest.fixture(scope="session")
def path(pages: dict[str, BeautifulSoup]) -> list[str]:
    """Return the pages of the path, as the first page lists them."""
    links = pages["index.html"].select("ol.path a")
    return [address("index.html", link) for link in links]


def foot(page: str, soup: BeautifulSoup) -> str:
    """Return the page to which the foot of a page leads."""
    (link,) = soup.select("a.next-page")
    return address(page, link)


def test_each_page_of_the_path_is_on_it_once(
    path: list[str], pages: dict[str, BeautifulSoup]
) -> None:
    """The tutorial, what moves, the exercises and the theory: none is missing."""
    folders = ("play/", "exercises/ex", "theory/")
    wanted = {page for page in pages if page.startswith(folders)}
    assert len(path) == len(set(path))
    assert set(path) == {"tutorial.html", *wanted}


def test_the_foot_of_each_page_goes_on(
    path: list[str], pages: dict[str, BeautifulSoup]
) -> None:
    """From the first page to the last; the overview of the exercises stands between."""
    page = "index.html"
    seen: list[str] = []
    while len(seen) < len(path):
        page = foot(page, pages[page])
        if page != "exercises/index.html":
            seen.append(page)
    assert seen == path


def test_the_last_line_of_a_page_goes_where_its_foot_goes(
    path: list[str], pages: dict[str, BeautifulSoup]
) -> None:
    """No page ends with another next step; the last page of the path leads back to what is to be done."""
    for page in path[:-1]:
        if page.startswith("exercises/"):
            continue
        soup = pages[page]
        article = soup.find("article")
        assert isinstance(article, Tag)
        lines = [p for p in article.select("p") if p.select("a[href]")]
        links = [address(page, a) for a in lines[-1].select("a[href]")]
        assert foot(page, soup) in links, page


def test_the_first_page_has_one_place_to_start(
    path: list[str], pages: dict[str, BeautifulSoup]
) -> None:
    """One button, and it leads to the first page of the path."""
    (button,) = pages["index.html"].select("a.start")
    assert address("index.html", button) == path[0] == "tutorial.html"


def test_the_readme_names_the_same_path(path: list[str]) -> None:
    """In the same order."""
    text = README.read_text("utf-8")
    places = [
        text.index(f"docs/{page.removesuffix('.html')}.md") for page in path[:2]
    ]
    places += [text.index("docs/exercises/"), text.index("docs/theory/")]
    assert places == sorted(places)


def test_each_page_of_the_path_can_be_ticked(
    path: list[str], pages: dict[str, BeautifulSoup]
) -> None:
    """There is a place for it, on each."""
    for page in path:
        assert len(pages[page].select("p.done")) == 1, page
