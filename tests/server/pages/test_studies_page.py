"""From a messy folder to a report, in a real browser; every page of studies for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from server_studies import QUICK, LightServer, light_server, messy_folder

pytestmark = pytest.mark.slow
EXPECTED = (200, 201, 303, 304, 422)
SHORT = 90_000
"""For an expectation of this module: tables are read, on a busy machine."""
LONG = 400_000
SIZES = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
ASK = "path => fetch(path, {credentials: 'include'}).then(answer => `answered ${answer.status}`, () => 'refused')"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightServer]:
    """A server without any model."""
    server = light_server(tmp_path_factory.mktemp("studies") / "home")
    yield server
    server.end()


@pytest.fixture(scope="module")
def page(browser: Browser, own_server: LightServer) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZES["wide"], locale="en-GB")
    context.set_default_timeout(SHORT)
    expect.set_options(timeout=SHORT)
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda one: wrong.append(f"{one.status} {one.url}") if one.status not in EXPECTED else None)
    page.goto(own_server.start)
    yield page
    expect.set_options(timeout=5_000)
    context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def finished_page(page: Page, own_server: LightServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a study that was drafted, mended, checked and run on the pages."""
    folder = messy_folder(tmp_path_factory.mktemp("data") / "乳腺", odd=2)
    page.goto(f"{own_server.url}/studies/new")
    page.locator("#folder").fill(str(folder / "none"))
    page.get_by_role("button", name="Look into it").click()
    expect(page.locator("#problem")).to_contain_text("there is no such folder")
    page.locator("#folder").fill(str(folder))
    page.get_by_role("button", name="Look into it").click()
    page.wait_for_url("**/studies/drafts/*")
    expect(page.locator("#found")).to_contain_text("72 patients")
    expect(page.locator("#found .caution").first).to_contain_text("read as GBK")
    score = page.locator('[data-column="HER2免疫组化"]')
    expect(score).to_contain_text("HER2+ (2)")
    expect(page.locator("#columns")).not_to_contain_text("张")
    # two patients have no class until somebody says what their score means
    expect(page.locator("#target")).to_contain_text("negative: 34")
    page.get_by_label("Meaning of HER2+").select_option("1+")
    expect(page.locator("#target")).to_contain_text("negative: 36")
    expect(score).not_to_contain_text("Not understood")
    page.get_by_label("Title").fill("登记 <b>2026</b>")
    page.get_by_label("Title").press("Tab")
    expect(page.locator("h1")).to_have_text("登记 <b>2026</b>")
    yaml = page.get_by_label("Study file (YAML)")
    good = yaml.input_value()
    yaml.fill(good + "\nnonsense: 1\n")
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("#wrong")).to_contain_text("unknown key 'nonsense'")
    yaml.fill(good + QUICK)
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("#wrong")).to_be_empty()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#check")).to_contain_text("The study can run.", timeout=LONG)
    expect(page.locator("#check")).to_contain_text("SIZE001")
    page.get_by_role("button", name="Run the study").click()
    page.wait_for_url(lambda address: "/studies/" in address and "drafts" not in address)
    expect(page.locator("#state")).to_have_text("running")
    page.reload()
    expect(page.locator("#state")).to_have_text("finished", timeout=LONG)
    return page.url


def test_the_report_is_a_page_of_its_own(page: Page, finished_page: str, own_server: LightServer) -> None:
    page.goto(finished_page)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the report").click()
    report = opened.value
    expect(report.locator("h1").first).to_contain_text("登记 <b>2026</b>")
    # the same request that the page of the study may make
    assert page.evaluate(ASK, "/api/v1/studies") == "answered 200"
    assert report.evaluate(ASK, f"{own_server.url}/api/v1/studies") == "refused"
    assert report.evaluate("self.origin") == "null"
    assert report.evaluate("(() => { try { return document.cookie; } catch { return 'refused'; } })()") == "refused"
    report.close()


def test_what_a_finished_study_offers(page: Page, finished_page: str, own_server: LightServer) -> None:
    page.goto(finished_page)
    page.get_by_role("button", name="Use the model for cases").click()
    expect(page.locator("#results")).to_contain_text("used for cases")
    with page.expect_download() as model:
        page.get_by_role("link", name="Download the model").click()
    assert Path(model.value.path()).read_bytes()[:2] == b"PK"
    expect(page.locator("#jobs code")).to_contain_text("sonoher2 run")
    page.locator("#log summary").click()
    expect(page.locator("#log pre")).to_contain_text("Report: ")
    page.get_by_role("link", name="Signatures").click()
    expect(page.locator("#comparison tbody tr")).to_have_count(2)
    page.get_by_label("Figure").select_option("brier")
    expect(page.locator("#comparison caption")).to_have_text("Brier score")
    page.goto(f"{own_server.url}/studies")
    expect(page.locator("#studies tbody")).to_contain_text("finished")
    expect(page.locator("#drafts")).to_contain_text("登记 <b>2026</b>")


@pytest.mark.parametrize(("size", "language"), [("wide", "en"), ("narrow", "zh-CN")])
def test_pages_for_everybody(
    browser: Browser, page: Page, finished_page: str, own_server: LightServer, size: str, language: str
) -> None:
    context = browser.new_context(viewport=SIZES[size], locale=language, storage_state=page.context.storage_state())
    other = context.new_page()
    other.goto(f"{own_server.url}/studies")
    draft = str(other.locator("#drafts td a").first.get_attribute("href"))
    key = finished_page.rpartition("/")[2]
    for address, ready in (
        ("/studies", "#studies table"), ("/studies/new", "#folder"), (draft, "#columns table"),
        (f"/studies/{key}", "#further h3"), (f"/studies/compare?id={key}", "#comparison table"),
    ):  # fmt: skip
        other.goto(f"{own_server.url}{address}")
        other.locator(ready).first.wait_for()
        found = Axe().run(other).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], address
        assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        if language == "zh-CN":
            assert "科研软件，不得用于临床诊疗" in other.inner_text("header")
            assert "Study" not in other.inner_text("main h1")
    context.close()


def test_a_folder_is_uploaded(page: Page, own_server: LightServer, tmp_path: Path) -> None:
    folder = messy_folder(tmp_path / "上传")
    page.goto(f"{own_server.url}/studies/new")
    page.locator("#files").set_input_files(folder)
    page.wait_for_url("**/studies/drafts/*")
    expect(page.locator("#found")).to_contain_text("72 patients")
    expect(page.locator("#folder")).to_contain_text("/uploads/")
