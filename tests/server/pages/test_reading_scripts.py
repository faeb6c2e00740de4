"""The pages of a cohort with a late server, or one that knows another reader: nothing drawn is lost or mixed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from server.pages.conftest import from_package

pytestmark = pytest.mark.slow

SERVER = """
  document.head.innerHTML = ["tokens", "page", "parts", "editor", "case", "cohorts"]
    .map((name) => `<link rel="stylesheet" href="/static/css/${name}.css">`).join("");
  await Promise.all([...document.head.children].map((one) => new Promise((done) => { one.onload = done; })));
  document.body.innerHTML = `<div id="messages"></div>
    <main id="${kind}" data-cohort="k" data-image="i" data-title="Cohort"></main>`;
  const server = globalThis.server = {
    reader: "Li", version: 0, runs: [105, 3, 692], sent: [], late: {}, state: "done", ...more };
  const record = () => ({
    id: "i", patient_id: "P1", name: "i.png", number: 1, state: server.state, note: server.note ?? "",
    looked: true, problem: "", confidence: 0.9, doubt: 0, reasons: [], readers: 1, decided: false, frame: null,
    rows: 20, columns: 40,
    mm_per_pixel: server.sizes?.[server.version] ?? null, mask_problem: "", version: server.version,
    mask: { origin: "own", area_px: 3, sha256: "a" },
    locked: false, others: server.others ?? [], previous: null, next: "n", next_todo: "n",
    decision: server.decision ?? null });
  const row = (name) => ({ ...record(), id: name, patient_id: name });
  const answer = (method, path, body, headers) => {
    if (path === "/reader") return [200, { name: server.reader, chosen: true, free: true }];
    if (headers["X-Reader"] && headers["X-Reader"] !== server.reader)
      return [409, { error: { code: "other_reader", message: "another window reads as " + server.reader } }];
    if (path === "/cohorts/k") return [200, {
      reader: server.reader, images: 2, looked: 2, readers: [], mine: { done: 0, skip: 0, todo: 0 } }];
    if (path.startsWith("/cohorts/k/images?")) {
      const text = new URLSearchParams(path.split("?")[1]).get("text");
      return [200, { items: [row(text || "all")], total: 1 }]; }
    if (path.startsWith("/cohorts/k/export.zip")) return [403, server.export];
    if (path === "/cohorts/k/disagreements") return [200, { items: [] }];
    if (path.includes("/mask") && method === "GET") return [200, { rows: 20, columns: 40, runs: server.runs }];
    if (method === "GET") return [200, record()];
    server.sent.push([method, path.split("/").at(-1), body]);
    if (path.endsWith("/adjudicate")) {
      server.decision = { version: 1, reader: body.reader ?? null, outlined: true, area_px: 3, user: "Li", note: "",
        changed: "2026-01-01T00:00:00Z" };
      return [200, record()]; }
    if (headers["If-Match"] !== `"${server.version}"`) return [412, { error: { code: "changed", message: "changed" } }];
    server.version += 1;
    if (path.endsWith("/mask")) server.runs = body.runs;
    if (path.endsWith("/state")) server.note = body.note;
    return [200, record()];
  };
  globalThis.fetch = async (url, { method = "GET", body, headers = {} } = {}) => {
    const path = url.replace("/api/v1", "");
    const [status, found] = answer(method, path, body ? JSON.parse(body) : null, headers);
    await Object.entries(server.late).find(([part]) => path.includes(part))?.[1];
    return new Response(JSON.stringify(found), { status, headers: { "Content-Type": "application/json" } });
  };
  Image.prototype.decode = async function () {};
  CanvasRenderingContext2D.prototype.drawImage = () => {};
  globalThis.EventSource = class { addEventListener() {} };
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


def begin(page: Page, kind: str, more: dict[str, Any] | None = None, before: str = "") -> None:
    script = f"async ([kind, more]) => {{ {SERVER} {before} await import(`/static/js/cohorts/${{kind}}.js`); }}"
    page.evaluate(script, [kind, more or {}])


def saved(page: Page) -> None:
    expect(page.locator(".save-state")).to_have_attribute("data-state", "saved")


def test_what_is_drawn_waits_for_its_own_reader(page: Page) -> None:
    begin(page, "image")
    expect(page.locator(".editor .status")).to_contain_text("Lesion 3 pixels")
    page.evaluate("server.reader = 'Wu'")
    page.locator(".overlay").first.press("g")
    expect(page.locator(".save-state")).to_contain_text("reads as Wu")
    assert page.evaluate("server.sent") == []
    page.evaluate("server.reader = 'Li'")
    expect(page.locator(".save-state")).to_have_attribute("data-state", "saved", timeout=8000)
    # row 2, columns 25 to 27, and their neighbours
    assert page.evaluate("server.runs") == [65, 3, 36, 5, 36, 3, 652]


def test_an_area_is_shown_at_the_scale_of_where_the_outline_lies(page: Page) -> None:
    begin(page, "image", {"sizes": [[0.1, 0.1], [0.3, 0.4]]})
    expect(page.locator(".editor .status")).to_contain_text("Lesion 0.03 mm² (3 pixels)")
    page.locator(".overlay").first.press("g")
    saved(page)
    # 3 + 5 + 3 pixels of 0.12 mm²
    expect(page.locator(".editor .status")).to_contain_text("Lesion 1.32 mm² (11 pixels)")


