"""The graphs on a page share one script and one style sheet.

In a notebook each graph brings its own, so that it stands alone. On a page that holds several they
are taken out and served once, and only to the pages that show a graph.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from autograd_tutorial.graph.showing import draw, page

STATIC = {"graph.js": page.script(), "graph.css": draw.STYLE + page.style()}
INLINE = (
    f"<script>{page.script()}</script>",
    f"<style>{page.style()}</style>",
    f"<style>{draw.STYLE}</style>",
)


def graphs(document: nodes.document) -> list[nodes.raw]:
    """Return the outputs of a page that show a graph."""
    return [
        raw
        for raw in document.findall(nodes.raw)
        if '<div class="autograd-graph">' in raw.astext()
    ]


def take_out_assets(_app: Sphinx, document: nodes.document) -> None:
    """Take script and styles out of the graphs of a page."""
    for raw in graphs(document):
        text = raw.astext()
        for asset in INLINE:
            if asset not in text:
                raise ValueError("A graph came without its script and styles.")
            text = text.replace(asset, "")
        raw.clear()
        raw.append(nodes.Text(text))
        raw.rawsource = text


def link_assets(
    app: Sphinx,
    _pagename: str,
    _template: str,
    _context: dict[str, Any],
    document: nodes.document | None,
) -> None:
    """Link script and style sheet from a page that shows a graph."""
    if document is not None and graphs(document):
        app.add_js_file("graph.js", loading_method="defer")
        app.add_css_file("graph.css")


def write_assets(app: Sphinx) -> None:
    """Write script and style sheet, before the pages that link them."""
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name, text in STATIC.items():
        (static / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the steps."""
    app.connect("builder-inited", write_assets)
    app.connect("doctree-read", take_out_assets)
    app.connect("html-page-context", link_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
