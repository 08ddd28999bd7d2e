"""Each page loads the scripts and styles that it uses."""

from types import SimpleNamespace
from typing import Any, cast

import page_assets
import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError


@pytest.mark.parametrize(
    ("page", "body", "loaded"),
    [
        ("glossary", "", []),
        ("glossary", "<math>", ["math.css"]),
        ("gallery/ex1", '<div class="autograd-graph">', ["graph.js"]),
    ],
)
def test_a_page_loads_what_it_needs(
    page: str, body: str, loaded: list[str]
) -> None:
    """By its name, or by what it shows."""
    names = ("math.css", "graph.js")
    found = [n for n in names if page_assets.is_needed(n, page, body)]
    assert found == loaded
    assert page_assets.is_needed("common.js", page, body)


def test_files_are_joined_in_the_place_of_the_first() -> None:
    """What is not joined stays where it was."""

    class Asset(SimpleNamespace):
        """As Sphinx has them."""

        def __init__(self, filename: str, priority: int = 500) -> None:
            super().__init__(filename=filename, priority=priority)

    names = ("a.js", "doctools.js", "b.js", "furo.js", "copybutton.js")
    assets = [Asset(f"_static/{name}") for name in names]
    joined: list[Any] = page_assets.joined(assets)
    assert [page_assets.name_of(asset) for asset in joined] == [
        "a.js",
        "common.js",
        "b.js",
        "copy.js",
    ]


def page_with(text: str) -> tuple[nodes.document, nodes.raw]:
    """Return a page with one output, and the output."""
    document, raw = nodes.document(None, None), nodes.raw("", text)  # type: ignore[arg-type]
    document += raw
    return document, raw


def test_graphs_lose_what_they_share() -> None:
    """And nothing else."""
    graph = '<div class="autograd-graph">{}</div>'
    inline = "".join(page_assets.INLINE)
    document, raw = page_with(graph.format(f"before{inline}after"))
    page_assets.take_out_inline(cast("Sphinx", None), document)
    assert raw.astext() == graph.format("beforeafter")


def test_a_graph_without_what_it_brings_stops_the_build() -> None:
    """The package has changed, and not the extension."""
    document, _ = page_with('<div class="autograd-graph"></div>')
    with pytest.raises(SphinxError, match="There is no '<script>"):
        page_assets.take_out_inline(cast("Sphinx", None), document)
