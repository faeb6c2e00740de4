/** One image of a worklist: the editor, and beside it done, skip, note and the way to the next one. */
import { ApiError, call, get, readsAs } from "../api.js";
import { debounced, h } from "../dom.js";
import { pixelSize } from "../case/facts.js";
import { Saver } from "../case/saving.js";
import { OutlineEditor } from "../editor/editor.js";
import { moment, number, percent, t } from "../i18n.js";
import { readerLine } from "./reader.js";
import { readerName, reasons, stateMark, tell } from "./words.js";

/** Saves the outline of an image as that of a case is saved. */
class OutlineSaver extends Saver {
  constructor(path, record, calls) { super(record, calls); this.own = path; }
  get path() { return this.own; }
  /** Several readers may sit at one browser. */
  get key() { return `${this.own} ${readsAs()}`; }
}

class ImagePage {
  constructor(host, record) {
    this.host = host;
    this.record = record;
    this.cohort = `/cohorts/${host.dataset.cohort}`;
    this.path = `${this.cohort}/images/${record.id}`;
    this.saver = new OutlineSaver(this.path, record, { onState: (state, error) => this.#saveState(state, error), onRecord: (latest) => this.#took(latest), onConflict: (latest) => this.#conflict(latest) });
    this.turn = Promise.resolve();
    this.noted = debounced(() => this.#keepNote(), 800);
    addEventListener("pagehide", () => this.#lastNote());
  }

  get #noteKey() { return `${this.saver.key} note`; }

  /** The page goes away: a note that is not stored is kept in this tab, and sent if nothing else changes the version meanwhile. */
  #lastNote() {
    const note = this.note?.value;
    if (note === undefined || note === this.record.note) return;
    sessionStorage.setItem(this.#noteKey, note);
    if (this.saver.waits || this.saver.running) return;
    call("PUT", `${this.path}/state`, { json: { state: this.record.state, note }, version: this.saver.record.version, keepalive: true }).catch(() => {});
  }

  /** Go on with a note that this tab had not stored. */
  #takeUpNote() {
    const left = sessionStorage.getItem(this.#noteKey);
    sessionStorage.removeItem(this.#noteKey);
    if (left === null || left === this.record.note) return;
    this.note.value = left;
    this.noted();
  }

  async start() {
    this.#build(await readerLine());
    this.#took(this.record);
    this.#saveState("saved");
    this.#takeUpNote();
    if (this.record.problem) return;
    const picture = new Image();
    picture.src = `/api/v1${this.path}/picture.png`;
    await Promise.all([picture.decode().then(() => this.editor.setPicture(picture)), this.#loadMask()]);
    this.#takeUp(this.saver.left());
    this.editor.focus();
  }

  /** Go on with what this tab had drawn and not stored yet when it went away. */
  #takeUp(left) {
    const holds = (mask) => Boolean(mask) && JSON.stringify(mask.runs) === JSON.stringify(this.editor.runs());
    if (!left?.mask || this.record.locked || holds(left.mask)) return;
    this.saver.goOnFrom(left, holds(left.sending.mask));
    this.editor.setRuns(left.mask.runs);
    this.saver.setMask(left.mask);
  }

  #build(reader) {
    const { record } = this;
    const button = (text, key, work, extra = "") => h("button", { type: "button", class: `button ${extra}`, title: `${text} (${key})`, "aria-keyshortcuts": key, on: { click: work } }, text);
    this.state = h("p", { class: "save-state", role: "status" });
    this.notice = h("div", { class: "notices" });
    this.editorHost = h("div", {});
    this.facts = h("dl", { class: "facts" });
    this.note = h("textarea", { id: "note", rows: 2, maxlength: 2000, on: { input: () => this.noted() } });
    this.note.value = record.note;
    this.others = h("div", {});
    this.done = button(t("Finished, next"), "D", () => this.finish(), "primary whole");
    this.none = button(t("No lesion"), "M", () => this.noLesion());
    this.skip = button(t("Skip"), "Q", () => this.skipIt());
    this.again = button(t("Take up again"), "U", () => this.#setState("todo", null), "whole");
    this.host.replaceChildren(
      h("div", { class: "case-head" }, h("h1", {}, record.patient_id), h("p", { class: "place" }, record.name), this.state,
        h("span", { class: "actions" }, h("a", { class: "button small", href: this.cohort }, this.host.dataset.title))),
      this.notice,
      h("div", { class: "case" },
        h("section", { class: "picture-side", "aria-label": t("Image and outline") }, this.editorHost),
        h("div", { class: "side" },
          h("section", { class: "card", "aria-label": t("This image") },
            h("div", { class: "steps" }, this.done, this.none, this.skip, this.again,
              button(t("Before"), "W", () => this.go(this.record.previous)), button(t("After"), "N", () => this.go(this.record.next))),
            h("p", { class: "keys-line" }, [["D", t("finished, next")], ["M", t("no lesion")], ["Q", t("skip")], ["W", t("before")], ["N", t("after")]].map(([key, text]) => h("span", {}, h("kbd", {}, key), " ", text)))),
          h("section", { class: "card" }, this.facts, h("div", { class: "field" }, h("label", { for: "note" }, t("Note")), this.note)),
          this.others,
          h("section", { class: "card" }, reader))));
    if (record.problem) {
      this.#problem(record.problem);
      for (const one of [this.done, this.none]) one.disabled = true;
      return;
    }
    this.editor = new OutlineEditor(this.editorHost, {
      columns: record.columns, rows: record.rows, size: record.mm_per_pixel,
      onChange: (editor) => this.#drawn(editor), onOutline: (prompt) => this.outline(prompt),
    });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented || event.target.closest("input:not([type=range]), textarea, select, dialog")) return;
    const work = { d: () => this.finish(), m: () => this.noLesion(), q: () => this.skipIt(), u: () => this.again.hidden || this.#setState("todo", null), w: () => this.go(this.record.previous), n: () => this.go(this.record.next) }[event.key.toLowerCase()];
    if (!work) return;
    event.preventDefault();
    work();
  }

  // ------------------------------------------------------------------ the outline

  async #loadMask() {
    const found = await get(`${this.path}/mask`);
    this.editor.setRuns(found.runs, { forget: true });
  }

  #drawn(editor) {
    if (this.record.locked) {
      this.#loadMask().catch(tell);
      this.#say(t("You have seen the outlines of others, so yours stays as it is."));
      return;
    }
    this.saver.setMask({ rows: editor.mask.rows, columns: editor.mask.columns, runs: editor.runs() });
  }

  /** Have the lesion outlined, in a box, at a click or anywhere; what was drawn before can be taken back. */
  async outline(prompt) {
    this.editor.say(t("Looking for the lesion"));
    let layIn = null;
    const found = () => {
      layIn = this.editor.later();
      return call("POST", `${this.path}/outline`, { json: prompt, version: this.saver.record.version });
    };
    await this.#guarded(() => this.saver.through(found, async () => {
      const { runs } = await get(`${this.path}/mask`);
      if (layIn(runs)) return;
      this.#drawn(this.editor);
      this.#say(t("You have drawn meanwhile, so your outline is kept."));
    }));
  }

  // ------------------------------------------------------------------ done, skip, next

  /** Whether a polygon still waits for its end; it is said. */
  #isOpen() {
    if (!this.editor || this.editor.settle()) return false;
    this.#say(t("A polygon is open: press Enter to close it, or Esc to drop it."));
    return true;
  }