LEFT = """sessionStorage.setItem("{key}", JSON.stringify({{
  version: {version}, mask: {{ rows: 20, columns: 40, runs: [7, 1, 792] }}, fields: {{}}, sending: {{}} }}));"""
OWN = "/cohorts/k/images/i Li"


def test_what_a_tab_had_drawn_and_not_stored_is_stored_when_it_opens_again(page: Page) -> None:
    begin(page, "image", before=LEFT.format(key=OWN, version=0))
    expect(page.locator(".editor .status")).to_contain_text("Lesion 1 pixels")
    page.wait_for_function("server.version === 1")
    assert page.evaluate("server.runs") == [7, 1, 792]


def test_a_note_is_kept_when_the_page_goes_away_at_once(page: Page) -> None:
    begin(page, "image")
    page.locator("#note").fill("边界不清")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_function("server.note === '边界不清'")
    assert page.evaluate("server.sent[0]") == ["PUT", "state", {"state": "done", "note": "边界不清"}]


def test_a_note_that_could_not_be_sent_is_taken_up_again(page: Page) -> None:
    begin(page, "image", before=f"sessionStorage.setItem('{OWN} note', '边界不清');")
    expect(page.locator("#note")).to_have_value("边界不清")
    page.wait_for_function("server.note === '边界不清'")


@pytest.mark.parametrize(("key", "asked"), [(OWN, True), ("/cohorts/k/images/i Wu", False)])
def test_what_another_window_or_reader_drew_since_is_not_overwritten(page: Page, key: str, asked: bool) -> None:
    begin(page, "image", {"version": 4}, LEFT.format(key=key, version=2))
    if asked:
        expect(page.get_by_text("This outline was changed in another window")).to_be_visible()
    else:
        expect(page.locator(".editor .status")).to_contain_text("Lesion 3 pixels")
        page.wait_for_timeout(900)
    assert page.evaluate("server.runs") == [105, 3, 692]


def test_an_image_is_not_finished_with_an_open_polygon(page: Page) -> None:
    begin(page, "image", {"state": "todo"})
    overlay = page.locator(".overlay").first
    overlay.press("p")
    for key in ("Space", "Shift+ArrowDown", "Space", "Shift+ArrowRight", "Space"):
        overlay.press(key)
    for key in ("d", "n"):
        overlay.press(key)
        expect(page.locator(".notices")).to_contain_text("A polygon is open")
    assert page.evaluate("server.sent") == []
    assert page.url == "http://pages.test/"


def test_clicks_and_what_follows_go_one_after_the_other(page: Page) -> None:
    begin(page, "image", {"state": "todo"}, "server.late.outline = new Promise((go) => { server.go = go; });")
    expect(page.locator(".editor .status")).to_contain_text("Lesion 3 pixels")
    overlay = page.locator(".overlay").first
    overlay.press("x")
    for key in ("Space", "Space"):  # a click of the keyboard is two ends of a box at one place
        overlay.press(key)
    for _ in range(2):
        overlay.click()
    overlay.press("q")
    page.wait_for_timeout(300)
    asked = "server.sent.map(([, name]) => name)"
    assert page.evaluate(asked) == ["outline"]
    with page.expect_navigation(url="**/cohorts/k/images/n", wait_until="commit"):
        page.evaluate("() => { const { go } = server; delete server.late.outline; go(); }")


def test_the_late_answer_to_an_older_filter_is_not_shown(page: Page) -> None:
    begin(page, "worklist", before="server.late['text=abc'] = new Promise((go) => { server.go = go; });")
    expect(page.get_by_role("link", name="all", exact=True)).to_be_visible()
    page.locator("#text").fill("abc")
    page.wait_for_timeout(500)
    page.locator("#text").fill("abd")
    expect(page.get_by_role("link", name="abd", exact=True)).to_be_visible()
    page.evaluate("server.go()")
    page.wait_for_timeout(200)
    expect(page.get_by_role("link", name="abd", exact=True)).to_be_visible()


def test_an_export_that_is_refused_is_told_on_the_page(page: Page) -> None:
    begin(page, "worklist", {"export": {"error": {"code": "blind", "message": "you have not finished 2 images"}}})
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Download").click()
    expect(page.locator("#messages")).to_contain_text("You have not finished 2 images")
    assert page.url == "http://pages.test/"


def test_the_own_outline_can_be_taken_again_after_a_decision(page: Page) -> None:
    other = {"name": "Wu", "state": "done", "area_px": 3, "outlined": True}
    begin(page, "decide", {"others": [other]})
    for button, reader in (("Take Wu", "Wu"), ("Take yours", "Li")):
        page.get_by_role("button", name=button).click()
        page.wait_for_function("(reader) => server.sent.at(-1)?.[2].reader === reader", arg=reader)
        expect(page.locator(".notices")).to_contain_text("There is no other image left")
