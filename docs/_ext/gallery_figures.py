"""The figures of the gallery, in a light and a dark version, in scripts and in pages.

A script draws a figure once, with `autograd_tutorial.figures`. The scraper saves it as SVG, and
saves the same file again with the ink and the grid replaced by their colours for a dark page.
The furo theme shows one of the two. The `gallery-figure` directive shows such a figure in a page.

On the page of a script the picture comes first. The code that draws it is closed below it, in HTML
that opens without a script.
"""

import re
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
from docutils import nodes
from matplotlib.figure import Figure
from scour import scour
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from workarounds import replaced

from autograd_tutorial import figures
from autograd_tutorial.graph import Graph

READING_ORDER = (
    "vector_to_scalar.py",
    "accumulation.py",
    "ex1_gradient_argument.py",
    "control_flow.py",
    "ex2_sine_derivative.py",
    "ex5_log_sine_reciprocal.py",
    "walk_the_graph.py",
    "training.py",
    "cost_of_modes.py",
    "newton.py",
    "checkpointing.py",
    "kinks.py",
)
"""The scripts in the order in which the gallery shows them. A new script is added here."""


FOLD = (
    '<details class="drawing"><summary>The code that draws it</summary>',
    "</details>",
)
"""What stands around the code that draws a figure."""


def reading_order(script: str) -> int:
    """Return the place of a script in the gallery."""
    if script not in READING_ORDER:
        raise ValueError(
            f"gallery/{script} has no place yet: add it to READING_ORDER in {__name__}."
        )
    return READING_ORDER.index(script)


def save(figure: Figure, light: Path) -> None:
    """Save a figure as SVG, in a light and a dark version, with the same bytes each time."""
    alt = str(figure.get_label())
    if not alt:
        raise ValueError(
            "A figure has no alternative text: start it with figures.new(alt=...)."
        )
    titles = [
        axes.get_title(place)
        for axes in figure.axes
        for place in ("left", "center")
    ]
    if not any((*titles, figure.get_suptitle())):
        raise ValueError(
            f"A figure has no title: {alt!r}. Set one with axes.set_title(...)."
        )
    described = {"Description": alt, "Date": None, "Creator": None}
    with mpl.rc_context({"svg.hashsalt": light.stem, "svg.fonttype": "path"}):
        figure.savefig(light, format="svg", metadata=described)
    drawing = light.read_text(encoding="utf-8")
    light.write_text(minified(drawing), encoding="utf-8")
    dark = replaced(drawing, figures.INK, figures.INK_ON_DARK)
    dark = dark.replace(figures.GRID, figures.GRID_ON_DARK)  # some have none
    dark_version(light).write_text(minified(dark), encoding="utf-8")


def minified(drawing: str) -> str:
    """Return an SVG that looks the same: five digits of a coordinate are enough."""
    options = scour.generateDefaultOptions()
    options.digits = 5
    options.indent_type = "none"
    options.newlines = False
    options.shorten_ids = options.strip_ids = True
    options.strip_comments = options.strip_xml_prolog = True
    small: str = scour.scourString(drawing, options)
    # The minifier drops the outline of the space, which is empty, and leaves what refers to it:
    # as in https://github.com/scour-project/scour/issues/303, and tested for.
    return re.sub(
        r'<use [^>]*href="#([^"]*)"[^>]*/>',
        lambda use: use[0] if f'id="{use[1]}"' in small else "",
        small,
    )


def dark_version(light: Path) -> Path:
    """Return the path of the dark version of a figure."""
    return light.with_name(f"{light.stem}_dark.svg")


def read_description(drawing: ET.Element) -> str:
    """Return the alternative text that `save` wrote into a figure."""
    text = drawing.findtext(".//{http://purl.org/dc/elements/1.1/}description")
    assert text is not None
    return text


def size(drawing: ET.Element) -> dict[str, str]:
    """Return width and height in CSS pixels, of which a point, the unit of the SVG, has 4/3."""
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    return {
        "width": str(round(width * 4 / 3)),
        "height": str(round(height * 4 / 3)),
    }


