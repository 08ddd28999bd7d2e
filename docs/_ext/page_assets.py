"""Each page loads the scripts and styles that it uses, in few requests.

What every page uses is joined into one style sheet and one script. What only some pages use is
linked from these alone: `NEEDED_WHERE` says from which. In a notebook each graph brings its own
script and style, so that it stands alone. On a page they are taken out, and served once.

A content security policy allows nothing but the files of the site and the one inline script that
readies the page before it is drawn: its theme, and its font for formulas.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any

import moving_figures
import rcssmin
import rjsmin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.typing import ExtensionMetadata
from workarounds import replaced

from autograd_tutorial.graph.showing import draw, page

JOINED = {
    "first.css": (
        "pygments.css",
        "furo.css",
        "mystnb.*.css",
        "sphinx-codeautolink.css",
        "copybutton.css",
    ),
    "last.css": ("furo-extensions.css", "site.css"),
    "common.js": (
        "documentation_options.js",
        "doctools.js",
        "sphinx_highlight.js",
        "furo.js",
        "contents.js",
        "progress.js",
    ),
    "copy.js": ("clipboard.min.js", "copybutton.js"),
}
"""What is joined, in this order."""

TERMINAL_COLORS = re.compile(r"div\.highlight \.-Color[^{}]*\{[^{}]*\}")
"""Of the rules of myst-nb three in four: for outputs in colours, which no page has. There is no
setting against them (not reported)."""


def shows(mark: str) -> Callable[[str, str], bool]:
    """Return the condition that the body of a page holds a text."""
    return lambda _name, body: mark in body


def shows_any(figures: list[str]) -> Callable[[str, str], bool]:
    """Return the condition that a page holds one of these figures that move."""
    marks = [
        f'<figure class="moving {figure}{end}'
        for figure in figures
        for end in '" '
    ]
    return lambda _name, body: any(mark in body for mark in marks)


NEEDED_WHERE = {
    "copy.js": shows(' class="highlight-'),
    "graph.css": shows('<div class="autograd-graph">'),
    "graph.js": shows('<div class="autograd-graph">'),
    "math.css": shows("<math"),
    **{
        file: shows_any(figures)
        for file, figures in moving_figures.FILES.items()
    },
    "sg-tags.js": shows("sphx-glr-tag"),
    "sg_gallery-rendered-html.css": shows("rendered_html"),
    "sg_gallery.css": shows("sphx-glr-"),
}
"""The scripts and styles that only some pages load, and which pages these are."""

GRAPH = {"graph.js": page.script(), "graph.css": draw.STYLE + page.style()}
"""What the graphs of a page share."""
INLINE = (
    f"<script>{page.script()}</script>",
    f"<style>{page.style()}</style>",
    f"<style>{draw.STYLE}</style>",
)
"""What each graph brings."""

THEME_SCRIPT = (
    'document.documentElement.classList.remove("no-js"); '
    'document.body.style.visibility = "hidden"; '
    "document.fonts.load(\"1em 'STIX Two Math'\")"
    '.finally(() => document.body.style.removeProperty("visibility")); '
    'document.body.dataset.theme = "auto"; '
    'try { const theme = localStorage.getItem("theme"); '
    'if (["light", "dark"].includes(theme)) document.body.dataset.theme = theme } '
    "catch {}"
)
"""Furo would tell the page later that scripts run, and so have every element styled again; and the
browser would read the font of the formulas after it has drawn the text, and so move its lines: the
text is hidden until then, some milliseconds, since the font has come within a style sheet. What another site of
the same address has kept as its theme may be none of Furo's."""
DIGEST = b64encode(sha256(THEME_SCRIPT.encode()).digest()).decode()
POLICY = (
    "default-src 'none'; "
    f"script-src 'self' file: 'sha256-{DIGEST}'; "
    "style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data:; "
    "font-src data:; "
    "connect-src 'self' file:; "
    "base-uri 'none'; "
    "form-action 'self' file:"
)
"""The site's own files and nothing else; `file:` is for a copy that is opened from a disk."""


