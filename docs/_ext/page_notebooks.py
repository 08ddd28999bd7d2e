"""Each page that runs cells, as a notebook: what it says in plain Markdown, and its cells.

A notebook shows neither roles nor directives. So its Markdown is written from the page as Sphinx
has resolved it: a term or a function has become a link by then, and a prediction its question and
its answer. Links lead to the site if it has an address; without one they are words. Of the cells
that the page hides, those stay that assert something, or that a later cell needs. `hosting` puts a
cell before all others that installs the package, or says how to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import takewhile
from pathlib import Path
from posixpath import basename
from symtable import symtable
from typing import Any
from urllib.parse import quote, urljoin

import jupytext
import nbformat
from docutils import nodes
from hosting import OF_PAGES, colab
from myst_nb.core import read
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata
from workarounds import replaced

MOVES = {
    "descent": "the learning rate, the momentum and the start of the descent can be moved",
    "fit": "the training can be played, and gone through step by step",
    "float32": "one can go through the powers of two, and see where float32 breaks",
    "jump": "the number a can be moved across the jumps of the function",
    "live-graph": "the formula and its inputs can be changed, and both passes follow",
    "rounding": "the step of a difference quotient can be moved, in two dtypes",
    "vjp": "x and v can be dragged, and what comes back follows",
}
"""What a reader can do with each figure that moves."""
PARTS = re.compile(
    'class="(question|how|option|right|because)"|<(template|legend|label for)'
)
"""What stands before the parts of a prediction, in its HTML."""
GLUE = "from myst_nb import glue"
NO_GLUE = '''

def glue(_name, _value, **_):
    """The page shows the value elsewhere."""
'''
"""myst-nb builds pages; to run their cells it is not needed."""


def in_order(cells: Iterable[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Return a notebook of these cells, with the same bytes each time."""
    made: nbformat.NotebookNode = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number}"
        made.cells.append(cell)
    made.metadata.kernelspec = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    return made


def of_script(text: str) -> nbformat.NotebookNode:
    """Return a script with `# %%` cells as a notebook."""
    return in_order(jupytext.reads(text, fmt="py:percent").cells)


def fence(text: str, least: int) -> str:
    """Return backticks that hold a text: more than stand anywhere within it."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+|$", text)))


def code_block(node: nodes.literal_block) -> str:
    """Return code that nobody runs."""
    text = node.astext().strip("\n")
    language = node.get("language", "python").replace("ipython3", "python")
    return f"{fence(text, 3)}{language}\n{text}\n{fence(text, 3)}"


def item(text: str, mark: str = "- ") -> str:
    """Return a text as an item of a list."""
    return mark + re.sub(r"\n(?=.)", "\n" + " " * len(mark), text)


def quotation(text: str) -> str:
    """Return a text as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def closed(title: str, text: str) -> str:
    """Return a text that the reader opens."""
    return (
        f"<details><summary>{escape(title)}</summary>\n\n{text}\n\n</details>"
    )


def depth(node: nodes.Node | None) -> int:
    """Return in how many sections a node stands."""
    return node is not None and depth(node.parent) + isinstance(
        node, nodes.section
    )


def begins_prediction(node: nodes.Node) -> bool:
    """Tell whether this and the nodes that follow are a prediction."""
    mark = '<figure class="moving predict"'
    return isinstance(node, nodes.raw) and mark in node.astext()


