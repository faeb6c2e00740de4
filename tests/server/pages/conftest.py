from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from server.pages.by_hand import Complaints, new_case, write_png

if TYPE_CHECKING:
    from server.conftest import RunningServer

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC = Path(str(resources.files("sonoher2.server.pages"))) / "static"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists() and os.environ.get("SONOHER2_REQUIRE_SERVERS") != "1":
        pytest.skip("no browser here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


def from_package(route: Route) -> None:
    """Answer with a file of the package, without any server."""
    path = STATIC / route.request.url.split("/static/")[-1]
    if "/static/" in route.request.url and path.is_file():
        route.fulfill(body=path.read_bytes(), content_type=mimetypes.guess_type(path.name)[0] or "text/plain")
    else:
        route.fulfill(body="<!DOCTYPE html><html lang='en'><body></body></html>", content_type="text/html")


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    """An empty page that can import the package's scripts."""
    page = browser.new_page()
    page.route("**/*", from_package)
    page.goto("http://pages.test/")
    yield page
    page.close()


@pytest.fixture(scope="module")
def context(browser: Browser, server: RunningServer) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    opened.set_default_timeout(30_000)
    opened.new_page().goto(server.start)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, server: RunningServer) -> Iterator[Page]:
    opened, complaints = context.new_page(), Complaints()
    complaints.listen(opened, server.url)
    yield opened
    opened.close()
    assert complaints.found == []


@pytest.fixture
def case(page: Page, server: RunningServer, tmp_path: Path) -> str:
    """A new case with its outline, open on the page."""
    return new_case(page, server.url, write_png(tmp_path))
