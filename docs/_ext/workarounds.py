"""What other packages do not do yet, or do otherwise than the site needs.

Each workaround names the defect and where it is reported. For each,
`tests/extensions/test_workarounds.py` has a test that runs the other package alone and fails once
the defect is mended: then the workaround can go.

- sphinx-codeautolink 0.19 remembers the links in code of `.rst` files only, and writes them into
  the pages that were out of date when the build began. A MyST page that Sphinx writes again without
  reading it, because a title in its navigation changed, loses them
  (https://github.com/felix-hilden/sphinx-codeautolink/issues/181 and
  https://github.com/sphinx-doc/sphinx/issues/13390). Here the links of every page are remembered,
  and every page that is written gets its own.
- It also asks Sphinx which pages are out of date before Sphinx itself does, and Sphinx forgets that
  the configuration has changed once it has said so (not reported). Here Sphinx is made to say it a
  second time.
- It looks for a name where the object is defined, and packages document theirs where it is to be
  imported from (not reported, but for the setting that lists such names). Here it is told where each
  documented name is defined.
- Sphinx 9.0 takes over what an earlier search index says of a page that has not changed, save for
  its index entries (https://github.com/sphinx-doc/sphinx/issues/12599). So the search would no
  longer find the glossary's terms as such. Here they are handed on.
- A kernel sends what is printed in parts, and when it does so is chance. myst-nb 1.4 joins the
  parts with a line break between them, so a page may gain an empty line
  (https://github.com/executablebooks/MyST-NB/issues/690). nbclient joins them as they are, if it is
  asked to, and myst-nb hands no setting on to it.
- A kernel listens at ports that were free when its client looked for some. Many pages are run at a
  time, so another kernel may have taken one in between
  (https://github.com/jupyter/jupyter_client/issues/487). Sockets in a folder of its own are nobody
  else's.
- sphinx-gallery 0.22 offers a zip of each script and its notebook, which holds the time of the
  build, and has no setting against it (not reported). Here the link is left out.
"""

import json
import os
import re
import shutil
import weakref
from contextlib import suppress
from functools import partial
from inspect import isclass
from pathlib import Path
from pkgutil import resolve_name
from tempfile import mkdtemp
from time import time_ns

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.search import js_index
from sphinx.util.typing import ExtensionMetadata
from sphinx_codeautolink.extension import SphinxCodeAutoLink
from sphinx_codeautolink.extension.block import (
    CodeExample,
    Name,
    SourceTransform,
)
from sphinx_codeautolink.extension.cache import DataCache
from sphinx_codeautolink.extension.resolve import fully_qualified_name
from sphinx_gallery.gen_rst import ZIP_DOWNLOAD


def replaced(text: str, old: str | re.Pattern[str], new: str) -> str:
    """Return a text with all of a part replaced. Where it has no such part, the build stops.

    The text is another program's, which may write something else from its next version on.
    """
    if isinstance(old, str):
        result, times = text.replace(old, new), text.count(old)
    else:
        result, times = old.subn(new, text)
        old = old.pattern
    if not times:
        raise SphinxError(
            f"There is no {old!r} that could be replaced by {new!r} in {text[:200]!r}. "
            "What writes this text has changed: replace what it writes now, or nothing "
            "if that is right."
        )
    return result


def linker(app: Sphinx) -> SphinxCodeAutoLink:
    """Return the state of sphinx-codeautolink, which it keeps in its listeners."""
    handlers = (
        listener.handler for listener in app.events.listeners["build-finished"]
    )
    owners = (getattr(handler, "__self__", None) for handler in handlers)
    return next(
        owner for owner in owners if isinstance(owner, SphinxCodeAutoLink)
    )


def old_configuration(app: Sphinx) -> Path:
    """Return where Sphinx puts the mark of the old configuration when it finds another."""
    return Path(app.outdir, ".buildinfo.bak")


def forget_earlier_change(app: Sphinx) -> None:
    """Remove the mark that an earlier build has left."""
    old_configuration(app).unlink(missing_ok=True)


def remember_change(app: Sphinx) -> None:
    """Put the mark back from which Sphinx sees that every page must be written again."""
    if old_configuration(app).exists():
        old_configuration(app).replace(Path(app.outdir, ".buildinfo"))


def set_links_aside(app: Sphinx) -> None:
    """Have each process that reads pages know the links of these alone, since all are merged."""
    cache = linker(app).cache
    if cache is not None:
        cache.transforms.clear()


