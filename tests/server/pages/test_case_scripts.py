"""The page of a case with a server that answers slowly, late or not at all: what is shown is what counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.pages.conftest import from_package

pytestmark = pytest.mark.slow

SERVER = """
  document.head.innerHTML = ["tokens", "page", "parts", "editor", "case"]
    .map((name) => `<link rel="stylesheet" href="/static/css/${name}.css">`).join("");
  await Promise.all([...document.head.children].map((one) => new Promise((done) => { one.onload = done; })));
  document.body.innerHTML = "<div id='messages'></div><main id='case' data-case='c'></main>";
  const size = 40 * 20;
  const masks = { 1: [105, 3, size - 108] };
  const field = (key) => ({ key, label: key, kind: "number", unit: "", low: 0, high: 99, choices: [], help: "" });
  const server = globalThis.server = {
    record: {
      id: "c", version: 5, name: "", frame: 1, clinical: {}, bundle: "one", reviewed: false, finding: null,
      image: { name: "i.png", kind: "PNG", frames: 3, rows: 20, columns: 40, mm_per_pixel: null, mm_source: null,
        b_mode: [0, 0, 40, 20] } },
    models: { one: ["age"], two: ["nodes"] }, predictions: [], sent: [], down: false, waiting: {} };
  const shown = () => ({ ...server.record, mask: masks[server.record.frame] && {
    origin: "drawn", confidence: null, segmenter: null, sha256: masks[server.record.frame].join() } });
  server.masks = masks;
  server.touch = (more) => Object.assign(server.record, more, { version: server.record.version + 1 });
  const score = { signature: "S", outcome: "positive", probability: 0.5, threshold: 0.4, positive: true, filled: [] };
  const predicted = () => ({
    number: server.predictions.length + 1, created: "2026-01-01T00:00:00Z", bundle: server.record.bundle,
    mask_sha256: masks[server.record.frame].join(), frame: server.record.frame, mm_per_pixel: null, nomogram: null,
    clinical: Object.fromEntries(Object.entries(server.record.clinical)
      .filter(([key]) => server.models[server.record.bundle].includes(key))),
    images: [], page: "/p", prediction: {
      scores: [score], findings: [], answers: {}, explanation: null, synthetic: false } });
  const refused = (status, code) => [status, { error: { code, message: code } }];
  const answer = (method, path, body, match) => {
    if (path === "/server") return [200, { bundles: [{ id: "one", title: "one" }, { id: "two", title: "two" }] }];
    if (path.startsWith("/bundles/")) {
      const own = server.models[path.split("/")[2]];
      return own ? [200, { clinical: own.map(field), segmenter: "s" }] : refused(404, "not_found"); }
    if (path === "/cases/c/predictions" && method === "GET") return [200, server.predictions];
    if (path === "/cases/c/predictions") {
      server.predictions.push(predicted());
      return [200, server.predictions.at(-1)]; }
    const runs = masks[server.record.frame];
    if (path === "/cases/c/mask" && method === "GET") return [200, { rows: 20, columns: 40, runs }];
    if (method === "GET") return [200, shown()];
    if (method !== "POST" && match !== `"${server.record.version}"`) return refused(412, "changed");
    if (path === "/cases/c/mask") { masks[server.record.frame] = body.runs; server.touch({}); return [200, shown()]; }
    if (path === "/cases/c/outline") {
      const start = body.at ? 400 + body.at[0] : 410;
      masks[server.record.frame] = [start, 2, size - 2 - start];
      server.touch({});
      return [200, shown()]; }
    if (body.bundle && !server.models[body.bundle]) return refused(404, "not_found");
    server.touch(body);
    return [200, shown()];
  };
  globalThis.fetch = async (url, { method = "GET", body, headers = {} } = {}) => {
    const path = url.replace("/api/v1", "");
    const read = typeof body === "string" ? JSON.parse(body) : null;
    if (method !== "GET") server.sent.push([method, path, read]);
    if (server.down && method !== "GET") throw new TypeError("down");
    const [status, found] = answer(method, path, read, headers["If-Match"]);
    const text = JSON.stringify(found);
    await server.waiting[`${method} ${path}`];
    return new Response(text, { status, headers: { "Content-Type": "application/json" } });
  };
  const blank = document.createElement("canvas");
  Image.prototype.decode = async function () {};
  CanvasRenderingContext2D.prototype.drawImage = () => {};
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(locale="en-GB")
    opened.route("**/*", from_package)
    opened.goto("http://pages.test/")
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    opened.close()
    assert wrong == []


