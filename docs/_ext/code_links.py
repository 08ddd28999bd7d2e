"""Keep the links in code when a page is written again without being read again.

sphinx-codeautolink 0.19 remembers the links of an earlier build for `.rst` files only, and writes
them into the pages that were out of date when the build began. A MyST page that Sphinx writes
again for another reason, because a title in its navigation changed, loses them (issue 181 of that
project). Here the links of every page are remembered, and every page that is written gets its own.

It also asks Sphinx which pages are out of date before Sphinx itself does, and Sphinx forgets that
the configuration has changed once it has said so. Here it is made to say it a second time.
"""

import json
from functools import partial
from pathlib import Path
from time import time_ns

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx_codeautolink.extension import SphinxCodeAutoLink
from sphinx_codeautolink.extension.block import (
    CodeExample,
    Name,
    SourceTransform,
)
from sphinx_codeautolink.extension.cache import DataCache


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


def remember_links(app: Sphinx) -> None:
    """Read the links of the pages that sphinx-codeautolink left out of its memory."""
    cache = linker(app).cache
    stored = app.doctreedir / DataCache.cache_filename
    if cache is None or not stored.exists():
        return
    for page, blocks in json.loads(stored.read_text("utf-8")).items():
        if page not in cache.transforms and page in app.env.all_docs:
            cache.transforms[page] = [
                SourceTransform(
                    **{
                        **block,
                        "example": CodeExample(**block["example"]),
                        "names": [Name(**name) for name in block["names"]],
                    }
                )
                for block in blocks
            ]


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
    app.connect("builder-inited", remember_links, priority=900)
    app.connect(
        "build-finished", partial(mark_written_pages, time_ns()), priority=100
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
