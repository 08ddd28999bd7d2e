"""Sphinx's own book still needs what `book` does.

A test that fails says that Sphinx has been mended: then remove that part of `book`.
"""

from pathlib import Path
from zipfile import ZipFile

import pytest
import small_site

FORMULA = "<math><mi>x</mi></math>"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Return a small book that Sphinx has made alone."""
    folder = tmp_path_factory.mktemp("alone")
    small_site.write(
        folder,
        conf_py='project = "book"\nversion = "1"\n',
        index_rst="Title\n=====\n\n"
        f".. raw:: html\n\n   {FORMULA}<p hidden>a&nbsp;b<br></p>\n",
    )
    done = small_site.build(folder, "-b", "epub")
    assert done.returncode == 0, done.stderr
    return ZipFile(folder / "site" / "book.epub")


def test_html_stays_html(book: ZipFile) -> None:
    """In pages that are XHTML by their name (not reported)."""
    page = book.read("index.xhtml").decode()
    assert FORMULA in page
    assert "<p hidden>a&nbsp;b<br></p>" in page


def test_the_package_does_not_say_what_a_page_holds(book: ZipFile) -> None:
    """A formula has to be declared (not reported)."""
    assert "mathml" not in book.read("content.opf").decode()


def test_entries_have_the_dates_of_their_files(book: ZipFile) -> None:
    """https://github.com/sphinx-doc/sphinx/issues/14168 has another consequence of it."""
    page = Path(str(book.filename)).with_name("index.xhtml")
    assert book.getinfo("index.xhtml").date_time[0] > 1980
    assert page.exists()
