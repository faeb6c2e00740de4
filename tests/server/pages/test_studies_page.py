"""From a messy folder to a report, in a real browser; every page of studies for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
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
    file = page.get_by_label("Study file (YAML)")
    good = file.input_value()
    file.fill(good + "\nnonsense: 1\n")
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("#wrong")).to_contain_text("unknown key 'nonsense'")
    file.fill(good + QUICK)
    page.get_by_role("button", name="Save the file").click()
    expect(page.locator("#wrong")).to_be_empty()
    # its outlines are drawn elsewhere, and that page knows the draft
    key = page.url.rsplit("/", 1)[1]
    expect(page.get_by_role("link", name="Outline its images first")).to_have_attribute(
        "href", f"/cohorts/new?draft={key}"
    )
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
    figure = report.locator("figure.drawing").first
    with report.expect_download() as saved:
        figure.get_by_role("button", name="PNG").click()
    width, height = (float(number) for number in figure.locator("svg").get_attribute("viewBox").split()[2:])
    with Image.open(saved.value.path()) as picture:
        assert (saved.value.suggested_filename, picture.format) == (f"{figure.get_attribute('id')[4:]}.png", "PNG")
        assert picture.size == (round(width / 72 * 300), round(height / 72 * 300))
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 5
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
        # nor is it wider for a folder or a title in one long word
        other.evaluate("document.querySelectorAll('main p, main h1').forEach((one) => one.append('n'.repeat(120)))")
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


def test_values_stay_whole_and_every_word_can_be_taken_back(
    page: Page, own_server: LightServer, tmp_path: Path
) -> None:
    rows = [
        "P1,Ⅰ，局限,HER2+,1,yes", "P2,Ⅱ,0,5,no", "P3,Ⅲ,0,约5,yes|late", "P4,Ⅰ，局限,3+,2,no",
    ]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["pid,texture,HER2_IHC,share,result", *rows]), encoding="utf-8")
    page.goto(f"{own_server.url}/studies/new")
    page.locator("#folder").fill(str(tmp_path))
    page.get_by_role("button", name="Look into it").click()
    page.wait_for_url("**/studies/drafts/*")
    file = page.get_by_label("Study file (YAML)")
    texture = page.locator('[data-column="texture"]')
    texture.get_by_label("role of texture").select_option("clinical")
    texture.get_by_label("Kind").select_option("ordered")
    levels = texture.get_by_label("Levels, one in a line, lowest first")
    expect(levels).to_have_value("Ⅰ，局限\nⅡ\nⅢ")
    # the commas of a value are its own
    levels.fill("Ⅲ\nⅡ\n\n Ⅰ，局限 \nⅠ,\n")
    levels.press("Tab")
    expect(levels).to_have_value("Ⅲ\nⅡ\nⅠ，局限\nⅠ,")
    expect(texture).not_to_contain_text("Not understood")
    assert yaml.safe_load(file.input_value())["clinical"]["columns"]["texture"]["levels"] == ["Ⅲ", "Ⅱ", "Ⅰ，局限", "Ⅰ,"]
    share = page.locator('[data-column="share"]')
    share.get_by_label("role of share").select_option("clinical")
    share.get_by_label("Kind").select_option("number")
    share.get_by_role("button", name="Meaning of 约5").click()
    expect(share).to_contain_text("Counted as missing")
    expect(share.get_by_role("button", name="Meaning of 约5")).to_have_count(0)
    share.get_by_role("button", name="Take back: 约5").click()
    expect(share.get_by_role("button", name="Meaning of 约5")).to_have_count(1)
    page.get_by_label("Meaning of HER2+").select_option("3+")
    expect(page.locator("#told")).to_contain_text("HER2+ means 3+")
    # it stays where no column uses it, and can be taken back
    page.locator('[data-column="HER2_IHC"]').get_by_label("role of HER2_IHC").select_option("status")
    page.get_by_role("button", name="Take back: HER2+").click()
    expect(page.locator("#told")).to_have_count(0)
    # a column is predicted once somebody says which of its values are positive
    page.locator('[data-column="result"]').get_by_label("role of result").select_option("outcome")
    page.get_by_label("Values that are positive, one in a line").fill("yes")
    page.get_by_label("Values that are positive, one in a line").press("Tab")
    positive = page.locator("#target").get_by_label("Values that are positive")
    expect(positive).to_have_value("yes")
    positive.fill("yes\nyes|late")
    positive.press("Tab")
    expect(page.locator("#target")).to_contain_text("positive: 2")
    expect(positive).to_have_value("yes\nyes|late")
    assert yaml.safe_load(file.input_value())["target"] == {"column": "result", "positive": ["yes", "yes|late"]}
