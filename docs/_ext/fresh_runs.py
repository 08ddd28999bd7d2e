"""Run every page and script again when the package, torch or an extension has changed.

Sphinx reads a page again when the page changes, and sphinx-gallery runs a script again when the
script changes. Neither knows that what they show also depends on the installed packages and on
the extensions beside this one. Without this, a build after a change to a function would show the
old numbers.
"""

import hashlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

import autograd_tutorial

logger = logging.getLogger(__name__)
held: list[BaseFileLock] = []
"""Until the process ends."""


def fingerprint_inputs(_app: Sphinx, config: Config) -> None:
    """Set the fingerprint of all that a run depends on besides the page or script itself."""
    digest = hashlib.sha256(
        f"{version('torch')} {version('matplotlib')} {sys.version}".encode()
    )
    package, extensions = (
        Path(autograd_tutorial.__file__).parent,
        Path(__file__).parent,
    )
    for source in (
        *sorted(package.rglob("*.py")),
        *sorted(package.rglob("*.js")),
        *sorted(package.rglob("*.css")),
        *sorted(extensions.glob("*.py")),
    ):
        digest.update(source.read_bytes())
    config.run_fingerprint = digest.hexdigest()


def wait_for_others(app: Sphinx, _config: Config) -> None:
    """Wait until no other build of these sources is under way, and have others wait for this one.

    Both would write the gallery that sphinx-gallery generates among the sources.
    """
    folder = app.srcdir / "_build"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "build.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("Waiting for another build of %s to end.", app.srcdir)
        lock.acquire()
    held.append(lock)


def stamp(app: Sphinx) -> Path:
    """Return the file that says from which inputs the gallery was generated."""
    return app.srcdir / "gallery" / "fingerprint.txt"


def discard_stale_gallery(app: Sphinx) -> None:
    """Remove what sphinx-gallery generated from other inputs, or in a build that failed.

    Otherwise the page of a script that failed, and was put right by undoing a change, would keep
    its traceback: sphinx-gallery would find the script as it was when it last succeeded.
    """
    said = stamp(app)
    if not said.exists() or said.read_text() != app.config.run_fingerprint:
        shutil.rmtree(said.parent, ignore_errors=True)
    said.unlink(missing_ok=True)


def keep_gallery(app: Sphinx, exception: Exception | None) -> None:
    """Say that the gallery is complete, if it is."""
    if exception is None:
        stamp(app).write_text(app.config.run_fingerprint)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the fingerprint: Sphinx reads every page again when it differs."""
    app.connect("config-inited", wait_for_others, priority=0)
    app.add_config_value("run_fingerprint", "", "env", types=str)
    app.connect("config-inited", fingerprint_inputs)
    app.connect("builder-inited", discard_stale_gallery, priority=100)
    # After sphinx-gallery's own handler, which raises if a script has failed.
    app.connect("build-finished", keep_gallery, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
