"""The editor alone, in an empty page without any server: what it tells of its outline is what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.slow

EDITOR = """
  const { OutlineEditor } = await import("/static/js/editor/editor.js");
  document.head.innerHTML = "<link rel='stylesheet' href='/static/css/editor.css'>";
  await new Promise((done) => { document.head.firstChild.onload = done; });
  document.body.innerHTML = "<div id='host' style='width: 400px'></div>";
  const told = [];
  const editor = new OutlineEditor(document.getElementById("host"), {
    columns: 40, rows: 20, onChange: (one) => told.push(one.runs().join()) });
  const area = () => editor.mask.pixels.reduce((sum, pixel) => sum + pixel, 0);
"""


def edited(page: Page, body: str) -> Any:
    """Run steps of JavaScript on a fresh editor of 40 x 20 pixels; `told` holds what it gave to be kept."""
    return page.evaluate(f"async () => {{ {EDITOR} {body} }}")


@pytest.mark.parametrize("command", ["fillHoles", "grow", "largest"])
def test_a_command_in_the_middle_of_a_stroke_loses_nothing_of_it(scripts: Page, command: str) -> None:
    work = "keepLargest" if command == "largest" else command
    found = edited(
        scripts,
        f"""
        editor.setRadius(0);
        editor.choose("brush");
        editor.tool.down([5.5, 5.5]);
        editor.{work}();
        editor.tool.move([9.5, 5.5]);
        editor.tool.up();
        const shown = editor.runs().join();
        while (editor.history.done.length) editor.undo();
        return [shown === told.find((one) => one === shown), area()];
        """,
    )
    # all that is shown was given to be kept, and all of it can be taken back
    assert found == [True, 0]


def test_a_key_in_the_middle_of_a_dragged_stroke_ends_it_and_no_error_follows(scripts: Page) -> None:
    found = edited(
        scripts,
        """
        editor.choose("brush");
        editor.tool.down([5.5, 5.5]);
        editor.choose("eraser");
        editor.tool.move([9.5, 5.5]);
        editor.tool.up();
        return area();
        """,
    )
    assert found == 0


def test_an_open_polygon_is_no_part_of_the_outline_yet_and_a_stroke_is_kept_before_its_use(scripts: Page) -> None:
    found = edited(
        scripts,
        """
        editor.setRadius(0);
        editor.choose("brush");
        editor.tool.down([5.5, 5.5]);
        const stroke = [editor.settle(), told.length, area()];
        editor.choose("polygon");
        for (const corner of [[1, 1], [9, 1]]) editor.tool.down(corner, { keyboard: true });
        const two = editor.settle();
        editor.tool.down([9, 9], { keyboard: true });
        return [stroke, two, editor.settle()];
        """,
    )
    assert found == [[True, 1, 1], True, False]


TOUCHED = """
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = editor.stage.overlay;
  canvas.setPointerCapture = () => {};
  const touch = (kind, pointerId, x, y, pointerType = "touch") => {
    const box = canvas.getBoundingClientRect();
    const place = { clientX: box.left + x, clientY: box.top + y, buttons: kind === "pointerup" ? 0 : 1 };
    canvas.dispatchEvent(new PointerEvent(kind, { pointerId, pointerType, bubbles: true, ...place })); };
  editor.choose("brush");
"""


def test_a_third_finger_draws_nothing(scripts: Page) -> None:
    found = edited(
        scripts,
        TOUCHED
        + """
        for (const id of [1, 2, 3]) touch("pointerdown", id, 100 + 20 * id, 100);
        touch("pointermove", 3, 200, 120);
        touch("pointermove", 1, 60, 90);
        for (const id of [1, 2, 3]) touch("pointerup", id, 100, 100);
        return [area(), told.length];
        """,
    )
    assert found == [0, 0]


@pytest.mark.parametrize("palm_first", [True, False])
def test_a_palm_on_the_picture_does_not_stop_the_pen(scripts: Page, palm_first: bool) -> None:
    palm = "touch('pointerdown', 1, 300, 180);"
    pen = "touch('pointerdown', 2, 150, 100, 'pen'); touch('pointermove', 2, 190, 100, 'pen');"
    found = edited(
        scripts,
        f"""
        {TOUCHED} editor.pointers.pen = true;
        {palm + pen if palm_first else pen + palm}
        touch("pointermove", 1, 305, 180);
        touch("pointerup", 2, 190, 100, "pen");
        touch("pointerup", 1, 305, 180);
        return [area() > 0, told.length];
        """,
    )
    assert found == [True, 1]
