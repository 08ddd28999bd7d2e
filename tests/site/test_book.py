"""The site as a book: what an EPUB of it holds. `nox -s epub` also has EPUBCheck look at it."""

import posixpath
import re
import shutil
import subprocess
import sys
from copy import copy
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZIP_STORED, ZipFile

import book as book_builder
import pytest
from bs4 import BeautifulSoup
from sphinx.errors import SphinxError

ROOT = Path(__file__).parents[2]
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SVG = "{http://www.w3.org/2000/svg}"
PACKAGE = {
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}


@pytest.fixture(scope="module")
def archive(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the book, made from the pages as the site's build has read and run them."""
    folder = tmp_path_factory.mktemp("epub")
    read = shutil.copytree(site / ".doctrees", folder / "doctrees")
    options = ("-q", "-n", "-W", "-j", "auto", "-b", "epub", "-d", read)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", folder / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out" / "autograd-tutorial.epub"


@pytest.fixture(scope="module")
def files(archive: Path) -> dict[str, bytes]:
    """Return the files of the book."""
    with ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def chapters(files: dict[str, bytes]) -> dict[str, ET.Element]:
    """Return the pages of the book, each well-formed XML."""
    return {
        name: ET.fromstring(text)
        for name, text in files.items()
        if name.endswith(".xhtml")
    }


def classes(element: ET.Element) -> set[str]:
    """Return the classes of an element."""
    return set(element.get("class", "").split())


def test_every_page_is_a_chapter(
    chapters: dict[str, ET.Element], pages: dict[str, BeautifulSoup]
) -> None:
    """All that is on the site but what only a site needs."""
    expected = {page.replace(".html", ".xhtml") for page in pages}
    expected -= {"404.xhtml", "search.xhtml"}
    assert set(chapters) == expected | {"nav.xhtml"}


def test_every_chapter_is_in_the_table_of_contents(
    chapters: dict[str, ET.Element],
) -> None:
    """But for the index, which stands at the end."""
    listed = {
        (link.get("href") or "").partition("#")[0]
        for link in chapters["nav.xhtml"].iter(f"{XHTML}a")
    }
    assert listed == set(chapters) - {"nav.xhtml", "genindex.xhtml"}


def test_formulas_figures_graphs_and_solutions_are_there(
    chapters: dict[str, ET.Element], pages: dict[str, BeautifulSoup]
) -> None:
    """As many of each on each page as the site has without scripts, and what is collapsed is open."""
    for page, soup in pages.items():
        chapter = chapters.get(page.replace(".html", ".xhtml"))
        if chapter is None:
            continue
        article = copy(soup.find("article") or soup)
        for answered in article.select(".needs-script, template"):
            answered.decompose()
        figures = [e for e in chapter.iter() if "house-figures" in classes(e)]
        graphs = [e for e in chapter.iter() if "autograd-graph" in classes(e)]
        collapsed = list(chapter.iter(f"{XHTML}details"))
        assert [
            len(list(chapter.iter(f"{MATHML}math"))),
            len(figures),
            len(graphs),
            len(collapsed),
        ] == [
            len(article.find_all("math")),
            len(article.select(".house-figures")),
            len(article.select(".autograd-graph")),
            len(article.find_all("details")),
        ], page
        assert all(len(list(e.iter(f"{XHTML}img"))) == 1 for e in figures)
        assert all(e.get("open") for e in collapsed), page
        for image in chapter.iter(f"{XHTML}img"):
            assert "alt" in image.attrib, page


def test_no_script_and_nothing_that_needs_one(
    files: dict[str, bytes], chapters: dict[str, ET.Element]
) -> None:
    """No script, no button, no handler; nothing for a dark page."""
    assert not [name for name in files if name.endswith(".js")]
    assert not [name for name in files if name.endswith("_dark.svg")]
    for name, chapter in chapters.items():
        for element in chapter.iter():
            assert element.tag.removeprefix(XHTML) not in {
                "script",
                "noscript",
                "form",
                "button",
                "input",
            }, name
            assert "only-dark" not in classes(element), name
            assert not [a for a in element.attrib if a.startswith("on")], name


def test_every_link_leads_somewhere(
    files: dict[str, bytes], chapters: dict[str, ET.Element]
) -> None:
    """To a file of the book and, there, to an element; or to another host."""
    ids = {
        name: {e.get("id") for e in chapter.iter()}
        for name, chapter in chapters.items()
    }
    broken = []
    for name, chapter in chapters.items():
        for element in chapter.iter():
            link = element.get("href") or element.get("src") or ""
            if not link or re.match(r"\w+:", link):
                continue
            path, _, anchor = link.partition("#")
            folder = posixpath.dirname(name)
            target = (
                posixpath.normpath(posixpath.join(folder, path))
                if path
                else name
            )
            if target not in files or (anchor and anchor not in ids[target]):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_the_package_describes_the_book(
    files: dict[str, bytes], chapters: dict[str, ET.Element]
) -> None:
    """Title, author, language, identifier, licence, a fixed date, and what each page holds."""
    package = ET.fromstring(files["content.opf"])
    said = {
        name: package.findtext(f".//dc:{name}", namespaces=PACKAGE)
        for name in ("title", "creator", "language", "date")
    }
    assert said == {
        "title": "Understand torch.autograd",
        "creator": "The autograd-tutorial authors",
        "language": "en",
        "date": "2026-01-01T00:00:00Z",
    }
    rights = package.findtext(".//dc:rights", namespaces=PACKAGE) or ""
    assert "CC BY 4.0" in rights
    identifier = package.find(".//dc:identifier", PACKAGE)
    assert identifier is not None
    assert identifier.get("id") == package.get("unique-identifier")
    assert identifier.text == "autograd-tutorial"
    for item in package.iterfind(".//opf:item", PACKAGE):
        chapter = chapters.get(item.get("href", ""))
        if chapter is not None and item.get("id") != "nav":
            found = set(item.get("properties", "").split())
            inside = {e.tag for e in chapter.iter()}
            assert ("mathml" in found) == (f"{MATHML}math" in inside)
            assert ("svg" in found) == (f"{SVG}svg" in inside)


def test_the_entries_have_no_date(archive: Path) -> None:
    """And the first one is the media type, as it is."""
    with ZipFile(archive) as opened:
        first, *_ = opened.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
        assert {entry.date_time[0] for entry in opened.infolist()} == {1980}


def test_pages_become_xml(tmp_path: Path) -> None:
    """Named characters, bare attributes and void elements are written in the way of XML."""
    page = tmp_path / "page.xhtml"
    page.write_text(
        '<p hidden class="a b">a&nbsp;b &amp; c<br><img alt="" /></p>'
    )
    assert (
        book_builder.parse(page)
        .toxml()
        .endswith(
            '<p hidden="" class="a b">a\u00a0b &amp; c<br/><img alt=""/></p>'
        )
    )


def test_a_page_that_is_no_xml_is_named(tmp_path: Path) -> None:
    """The message says which page, and what stands there."""
    page = tmp_path / "page.xhtml"
    page.write_text("<body><p>never closed</body>")
    message = r"page\.xhtml is no well-formed XML.*never closed"
    with pytest.raises(SphinxError, match=message):
        book_builder.parse(page)
