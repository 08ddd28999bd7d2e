"""What the site shows is what a run of the present sources gives, and nothing older.

Sphinx reads a page again when the page changes, and sphinx-gallery runs a script again when the
script changes. Neither knows that what they show also depends on the installed packages and on
the extensions beside this one. Without this, a build after a change to a function would show the
old numbers.

Nor do they take away what they made of a page (https://github.com/sphinx-doc/sphinx/issues/14327)
or script (not reported) that is gone, begin anew after a build that was stopped while it wrote
(not reported), or forget the traceback of a script that was put right by undoing a change (not
reported). `tests/extensions/test_fresh_runs.py` has a test for each, which runs the two alone and
fails once this is mended.
"""

import hashlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
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
        *sorted(extensions.rglob("*.py")),
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


def forget_stopped_build(app: Sphinx, _config: Config) -> None:
    """Have every page read and run again if the last build was stopped before its end.

    Sphinx does so when a build has failed, but not when it was interrupted: then some pages
    would be left without what extensions add to them when they are written.
    """
    under_way = app.doctreedir / "under-way"
    if under_way.exists():
        (app.doctreedir / ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    app.doctreedir.mkdir(parents=True, exist_ok=True)
    under_way.touch()


def note_end(app: Sphinx, _exception: Exception | None) -> None:
    """Say that the build has come to its end, well or not."""
    (app.doctreedir / "under-way").unlink(missing_ok=True)


def remove_deleted(
    app: Sphinx,
    _env: BuildEnvironment,
    _added: set[str],
    _changed: set[str],
    removed: set[str],
) -> list[str]:
    """Remove the pages, and their cards, whose sources are gone."""
    if app.builder.format != "html":
        return []
    cards = Path(app.outdir, "_images", "social_previews")
    for name in removed:
        Path(app.outdir, f"{name}.html").unlink(missing_ok=True)
        card = f"summary_{name.replace('/', '_')}_{'[0-9a-f]' * 8}.png"
        for stale in cards.glob(card):
            stale.unlink()
    return []


def stamp(app: Sphinx) -> Path:
    """Return the file that says from which inputs the gallery was generated."""
    return app.srcdir / "gallery" / "fingerprint.txt"


def gallery_inputs(app: Sphinx) -> str:
    """Return the fingerprint and the names of the scripts: sphinx-gallery keeps what is gone."""
    scripts = (app.srcdir.parent / "gallery").glob("*.py")
    return "\n".join(
        [app.config.run_fingerprint, *sorted(p.name for p in scripts)]
    )


def discard_stale_gallery(app: Sphinx) -> None:
    """Remove what sphinx-gallery generated from other inputs, or in a build that failed.

    Otherwise the page of a script that failed, and was put right by undoing a change, would keep
    its traceback: sphinx-gallery would find the script as it was when it last succeeded.
    """
    said = stamp(app)
    if not said.exists() or said.read_text() != gallery_inputs(app):
        shutil.rmtree(said.parent, ignore_errors=True)
    said.unlink(missing_ok=True)


def keep_gallery(app: Sphinx, exception: Exception | None) -> None:
    """Say that the gallery is complete, if it is."""
    if exception is None:
        stamp(app).write_text(gallery_inputs(app))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the fingerprint: Sphinx reads every page again when it differs."""
    app.connect("config-inited", wait_for_others, priority=0)
    app.connect("config-inited", forget_stopped_build, priority=1)
    app.connect("env-get-outdated", remove_deleted)
    app.connect("build-finished", note_end, priority=1000)
    app.add_config_value("run_fingerprint", "", "env", types=str)
    app.connect("config-inited", fingerprint_inputs)
    app.connect("builder-inited", discard_stale_gallery, priority=100)
    # After sphinx-gallery's own handler, which raises if a script has failed.
    app.connect("build-finished", keep_gallery, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
