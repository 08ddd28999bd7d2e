"""Where to read: the address of a page on the site that the reader has."""

import functools
import json
import os
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["address", "installed_with", "site"]


def address(see: str) -> str:
    """Return where to read: "tutorial#control-flow" as an address on the site.

    Where no site is known, it is the page's file on any of them.
    """
    page, _, heading = see.partition("#")
    path = f"{page}.html" + (f"#{heading}" if heading else "")
    found = site()
    return f"{found}/{path}" if found else path


def site() -> str:
    """Return the address of the site, or nothing.

    It is what `AUTOGRAD_TUTORIAL_URL` says. Otherwise the package may have
    been installed from a wheel that a site carries, or from the project's
    folder, in which a site has been built.
    """
    told = os.environ.get("AUTOGRAD_TUTORIAL_URL")
    return (installed_with() if told is None else told).rstrip("/")


@functools.cache
def installed_with() -> str:
    """Return the address of the site that came with the installed package, or nothing."""
    try:
        package = metadata.distribution("autograd-tutorial")
    except metadata.PackageNotFoundError:
        return ""
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    url = str(origin.get("url", ""))
    if url.endswith(".whl"):
        return url.rpartition("/wheels/")[0]
    built = Path(url2pathname(urlsplit(url).path)) / "docs" / "_build" / "html"
    there = url.startswith("file:") and (built / "index.html").is_file()
    return built.as_uri() if there else ""