def take_up_links(app: Sphinx, env: BuildEnvironment) -> None:
    """Give sphinx-codeautolink the links of the pages that were not read, before it resolves all."""
    cache = linker(app).cache
    stored = app.doctreedir / DataCache.cache_filename
    if cache is None or not stored.exists():
        return
    for page, blocks in json.loads(stored.read_text("utf-8")).items():
        if page not in cache.transforms and page in env.all_docs:
            for block in blocks:
                block["example"] = CodeExample(**block["example"])
                block["names"] = [Name(**name) for name in block["names"]]
            cache.transforms[page] = [SourceTransform(**b) for b in blocks]


def find_definitions(app: Sphinx, _env: BuildEnvironment) -> None:
    """Tell sphinx-codeautolink where the documented names are defined, before it resolves all."""
    state = linker(app)
    if state.cache is not None:
        names = state.make_inventory(app)
        state.inventory_map = {
            place: name for name in names if (place := definition(name)) != name
        }


def definition(name: str) -> str:
    """Return the name under which sphinx-codeautolink looks for a documented object."""
    owner, _, last = name.rpartition(".")
    with suppress(AttributeError, ImportError, TypeError, ValueError):
        thing, holder = resolve_name(name), resolve_name(owner)
        if isclass(holder):
            return f"{fully_qualified_name(holder)}.{last}"
        return str(fully_qualified_name(thing))
    return name


def mark_written_pages(
    began: int, app: Sphinx, exception: Exception | None
) -> None:
    """Tell sphinx-codeautolink which pages this build has written: these are without their links."""
    state = linker(app)
    if exception or state.cache is None:
        return
    state.outdated_docs = {
        page
        for page, blocks in state.cache.transforms.items()
        if blocks and is_newer(app.outdir / f"{page}.html", began)
    }


def is_newer(page: Path, began: int) -> bool:
    """Tell whether a page was written after the build began."""
    return page.exists() and page.stat().st_mtime_ns >= began


def restore_search_entries(app: Sphinx, builder: Builder) -> None:
    """Hand the entries of the earlier index to the new one; pages that are written replace theirs."""
    earlier = app.outdir / "searchindex.js"
    if builder.name != "html" or not earlier.exists():
        return
    index = js_index.loads(earlier.read_text("utf-8"))
    found: dict[str, list[tuple[str, str, str]]] = {}
    for entry, places in index["indexentries"].items():
        for number, anchor, is_main in places:
            page = index["docnames"][number]
            main = "main" if is_main else ""
            found.setdefault(page, []).append((entry, anchor, main))
    for page in sorted(found.keys() & app.env.all_docs.keys()):
        app.env._search_index_index_entries[page] = found[page]


class OverSockets(AsyncKernelManager):
    """A kernel with sockets in a folder, which goes when the kernel does."""

    def __init__(self, **settings: object) -> None:
        """Make the folder; its name is short, as that of a socket has to be."""
        folder = mkdtemp(prefix="kernel")
        super().__init__(transport="ipc", ip=f"{folder}/socket", **settings)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def run_kernels_well() -> None:
    """Have prints joined, and use sockets: ZeroMQ has such everywhere but on Windows."""
    NotebookClient.coalesce_streams = True  # type: ignore[assignment]
    if os.name == "posix":
        NotebookClient.kernel_manager_class = OverSockets  # type: ignore[assignment]


def leave_out_zip(_app: Sphinx, page: str, source: list[str]) -> None:
    """Offer the script and the notebook, not the zip of both."""
    folder, _, stem = page.partition("/")
    if folder == "gallery" and stem != "index":
        zipped = ZIP_DOWNLOAD.format(f"{stem}.zip")
        source[0] = replaced(source[0], zipped, "")


def give_filter(app: Sphinx) -> None:
    """Let the templates replace what the theme writes."""
    if templates := getattr(app.builder, "templates", None):
        templates.environment.filters["replaced"] = replaced


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run what is for sphinx-codeautolink after it has begun, and before it resolves and ends."""
    app.connect("builder-inited", give_filter)
    app.connect("builder-inited", forget_earlier_change, priority=100)
    app.connect("builder-inited", remember_change, priority=900)
    app.connect("builder-inited", set_links_aside, priority=900)
    app.connect("env-updated", take_up_links, priority=100)
    app.connect("env-updated", find_definitions, priority=100)
    app.connect(
        "build-finished", partial(mark_written_pages, time_ns()), priority=100
    )
    app.connect("write-started", restore_search_entries)
    app.connect("source-read", leave_out_zip)
    run_kernels_well()
    return {"parallel_read_safe": True, "parallel_write_safe": True}
