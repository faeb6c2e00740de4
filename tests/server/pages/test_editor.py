"""The editor of outlines under a pointer, a pen, fingers and keys: what is drawn is what the server keeps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from scipy import ndimage
from skimage.draw import polygon2mask

from server.pages.by_hand import (
    COLUMNS,
    ROWS,
    Screen,
    draw_polygon,
    given,
    kept_mask,
    picture,
    status,
    wait_saved,
    within,
)

if TYPE_CHECKING:
    from server.conftest import RunningServer

pytestmark = pytest.mark.slow


def test_a_polygon_is_kept_pixel_for_pixel(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    own = draw_polygon(page)
    assert own.sum() > 1000
    assert np.array_equal(kept_mask(context, server.url, case), own)
    assert given(context, server.url, case)["mask"]["origin"] == "drawn"


def test_brush_and_eraser_are_kept_pixel_for_pixel_and_can_be_undone(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    own = draw_polygon(page)
    screen = Screen.of(page)
    radius = 3  # a sixtieth of the picture, at least 3
    steps = [own]
    for key, value, ends in (("b", True, ((30, 20), (60, 50))), ("e", False, ((90, 30), (80, 95)))):
        picture(page).press(key)
        start, end = screen.points(*ends)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end)
        page.mouse.up()
        line = within((screen.to_picture(*start), screen.to_picture(*end)), radius)
        steps.append(steps[-1] | line if value else steps[-1] & ~line)
        wait_saved(page)
        assert np.array_equal(kept_mask(context, server.url, case), steps[-1])
    for step in (steps[1], steps[0]):
        picture(page).press("Control+z")
        wait_saved(page)
        assert np.array_equal(kept_mask(context, server.url, case), step)
    picture(page).press("Control+y")
    wait_saved(page)
    assert np.array_equal(kept_mask(context, server.url, case), steps[1])


def test_an_outline_can_be_drawn_with_the_keyboard_alone(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    picture(page).focus()
    keys = ["Delete", "b", "[", "[", "[", "Space", "ArrowRight", "ArrowRight", "ArrowDown", "Space"]
    for key in keys:
        page.keyboard.press(key)
    wait_saved(page)
    own = np.zeros((ROWS, COLUMNS), bool)
    own[60, 80:83] = own[61, 82] = True  # the cursor begins in the middle
    assert np.array_equal(kept_mask(context, server.url, case), own)
    for key in ("p", "Space", "Shift+ArrowDown", "Space", "Shift+ArrowLeft", "Space", "Enter"):
        page.keyboard.press(key)
    wait_saved(page)
    # corners in the middle of pixels: those on the long side and below it to the left stay out or in by the rule
    triangle = polygon2mask((ROWS, COLUMNS), np.array([(61, 82), (71, 82), (71, 72)]) + 1e-9 * np.array([1, -1]))
    kept = kept_mask(context, server.url, case)
    assert np.abs(kept.astype(int) - (own | triangle)).sum() <= 22
    assert kept[68, 80]
    assert not kept[65, 74]


def test_growing_filling_and_the_largest_part(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    own = draw_polygon(page)
    page.get_by_label("Grow and shrink by").fill("2.5")
    page.get_by_role("button", name="Grow", exact=True).click()
    wait_saved(page)
    grown = ndimage.distance_transform_edt(~own) <= 2.5
    assert np.array_equal(kept_mask(context, server.url, case), grown)
    page.get_by_role("button", name="Shrink", exact=True).click()
    wait_saved(page)
    assert np.array_equal(kept_mask(context, server.url, case), ndimage.distance_transform_edt(grown) > 2.5)


def test_a_box_outlines_again_inside_it(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    draw_polygon(page)
    screen = Screen.of(page)
    picture(page).press("x")
    start, end = screen.points((30, 25), (130, 95))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    with page.expect_response("**/outline") as answer:
        page.mouse.up()
    sent = answer.value.request.post_data_json["box"]
    (left, top), (right, bottom) = screen.to_picture(*start), screen.to_picture(*end)
    assert sent == [np.floor(left), np.floor(top), np.ceil(right), np.ceil(bottom)]
    wait_saved(page)
    if given(context, server.url, case)["finding"] is None:
        kept = kept_mask(context, server.url, case)
        y, x = np.nonzero(kept)
        assert (x.min() >= sent[0], y.min() >= sent[1], x.max() < sent[2], y.max() < sent[3]) == (True,) * 4


def test_a_click_outlines_what_lies_under_it(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    draw_polygon(page)
    screen = Screen.of(page)
    page.get_by_role("button", name="Click or box").click()
    (place,) = screen.points((80, 60))
    with page.expect_response("**/outline") as answer:
        page.mouse.click(*place)
    across, down = screen.to_picture(*place)
    assert answer.value.request.post_data_json == {"at": [int(across), int(down)]}
    wait_saved(page)
    record = given(context, server.url, case)
    if record["finding"] is None:
        assert record["mask"]["segmenter"].endswith(":click")
        assert kept_mask(context, server.url, case)[int(down), int(across)]


def test_a_finger_that_trembles_clicks(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    draw_polygon(page)
    page.get_by_role("button", name="Click or box").click()
    for key in "1---":
        picture(page).press(key)
    frames_pass(page)
    assert float(status(page).inner_text().split("%")[0].replace(",", "")) == pytest.approx(51.2, abs=0.5)
    (start,) = Screen.of(page).points((COLUMNS / 2, ROWS / 2))
    with page.expect_response("**/outline") as answer:
        touch(page, "pointerdown", 11, *start)
        touch(page, "pointermove", 11, start[0] + 8, start[1] + 8)
        touch(page, "pointerup", 11, start[0] + 8, start[1] + 8)
    assert answer.value.request.post_data_json == {"at": pytest.approx([COLUMNS / 2, ROWS / 2], abs=2)}


def test_the_ruler_sets_the_scale(page: Page, context: BrowserContext, server: RunningServer, case: str) -> None:
    screen = Screen.of(page)
    picture(page).press("r")
    start, end = screen.points((20, 30), (120, 30))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    page.mouse.up()
    page.get_by_label("Its true length").fill("0")
    page.get_by_role("button", name="Use this scale").click()
    expect(page.get_by_text("Give a length above 0 in mm")).to_be_visible()
    page.get_by_label("Its true length").fill("10")
    page.get_by_role("button", name="Use this scale").click()
    expect(page.get_by_text("given by you")).to_be_visible()
    wait_saved(page)
    pixels = screen.to_picture(*end)[0] - screen.to_picture(*start)[0]
    image = given(context, server.url, case)["image"]
    assert image["mm_per_pixel"] == pytest.approx([10 / pixels, 10 / pixels])
    assert image["mm_source"] == "given"


def test_the_sheet_of_keys_names_every_tool(page: Page, case: str) -> None:
    picture(page).focus()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    shown = set(re.findall(r"\S+", " ".join(sheet.locator("kbd").all_inner_texts())))
    assert {"V", "B", "E", "P", "X", "R", "A", "G", "S", "F", "L", "H", "O", "K", "?", "Space", "Enter"} <= shown
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def bright(page: Page) -> int:
    """Pixels above the picture that are of the outline's colour."""
    return int(
        picture(page).evaluate(
            """(canvas) => {
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              const own = [92, 214, 255];
              for (let i = 0; i < data.length; i += 4) if (own.every((value, k) => data[i + k] === value)) count++;
              return count; }"""
        )
    )