def size_thumbnails(app: Sphinx, document: nodes.document) -> None:
    """Give the thumbnails of the gallery their size, so that nothing moves when they arrive."""
    for image in document.findall(nodes.image):
        if image["uri"].endswith("_thumb.svg"):
            image["loading"] = "lazy"
            # Of a script that has failed there is a picture of another kind.
            with suppress(ET.ParseError):
                drawing = ET.parse(Path(app.srcdir, image["uri"].lstrip("/")))
                image.attributes |= size(drawing.getroot())


def is_figure(node: nodes.Node) -> bool:
    """Tell whether a node is a figure in its two versions."""
    return (
        isinstance(node, nodes.container) and "house-figures" in node["classes"]
    )


def fold_drawing(app: Sphinx, document: nodes.document) -> None:
    """Put the figures of a cell before its code, and close that code below them.

    sphinx-gallery shows a cell and then what comes of it. A cell that draws does nothing else, so
    the reader needs its picture, and its code only if they ask for it.
    """
    if not app.env.docname.startswith("gallery/"):
        return
    for code in list(document.findall(nodes.literal_block)):
        section = code.parent
        here = section.index(code)
        drawn = list(takewhile(is_figure, section[here + 1 :]))
        if drawn:
            begin, end = (nodes.raw("", html, format="html") for html in FOLD)
            section[here : here + 1 + len(drawn)] = [*drawn, begin, code, end]


def images(light: Path, uri: str) -> list[nodes.image]:
    """Return the light and the dark image of a figure, with size and alternative text."""
    drawing = ET.parse(light).getroot()
    # A browser does not load what it does not show: so one of the two stays unloaded.
    shared: dict[str, Any] = {
        "alt": read_description(drawing),
        "loading": "lazy",
        **size(drawing),
    }
    dark_uri = uri.replace(light.name, dark_version(light).name)
    return [
        nodes.image(uri=uri, classes=["house-figure", "only-light"], **shared),
        nodes.image(
            uri=dark_uri, classes=["house-figure", "only-dark"], **shared
        ),
    ]


class GalleryFigure(SphinxDirective):
    """`{gallery-figure} control_flow 1` shows the first figure of gallery/control_flow.py."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the two images of the figure."""
        stem, number = self.arguments
        name = f"sphx_glr_{stem}_{int(number):03d}.svg"
        light = self.env.srcdir / "gallery" / "images" / name
        if not light.exists():
            raise self.error(
                f"gallery/{stem}.py draws no figure number {number}."
            )
        self.env.note_dependency(str(light))
        return [
            nodes.container(
                "",
                *images(light, f"/gallery/images/{name}"),
                classes=["house-figures"],
            )
        ]


def scraper(
    _block: Any, block_vars: dict[str, Any], _gallery_conf: dict[str, Any]
) -> str:
    """Save the open figures of a code block and return the lines that show them.

    A graph shows itself on the page. It is saved too, so that a script that draws nothing else can
    name one of its graphs as its thumbnail.
    """
    lines = []
    stem = Path(block_vars["src_file"]).stem
    for number in plt.get_fignums():
        light = Path(next(block_vars["image_path_iterator"])).with_suffix(
            ".svg"
        )
        save(plt.figure(number), light)
        lines.append(
            f"\n.. gallery-figure:: {stem} {len(block_vars['image_path_iterator'])}\n"
        )
    plt.close("all")
    shown = block_vars["example_globals"].get("___")
    # What a cell has shown stays there while the next ones show nothing.
    if isinstance(shown, Graph) and shown is not block_vars.get("saved"):
        block_vars["saved"] = shown
        thumbnail = Path(next(block_vars["image_path_iterator"]))
        picture = replaced(shown.to_svg(), "prefers-color-scheme", "none")
        thumbnail.with_suffix(".svg").write_text(picture, encoding="utf-8")
    return "".join(lines)


def _get_sg_image_scraper() -> Any:
    return scraper


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive and the steps."""
    app.add_directive("gallery-figure", GalleryFigure)
    app.connect("doctree-read", size_thumbnails)
    app.connect("doctree-read", fold_drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
