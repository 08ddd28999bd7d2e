"""Show what a cell prints as it was printed, however the kernel cut it into messages.

A kernel sends what is printed in parts, and when it does so is chance. myst-nb 1.4 joins the parts
with a line break between them, so a page may gain an empty line. nbclient joins them as they are,
if it is asked to; then myst-nb has nothing left to join.
"""

from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def setup(_app: Sphinx) -> ExtensionMetadata:
    """Ask for it: myst-nb makes its clients itself, and hands no setting on to them."""
    NotebookClient.coalesce_streams = True  # type: ignore[assignment]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
