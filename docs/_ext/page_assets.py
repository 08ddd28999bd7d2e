"""Each page loads the scripts and styles that it uses, in few requests.

What every page uses is joined into one style sheet and one script. What only some pages use is
linked from these alone. A content security policy allows nothing but the files of the site and the
one inline script that readies the page before it is drawn: its theme, and its font for formulas.
"""

import re
from base64 import b64encode
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any

import rcssmin
import rjsmin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.typing import ExtensionMetadata

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
    ),
    "copy.js": ("clipboard.min.js", "copybutton.js"),
}
"""What is joined, in this order."""

TERMINAL_COLORS = re.compile(r"div\.highlight \.-Color[^{}]*\{[^{}]*\}")
"""Of the rules of myst-nb three in four: for outputs in colours, which no page has."""

ONLY_WITH = {
    "copy.js": ' class="highlight-',
    "sg-tags.js": "sphx-glr-tag",
    "sg_gallery-binder.css": "binder-badge",
    "sg_gallery-dataframe.css": "dataframe",
    "sg_gallery-rendered-html.css": "rendered_html",
    "sg_gallery.css": "sphx-glr-",
}
"""What only some pages use, with a mark that these pages have."""

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


def choose(
    app: Sphinx,
    _page: str,
    _template: str,
    context: dict[str, Any],
    _document: nodes.document | None,
) -> None:
    """Leave to a page the scripts and styles that it uses."""
    if app.builder.name != "html":
        return
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        assets = list(context[kind])
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
                assets[place] = whole
                assets = [asset for asset in assets if asset not in parts]
        context[kind] = [
            asset
            for asset in assets
            if all(
                mark in body
                for beginning, mark in ONLY_WITH.items()
                if name_of(asset).startswith(beginning)
            )
        ]
    context["theme_script"] = THEME_SCRIPT
    context["policy"] = POLICY


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write what is joined, minified, and tell each page which version it is.

    Some extensions complete their style sheets when the build has ended, so this comes last.
    """
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    versions = {}
    for name, patterns in JOINED.items():
        minify = rcssmin.cssmin if name.endswith(".css") else rjsmin.jsmin
        text = ""
        for pattern in patterns:
            (part,) = static.rglob(pattern)
            text += minify(part.read_text("utf-8"), keep_bang_comments=True)
            text += "\n"
        if name.endswith(".css"):
            text = TERMINAL_COLORS.sub("", text)
        (static / name).write_text(text, encoding="utf-8")
        versions[name] = sha256(text.encode()).hexdigest()[:8]
    link = re.compile(rf"({'|'.join(map(re.escape, JOINED))})(\?v=\w+)?(?=\")")
    for page in Path(app.outdir).rglob("*.html"):
        old = page.read_text("utf-8")
        if '<span class="-Color' in old:
            raise SphinxError(
                f"{page}: an output in colours. Print it without, or keep the "
                "rules for it: TERMINAL_COLORS in page_assets.py."
            )
        new = link.sub(lambda found: f"{found[1]}?v={versions[found[1]]}", old)
        if new != old:
            page.write_text(new, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Choose when all extensions have added what is theirs; join when they have ended."""
    app.connect("html-page-context", choose, priority=950)
    app.connect("build-finished", join, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
