"""Every page for everybody: axe-core finds nothing, nothing leaves a narrow screen, both languages are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from skimage.draw import polygon2mask

from server.pages.by_hand import (
    COLUMNS,
    OUTLINED,
    ROWS,
    Screen,
    kept_mask,
    new_case,
    picture,
    status,
    wait_saved,
    write_cine,
    write_png,
)

if TYPE_CHECKING:
    from server.conftest import RunningServer

pytestmark = pytest.mark.slow
SCREENS = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}


@pytest.fixture(scope="module", params=[("wide", "en"), ("narrow", "zh-CN")], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser, server: RunningServer) -> Iterator[Page]:
    size, language = request.param
    context = browser.new_context(viewport=SCREENS[size], locale=language, has_touch=size == "narrow")
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.goto(server.start)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def case(page: Page, server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a case with two results."""
    new_case(page, server.url, write_png(tmp_path_factory.mktemp("case")))
    page.locator("#pixel-size").fill("0.15")
    page.locator("#pixel-size").press("Tab")
    # what is said of the saving may move what is below it
    wait_saved(page)
    for count in (1, 2):
        page.locator("#clinical button[type=submit]").click()
        expect(page.locator("#result .probability")).to_have_count(count, timeout=120_000)
        wait_saved(page)
    return page.url


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [f"{one['id']}: {[node['html'] for node in one['nodes'][:3]]}" for one in found.response["violations"]]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("path", ["/", "/cases", "/login", "/nowhere", "/cases/nowhere"])
def test_plain_pages(page: Page, server: RunningServer, path: str) -> None:
    page.goto(f"{server.url}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    assert fits(page)


def test_a_case_with_its_results(page: Page, case: str) -> None:
    page.goto(case)
    expect(page.locator("#result .probability")).to_have_count(2)
    expect(status(page)).to_contain_text(OUTLINED)
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true }")
    assert violations(page) == []
    assert fits(page)


def test_a_case_in_every_state(page: Page, case: str) -> None:
    page.goto(case)
    expect(status(page)).to_contain_text(OUTLINED)
    picture(page).press("o")
    page.locator("#clinical-0").fill("many")
    expect(page.locator("#clinical-0")).to_have_attribute("aria-invalid", "true")
    assert fits(page)
    picture(page).press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert violations(page) == []


def test_a_cine(page: Page, server: RunningServer, tmp_path: Path) -> None:
    new_case(page, server.url, write_cine(tmp_path))
    picture(page).press(".")
    expect(page.locator(".cine output")).to_contain_text("2")
    assert violations(page) == []
    assert fits(page)


def test_a_page_speaks_one_language(page: Page, case: str) -> None:
    page.goto(case)
    expect(page.locator("#result .probability")).to_have_count(2)
    text = page.locator("body").inner_text()
    tag = page.locator("html").get_attribute("lang")
    chinese = re.findall(r"[\u4e00-\u9fff]+", text)
    if tag == "en":
        assert chinese == ["简体中文"]
        return
    assert tag == "zh-CN"
    assert "科研软件，不得用于临床诊疗" in text
    # what stays: names of files, of signatures and of kinds, units, keys, and the way back to English
    kept = (
        r"English|SonoHER2|HER2|lesion\.png|PNG|JSON|Ctrl|Enter|SD|DLR|Clinical|Radiomics|Deep|Combined|score|early|zoo|"
        r"SYNTHETIC cohort, simulated patients|cN\d|Wilson|mm|z|B"
    )
    for features in page.locator("table.bars th").all_inner_texts():
        text = text.replace(features, "")
    assert re.findall(r"[A-Za-z]{2,}", re.sub(kept, "", text)) == []


def test_fingers_draw_a_polygon(page: Page, server: RunningServer, tmp_path: Path) -> None:
    case = new_case(page, server.url, write_png(tmp_path))
    picture(page).press("Delete")
    picture(page).press("p")
    expect(status(page)).to_contain_text(re.compile("No outline|没有轮廓", re.IGNORECASE))
    wait_saved(page)
    screen = Screen.of(page)
    points = screen.points((60, 40), (110, 45), (100, 85), (70, 80))
    narrow = page.viewport_size is not None and page.viewport_size["width"] < 600
    for x, y in points:
        page.touchscreen.tap(x, y) if narrow else page.mouse.click(x, y)
    picture(page).press("Enter")
    expect(status(page)).to_contain_text(OUTLINED)
    wait_saved(page)
    own = np.array([screen.to_picture(x, y)[::-1] for x, y in points])
    context: BrowserContext = page.context
    drawn = polygon2mask((ROWS, COLUMNS), own - 0.5)
    for _ in range(50):
        kept = kept_mask(context, server.url, case)
        if np.array_equal(kept, drawn):
            break
        # it is kept a moment after it was drawn
        page.wait_for_timeout(200)
    assert np.array_equal(kept, drawn)