def name_of(asset: Any) -> str:
    """Return the name of a script or of a style sheet."""
    return Path(asset.filename or "").name


def is_needed(asset: str, name: str, body: str) -> bool:
    """Tell whether a page needs a script or a style sheet."""
    return asset not in NEEDED_WHERE or NEEDED_WHERE[asset](name, body)


def take_out_inline(_app: Sphinx, document: nodes.document) -> None:
    """Take script and styles out of the graphs of a page."""
    for raw in document.findall(nodes.raw):
        text = raw.astext()
        if '<div class="autograd-graph">' in text:
            for asset in INLINE:
                text = replaced(text, asset, "")
            raw.clear()
            raw.append(nodes.Text(text))
            raw.rawsource = text


def write_graph_assets(app: Sphinx) -> None:
    """Write script and style of the graphs, before the pages that link them."""
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name, text in GRAPH.items():
        (static / name).write_text(text, encoding="utf-8")


def choose(
    app: Sphinx,
    name: str,
    _template: str,
    context: dict[str, Any],
    _document: nodes.document | None,
) -> None:
    """Leave to a page the scripts and styles that it uses."""
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        assets = context.get(kind, [])
        if app.builder.name == "html":
            assets = joined(assets)
        context[kind] = [
            asset for asset in assets if is_needed(name_of(asset), name, body)
        ]
    context["theme_script"] = THEME_SCRIPT
    context["policy"] = POLICY


def joined(assets: list[Any]) -> list[Any]:
    """Return scripts or styles with what is joined in the place of its parts."""
    for name, patterns in JOINED.items():
        parts = [
            asset
            for asset in assets
            if any(fnmatch(name_of(asset), pattern) for pattern in patterns)
        ]
        if parts:
            place = assets.index(parts[0])
            whole = type(parts[0])(
                f"_static/{name}", priority=parts[0].priority
            )
            rest = [asset for asset in assets if asset not in parts]
            assets = [*rest[:place], whole, *rest[place:]]
    return assets


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write what is joined, minified, and tell each page which version it is.

    Some extensions complete their style sheets when the build has ended, so this comes last.
    """
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    for name, patterns in JOINED.items():
        minify = rcssmin.cssmin if name.endswith(".css") else rjsmin.jsmin
        text = ""
        for pattern in patterns:
            (part,) = static.rglob(pattern)
            text += minify(part.read_text("utf-8"), keep_bang_comments=True)
            text += "\n"
        if "mystnb.*.css" in patterns:
            text = replaced(text, TERMINAL_COLORS, "")
        (static / name).write_text(text, encoding="utf-8")
    late = (*JOINED, "math.css")
    versions = {
        name: sha256((static / name).read_bytes()).hexdigest()[:8]
        for name in late
    }
    link = re.compile(rf"({'|'.join(map(re.escape, late))})(\?v=\w+)?(?=\")")
    for path in Path(app.outdir).rglob("*.html"):
        old = path.read_text("utf-8")
        if '<span class="-Color' in old:
            raise SphinxError(
                f"{path}: an output in colours. Print it without, or keep the "
                "rules for it: TERMINAL_COLORS in page_assets.py."
            )
        new = link.sub(lambda found: f"{found[1]}?v={versions[found[1]]}", old)
        if new != old:
            path.write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Choose when all extensions have added what is theirs; join when they have ended."""
    app.add_css_file("math.css", priority=100)  # its font is to come first
    app.add_css_file("graph.css", priority=550)  # after that of sphinx-gallery
    app.add_js_file("progress.js")
    app.add_js_file("graph.js", loading_method="defer")
    app.connect("builder-inited", write_graph_assets)
    app.connect("doctree-read", take_out_inline)
    app.connect("html-page-context", choose, priority=950)
    app.connect("build-finished", join, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