@dataclass
class Markdown:
    """Writes the nodes of a page as Markdown that every notebook shows."""

    site: str
    """The address of the site, or nothing."""
    page: str
    """The path of the page there."""

    def write(self, node: nodes.Node) -> str:
        """Return what stands within a line, or makes lines of its own."""
        if isinstance(node, nodes.Text):
            return re.sub(r"([\\`*_\[\]<>$])", r"\\\1", node.astext())
        ways = (WAYS[kind] for kind in type(node).__mro__ if kind in WAYS)
        return next(ways, Markdown.inner)(self, node)

    def inner(self, node: nodes.Node) -> str:
        """Return what a node holds."""
        between = "" if isinstance(node, nodes.TextElement) else "\n\n"
        rest = iter(node.children)
        return between.join(filter(None, (self.next(n, rest) for n in rest)))

    def next(self, node: nodes.Node, rest: Iterator[nodes.Node]) -> str:
        """Return a node, or a prediction, which takes its parts from the nodes that follow."""
        if not begins_prediction(node):
            return self.write(node)
        end = "</figure>"
        return self.prediction(
            takewhile(lambda each: end not in each.astext(), rest)
        )

    def prediction(self, parts: Iterable[nodes.Node]) -> str:
        """Return question, choices and answer: the HTML before each says which of these it is."""
        html, kind, asked, answers = "", "", list[str](), list[str]()
        for part in parts:
            if isinstance(part, nodes.raw):
                html += part.astext()
                continue
            if html:
                html, kind = "", "".join(PARTS.findall(html)[-1])
            text = self.write(part)
            if kind == "question":
                asked.append(text + "\n")
            elif kind in {"option", "legend", "label for"}:
                asked.append(item(text))
            elif kind in {"right", "because"}:
                answers.append(text)
        answer = closed("Show the answer", "\n\n".join(answers))
        return "\n".join(asked).rstrip() + "\n\n" + answer

    def link(self, node: nodes.Element) -> str:
        """Return a link, or its words if only the site could say where it leads."""
        uri = node.get("refuri", f"#{node.get('refid', '')}")
        if "filename" in node:
            uri = f"{self.site}_downloads/{quote(node['filename'])}"
        uri = urljoin(self.site + self.page, uri)
        inner = node.astext() if "filename" in node else self.inner(node)
        return f"[{inner}]({uri})" if "://" in uri else inner

    def listed(self, node: nodes.Element) -> str:
        """Return the items of a list."""
        first = node.get("start", 1)
        marks = ["- "] * len(node)
        if isinstance(node, nodes.enumerated_list):
            marks = [f"{first + number}. " for number in range(len(node))]
        return "\n".join(map(item, map(self.inner, node.children), marks))

    def box(self, node: nodes.Element) -> str:
        """Return an admonition: closed, if it is so on the page."""
        title, body = node[0], nodes.container("", *node.deepcopy()[1:])
        if "collapsible" in node:
            return closed(title.astext(), self.inner(body))
        return quotation(f"**{self.inner(title)}**\n\n{self.inner(body)}")

    def table(self, node: nodes.table) -> str:
        """Return a table, whose first row is its head."""
        rows = [
            [re.sub(r"\s*\n\s*", " ", self.inner(entry)) for entry in row]
            for row in node.findall(nodes.row)
        ]
        rows.insert(1, ["---"] * len(rows[0]))
        cells = [[cell.replace("|", r"\|") for cell in row] for row in rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in cells)

    def here(self, what: str) -> str:
        """Return a sentence about what only the page has."""
        link = (
            f"[the page]({self.site}{self.page})" if self.site else "the page"
        )
        return f"*Here {link} has {what}.*"

    def picture(self, node: nodes.image) -> str:
        """Name the script that draws a figure; its dark version says nothing new."""
        found = re.match(r"sphx_glr_(\w+)_\d+\.svg", basename(node["uri"]))
        if not found or "only-dark" in node["classes"]:
            return ""
        return self.here(f"a figure that `gallery/{found[1]}.py` draws")

    def html(self, node: nodes.raw) -> str:
        """Say what can be moved in a figure of the page."""
        if "autograd-graph" in node.astext():
            return self.here("a graph that can be played")
        found = re.search('<figure class="moving ([^ "]+)', node.astext())
        if not found:
            return ""
        return self.here(f"a figure that moves: {MOVES[found[1]]}")


WAYS: dict[type, Callable[[Markdown, Any], str]] = {
    addnodes.download_reference: Markdown.link,
    addnodes.toctree: lambda *_: "",
    nodes.Admonition: Markdown.box,
    nodes.Invisible: lambda *_: "",
    nodes.block_quote: lambda to, node: quotation(to.inner(node)),
    nodes.bullet_list: Markdown.listed,
    nodes.definition_list_item: lambda to, node: item(
        f"**{to.inner(node[0])}**: {to.inner(node[-1])}"
    ),
    nodes.emphasis: lambda to, node: f"*{to.inner(node)}*",
    nodes.enumerated_list: Markdown.listed,
    nodes.image: Markdown.picture,
    nodes.literal: lambda _, node: (
        f"{fence(node.astext(), 1)}{node.astext()}{fence(node.astext(), 1)}"
    ),
    nodes.literal_block: lambda _, node: code_block(node),
    nodes.math: lambda _, node: f"${node.astext()}$",
    nodes.math_block: lambda _, node: f"$$\n{node.astext().strip()}\n$$",
    nodes.raw: Markdown.html,
    nodes.reference: Markdown.link,
    nodes.strong: lambda to, node: f"**{to.inner(node)}**",
    nodes.table: Markdown.table,
    nodes.title: lambda to, node: f"{'#' * depth(node)} {to.inner(node)}",
}
"""How nodes are written; of all others, what they hold."""


