"""Formulas as native MathML, through math-core, and the font they are set in.

An unknown command is a warning, so with `-W` it fails the build. The LaTeX source stays in the
page as an annotation. The font is STIX Two Math, cut to the characters that the pages use and
what its layout features need; its copyright notice and licence stay inside the file.
"""

import re
from html import unescape
from importlib.resources import as_file, files
from logging import getLogger
from pathlib import Path

from docutils import nodes
from fontTools import subset
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
getLogger("fontTools").setLevel("WARNING")  # it reports each table that it cuts
converter = LatexToMathML(annotation=True, fancy_error=False)


def to_mathml(node: nodes.Node, latex: str, *, display: bool) -> str:
    """Return the MathML of a formula; an error becomes a warning that names the place."""
    try:
        mathml = converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning(
            "formula %r: %s", latex, error, location=node, type="math"
        )
        return ""
    # The prime of STIX is raised already. As a superscript it would stand too high, and too small.
    return re.sub(
        r"<msup>(<mi[^>]*>[^<]*</mi>)<mo>([′″‴⁗])</mo></msup>",
        r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>',
        mathml,
    )


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(to_mathml(node, node.astext(), display=False))
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number and anchor if it is labelled."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(to_mathml(node, node.astext(), display=True) + "</div>\n")
    raise nodes.SkipNode


def characters_in_formulas(pages: list[Path]) -> set[int]:
    """Return the code points that the formulas of the pages show."""
    formula = re.compile(r"<math.*?</math>", re.DOTALL)
    hidden = re.compile(r"<annotation.*?</annotation>|<[^>]*>", re.DOTALL)
    shown = {
        ord(character)
        for page in pages
        for match in formula.findall(page.read_text(encoding="utf-8"))
        for character in unescape(hidden.sub("", match))
    }
    # A browser sets a lone letter in mathematical italics, which are characters of their own.
    italic = (
        set(range(0x1D434, 0x1D468)) | {0x210E} | set(range(0x1D6E2, 0x1D71C))
    )
    return shown | italic


def cut_font(app: Sphinx, exception: Exception | None) -> None:
    """Write the font into the built site."""
    if exception or app.builder.name not in ("html", "dirhtml"):
        return
    target = app.outdir / app.config.math_font
    target.parent.mkdir(parents=True, exist_ok=True)
    options = subset.Options(
        flavor="woff2", layout_features=["*"], name_IDs=[0, 1, 2, 7, 13, 14]
    )
    options.recalc_timestamp = False
    with as_file(
        files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    ) as path:
        font = subset.load_font(str(path), options)
    cutter = subset.Subsetter(options)
    cutter.populate(
        unicodes=characters_in_formulas(sorted(app.outdir.rglob("*.html")))
    )
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the math renderer and the font."""
    app.add_config_value("math_font", "_static/math.woff2", "html", types=str)
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(visit_math, None),
        block_renderers=(visit_math_block, None),
    )
    app.config.html_math_renderer = "mathml"
    app.connect("build-finished", cut_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