def frames_pass(page: Page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_the_outline_is_hidden_while_a_key_is_held(page: Page, case: str) -> None:
    draw_polygon(page)
    frames_pass(page)
    assert bright(page) > 200
    page.keyboard.down("h")
    frames_pass(page)
    assert bright(page) == 0
    page.keyboard.up("h")
    frames_pass(page)
    assert bright(page) > 200


def test_window_and_level_are_a_filter_of_the_browser(page: Page, case: str) -> None:
    page.get_by_label("Window").fill("100")
    page.get_by_label("Level").fill("60")
    red = page.locator("feFuncR").first
    # grey 10 becomes black and grey 110 white: slope 255 / 100, and 10 / 255 * slope + intercept = 0
    assert float(red.get_attribute("slope") or "") == pytest.approx(2.55)
    assert float(red.get_attribute("intercept") or "") == pytest.approx(-0.1)
    assert "url(" in page.locator(".stage .picture").first.evaluate("(one) => one.style.filter")
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".stage .picture").first.evaluate("(one) => one.style.filter") == ""


def test_zooming_keeps_the_edges_of_pixels(page: Page, case: str) -> None:
    picture(page).focus()
    for _ in range(12):
        page.keyboard.press("+")
    frames_pass(page)
    scale = float(status(page).inner_text().split("%")[0].replace(",", "")) / 100
    assert scale > 10
    greys = page.locator(".stage .picture").first.evaluate(
        """(canvas) => {
          const row = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1).data;
          return Array.from({ length: canvas.width }, (_, i) => row[4 * i]); }"""
    )
    changes = np.count_nonzero(np.diff(greys))
    # enlarged pixels are flat: a change at their edges only, not at every pixel of the screen
    assert 0.5 * len(greys) / scale < changes <= len(greys) / scale + 2


