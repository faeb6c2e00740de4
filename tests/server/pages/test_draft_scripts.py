"""The page of a draft with a server that answers late: nothing runs before what was changed is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.pages.conftest import from_package

pytestmark = pytest.mark.slow

PAGE = """
  const part = (id, inner = "") => `<section id="${id}"><div class="body"></div>${inner}</section>`;
  document.body.innerHTML = `<div id="messages"></div><div id="draft" data-draft="d"><h1 id="title"></h1>
    <p id="folder"></p><div id="wrong"></div>${part("found")}${part("columns")}${part("target")}${part("settings")}
    <textarea id="yaml"></textarea><button id="save-yaml">Save</button><button id="undo-yaml" hidden>Back</button>
    ${part("check", "<button id='do-check'>Check</button><button id='do-run'>Run</button>")}</div>`;
  const server = globalThis.server = { yaml: "title: one\\ntiming: biopsy\\n", title: "one", version: 1, asked: [] };
  const draft = () => ({
    id: "d", title: server.title, folder: "/f", yaml: server.yaml, version: server.version, notes: [], problems: [],
    images: { count: 0, masks: 0, pairs: [], unpaired: { files: [] } }, patients: 3, columns: [], target: null,
    timing: "biopsy", regions: "given", split: { kind: "random", test_share: 0.3 } });
  globalThis.fetch = async (url, { method = "GET", body, headers } = {}) => {
    const path = url.replace("/api/v1", "");
    server.asked.push(`${method} ${path}`);
    let [status, found] = [200, null];
    if (method === "PATCH") {
      await server.late;
      const what = JSON.parse(body);
      if (headers["If-Match"] !== `"${server.version}"`) [status, found] = [412, { error: { message: "changed" } }];
      else if (what.title === "bad") [status, found] = [422, { error: { message: "no title" } }];
      else {
        server.version += 1;
        if (what.title) Object.assign(server, { title: what.title, yaml: `title: ${what.title}\\n` });
        if (what.yaml) server.yaml = what.yaml; } }
    else if (path === "/studies") {
      server.ran = server.yaml;
      [status, found] = [422, { error: { message: "enough" } }]; }
    else if (path.endsWith("/check")) found = { findings: [], rows: [] };
    return new Response(JSON.stringify(found ?? draft()), {
      status, headers: { "Content-Type": "application/json" } });
  };
  await import("/static/js/studies/draft.js");
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(locale="en-GB")
    opened.route("**/*", from_package)
    opened.goto("http://pages.test/")
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.evaluate(f"async () => {{ {PAGE} }}")
    expect(opened.locator("#title")).to_have_text("one")
    yield opened
    opened.close()
    assert wrong == []


@pytest.mark.parametrize("title", ["two", "bad"])
def test_a_study_is_not_run_before_the_last_change_is_kept(page: Page, title: str) -> None:
    page.evaluate("() => { server.late = new Promise((go) => { server.go = go; }); }")
    page.get_by_label("Title").fill(title)
    page.locator("#do-run").click()
    page.wait_for_timeout(200)
    assert page.evaluate("[server.asked.includes('PATCH /drafts/d'), server.ran ?? null]") == [True, None]
    page.evaluate("server.go()")
    if title == "bad":
        expect(page.locator("#wrong")).to_have_text("No title.")
        page.wait_for_timeout(200)
        assert page.evaluate("server.ran ?? null") is None
        # what is kept may be run
        page.locator("#do-run").click()
        page.wait_for_function("server.ran")
        assert page.evaluate("server.ran") == "title: one\ntiming: biopsy\n"
    else:
        page.wait_for_function("server.ran")
        assert page.evaluate("server.ran") == "title: two\n"


def test_two_clicks_run_a_study_once(page: Page) -> None:
    page.evaluate("() => { server.late = new Promise((go) => { server.go = go; }); }")
    page.get_by_label("Title").fill("two")
    page.locator("#do-run").click()
    page.locator("#do-run").evaluate("(button) => { button.click(); button.click(); }")
    page.evaluate("server.go()")
    page.wait_for_function("server.ran")
    page.wait_for_timeout(200)
    assert page.evaluate("server.asked.filter((one) => one === 'POST /studies').length") == 1


def test_two_clicks_run_a_study_file_once(page: Page) -> None:
    page.evaluate(
        """async () => {
        document.body.innerHTML = `<form id="by-path"></form><div id="problem"></div>
          <input id="files"><input id="single"><form id="by-file"><input name="study" value="/s.yaml"><input name="out">
          <button type="submit">Run</button></form>`;
        server.asked.length = 0;
        await import("/static/js/studies/new.js");
        for (let i = 0; i < 2; i++) document.querySelector("#by-file button").click(); }"""
    )
    expect(page.locator("#problem")).to_contain_text("enough")
    assert page.evaluate("server.asked") == ["POST /studies"]
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


@pytest.mark.parametrize("button", ["#do-run", "#do-check"])
def test_a_text_that_is_not_saved_is_neither_run_nor_checked_nor_lost(page: Page, button: str) -> None:
    page.locator("#yaml").fill("title: mine\n")
    page.locator(button).click()
    expect(page.locator("#wrong")).to_contain_text("has changes that are not saved")
    page.get_by_label("Title").fill("two")
    page.get_by_label("Title").press("Tab")
    expect(page.get_by_label("Title")).to_have_value("one")
    expect(page.locator("#yaml")).to_have_value("title: mine\n")
    assert page.evaluate("server.asked") == ["GET /drafts/d"]
    page.locator("#save-yaml").click()
    expect(page.locator("#undo-yaml")).to_be_hidden()
    page.locator("#do-run").click()
    page.wait_for_function("server.ran")
    assert page.evaluate("server.ran") == "title: mine\n"


def test_changes_of_the_text_can_be_taken_back(page: Page) -> None:
    page.locator("#yaml").fill("title: mine\n")
    page.locator("#undo-yaml").click()
    expect(page.locator("#yaml")).to_have_value("title: one\ntiming: biopsy\n")
    page.locator("#do-run").click()
    page.wait_for_function("server.ran")


def test_a_text_that_came_too_late_stays_on_the_page(page: Page) -> None:
    page.locator("#yaml").fill("title: mine\n")
    page.evaluate("Object.assign(server, { version: 7, yaml: 'title: theirs\\n' })")
    page.locator("#save-yaml").click()
    expect(page.locator("#wrong")).to_contain_text("changed")
    expect(page.locator("#yaml")).to_have_value("title: mine\n")
