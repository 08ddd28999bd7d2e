"""Formulas as native MathML, through math-core, and the font they are set in.

An unknown command is a warning, so with `-W` it fails the build. The LaTeX source stays in the
page as an annotation. The font is STIX Two Math, cut to the characters that the pages use and
what its layout features need; its copyright notice and licence stay inside it. A style sheet
carries it: a font that came later, as a file of its own, would move the lines of the text.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from html import unescape
from importlib.resources import as_file, files
from io import BytesIO
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
from workarounds import replaced

logger = logging.getLogger(__name__)
getLogger("fontTools").setLevel("WARNING")  # it reports each table that it cuts
converter = LatexToMathML(annotation=True, fancy_error=False)

BAR = '<mo stretchy="false">¯</mo></mover>'
"""The end of a letter with a bar, an adjoint: it gets a name for the style sheet."""
FONT_FACE = (
    '@font-face {{ font-family: "STIX Two Math"; '
    'src: url("data:font/woff2;base64,{}") format("woff2"); }}\n'
)


def to_mathml(node: nodes.Node, latex: str, *, display: bool) -> str:
    """Return the MathML of a formula; an error becomes a warning that names the place."""
    try:
        mathml = converter.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        logger.warning(
            "formula %r: %s", latex, error, location=node, type="math"
        )
        return ""
    mathml = mathml.replace(BAR, BAR.replace("<mo ", '<mo class="bar" '))
    return beside_its_letter(mathml) if "'" in latex else mathml


def beside_its_letter(mathml: str) -> str:
    """Return a formula whose primes are no superscripts, as math-core has them (not reported).

    The prime of STIX is raised already, and would stand too high, and too small.
    """
    return replaced(
        mathml,
        re.compile(r"<msup>(<mi[^>]*>[^<]*</mi>)<mo>([′″‴⁗])</mo></msup>"),
        r'<mrow>\1<mo lspace="0" rspace="0">\2</mo></mrow>',
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


def characters_in_formulas(pages: Iterable[Path]) -> set[int]:
    """Return the code points that the formulas of the pages show."""
    formula = re.compile(r"<math.*?</math>", re.DOTALL)
    annotation = re.compile(r"<annotation.*?</annotation>", re.DOTALL)
    lone_letter = re.compile(r"<mi>([^<])</mi>")
    formulas = [
        unescape(annotation.sub("", match))
        for page in pages
        for match in formula.findall(page.read_text(encoding="utf-8"))
    ]
    letters = {
        letter for match in formulas for letter in lone_letter.findall(match)
    }
    shown = {
        character
        for match in formulas
        for character in re.sub(r"<[^>]*>", "", match)
    }
    return {*map(ord, shown), *map(italic, letters)}


def italic(letter: str) -> int:
    """Return the code point of a letter in mathematical italics, as browsers set a lone one.

    The plane of these letters has gaps where Unicode had the letter before.
    """
    number = ord(letter)
    for first, last, start in (
        ("A", "Z", 0x1D434),
        ("a", "z", 0x1D44E),
        ("Α", "Ω", 0x1D6E2),  # noqa: RUF001 - Greek letters are meant
        ("α", "ω", 0x1D6FC),
    ):
        if first <= letter <= last and letter != "h":
            return start + number - ord(first)
    return {"h": 0x210E, "∂": 0x1D715, "∇": 0x1D6FB}.get(letter, number)


def cut_font(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet with the font, unless it is there for the same characters."""
    if exception or app.builder.name not in ("html", "dirhtml"):
        return
    target = app.outdir / "_static" / "math.css"
    pages = sorted(app.outdir.rglob("*.html"))
    wanted = characters_in_formulas(pages)
    made_for = app.doctreedir / "math_font.txt"
    made_of = f"{app.config.run_fingerprint} {sorted(wanted)}"
    is_there = target.exists() and made_for.exists()
    if is_there and made_for.read_text() == made_of:
        return
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        layout_features=["ccmp", "dtls", "flac", "kern", "locl", "ssty"],
        name_IDs=[0, 1, 2, 7, 13, 14],
    )
    options.recalc_timestamp = False
    with as_file(
        files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
    ) as path:
        font = subset.load_font(str(path), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    file = BytesIO()
    subset.save_font(font, file, options)
    data = b64encode(file.getvalue()).decode()
    target.write_text(FONT_FACE.format(data), encoding="utf-8")
    made_for.write_text(made_of)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the math renderer and the style sheet with its font."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(visit_math, None),
        block_renderers=(visit_math_block, None),
    )
    app.connect("build-finished", cut_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