def begin(page: Page, before: str = "") -> None:
    page.evaluate(f"async () => {{ {SERVER} {before} await import('/static/js/case/page.js'); }}")
    expect(page.locator(".editor .status")).to_contain_text("Lesion")
    page.wait_for_timeout(100)


def kept(page: Page, name: str) -> Any:
    return page.evaluate("(name) => server.record[name]", name)


def saved(page: Page) -> None:
    expect(page.locator(".save-state")).to_have_attribute("data-state", "saved")


def grow(page: Page) -> None:
    page.locator(".overlay").first.press("g")


def test_what_changes_while_the_model_works_makes_its_answer_outdated(page: Page) -> None:
    begin(page, "server.waiting['POST /cases/c/predictions'] = new Promise((go) => { server.go = go; });")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_function("server.predictions.length === 1")
    grow(page)
    saved(page)
    page.evaluate("server.go()")
    expect(page.locator("#result .probability")).to_be_visible()
    expect(page.locator("#result")).to_contain_text("Press Apply for a new result.")


def test_an_answer_of_what_is_there_is_not_called_outdated(page: Page) -> None:
    begin(page)
    page.get_by_role("textbox", name="Age").fill("52")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#result .probability")).to_be_visible()
    page.get_by_label("Name of the case").fill("another name")
    saved(page)
    page.wait_for_timeout(700)
    expect(page.locator("#result")).not_to_contain_text("Press Apply")


@pytest.mark.parametrize("change", ["masks[1] = [50, 9, 741]", "server.touch({ clinical: { age: '60' } })"])
def test_a_case_that_is_opened_again_says_that_its_result_is_of_something_else(page: Page, change: str) -> None:
    begin(page, f"server.predictions.push(predicted()); {change};")
    expect(page.locator("#result")).to_contain_text("Press Apply for a new result.")


def test_a_value_typed_right_after_a_name_makes_the_result_outdated(page: Page) -> None:
    begin(page, "server.predictions.push(predicted()); server.waiting['PATCH /cases/c'] = new Promise(() => {});")
    expect(page.locator("#result")).not_to_contain_text("Press Apply")
    page.evaluate(
        """() => {
        for (const [id, value] of [["case-name", "x"], ["clinical-0", "52"]]) {
          const input = document.getElementById(id);
          input.value = value;
          input.dispatchEvent(new Event("input")); } }"""
    )
    expect(page.locator("#result")).to_contain_text("Press Apply for a new result.", timeout=300)


def test_the_late_answer_about_a_model_does_not_stand_below_another_one(page: Page) -> None:
    begin(page, "server.waiting['GET /bundles/two'] = new Promise((go) => { server.go = go; });")
    page.get_by_role("combobox", name="Model").select_option("two")
    page.get_by_role("combobox", name="Model").select_option("one")
    page.evaluate("server.go()")
    saved(page)
    page.wait_for_timeout(200)
    assert kept(page, "bundle") == "one"
    expect(page.get_by_role("textbox", name="Age")).to_be_visible()
    expect(page.get_by_role("textbox", name="Clinical nodes")).to_have_count(0)


def test_values_of_another_model_are_kept(page: Page) -> None:
    begin(page)
    page.get_by_role("textbox", name="Age").fill("52")
    page.get_by_role("combobox", name="Model").select_option("two")
    page.get_by_role("textbox", name="Clinical nodes").fill("3")
    saved(page)
    assert kept(page, "clinical") == {"age": "52", "nodes": "3"}
    page.get_by_role("combobox", name="Model").select_option("one")
    expect(page.get_by_role("textbox", name="Age")).to_have_value("52")


def test_a_model_that_is_refused_is_not_shown_as_chosen(page: Page) -> None:
    begin(page, "setTimeout(() => { delete server.models.two; });")
    page.get_by_role("combobox", name="Model").select_option("two")
    expect(page.locator(".save-state")).to_have_attribute("data-state", "refused")
    expect(page.get_by_role("combobox", name="Model")).to_have_value("one")
    expect(page.get_by_role("textbox", name="Age")).to_be_visible()


