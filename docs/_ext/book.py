"""The site as a book: an EPUB with every figure, formula and solution, and without a script.

Sphinx writes pages for browsers into a book. Here they are made fit for reading systems: what only
a script or a dark page needs is taken out, what is collapsed is opened, and the package says which
pages hold formulas and drawings. The same pages give the same bytes: Sphinx itself gives each entry
the date of its file (of which https://github.com/sphinx-doc/sphinx/issues/14168 is a consequence).
`tests/extensions/test_epub.py` sees that Sphinx alone still does none of this.
"""

import re
from collections.abc import Iterator
from html.entities import html5
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.dom.minidom import Document, Element, parseString
from xml.parsers.expat import ExpatError
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.errors import SphinxError
from sphinx.util.typing import ExtensionMetadata

STYLES = ("pygments.css", "graph.css", "book.css")
NAMESPACES = {
    "math": "http://www.w3.org/1998/Math/MathML",
    "svg": "http://www.w3.org/2000/svg",
}
PROPERTIES = {"math": "mathml", "svg": "svg"}
ATTRIBUTE = re.compile(r"""\s+([\w:.-]+)(\s*=\s*(?:"[^"]*"|'[^']*'))?""")
TAG = re.compile(
    r"""<([a-zA-Z]\w*)((?:\s+[\w:.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*)\s*/?>"""
)
VOID = ("br", "hr", "img", "input", "link", "meta")
NEEDS_A_SCRIPT = ("script", "noscript", "template", "button", "input")
NOT_FOR_A_BOOK = {
    "expanded",
    "only-dark",
    "ag-across",
    "ag-bar",
    "ag-link",
    "needs-script",
    "sphx-glr-footer",
    "sphx-glr-download-link-note",
}
"""Elements with one of these classes are taken out."""


def as_xml(html: str) -> str:
    """Write what HTML allows and XML does not in the way of both.

    These are named characters, attributes without a value, and elements that end where they begin.
    """

    def write(tag: re.Match[str]) -> str:
        attributes = ATTRIBUTE.sub(
            lambda found: found[0] + ("" if found[2] else '=""'), tag[2]
        )
        closed = tag[1] in VOID or tag[0].endswith("/>")
        return f"<{tag[1]}{attributes}{'/' if closed else ''}>"

    html = re.sub(
        r"&(?!(?:amp|lt|gt|quot|apos);)(\w+;)",
        lambda name: html5.get(name[1], name[0]),
        html,
    )
    return TAG.sub(write, html)


def parse(page: Path) -> Document:
    """Read a page as XML."""
    text = as_xml(page.read_text("utf-8"))
    try:
        return parseString(text.encode())
    except ExpatError as error:
        line = text.splitlines()[error.lineno - 1]
        place = line[max(error.offset - 60, 0) : error.offset + 20]
        raise SphinxError(
            f"{page.name} is no well-formed XML, as a page of a book must be: {error}: {place!r}"
        ) from error


def elements(document: Document, *names: str) -> Iterator[Element]:
    """Yield the elements that have one of these names."""
    for name in names:
        yield from list(document.getElementsByTagName(name))


def superfluous(element: Element) -> bool:
    """Tell whether an element is of no use in a book."""
    return (
        element.tagName in NEEDS_A_SCRIPT
        or not NOT_FOR_A_BOOK.isdisjoint(element.getAttribute("class").split())
        or (
            element.tagName == "link"
            and Path(urlsplit(element.getAttribute("href")).path).name
            not in STYLES
        )
    )


def tidy(document: Document, page: str, pages: set[str]) -> None:
    """Make a page fit for a reading system."""
    for element in elements(document, "*"):
        if superfluous(element) and element.parentNode:
            element.parentNode.removeChild(element)
    for element in elements(document, "details"):
        element.setAttribute("open", "open")
    for element in elements(document, "form"):  # its questions can be read
        element.tagName = element.nodeName = "div"
        if element.hasAttribute("novalidate"):
            element.removeAttribute("novalidate")
    for element in elements(document, "a"):
        link = urlsplit(element.getAttribute("href"))
        left_out = not link.netloc and urljoin(page, link.path) not in pages
        if left_out or link.fragment.startswith("step="):
            element.removeAttribute("href")
    follow_the_schema(document)
    set_scripts_apart(document)


def follow_the_schema(document: Document) -> None:
    """Put right what browsers forgive and EPUBCheck does not."""
    for name, namespace in NAMESPACES.items():
        for element in elements(document, name):
            element.setAttribute("xmlns", namespace)
    for element in elements(document, "div"):
        if element.hasAttribute("tooltip"):
            element.removeAttribute("tooltip")
    # A heading that opens and closes holds text alone.
    for summary in elements(document, "summary"):
        for element in list(summary.getElementsByTagName("p")):
            element.tagName = element.nodeName = "span"


def set_scripts_apart(document: Document) -> None:
    """Give the size of a formula to an element of its own, as the MathML of books has it."""
    for element in elements(document, "*"):
        if (
            element.hasAttribute("scriptlevel")
            and element.tagName != "mstyle"
            and element.parentNode
        ):
            style = document.createElement("mstyle")
            element.parentNode.replaceChild(style, element)
            style.appendChild(element)
            for name in ("displaystyle", "scriptlevel"):
                if value := element.getAttribute(name):
                    style.setAttribute(name, value)
                    if (name, element.tagName) != ("displaystyle", "mtable"):
                        element.removeAttribute(name)


def used(document: Document, page: str) -> Iterator[str]:
    """Yield the paths of the files that a page shows or is styled with."""
    for name, attribute in (("img", "src"), ("link", "href")):
        for element in elements(document, name):
            path = urlsplit(element.getAttribute(attribute)).path
            yield unquote(urljoin(page, path))


class Book(Epub3Builder):
    """Sphinx's builder, with pages, package and archive put in order."""

    def build_content(self) -> None:
        """Tidy the pages, leave out what none of them uses, and describe each in the package."""
        folder = Path(self.outdir)
        files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }
        pages = {name for name in files if name.endswith(self.out_suffix)}
        kept, properties = set(pages), {}
        for name in sorted(pages):
            document = parse(files[name])
            tidy(document, name, pages)
            files[name].write_text(document.toxml() + "\n", encoding="utf-8")
            kept |= set(used(document, name))
            properties[name] = " ".join(
                PROPERTIES[inside]
                for inside in NAMESPACES
                if document.getElementsByTagName(inside)
            )
        self.config.epub_exclude_files = sorted(set(files) - kept)
        super().build_content()
        package = folder / "content.opf"
        described = parseString(package.read_bytes())
        for item in elements(described, "item"):
            if found := properties.get(unquote(item.getAttribute("href"))):
                item.setAttribute("properties", found)
        package.write_text(described.toxml() + "\n", encoding="utf-8")

    def build_epub(self) -> None:
        """Write the archive, whose entries have no date of their own."""
        name = f"{self.config.epub_basename}.epub"
        names = ("META-INF/container.xml", "content.opf", "toc.ncx")
        with ZipFile(self.outdir / name, "w") as archive:
            archive.writestr(
                ZipInfo("mimetype"),
                (self.outdir / "mimetype").read_bytes(),
                ZIP_STORED,
            )
            for entry in (*names, *self.files):
                archive.writestr(
                    ZipInfo(entry),
                    (self.outdir / entry).read_bytes(),
                    ZIP_DEFLATED,
                )


def setup(app: Sphinx) -> ExtensionMetadata:
    """Put this builder in the place of Sphinx's."""
    app.add_builder(Book, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
