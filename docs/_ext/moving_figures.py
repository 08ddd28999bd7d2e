"""The figures that move, each a directive of its own name.

A page writes `{live-graph}`. What the figure opens with is in the page already, so that it can be
read without a script; its script and style are in `_static/play`, and only pages that show the
figure load them. What a script computes is compared with torch, here or in the tests.
"""

from pathlib import Path
from types import ModuleType
from typing import ClassVar

import rcssmin
from docutils import nodes
from play import descent, fit, float32, jump, live_graph, predict, rounding, vjp
from play.common import SOURCES, script
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

FIGURES: dict[str, ModuleType] = {
    "live-graph": live_graph,
    "vjp": vjp,
    "jump": jump,
    "descent": descent,
    "rounding": rounding,
    "float32": float32,
    "fit": fit,
    "predict": predict,
}
"""The module of each figure: it has `SCRIPTS`, and `html` or a `Directive` of its own."""

STYLE = "play.css"
FILES = {STYLE: list(FIGURES)} | {
    file: [name for name, module in FIGURES.items() if file in module.SCRIPTS]
    for each in FIGURES.values()
    for file in each.SCRIPTS
}
"""The style and the scripts, and the figures that need each."""


class MovingFigure(SphinxDirective):
    """A figure; its content is whatever its module makes of it."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, as HTML."""
        module = FIGURES[self.name]
        for name in module.SCRIPTS:
            self.env.note_dependency(str(SOURCES / name))
        try:
            figure = module.html("\n".join(self.content))
        except ValueError as error:
            raise self.error(str(error)) from error
        return [nodes.raw("", figure, format="html")]


def minify(app: Sphinx, exception: Exception | None) -> None:
    """Serve the scripts and the styles without comments and white space."""
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "_static" / "play"
    for name in FILES:
        if name.endswith(".js"):
            text = script(name, minified=True)
        else:
            text = str(rcssmin.cssmin((SOURCES / name).read_text("utf-8")))
        (folder / name).write_text(text, "utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives, their files and the last step."""
    for name, module in FIGURES.items():
        app.add_directive(name, getattr(module, "Directive", MovingFigure))
    for name in FILES:
        if name.endswith(".js"):
            app.add_js_file(f"play/{name}", loading_method="defer")
        else:
            app.add_css_file(f"play/{name}")
    app.connect("build-finished", minify)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
