"""The page of a case in a real browser, on a real server: the whole way of a person with one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from scipy import ndimage
from skimage.draw import polygon2mask

from server.pages.by_hand import (
    COLUMNS,
    CORNERS,
    OUTLINED,
    ROWS,
    Screen,
    change_elsewhere,
    draw_polygon,
    given,
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


def apply(page: Page, predictions: int) -> None:
    page.get_by_role("button", name="Apply").click()
    shown = page.locator("#result .probability")
    expect(shown).to_have_count(min(predictions, 2), timeout=120_000)


def test_an_image_is_outlined_at_once_and_the_server_keeps_what_is_shown(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    record = given(context, server.url, case)
    assert record["mask"]["origin"] == "segmented"
    assert record["mask"]["area_px"] == kept_mask(context, server.url, case).sum()
    assert str(record["mask"]["area_px"]) in status(page).inner_text().replace(",", "")
    expect(page.get_by_text("unknown: lengths are in pixels")).to_be_visible()
    expect(page.get_by_text("160 × 120 pixels")).to_be_visible()


def test_the_whole_way_from_an_image_to_two_results(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    page.get_by_label("Side of a pixel").fill("0.15")
    page.get_by_label("Side of a pixel").press("Tab")
    age = page.get_by_role("textbox", name="Age")
    age.fill("fifty")
    expect(page.get_by_text("Give a number, such as 52.")).to_be_visible()
    expect(age).to_have_attribute("aria-invalid", "true")
    age.fill("103")
    expect(page.get_by_text("Outside the range of the training patients.")).to_be_visible()
    age.fill("52")
    expect(page.get_by_text("Outside the range of the training patients.")).to_have_count(0)
    page.get_by_label("Menopause").select_option("yes")
    apply(page, 1)
    first = given(context, server.url, f"{case}/predictions")
    assert [one["clinical"] for one in first] == [{"age": "52", "menopause": "yes"}]
    explained = first[0]["prediction"]["explanation"]
    own = next(one for one in first[0]["prediction"]["scores"] if one["signature"] == explained["signature"])
    expect(page.locator("#result .value")).to_have_text(f"{own['probability']:.2f}")
    similar = next(one for one in explained["similar"] if one["signature"] == explained["signature"])
    expect(page.locator("#result")).to_contain_text(
        f"Observed in similar training patients: {similar['share']:.2f}, "
        f"95% interval {similar['low']:.2f} to {similar['high']:.2f}"
    )
    expect(page.locator("#result")).to_contain_text("confidence")
    expect(page.get_by_role("heading", name="Similar training cases")).to_be_visible()

    draw_polygon(page)
    expect(page.get_by_text("Press Apply for a new result.")).to_be_visible()
    apply(page, 2)
    expect(page.locator(".headline h3")).to_have_text(["Before no. 1", "Now no. 2"])
    expect(page.locator("#result")).to_contain_text("Changed between them: the outline.")
    both = given(context, server.url, f"{case}/predictions")
    assert both[0]["mask_sha256"] != both[1]["mask_sha256"]
    values = [
        one["probability"]
        for made in both
        for one in made["prediction"]["scores"]
        if one["signature"] == explained["signature"]
    ]
    assert page.locator("#result .value").all_inner_texts() == [f"{value:.2f}" for value in values]

    page.reload()
    expect(page.locator("#result .value")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Age")).to_have_value("52")
    expect(page.get_by_label("Menopause")).to_have_value("yes")


def test_what_is_saved_can_be_taken_home(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    page.get_by_label("Side of a pixel").fill("0.15")
    page.get_by_label("Side of a pixel").press("Tab")
    apply(page, 1)
    for name, ends in (("Mask (PNG)", ".png"), ("JSON", ".json"), ("Save page", ".html")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.endswith(ends)
        assert Path(download.value.path()).stat().st_size > 100


def test_a_cine_is_played_and_each_frame_has_its_own_outline(
    page: Page, context: BrowserContext, server: RunningServer, tmp_path: Path
) -> None:
    case = new_case(page, server.url, write_cine(tmp_path))
    expect(page.get_by_text("0.2 × 0.1 mm, from the file")).to_be_visible()
    assert "mm²" in status(page).inner_text()
    first = kept_mask(context, server.url, case)
    picture(page).focus()
    picture(page).press(".")
    picture(page).press(".")
    expect(page.locator(".cine output")).to_have_text("3 of 5")
    expect(page.get_by_text("The outline is on frame 1.")).to_be_visible()
    page.get_by_role("button", name="Use this frame").click()
    expect(page.get_by_text("This frame is outlined and predicted.")).to_be_visible()
    wait_saved(page)
    record = given(context, server.url, case)
    assert record["frame"] == 3
    own = draw_polygon(page)
    assert np.array_equal(kept_mask(context, server.url, case), own)
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".cine output")).to_have_text("1 of 5")
    page.get_by_role("button", name="Pause").click()
    change_elsewhere(context, server.url, case, {"frame": 1})
    assert np.array_equal(kept_mask(context, server.url, case), first)
    page.reload()
    expect(status(page)).to_contain_text("Lesion")
    expect(page.locator(".cine output")).to_have_text("1 of 5")


def test_a_reload_loses_nothing(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    page.get_by_label("Name of the case").fill("Study 7, patient 12")
    own = draw_polygon(page)
    page.get_by_role("textbox", name="Age").fill("61")
    page.reload()  # at once: what waits is sent as the page goes
    expect(page.get_by_role("textbox", name="Age")).to_have_value("61")
    expect(page.get_by_role("heading", level=1)).to_have_text("Study 7, patient 12")
    assert given(context, server.url, case)["clinical"] == {"age": "61"}
    assert np.array_equal(kept_mask(context, server.url, case), own)
    page.goto(f"{server.url}/cases")
    expect(page.get_by_role("link", name="Study 7, patient 12")).to_be_visible()


def test_a_conflict_is_said_and_either_side_can_be_kept(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    wait_saved(page)
    change_elsewhere(context, server.url, case, {"name": "elsewhere"})
    page.get_by_role("textbox", name="Age").fill("44")
    expect(page.get_by_text("This case was changed in another window or by a script")).to_be_visible()
    assert given(context, server.url, case)["clinical"] == {}
    page.get_by_role("button", name="My changes").click()
    wait_saved(page)
    record = given(context, server.url, case)
    assert (record["clinical"], record["name"]) == ({"age": "44"}, "elsewhere")

    change_elsewhere(context, server.url, case, {"clinical": {"age": "70"}})
    page.get_by_role("textbox", name="Age").fill("45")
    page.get_by_role("button", name="The others").click()
    wait_saved(page)
    expect(page.get_by_role("textbox", name="Age")).to_have_value("70")
    assert given(context, server.url, case)["clinical"] == {"age": "70"}


def test_my_changes_and_those_of_others_are_shown_together(
    page: Page, context: BrowserContext, server: RunningServer, tmp_path: Path
) -> None:
    case = new_case(page, server.url, write_cine(tmp_path))
    first = kept_mask(context, server.url, case)
    change_elsewhere(context, server.url, case, {"frame": 2, "name": "theirs"})
    picture(page).press("g")
    expect(page.get_by_text("This case was changed in another window or by a script")).to_be_visible()
    page.get_by_role("button", name="My changes").click()
    wait_saved(page)
    # the outline stays with the frame that it was drawn on
    record = given(context, server.url, case)
    assert (record["frame"], record["name"]) == (1, "theirs")
    grown = ndimage.distance_transform_edt(~first) <= 1
    assert np.array_equal(kept_mask(context, server.url, case), grown)
    expect(page.get_by_role("heading", level=1)).to_have_text("theirs")


def test_what_cannot_be_sent_is_sent_later(context: BrowserContext, server: RunningServer, tmp_path: Path) -> None:
    page = context.new_page()
    case = new_case(page, server.url, write_png(tmp_path))

    def down(route: Route) -> None:
        route.abort() if route.request.method in ("PUT", "PATCH") else route.continue_()

    page.route("**/api/**", down)
    page.get_by_role("textbox", name="Age").fill("48")
    expect(page.get_by_text("Not saved: the server cannot be reached.")).to_be_visible()
    assert given(context, server.url, case)["clinical"] == {}
    page.unroute("**/api/**")
    wait_saved(page)
    assert given(context, server.url, case)["clinical"] == {"age": "48"}
    page.close()


@pytest.mark.parametrize("part", ["whole", "b-mode"])
def test_a_model_that_outlines_otherwise_has_the_lesion_outlined_anew_unless_a_hand_drew_it(
    page: Page, context: BrowserContext, server: RunningServer, case: str, part: str
) -> None:
    """The outline of the new case was made of the whole picture."""

    def told(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        route.fulfill(response=answer, json={**body, "segmenter": body["segmenter"].replace("whole", part)})

    bundle = given(context, server.url, case)["bundle"]
    change_elsewhere(context, server.url, case, {"bundle": None})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/outline") else None)
    page.route("**/bundles/*", told)
    page.reload()
    expect(status(page)).to_contain_text(OUTLINED)
    page.get_by_label("Model").select_option(bundle)
    anew = page.get_by_text("so the lesion was outlined anew")
    expect(anew).to_be_visible(timeout=30_000) if part == "b-mode" else page.wait_for_timeout(1500)
    wait_saved(page)
    assert len(asked) == (part == "b-mode")
    assert given(context, server.url, case)["mask"]["origin"] == "segmented"
    draw_polygon(page)
    wait_saved(page)
    for chosen in ("", bundle):
        page.get_by_label("Model").select_option(chosen)
        page.wait_for_timeout(1500)
        wait_saved(page)
    assert len(asked) == (part == "b-mode")
    record = given(context, server.url, case)
    assert (record["mask"]["origin"], record["bundle"]) == ("drawn", bundle)


def test_what_is_typed_while_the_lesion_is_outlined_waits_for_its_turn(
    page: Page, context: BrowserContext, server: RunningServer, tmp_path: Path
) -> None:
    """Two changes of one version at a time would end as a conflict of the page with itself."""
    held: list[Route] = []
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.method) if request.method == "PATCH" else None)
    page.route("**/outline", lambda route: held.append(route))
    page.goto(f"{server.url}/cases")
    expect(page.locator("#model option").first).to_be_attached()
    page.set_input_files("#file", write_png(tmp_path))
    page.wait_for_url("**/cases/*")
    page.get_by_label("Side of a pixel").fill("0.15")
    page.get_by_label("Side of a pixel").press("Tab")
    # longer than the page waits before it saves
    page.wait_for_timeout(1500)
    assert len(held) == 1
    assert changes == []
    held[0].continue_()
    expect(status(page)).to_contain_text("Lesion", timeout=30_000)
    wait_saved(page)
    page.get_by_label("Name of the case").fill("after")
    wait_saved(page)
    record = given(context, server.url, "/api/v1" + page.url.removeprefix(server.url).partition("?")[0])
    assert (record["image"]["mm_per_pixel"], record["name"]) == ([0.15, 0.15], "after")
    assert record["mask"]["origin"] == "segmented"


@pytest.mark.parametrize("closed", [True, False])
def test_what_is_drawn_while_the_lesion_is_outlined_is_kept(
    page: Page, context: BrowserContext, server: RunningServer, tmp_path: Path, closed: bool
) -> None:
    held: list[Route] = []
    page.route("**/outline", lambda route: held.append(route))
    page.goto(f"{server.url}/cases")
    expect(page.locator("#model option").first).to_be_attached()
    page.set_input_files("#file", write_png(tmp_path))
    page.wait_for_url("**/cases/*")
    expect(page.locator("#case.outlining")).to_be_visible()
    picture(page).press("p")
    screen = Screen.of(page)
    points = screen.points(*CORNERS)
    for x, y in points:
        page.mouse.click(x, y)
    if closed:
        picture(page).press("Enter")
        expect(status(page)).to_contain_text(OUTLINED)
    held[0].continue_()
    expect(page.locator("#case:not(.outlining)")).to_be_visible()
    expect(page.locator(".notices")).to_contain_text("your outline is kept")
    if not closed:
        picture(page).press("Enter")
    expect(status(page)).to_contain_text(OUTLINED)
    wait_saved(page)
    own = np.array([screen.to_picture(x, y)[::-1] for x, y in points])
    case = "/api/v1" + page.url.removeprefix(server.url).partition("?")[0]
    expected = polygon2mask((ROWS, COLUMNS), own - 0.5)
    for _ in range(50):
        if np.array_equal(kept_mask(context, server.url, case), expected):
            return
        page.wait_for_timeout(200)
    pytest.fail("the server has another outline than the one drawn")


def test_a_server_that_refuses_says_why(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    # the page itself would not let this through
    change_elsewhere(context, server.url, case, {"clinical": {"age": "fifty"}})
    page.get_by_role("button", name="Apply").click()
    alert = page.locator(".notices .problem")
    expect(alert).to_contain_text("age", timeout=120_000)
    expect(page.locator("#result .probability")).to_have_count(0)


def test_html_in_text_is_text(page: Page, context: BrowserContext, server: RunningServer, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    new_case(page, server.url, write_png(tmp_path, "<b>lesion.png"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("lesion.png")
    page.get_by_label("Name of the case").fill(name)
    wait_saved(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.goto(f"{server.url}/cases")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    assert page.locator("main img, main b").count() == 0


def test_a_case_is_deleted_after_a_question(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    page.get_by_label("Name of the case").fill("to be deleted")
    wait_saved(page)
    page.goto(f"{server.url}/cases")
    page.get_by_role("button", name="Delete to be deleted").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="to be deleted")).to_have_count(0)
    assert context.request.get(f"{server.url}{case}").status == 404
    page.goto(f"{server.url}{case.removeprefix('/api/v1')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such case")
