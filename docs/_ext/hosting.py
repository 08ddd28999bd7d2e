"""What depends on where the site is served: its downloads, its links to Colab, and its sitemap.

A download installs what it imports, or says how to. The site carries the package as a wheel. Where
the site has an address, each script that a page offers begins with a block in the form of PEP 723,
which `pipx run` and `uv run` read, and each notebook with a cell that does the same: both name that
wheel. Without an address they say how the package is installed from the project's folder, and name
nothing that an index would be asked for, since nobody vouches for what stands there under that
name. Pages say which of the two holds with `only` and the tag `hosted`. All this is put into the
copies that the site serves: no page shows it, no build runs it, and no script has to be run again
because the address has changed.

Where the repository is known too, each page that offers a notebook links to Colab. Colab opens
notebooks from GitHub alone, so `.ci/publish-notebooks` puts them there.

`robots.txt` and, where the address is known, `sitemap.xml` are for search engines. sphinx-sitemap
lists the pages that a build wrote, in the order in which its processes ended
(https://github.com/jdillard/sphinx-sitemap/issues/13). Here every page is listed after every build,
in one order and without a date.
"""

import json
import re
import shutil
import tomllib
from contextlib import chdir
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from docutils import nodes
from hatchling.build import build_wheel
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util.typing import ExtensionMetadata

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
ROOT = Path(__file__).parents[2]
WHEELS = "wheels"
OF_PAGES = "notebooks"
"""Where the notebooks of pages are, beside what Sphinx has read and among the downloads."""
COLAB = (
    "https://colab.research.google.com/github/{}/blob/notebooks/_downloads/{}"
)


ADDRESS = re.compile(
    r"https?://([\w.-]+|\[[\da-f:.]+\])(:\d+)?(/([\w.~@+-]|%[\da-f]{2})*)*",
    re.ASCII | re.IGNORECASE,
)
INSTALL_FIRST = """\
This file imports the package autograd_tutorial. Install it first, in the
folder of the project: python -m pip install .
"""


def check_addresses(app: Sphinx, config: Config) -> None:
    """Refuse an address or a repository from which nothing could be installed or opened.

    What is left becomes part of headers, requirements and commands.
    """
    address, repository = config.html_baseurl, config.repository
    if address and not ADDRESS.fullmatch(address):
        raise ConfigError(
            f"AUTOGRAD_TUTORIAL_URL is {address!r}: give the whole address of a "
            "folder, as in https://example.org/autograd-tutorial/, without "
            "query or anchor, and every other character as %20 stands for a space."
        )
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ConfigError(
            f"AUTOGRAD_TUTORIAL_REPOSITORY is {repository!r}: give the owner "
            "and the name on GitHub, as in octocat/autograd-tutorial."
        )
    if address:
        app.tags.add("hosted")


def carry_wheel(root: Path, site: Path) -> str:
    """Build the wheel of the package into the site, as pip would, and return its name."""
    folder = site / WHEELS
    shutil.rmtree(folder, ignore_errors=True)
    with chdir(root):
        return build_wheel(str(folder))


def requirement(project: dict[str, Any], wheel: str, address: str) -> str:
    """Return what a download asks for: the wheel of the site, or nothing without an address."""
    return f"{project['name']} @ {address}{WHEELS}/{wheel}" if address else ""


def head_script(text: str, name: str, python: str, needed: str) -> str:
    """Return a script with its requirements before it."""
    if not needed:
        return f"{indent(INSTALL_FIRST, '# ')}\n{text}"
    return f"""\
# `pipx run {name}` or `uv run {name}` installs what this file imports, and runs it.
# /// script
# requires-python = "{python}"
# dependencies = ["{needed}"]
# ///
{text}"""


