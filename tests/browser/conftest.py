"""The built site, served under a sub-path as well as at the root, and the system's Chromium."""

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
PREFIX = "/autograd-tutorial"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUDGET = json.loads((Path(__file__).parent / "budget.json").read_text("utf-8"))


def find_browser() -> str:
    """Return the path of a Chromium, or say how to get one."""
    named = os.environ.get("CHROMIUM")
    names = (named,) if named else BROWSERS
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise pytest.UsageError(
        f"No browser: none of {', '.join(names)} is on the path. Install Chromium "
        "(Debian, Ubuntu: apt-get install chromium), or set CHROMIUM to its path."
    )


def pages() -> list[str]:
    """Return the pages of the built site."""
    if not (SITE / "index.html").exists():
        raise pytest.UsageError("There is no built site: run nox -s docs.")
    return sorted(
        page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html")
    )


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Serve the built site on the loopback interface, compressed, and return its address."""
    files = StaticFiles(directory=SITE, html=True)
    app = Starlette(
        routes=[Mount(PREFIX, files), Mount("/", files)],
        middleware=[Middleware(GZipMiddleware, compresslevel=9)],
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, daemon=True
    )
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}/"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, which makes no request of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=find_browser(), args=FLAGS
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty page, with nothing stored."""
    with browser.new_context() as context:
        yield context.new_page()