  /** One after the other: a note that is kept a moment later must not change the version under the next step. */
  #setState(state, then) {
    if (state && this.#isOpen()) return this.turn;
    const put = () => call("PUT", `${this.path}/state`, { json: { state: state ?? this.record.state, note: this.note.value }, version: this.saver.record.version });
    this.turn = this.turn.then(() => this.#guarded(async () => {
      await this.saver.through(put);
      if (then) this.#leave(then(this.record));
    }));
    return this.turn;
  }

  #keepNote() { return this.note.value === this.record.note ? this.turn : this.#setState(null, null); }

  finish() { return this.record.state === "done" ? this.go(this.record.next_todo) : this.#setState("done", (record) => record.next_todo); }
  skipIt() { return this.#setState("skip", (record) => record.next_todo); }

  async noLesion() {
    if (this.record.locked || !this.editor) return;
    this.editor.tool.cancel();
    this.editor.clear();
    this.saver.setMask({ rows: this.record.rows, columns: this.record.columns, runs: [this.record.rows * this.record.columns] });
    await this.#setState("done", (record) => record.next_todo);
  }

  async go(image) {
    if (this.#isOpen()) return;
    await this.#keepNote();
    await this.#guarded(async () => { await this.saver.flush(); this.#leave(image); });
  }

  #leave(image) { location.assign(image ? `${this.cohort}/images/${image}` : this.cohort); }

  // ------------------------------------------------------------------ words

  #took(record) {
    this.record = record;
    // the scale is that at the outline, wherever it lies on the screen
    this.editor?.setSize(record.mm_per_pixel);
    const row = (name, ...value) => [h("dt", {}, name), h("dd", {}, ...value)];
    const { mask } = record;
    const origins = { own: t("yours"), segmenter: t("of the segmenter, to be corrected"), given: t("mask of the table"), none: t("none") };
    this.facts.replaceChildren(...[
      row(t("State"), stateMark(record.state)),
      row(t("Outline"), !mask ? t("none") : mask.sha256 ? origins[mask.origin] : t("no lesion")),
      record.confidence === null ? [] : row(t("Confidence"), percent(record.confidence)),
      record.reasons.length ? row(t("In doubt"), reasons(record.reasons)) : [],
      record.mm_per_pixel ? row(t("Pixel"), pixelSize(record.mm_per_pixel)) : row(t("Pixel"), t("size not known")),
      record.mask_problem ? row(t("Given mask"), record.mask_problem) : [],
    ].flat());
    this.again.hidden = record.state === "todo" || record.locked;
    this.done.textContent = record.state === "done" ? t("Next") : t("Finished, next");
    for (const one of [this.none, this.skip]) one.disabled = record.locked || Boolean(record.problem && one === this.none);
    this.#showOthers(record);
  }

  #showOthers(record) {
    if (record.state === "todo") { this.others.replaceChildren(h("p", { class: "soft small" }, t("You see the outlines of others when yours is finished."))); return; }
    const rows = record.others.map((one) => h("li", {}, readerName(one.name), ": ", one.outlined ? t("{n} pixels", { n: number(one.area_px) }) : t("no lesion")));
    const decided = record.decision && h("p", {}, t("Decided by {name}, {time}", { name: record.decision.user, time: moment(record.decision.changed) }));
    this.others.replaceChildren(h("section", { class: "card", "aria-label": t("Others") }, h("h2", {}, t("Others")),
      rows.length ? h("ul", {}, rows) : h("p", { class: "soft" }, t("Nobody else has finished this image.")), decided,
      rows.length ? h("p", { class: "actions" }, h("a", { class: "button small", href: `${this.path}/decide` }, t("Compare and decide"))) : null));
  }

  #saveState(state, error) {
    const words = {
      saved: t("Saved {time}", { time: moment(new Date().toISOString()) }), waiting: t("Changes not saved yet"), saving: t("Saving …"),
      offline: t("Not saved: the server cannot be reached. It is tried again; keep this page open."),
      conflict: t("Not saved: this outline was changed elsewhere."), refused: error ? error.text : "",
    };
    this.state.dataset.state = state;
    this.state.textContent = words[state];
  }

  #conflict(latest) {
    const done = (work) => async () => { this.notice.replaceChildren(); await this.#guarded(work); };
    this.notice.replaceChildren(h("div", { class: "problem", role: "alert" },
      h("h3", {}, t("This outline was changed in another window")),
      h("p", {}, t("Your changes are still on this page and nothing is lost. Which shall be kept?")),
      h("p", { class: "actions" },
        h("button", { type: "button", class: "button", on: { click: done(() => this.saver.keepMine(latest)) } }, t("My changes")),
        h("button", { type: "button", class: "button", on: { click: done(async () => { this.saver.takeTheirs(latest); await this.#loadMask(); }) } }, t("The others")))));
  }

  #problem(text) { this.notice.replaceChildren(h("div", { class: "problem", role: "alert" }, text)); }
  #say(text) { this.notice.replaceChildren(h("p", { class: "caution", role: "status" }, text)); }

  async #guarded(work) {
    try { await work(); } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "conflict") return;
      if (error.status === 412) { this.#conflict(await get(this.path)); return; }
      this.#problem(error.text);
    }
  }
}

const host = document.getElementById("image");
try {
  const record = await get(`/cohorts/${host.dataset.cohort}/images/${encodeURIComponent(host.dataset.image)}`);
  document.title = `${record.patient_id} · ${document.title}`;
  await new ImagePage(host, record).start();
} catch (error) { tell(error); }