def head_notebook(text: str, needed: str) -> str:
    """Return a notebook with a cell before it that installs its requirements, or says how to."""
    notebook = json.loads(text)
    cell: dict[str, object] = {
        "cell_type": "markdown",
        "id": "install",
        "metadata": {},
        "source": [INSTALL_FIRST],
    }
    if needed:
        cell |= {
            "cell_type": "code",
            "execution_count": None,
            "outputs": [],
            "source": [
                "# Install what this notebook imports.\n",
                f'%pip install --quiet "{needed}"',
            ],
        }
    if notebook["nbformat_minor"] < 5:
        del cell["id"]
    notebook["cells"].insert(0, cell)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def head_downloads(app: Sphinx, exception: Exception | None) -> None:
    """Build the wheel, and put the requirements into what Sphinx has copied to the site.

    Each build writes all downloads anew, from their sources: Sphinx copies them only when it has
    written a page.
    """
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = project["project"]
    wheel = carry_wheel(ROOT, site)
    needed = requirement(project, wheel, app.config.html_baseurl)
    python = project["requires-python"]
    shutil.rmtree(site / "_downloads" / OF_PAGES, ignore_errors=True)
    (site / "_downloads" / OF_PAGES).mkdir(parents=True)
    downloads = [
        (Path(app.srcdir, source), str(copy))
        for source, (_, copy) in app.env.dlfiles.items()
    ]
    of_pages = Path(app.doctreedir, OF_PAGES).glob("*.ipynb")
    downloads += [(path, f"{OF_PAGES}/{path.name}") for path in of_pages]
    for path, copy in downloads:
        if path.suffix == ".py":
            text = path.read_text("utf-8")
            headed = head_script(text, path.name, python, needed)
        elif path.suffix == ".ipynb":
            headed = head_notebook(path.read_text("utf-8"), needed)
        else:
            continue
        (site / "_downloads" / copy).write_text(headed, encoding="utf-8")


def colab(config: Config, download: str) -> str:
    """Return the address at which Colab opens a download, if it is known."""
    if not (config.repository and config.html_baseurl):
        return ""
    return COLAB.format(config.repository, quote(download))


def link_colab(app: Sphinx, document: nodes.document, _page: str) -> None:
    """Link to Colab beside each notebook that a page offers."""
    if app.builder.name != "html":
        return
    for download in list(document.findall(addnodes.download_reference)):
        name = download.get("filename", "")  # none if the file is missing
        address = colab(app.config, name)
        if not address or not name.endswith(".ipynb"):
            continue
        button = download.parent.parent
        if "sphx-glr-download" in button.get("classes", ()):
            link = nodes.reference("", "Open in Colab", refuri=address)
            button.parent.insert(
                button.parent.index(button) + 1,
                nodes.container(
                    "",
                    nodes.paragraph("", "", link),
                    classes=["sphx-glr-download"],
                ),
            )
        else:
            link = nodes.reference("", "open it in Colab", refuri=address)
            place = download.parent.index(download) + 1
            for node in (nodes.Text(")"), link, nodes.Text(" (")):
                download.parent.insert(place, node)


def write_for_search_engines(app: Sphinx, exception: Exception | None) -> None:
    """Write the two files, and remove a sitemap from a build that knew the address."""
    if exception or app.builder.name != "html":
        return
    robots = "User-agent: *\nAllow: /\n"
    sitemap = Path(app.outdir) / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if base_url := app.config.html_baseurl:
        robots += f"Sitemap: {base_url}sitemap.xml\n"
        pages = ET.Element("urlset", xmlns=SITEMAP)
        for page in sorted(app.env.found_docs):
            url = ET.SubElement(ET.SubElement(pages, "url"), "loc")
            url.text = base_url + app.builder.get_target_uri(page)
        ET.indent(pages)
        ET.ElementTree(pages).write(sitemap, "utf-8", xml_declaration=True)
    (Path(app.outdir) / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the steps."""
    app.add_config_value("repository", "", "html", types=str)
    app.connect("config-inited", check_addresses)
    app.connect("doctree-resolved", link_colab)
    app.connect("build-finished", head_downloads)
    app.connect("build-finished", write_for_search_engines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
