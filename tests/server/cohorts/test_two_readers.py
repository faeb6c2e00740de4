"""Two people at two browsers, from the worklist to the export."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from drawn_by_hand import SIDE
from server.conftest import REQUIRED
from server.pages.conftest import ARGUMENTS, CHROMIUM
from server_by_hand import RunningServer, start_server
from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.lesions.mask import Mask, read_mask

pytestmark = pytest.mark.slow


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningServer]:
    server = start_server(tmp_path / "home", "--jobs", "1")
    yield server
    server.process.terminate()
    server.process.wait(30)


@pytest.fixture
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists() and not REQUIRED:
        pytest.skip("no browser here")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


def come_in(chromium: Browser, running: RunningServer, *, width: int = 1280, language: str = "en-GB") -> Page:
    page = chromium.new_context(viewport={"width": width, "height": 900}, locale=language).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(running.start)
    return page


def say_name(page: Page, name: str) -> None:
    page.fill("#reader-name", name)
    page.keyboard.press("Enter")
    expect(page.locator(".reader")).to_contain_text(name)


def stroke(page: Page, down: int, across: int) -> Mask:
    """Draw a thick line with the brush, and give the mask that the page sends."""
    expect(page.locator(".save-state[data-state=saved]")).to_be_visible()
    page.keyboard.press("b")
    page.keyboard.press("]")
    box = page.locator("canvas.overlay").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + down
    with page.expect_request(lambda request: request.method == "PUT" and request.url.endswith("/mask")) as sent:
        page.mouse.move(x - across, y)
        page.mouse.down()
        page.mouse.move(x + across, y + 30, steps=5)
        page.mouse.up()
    body: dict[str, Any] = json.loads(sent.value.post_data or "")
    values = np.arange(len(body["runs"])) % 2 == 1
    return np.asarray(np.repeat(values, body["runs"]).reshape(body["rows"], body["columns"]))


def finish(page: Page, key: str = "d") -> None:
    before = page.url
    page.keyboard.press(key)
    page.wait_for_url(lambda url: url != before)


def patient(page: Page) -> str:
    expect(page.locator("canvas.overlay").first).to_be_focused()
    return page.locator("h1").inner_text()


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def read_all(page: Page, down: int, missed: str) -> dict[str, Mask]:
    """Outline three images; on that of one patient, say that there is no lesion."""
    drawn = {}
    for _ in range(3):
        name = patient(page)
        if name == missed:
            finish(page, "m")
        else:
            drawn[name] = stroke(page, down, 60)
            finish(page)
    return drawn


def test_from_the_worklist_to_a_study(chromium: Browser, running: RunningServer, study_folder: Path) -> None:
    table = study_folder / "images.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([rows[0], *rows[3:6]]) + "\n", encoding="utf-8")
    li, wu = come_in(chromium, running), come_in(chromium, running, width=390, language="zh-CN")

    li.click("nav >> text=Outlines")
    li.click("text=New cohort")
    li.fill("#source", str(study_folder / "nothing.yaml"))
    li.click("text=Begin")
    expect(li.get_by_role("alert")).to_be_visible()
    accessible(li)
    li.fill("#source", str(study_folder / "study.yaml"))
    li.check("input[value=blank]")
    li.click("text=Begin")
    say_name(li, "Li")
    expect(li.locator("tbody tr")).to_have_count(3)
    accessible(li)
    cohort = li.url
    li.select_option("#state", "done")
    expect(li.locator(".empty")).to_be_visible()
    li.click("a.button.primary")
    accessible(li)
    first = patient(li)
    drawn = read_all(li, 0, missed="")
    assert sorted(drawn) == ["P3", "P4", "P5"]

    wu.goto(cohort)
    say_name(wu, "吴")
    accessible(wu)
    assert wu.evaluate("document.documentElement.scrollWidth") <= 390
    wu.click("a.button.primary")
    accessible(wu)
    assert wu.evaluate("document.documentElement.scrollWidth") <= 390
    other = read_all(wu, 40, missed=first)
    assert sorted(other) == sorted({"P3", "P4", "P5"} - {first})

    wu.goto(f"{cohort}/agreement")
    expect(wu.locator("tbody").first).to_contain_text("Li")
    expect(wu.locator(".missed")).to_have_count(1)
    accessible(wu)
    assert wu.evaluate("document.documentElement.scrollWidth") <= 390
    wu.get_by_role("link", name=first).click()
    expect(wu.locator(".legend li")).to_have_count(2)
    accessible(wu)
    wu.fill("#why", "<b>sharp</b>")
    wu.get_by_role("button", name="Li", exact=False).click()
    expect(wu.locator(".notices")).to_contain_text("Li")

    # having seen it, Wu cannot make good for the lesion any more
    wu.goto(wu.url.removesuffix("/decide"))
    expect(wu.locator("#note")).to_be_visible()
    expect(wu.locator(".steps .button").nth(1)).to_be_disabled()

    li.goto(cohort)
    li.click("text=Export")
    li.select_option("#first", "Li")
    li.select_option("#second", "吴")
    with li.expect_download() as download:
        li.click("text=Download")
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(study_folder)
        folder = archive.namelist()[0].split("/")[0]
        assert "1  adjudicated" in archive.read(f"{folder}/README.txt").decode()
    study = study_folder / folder / "study.yaml"
    images = load_cohort(load_study(study)).images
    found = {row["patient_id"]: row for row in images.to_dict("records")}
    assert sorted(found) == sorted(drawn)
    for name, mask in drawn.items():
        assert np.array_equal(read_mask(found[name]["masks"], (SIDE, SIDE)), mask)
        if name in other:
            assert np.array_equal(read_mask([found[name]["second_mask"]], (SIDE, SIDE)), other[name])
        else:
            assert found[name]["second_mask"] is None