def touch(page: Page, kind: str, number: int, x: float, y: float, device: str = "touch") -> None:
    picture(page).evaluate(
        """(canvas, [kind, pointerId, x, y, pointerType]) => {
          canvas.setPointerCapture = () => {};
          const held = kind !== "pointerup";
          const place = { clientX: x, clientY: y, buttons: held ? 1 : 0 };
          canvas.dispatchEvent(new PointerEvent(kind, { pointerId, pointerType, bubbles: true, ...place })); }""",
        [kind, number, x, y, device],
    )


def test_two_fingers_zoom_and_leave_the_outline_alone(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    own = draw_polygon(page)
    picture(page).press("b")
    before = float(status(page).inner_text().split("%")[0].replace(",", ""))
    box = Screen.of(page).box
    x, y = box["x"] + 300, box["y"] + 200
    touch(page, "pointerdown", 11, x - 50, y)
    touch(page, "pointermove", 11, x - 52, y)
    touch(page, "pointerdown", 12, x + 50, y)
    touch(page, "pointermove", 12, x + 152, y)
    touch(page, "pointerup", 11, x - 52, y)
    touch(page, "pointerup", 12, x + 152, y)
    frames_pass(page)
    after = float(status(page).inner_text().split("%")[0].replace(",", ""))
    assert after / before == pytest.approx(204 / 102, rel=0.01)
    wait_saved(page)
    assert np.array_equal(kept_mask(context, server.url, case), own)


def test_once_a_pen_draws_a_finger_only_moves(
    page: Page, context: BrowserContext, server: RunningServer, case: str
) -> None:
    draw_polygon(page)
    picture(page).press("b")
    box = Screen.of(page).box
    x, y = box["x"] + 250, box["y"] + 60
    touch(page, "pointerdown", 21, x, y, "pen")
    touch(page, "pointerup", 21, x, y, "pen")
    wait_saved(page)
    drawn = kept_mask(context, server.url, case)
    touch(page, "pointerdown", 22, x + 90, y)
    touch(page, "pointermove", 22, x + 140, y + 40)
    touch(page, "pointerup", 22, x + 140, y + 40)
    page.get_by_role("button", name="Undo").click()
    wait_saved(page)
    dab = drawn & ~kept_mask(context, server.url, case)
    assert 20 < dab.sum() < 40  # a disk of radius 3
    page.get_by_role("button", name="Redo").click()
    wait_saved(page)
    assert np.array_equal(kept_mask(context, server.url, case), drawn)