def test_a_frame_that_is_stored_later_does_not_take_the_outline_of_another_one(page: Page) -> None:
    begin(page)
    overlay = page.locator(".overlay").first
    overlay.press(".")
    page.evaluate("server.down = true")
    page.get_by_role("button", name="Use this frame").click()
    expect(page.locator(".save-state")).to_have_attribute("data-state", "offline")
    page.evaluate("server.down = false")
    saved(page)
    expect(page.get_by_text("This frame is outlined and predicted.")).to_be_visible()
    expect(page.locator(".editor .status")).to_contain_text("Lesion 2 pixels")
    grow(page)
    saved(page)
    # the two pixels of the second frame and their neighbours; none of the three of the first one
    assert page.evaluate("server.masks[2]") == [370, 2, 37, 4, 37, 2, 348]
    assert page.evaluate("server.masks[1]") == [105, 3, 692]


def test_clicks_are_answered_one_after_the_other_and_the_model_waits_for_the_last(page: Page) -> None:
    begin(page)
    waiting = '["POST /cases/c/outline"] = new Promise((done) => { server.go = done; })'
    page.evaluate(f"() => {{ server.waiting{waiting}; }}")
    page.get_by_role("button", name="Click or box").click()
    overlay = page.locator(".overlay").first
    box = overlay.bounding_box()
    assert box is not None
    for share in (0.4, 0.6):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.get_by_role("button", name="Apply").click()
    page.wait_for_timeout(300)
    asked = "server.sent.map(([method, path]) => path)"
    assert page.evaluate(asked) == ["/cases/c/outline"]
    expect(page.locator("main")).to_have_class("outlining")
    page.evaluate("() => { server.go(); delete server.waiting['POST /cases/c/outline']; }")
    expect(page.locator("#result .probability")).to_be_visible()
    assert page.evaluate(asked) == ["/cases/c/outline"] * 2 + ["/cases/c/predictions"]
    columns = page.evaluate("server.sent.slice(0, 2).map(([, , body]) => body.at[0])")
    assert columns[0] < 20 <= columns[1]
    expect(page.locator("#result")).not_to_contain_class("stale")
    expect(page.locator("main")).not_to_have_class("outlining")
    expect(page.locator(".notices")).to_be_empty()
    for left in (columns[0], None):  # of the first click, and what was there before
        overlay.press("Control+z")
        start, area = (400 + left, 2) if left else (105, 3)
        page.wait_for_function("(runs) => server.masks[1].join() === runs", arg=f"{start},{area},{800 - start - area}")


def test_a_click_on_a_frame_that_is_not_outlined_says_what_to_do(page: Page) -> None:
    begin(page)
    overlay = page.locator(".overlay").first
    overlay.press(".")
    expect(page.get_by_text("The outline is on frame 1.")).to_be_visible()
    page.get_by_role("button", name="Click or box").click()
    overlay.click()
    expect(page.locator(".notices")).to_contain_text("press “Use this frame” first")
    assert page.evaluate("server.sent") == []


def test_an_open_polygon_is_closed_or_dropped_before_the_model_is_asked(page: Page) -> None:
    begin(page)
    overlay = page.locator(".overlay").first
    overlay.press("p")
    for key in ("Space", "Shift+ArrowDown", "Space", "Shift+ArrowRight", "Space"):
        overlay.press(key)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".notices")).to_contain_text("A polygon is open")
    assert page.evaluate("server.predictions.length") == 0
    overlay.press("Escape")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#result .probability")).to_be_visible()


LEFT = """sessionStorage.setItem("/cases/c", JSON.stringify({{
  version: {version}, mask: {{ rows: 20, columns: 40, runs: [{runs}] }}, fields: {{}}, sending: {{}} }}));"""


def test_what_a_tab_left_does_not_overwrite_what_others_changed_since(page: Page) -> None:
    begin(page, LEFT.format(version=3, runs="7, 1, 792"))
    expect(page.get_by_text("This case was changed in another window")).to_be_visible()
    assert page.evaluate("server.masks[1]") == [105, 3, 692]
    page.get_by_role("button", name="The others").click()
    saved(page)
    expect(page.locator(".editor .status")).to_contain_text("Lesion 3 pixels")


@pytest.mark.parametrize(("version", "runs"), [(5, "7, 1, 792"), (4, "105, 3, 692")])
def test_what_a_tab_left_is_sent_where_nobody_else_changed_anything(page: Page, version: int, runs: str) -> None:
    begin(page, LEFT.format(version=version, runs=runs))
    page.wait_for_timeout(900)
    saved(page)
    assert page.evaluate("server.masks[1].join(', ')") == runs
