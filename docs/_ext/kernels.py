"""How the cells of a page are run: what myst-nb, which makes its clients itself, hands no setting on for.

A kernel sends what is printed in parts, and when it does so is chance. myst-nb 1.4 joins the parts
with a line break between them, so a page may gain an empty line. nbclient joins them as they are,
if it is asked to; then myst-nb has nothing left to join.

A kernel listens at ports that were free when its client looked for some. Many pages are run at a
time, so another kernel may have taken one in between (jupyter_client, issue 487). Sockets in a
folder of its own are nobody else's.
"""

import os
import shutil
import weakref
from tempfile import mkdtemp

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


class OverSockets(AsyncKernelManager):
    """A kernel with sockets in a folder, which goes when the kernel does."""

    def __init__(self, **settings: object) -> None:
        """Make the folder; its name is short, as that of a socket has to be."""
        folder = mkdtemp(prefix="kernel")
        super().__init__(transport="ipc", ip=f"{folder}/socket", **settings)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def setup(_app: Sphinx) -> ExtensionMetadata:
    """Ask for both; ZeroMQ has such sockets wherever there is a folder for them but on Windows."""
    NotebookClient.coalesce_streams = True  # type: ignore[assignment]
    if os.name == "posix":
        NotebookClient.kernel_manager_class = OverSockets  # type: ignore[assignment]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
