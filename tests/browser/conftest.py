"""The built site, served under a sub-path as well as at the root, and the system's Chromium."""

import asyncio
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
PREFIX = "/autograd-tutorial"
SLOW = "/slow/autograd-tutorial"
"""Where the same site comes over a slow line."""
BROWSERS = (
    "chromium-headless-shell",  # it draws no window, which takes half the time
    "chromium",
    "chromium-browser",
    "google-chrome",
)
FEATURES_OFF = (
    "PreloadTopChromeWebUI",
    "HttpsUpgrades",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""The first would draw, for each new page, the buttons around it, which nobody sees: it costs two
thirds of the time. The others stand for Playwright's own list, which the last one replaces."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=" + ",".join(FEATURES_OFF),
]
PATIENCE = 120_000
"""For how many milliseconds the browser is waited for: a busy machine is no failure."""

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
        "(Debian: apt-get install chromium-headless-shell; Ubuntu: chromium), or set CHROMIUM to its path."
    )


def pages() -> list[str]:
    """Return the pages of the built site."""
    if not (SITE / "index.html").exists():
        raise pytest.UsageError("There is no built site: run nox -s docs.")
    return sorted(
        page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html")
    )


class SlowLine:
    """What an application sends, in small pieces with pauses between them."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application."""
        self.app = app

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request: 4 KiB every 40 milliseconds."""

        async def send_slowly(message: Message) -> None:
            body = message.get("body", b"")
            for start in range(0, len(body), 4096):
                piece = body[start : start + 4096]
                await send({**message, "body": piece, "more_body": True})
                await asyncio.sleep(0.04)
            await send({**message, "body": b""} if body else message)

        await self.app(scope, receive, send_slowly)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Serve the built site on the loopback interface, compressed, and return its address."""
    files = GZipMiddleware(
        StaticFiles(directory=SITE, html=True), compresslevel=9
    )
    slow = SlowLine(files)
    app = Starlette(
        routes=[Mount(SLOW, slow), Mount(PREFIX, files), Mount("/", files)]
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


expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, which makes no request of its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=find_browser(), args=FLAGS
        )
        yield started
        started.close()


@contextmanager
def new_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Open the browser anew, with nothing stored."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE)
        yield context


@contextmanager
def opened(
    browser: Browser, url: str, *, width: int = 1440, **options: Any
) -> Iterator[Page]:
    """Open a page; an error of a script fails the test."""
    errors: list[str] = []
    size = {"width": width, "height": 900}
    with new_context(browser, viewport=size, **options) as context:
        context.on("weberror", lambda found: errors.append(str(found.error)))
        page = context.new_page()
        page.goto(url)
        yield page
    assert not errors


def settled(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def sideways(page: Page, parts: str = ".content") -> int:
    """Return by how many pixels the page, or one of these parts, scrolls sideways."""
    by: int = page.evaluate(
        """(parts) => Math.max(
          ...[document.documentElement, ...document.querySelectorAll(parts)].map(
            (part) => part.scrollWidth - part.clientWidth,
          ),
        )""",
        parts,
    )
    return by


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty page."""
    with new_context(browser) as context:
        yield context.new_page()