def flat(node: nodes.Element) -> Iterator[nodes.Node]:
    """Yield the titles and blocks of a page, in their order."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from flat(child)
        else:
            yield child


def is_needed(source: str, later: Iterable[str]) -> bool:
    """Tell whether a hidden cell asserts something, or makes something that is used later."""
    made = symtable(source, "cell", "exec").get_symbols()
    names = {s.get_name() for s in made if s.is_assigned() or s.is_imported()}
    used = re.findall(r"\w+", "\n".join(later))
    return "assert" in source or not names.isdisjoint(used)


def code_cell(text: str, *, is_hidden: bool) -> nbformat.NotebookNode:
    """Return a cell; what the page hides is there, but folded."""
    cell: nbformat.NotebookNode = nbformat.v4.new_code_cell(text)  # type: ignore[no-untyped-call]
    if is_hidden:
        cell.metadata.jupyter = {"source_hidden": True}
    if GLUE in text:
        cell.source = text.replace(GLUE, NO_GLUE)
    return cell


def cells(
    document: nodes.document, source: nbformat.NotebookNode, to: Markdown
) -> Iterator[nbformat.NotebookNode]:
    """Yield the cells: what the page says, the code that it shows, and what it hides."""
    lines = zip(source.metadata.source_map, source.cells, strict=True)
    hidden = [
        (line, cell.source)
        for line, cell in lines
        if "remove-cell" in cell.metadata.get("tags", ())
    ]
    parts: list[tuple[str, str]] = []
    rest = flat(document)
    for node in rest:
        while parts and hidden and (node.line or 0) > hidden[0][0]:
            parts.append(("hidden", hidden.pop(0)[1]))
        element = isinstance(node, nodes.container) and node.get("nb_element")
        if element == "cell_code":
            shown = next(iter(node.findall(nodes.literal_block)))
            parts.append(("shown", shown.astext()))
        elif text := to.next(node, rest):
            parts.append(("said", text))
    parts += [("hidden", text) for _, text in hidden]
    said: list[str] = []
    for number, (kind, text) in enumerate([*parts, ("end", "")]):
        later = (text for kind, text in parts[number + 1 :] if kind != "said")
        if kind == "said":
            said.append(text)
        elif kind != "hidden" or is_needed(text, later):
            if said:
                yield nbformat.v4.new_markdown_cell("\n\n".join(said))  # type: ignore[no-untyped-call]
            said = []
            if kind != "end":
                yield code_cell(text, is_hidden=kind == "hidden")


def file_of(app: Sphinx, page: str) -> Path:
    """Return where the notebook of a page is kept, until `hosting` serves it."""
    return Path(app.doctreedir, OF_PAGES, f"{page.replace('/', '-')}.ipynb")


def write(app: Sphinx, document: nodes.document, page: str) -> None:
    """Write the notebook of a page that runs cells."""
    text = Path(app.env.doc2path(page)).read_text("utf-8")
    if app.builder.name != "html" or not read.is_myst_markdown_notebook(text):
        return
    source = read.read_myst_markdown_notebook(
        text,
        app.env.myst_config,  # type: ignore[attr-defined]
        add_source_map=True,
    )
    to = Markdown(app.config.html_baseurl, app.builder.get_target_uri(page))
    made = nbformat.writes(in_order(cells(document, source, to)))  # type: ignore[no-untyped-call]
    file = file_of(app, page)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{made}\n", encoding="utf-8")


def forget(app: Sphinx, _env: BuildEnvironment, page: str) -> None:
    """Remove the notebook of a page that is gone, or will be read again."""
    file_of(app, page).unlink(missing_ok=True)


def link(
    app: Sphinx,
    page: str,
    _template: str,
    context: dict[str, Any],
    _document: nodes.document | None,
) -> None:
    """Offer the notebook right below the title of its page."""
    file = file_of(app, page)
    if app.builder.name != "html" or not file.exists():
        return
    name = f"{OF_PAGES}/{file.name}"
    address = context["pathto"](f"_downloads/{name}", resource=True)
    line = (
        f'<a href="{address}" download="">Download this page as a notebook</a>'
    )
    if known := colab(app.config, name):
        line += f' (<a href="{known}">open it in Colab</a>)'
    below = f'</h1>\n<p class="as-notebook">{line}</p>'
    context["body"] = replaced(context["body"], "</h1>", below)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the steps."""
    app.connect("env-purge-doc", forget)
    app.connect("doctree-resolved", write)
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
