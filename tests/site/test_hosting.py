"""The site as it is built for an address: what search engines and other sites are told."""

import struct
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup, Tag

URL = "https://example.org/autograd-tutorial/"
GENERATED = {"404.html", "genindex.html", "search.html"}
"""Pages that nobody is sent to."""


@pytest.fixture(scope="module")
def hosted(rebuild: Callable[..., Path]) -> Path:
    """Return the site, built for an address below the root of a host."""
    return rebuild("html", AUTOGRAD_TUTORIAL_URL=URL.rstrip("/"))


@pytest.fixture(scope="module")
def written(
    hosted: Path, pages: dict[str, BeautifulSoup]
) -> dict[str, BeautifulSoup]:
    """Return the pages that somebody wrote."""
    return {
        page: BeautifulSoup((hosted / page).read_text("utf-8"), "html.parser")
        for page in sorted(set(pages) - GENERATED)
    }


def content(soup: BeautifulSoup, name: str) -> str:
    """Return what a page says of itself under a name of the Open Graph protocol."""
    tag = soup.find("meta", property=name)
    assert isinstance(tag, Tag), name
    return str(tag["content"])


def test_every_page_names_its_address(
    written: dict[str, BeautifulSoup],
) -> None:
    """The canonical link and the Open Graph address are the page's own."""
    for page, soup in written.items():
        canonical = [str(tag["href"]) for tag in soup("link", rel="canonical")]
        assert canonical == [URL + page]
        assert content(soup, "og:url") == URL + page


def test_every_page_has_a_picture_for_other_sites(
    hosted: Path, written: dict[str, BeautifulSoup]
) -> None:
    """It is a PNG of the size that the page says, at an absolute address, with a text."""
    for page, soup in written.items():
        address = content(soup, "og:image")
        assert address.startswith(URL), page
        picture = (hosted / address.removeprefix(URL)).read_bytes()
        size = struct.unpack(">II", picture[16:24])
        assert picture.startswith(b"\x89PNG"), page
        assert size == tuple(
            int(content(soup, f"og:image:{side}"))
            for side in ("width", "height")
        )
        assert content(soup, "og:image:alt"), page


def test_sitemap_lists_the_written_pages(
    hosted: Path, written: dict[str, BeautifulSoup]
) -> None:
    """Each once, in order, and nothing else: no date, no page that a program made."""
    root = ET.parse(hosted / "sitemap.xml").getroot()
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert root.tag == f"{space}urlset"
    in_order = sorted(written, key=lambda page: page.removesuffix(".html"))
    assert [[(entry.tag, entry.text) for entry in url] for url in root] == [
        [(f"{space}loc", URL + page)] for page in in_order
    ]


def test_robots_are_told_where_the_sitemap_is(hosted: Path) -> None:
    """They may go everywhere."""
    assert (hosted / "robots.txt").read_text("utf-8").splitlines() == [
        "User-agent: *",
        "Allow: /",
        f"Sitemap: {URL}sitemap.xml",
    ]


def test_page_not_found_links_below_the_address(hosted: Path) -> None:
    """It is shown at any address, so its links begin with the path of the site."""
    text = (hosted / "404.html").read_text("utf-8")
    soup = BeautifulSoup(text, "html.parser")
    links = [str(tag["href"]) for tag in soup.select("link[href], a[href]")]
    assert "/autograd-tutorial/index.html" in links
    for link in links:
        assert link.startswith(("/autograd-tutorial/", "#", "https:")), link


def test_without_an_address_no_address_is_named(
    site: Path, pages: dict[str, BeautifulSoup]
) -> None:
    """No canonical link, no sitemap, and no word of one to robots."""
    for page, soup in pages.items():
        assert not soup("link", rel="canonical"), page
    assert not (site / "sitemap.xml").exists()
    assert "Sitemap" not in (site / "robots.txt").read_text("utf-8")
