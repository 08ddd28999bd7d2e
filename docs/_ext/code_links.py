"""Keep the links in code when a page is written again without being read again.

sphinx-codeautolink 0.19 remembers the links of an earlier build for `.rst` files only, and writes
them into the pages that were out of date when the build began. A MyST page that Sphinx writes
again for another reason, because a title in its navigation changed, loses them (issue 181 of that
project). Here the links of every page are remembered, as they were resolved, and every page that is
written gets its own.

It also asks Sphinx which pages are out of date before Sphinx itself does, and Sphinx forgets that
the configuration has changed once it has said so. Here it is made to say it a second time.
"""

import json
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx_codeautolink.extension import SphinxCodeAutoLink
from sphinx_codeautolink.extension.block import (
    CodeExample,
    Name,
    SourceTransform,
)
from sphinx_codeautolink.extension.cache import DataCache

logger = logging.getLogger(__name__)


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
    """Have sphinx-codeautolink resolve the names of the pages alone that are read in this build."""
    cache = linker(app).cache
    if cache is not None:
        cache.transforms.clear()


def take_up_links(app: Sphinx, env: BuildEnvironment) -> None:
    """Give it back the links of the other pages, as they were resolved."""
    state = linker(app)
    stored = app.doctreedir / DataCache.cache_filename
    if state.cache is None or not stored.exists():
        return
    for page, blocks in json.loads(stored.read_text("utf-8")).items():
        if page not in state.cache.transforms and page in env.all_docs:
            state.cache.transforms[page] = [
                restored(block, page, state.inventory) for block in blocks
            ]


def restored(
    block: dict[str, Any], page: str, inventory: dict[str, str]
) -> SourceTransform:
    """Return the links of a block of code; of one that has lost its target there is a warning."""
    names = []
    for name in (Name(**entry) for entry in block["names"]):
        if name.resolved_location in inventory:
            names.append(name)
        else:
            logger.warning(
                "Inventory missing `%s`", name.resolved_location, location=page
            )
    example = CodeExample(**block["example"])
    return SourceTransform(**{**block, "example": example, "names": names})


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


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run after sphinx-codeautolink has begun, and before it ends."""
    app.connect("builder-inited", forget_earlier_change, priority=100)
    app.connect("builder-inited", remember_change, priority=900)
    app.connect("builder-inited", set_links_aside, priority=900)
    app.connect("env-updated", take_up_links, priority=900)
    app.connect(
        "build-finished", partial(mark_written_pages, time_ns()), priority=100
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
