/** The page of a case: image, outline, clinical data, result. */
import { ApiError, call, get, post } from "../api.js";
import { h, say } from "../dom.js";
import { Cine } from "../editor/cine.js";
import { OutlineEditor } from "../editor/editor.js";
import { each } from "../errors.js";
import { moment, t } from "../i18n.js";
import { Facts } from "./facts.js";
import { ClinicalForm } from "./fields.js";
import { details, outdated, summary } from "./result.js";
import { Saver } from "./saving.js";

class CasePage {
  constructor(host, record, bundles) {
    this.host = host;
    this.record = record;
    this.bundles = bundles;
    this.fields = [];
    this.predictions = [];
    this.frames = new Map();
    this.looking = 0; // outlines that are looked for
    this.saver = new Saver(record, { onState: (state, error) => this.#saveState(state, error), onRecord: (latest) => this.#took(latest), onConflict: (latest) => this.#conflict(latest) });
    this.#build();
  }

  get path() { return `/cases/${this.record.id}`; }

  #build() {
    const { record } = this;
    const side = (id, title, ...children) => h("section", { class: "card", "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...children);
    this.heading = h("h1", {});
    this.state = h("p", { class: "save-state", role: "status" });
    this.notice = h("div", { class: "notices" });
    this.editorHost = h("div", {});
    this.cineHost = h("div", {});
    this.factsHost = h("div", {});
    this.formHost = h("div", { class: "fields" });
    this.summaryHost = h("div", { "aria-live": "polite" });
    this.detailsHost = h("div", { class: "details" });
    this.model = h("select", { id: "model", on: { change: () => this.#choose(this.model.value) } });
    this.modelField = h("div", { class: "field" }, h("label", { for: "model" }, t("Model")), this.model);
    this.apply = h("button", { type: "submit", class: "button primary" }, t("Apply"));
    this.reviewed = h("input", { type: "checkbox", id: "reviewed", on: { change: () => this.saver.set({ reviewed: this.reviewed.checked }) } });
    this.downloads = h("p", { class: "actions no-print" });
    const form = h("form", { id: "clinical", novalidate: true, on: { submit: (event) => { event.preventDefault(); this.predict(); } } }, this.modelField, this.formHost, h("div", { class: "actions apply" }, this.apply, h("span", { class: "soft small no-print" }, t("or Ctrl + Enter"))));
    this.summaryCard = side("result", t("Result"), this.summaryHost, this.downloads);
    this.summaryCard.id = "result";
    this.summaryCard.tabIndex = -1;
    this.summaryCard.hidden = true;
    this.host.replaceChildren(
      h("div", { class: "case-head" }, this.heading, this.state, h("span", { class: "actions no-print" }, h("a", { class: "button small", href: "/cases" }, t("All cases")))),
      this.notice,
      h("div", { class: "case" },
        h("section", { class: "picture-side", "aria-label": t("Image and outline") }, this.editorHost, this.cineHost, h("p", { class: "check no-print" }, this.reviewed, h("label", { for: "reviewed" }, t("I have looked at this outline")))),
        h("div", { class: "side" }, this.summaryCard, side("clinical", t("Clinical data"), form)),
        h("div", { class: "image-side" }, side("image", t("Image"), this.factsHost))),
      this.detailsHost);
    this.facts = new Facts(this.factsHost, { onName: (name) => { this.saver.set({ name }); this.#title(name); }, onSize: (mm) => this.#setSize(mm), onRuler: () => { this.editor.choose("ruler"); this.editor.focus(); } });
    this.form = new ClinicalForm(this.formHost, (clinical) => this.saver.set({ clinical: { ...this.#ofOtherModels(), ...clinical } }));
    this.host.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.predict(); } });
    const { image } = record;
    const calibrate = () => (this.record.image.mm_source === "file" && this.record.image.mm_per_pixel ? null : (mm) => this.#setSize(mm));
    this.editor = new OutlineEditor(this.editorHost, {
      columns: image.columns, rows: image.rows, size: image.mm_per_pixel, region: image.b_mode,
      onChange: (editor) => this.#drawn(editor), onOutline: (prompt) => this.outline(prompt),
      get onCalibrate() { return calibrate(); },
      onFrame: (step) => { this.cine?.stop(); this.cine?.go(this.cine.frame + step); }, onPlay: () => this.cine?.toggle(),
    });
    if (image.frames > 1) this.#addCine();
  }

  async start() {
    this.#took(this.record);
    this.#saveState("saved");
    this.#showModels();
    await Promise.all([this.#picture(this.record.frame).then((image) => this.editor.setPicture(image)), this.#loadMask(), this.#showModel(this.record.bundle), this.#loadPredictions()]);
    this.#takeUp(this.saver.left());
    if (!this.record.mask && !this.record.finding && this.record.version === 1) await this.outline({});
  }

  /** Go on where this tab was left, with what it had not stored yet. */
  #takeUp(left) {
    if (!left) return;
    const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
    const size = this.record.image.mm_per_pixel;
    // a side of square pixels is sent as one number
    const now = { ...this.record, mm_per_pixel: size && size[0] === size[1] ? size[0] : size };
    const there = ([name, value]) => same(value, now[name]);
    const holds = (mask) => Boolean(mask) && same(mask.runs, this.editor.runs());
    const fields = Object.fromEntries(Object.entries(left.fields).filter((one) => !there(one)));
    const sent = Object.entries(left.sending.fields ?? left.fields);
    this.saver.goOnFrom(left, holds(left.mask) || holds(left.sending.mask) || (sent.length > 0 && sent.every(there)));
    if (left.mask && !holds(left.mask)) {
      this.editor.setRuns(left.mask.runs);
      this.saver.setMask(left.mask);
    }
    if (!Object.keys(fields).length) return;
    this.saver.set(fields);
    if (fields.clinical) this.form.show(this.fields, fields.clinical);
    this.#took(this.record);
    if (fields.frame) this.cine?.go(fields.frame);
  }

  /** Clinical values that the case holds for other models than this one. */
  #ofOtherModels() {
    const asked = new Set(this.fields.map((field) => field.key));
    return Object.fromEntries(Object.entries(this.saver.now("clinical")).filter(([key]) => !asked.has(key)));
  }

  // ------------------------------------------------------------------ the picture

  /** @returns {Promise<HTMLImageElement>} A frame; those that were seen last are kept. */
  #picture(frame) {
    const known = this.frames.get(frame);
    if (known) return known;
    const image = new Image();
    image.src = `/api/v1${this.path}/frames/${frame}.png`;
    const loaded = image.decode().then(() => image, () => { this.frames.delete(frame); throw new ApiError(0, { message: t("Frame {n} cannot be shown.", { n: frame }) }); });
    this.frames.set(frame, loaded);
    if (this.frames.size > 400) this.frames.delete(this.frames.keys().next().value);
    return loaded;
  }

  #addCine() {
    this.cine = new Cine(this.record.image.frames, this.record.frame, async (frame) => {
      try {
        const image = await this.#picture(frame);
        if (frame !== this.cine.frame) return;
        this.editor.setPicture(image);
        this.#showFrame();
      } catch (error) { this.cine.stop(); this.tell(error); }
    });
    this.useFrame = h("button", { type: "button", class: "button small", on: { click: () => this.#useFrame() } }, t("Use this frame"));
    this.frameText = h("span", { class: "soft small" });
    this.cineHost.replaceChildren(this.cine.element, h("p", { class: "actions no-print" }, this.useFrame, this.frameText));
    this.#showFrame();
  }

  /** The outline belongs to one frame; over others it is not shown. */
  #showFrame() {
    const own = this.cine.frame === this.record.frame;
    this.editor.setShown(own);
    this.useFrame.disabled = own;
    this.frameText.textContent = own ? t("This frame is outlined and predicted.") : t("The outline is on frame {n}.", { n: this.record.frame });
  }

  async #useFrame() {
    const { frame } = this.cine;
    this.cine.stop();
    await this.#guarded(async () => {
      this.saver.set({ frame });
      await this.saver.flush();
      await this.following;
    });
  }

  /** The case went on to another frame, now or once the server could be reached: what was drawn on the one before is not its outline. */
  async #follow() {
    this.outlined = this.record.frame;
    this.editor.setRuns(null, { forget: true });
    try {
      await this.#loadMask();
      if (!this.record.mask) await this.outline({});
    } finally {
      // not before: whoever draws on a frame that is said to be outlined draws on that outline
      this.#showFrame();
    }
  }

  #setSize(mm) {
    this.saver.set({ mm_per_pixel: mm });
    this.editor.setSize(mm ? [mm, mm] : null);
    this.saver.flush().catch(() => {});
  }

  // ------------------------------------------------------------------ the outline

  async #loadMask() {
    this.outlined = this.record.frame;
    const layIn = this.editor.later();
    const mask = this.record.mask ? await get(`${this.path}/mask`) : null;
    layIn(mask?.runs ?? null, { forget: true });
  }

  #drawn(editor) {
    if (this.cine && this.cine.frame !== this.record.frame) this.cine.go(this.record.frame);
    this.saver.setMask({ rows: editor.mask.rows, columns: editor.mask.columns, runs: editor.runs() });
    this.#stale();
  }

  /** Have the lesion outlined, in a box, at a click or anywhere; what was drawn before can be taken back. */
  async outline(prompt) {
    if ((prompt.at || prompt.box) && this.cine && this.cine.frame !== this.record.frame) {
      this.#note(t("The outline is on frame {n}. To outline this one, press “Use this frame” first.", { n: this.record.frame }));
      return;
    }
    this.host.classList.add("outlining");
    this.editor.setBusy(t("Looking for the lesion …"));
    this.looking += 1;
    let layIn = null;
    await this.#guarded(() => this.saver.through(
      () => { layIn = this.editor.later(); return post(`${this.path}/outline`, prompt); },
      (record) => this.#layIn(record, layIn)));
    this.looking -= 1;
    if (this.looking) return;
    this.host.classList.remove("outlining");
    this.editor.setBusy("");
  }

  /** Show what the server found. */
  async #layIn(record, layIn) {
    if (record.finding === "no_lesion") { this.#note(t("No lesion was found. Click on it, draw a box around it, or draw its outline.")); return; }
    this.#note("");
    const { runs } = await get(`${this.path}/mask`);
    if (!layIn(runs, { forget: !this.editor.area && !this.editor.history.done.length })) this.#keepDrawn();
    this.#stale();
  }

  /** What is on the screen counts, also for the server. */
  #keepDrawn() {
    this.#drawn(this.editor);
    this.#note(t("You have drawn meanwhile, so your outline is kept."));
  }

  // ------------------------------------------------------------------ model and result

  #showModels() {
    const usable = this.bundles.filter((one) => !one.problem || one.id === this.record.bundle);
    this.model.replaceChildren(h("option", { value: "" }, t("none: outline only")), ...usable.map((one) => h("option", { value: one.id }, one.title || one.id)));
    this.model.value = this.record.bundle ?? "";
    this.modelField.hidden = usable.length === 1 && this.record.bundle === usable[0].id;
  }

  async #showModel(id) {
    this.apply.disabled = !id;
    const asked = this.asked = {};
    const found = id ? await get(`/bundles/${encodeURIComponent(id)}`).catch((error) => { if (this.asked === asked) this.tell(error); return null; }) : null;
    // the answer about a model that was chosen before must not stand below the present one
    if (this.asked !== asked) return false;
    this.segmenter = found?.segmenter ?? "";
    this.fields = found?.clinical ?? [];
    this.form.show(this.fields, this.saver.now("clinical"));
    if (!this.fields.length) this.formHost.replaceChildren(h("p", { class: "soft" }, id ? t("This model takes no clinical data.") : t("Choose a model to get a probability.")));
    if (this.predictions.length) this.#showResult();
    return true;
  }

  /** A model may outline in another way than the present outline was made; one that was drawn, or made at a click or in a box, stays. */
  async #choose(id) {
    this.saver.set({ bundle: id || null });
    if (!(await this.#showModel(id))) return;
    const { mask } = this.record;
    if (mask?.origin !== "segmented" || !mask.segmenter || /:(box|click)$/.test(mask.segmenter) || !this.segmenter || mask.segmenter === this.segmenter) return;
    await this.#guarded(async () => {
      await this.saver.flush();
      // what was drawn meanwhile is kept
      if (this.record.mask?.origin !== "segmented") return;
      await this.outline({});
      if (!this.record.finding) this.#note(t("This model outlines lesions in its own way, so the lesion was outlined anew."));
    });
  }

  async predict() {
    if (this.apply.disabled || this.working) return;
    if (!this.form.valid()) return;
    if (!this.editor.settle()) { this.#note(t("A polygon is open: press Enter to close it, or Esc to drop it.")); return; }
    this.working = true;
    this.apply.textContent = t("Working …");
    await this.#guarded(async () => {
      await this.saver.flush();
      this.predictions.push(await call("POST", `${this.path}/predictions`));
      this.#note("");
      this.#showResult();
      this.summaryCard.focus({ preventScroll: true });
      this.summaryCard.scrollIntoView({ block: "nearest" });
    });
    this.working = false;
    this.apply.textContent = t("Apply");
  }

  async #loadPredictions() {
    this.predictions = await get(`${this.path}/predictions`);
    if (this.predictions.length) this.#showResult();
  }

  #showResult() {
    const last = this.predictions[this.predictions.length - 1];
    this.summaryCard.hidden = false;
    this.summaryCard.classList.remove("stale");
    this.summaryHost.replaceChildren(summary(this.predictions, this.fields));
    const own = `/api/v1${this.path}`;
    const link = (text, href, name) => h("a", { class: "button small", href, download: name }, text);
    this.downloads.replaceChildren(
      h("a", { class: "button small", href: last.page, target: "_blank", rel: "noopener" }, t("Page")),
      link(t("Save page"), last.page, "case.html"), link(t("Mask (PNG)"), `${own}/mask.png`, "mask.png"), link("JSON", `${own}/predictions/${last.number}/prediction.json`, "prediction.json"),
      h("button", { type: "button", class: "button small", on: { click: () => print() } }, t("Print")));
    this.detailsHost.replaceChildren(h("h2", {}, t("What the result rests on")), h("div", { class: "cards" }, ...details(last, this.predictions, this.fields, own).flat().filter(Boolean)));
    // something may have changed while the model worked, or since the case was last open
    if (this.#changing() || outdated(last, this.record, this.fields)) this.#stale();
  }

  /** Whether something that a result rests on is not stored yet. */
  #changing() {
    const { mask, fields, sending } = this.saver;
    return Boolean(mask || sending.mask) || Object.keys({ ...fields, ...sending.fields }).some((name) => name !== "name" && name !== "reviewed");
  }

  /** A result of what has changed meanwhile says so. */
  #stale() {
    if (!this.predictions.length) return;
    this.summaryCard.classList.add("stale");
    if (!this.summaryHost.querySelector(".outdated")) this.summaryHost.prepend(h("p", { class: "note outdated" }, t("Something has changed since. Press Apply for a new result.")));
  }

  // ------------------------------------------------------------------ saving

  #title(name) {
    this.heading.textContent = name || this.record.image.name || t("Case");
    document.title = `${this.heading.textContent} · SonoHER2`;
  }

  #took(record) {
    this.record = record;
    this.#title(this.saver.fields.name ?? record.name);
    this.facts.show({ ...record, ...("name" in this.saver.fields ? { name: this.saver.fields.name } : {}) });
    this.editor.setSize(record.image.mm_per_pixel);
    this.reviewed.checked = this.saver.fields.reviewed ?? record.reviewed;
    this.reviewed.disabled = !record.mask;
    if (this.predictions.length && outdated(this.predictions[this.predictions.length - 1], record, this.fields)) this.#stale();
    if (this.cine && this.outlined && this.outlined !== record.frame) this.following = this.#guarded(() => this.#follow());
  }

  /** What the server refused is not kept, so the page shows what is. */
  #showKept() {
    const { record } = this;
    this.model.value = record.bundle ?? "";
    this.#took(record);
    this.#showModel(record.bundle).catch((error) => this.tell(error));
  }

  #saveState(state, error) {
    const words = {
      saved: t("Saved {time}", { time: moment(new Date().toISOString()) }), waiting: t("Changes not saved yet"), saving: t("Saving …"),
      offline: t("Not saved: the server cannot be reached. It is tried again; keep this page open."),
      conflict: t("Not saved: the case was changed elsewhere."), refused: error?.text ?? "",
    };
    if (state === "waiting" && this.#changing()) this.#stale();
    if (this.state.dataset.state === state && state !== "refused") return;
    this.state.dataset.state = state;
    this.state.textContent = words[state];
    if (state === "refused") this.#showKept();
  }

  #conflict(latest) {
    const done = (work) => async () => { this.notice.replaceChildren(); await this.#guarded(work); };
    this.notice.replaceChildren(h("div", { class: "problem", role: "alert" },
      h("h3", {}, t("This case was changed in another window or by a script")),
      h("p", {}, t("Your changes are still on this page and nothing is lost. Which shall be kept?")),
      h("p", { class: "actions" },
        h("button", { type: "button", class: "button", on: { click: done(() => this.saver.keepMine(latest).then(() => this.#showAnew())) } }, t("My changes")),
        h("button", { type: "button", class: "button", on: { click: done(() => { this.saver.takeTheirs(latest); return this.#showAnew(); }) } }, t("The others")))));
  }

  /** After a conflict the page shows what the server has. */
  async #showAnew() {
    const { record } = this.saver;
    this.outlined = record.frame;
    this.#took(record);
    this.model.value = record.bundle ?? "";
    await Promise.all([this.#loadMask(), this.#loadPredictions(), this.#showModel(record.bundle), this.cine?.go(record.frame)]);
  }

  // ------------------------------------------------------------------ words

  #note(text) {
    this.notice.replaceChildren(...(text ? [h("p", { class: "caution", role: "status" }, text)] : []));
  }

  async #guarded(work) {
    try { await work(); } catch (error) { this.tell(error); }
  }

  tell(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "conflict" || error.status === 412) return;
    if (error.status === 0) { say(error.text, { bad: true, closeName: t("Close") }); return; }
    this.notice.replaceChildren(h("div", { class: "problem", role: "alert" }, h("p", {}, error.text), each(error)));
    this.notice.scrollIntoView({ block: "nearest" });
  }
}

async function main() {
  const host = document.getElementById("case");
  try {
    const [record, server] = await Promise.all([get(`/cases/${encodeURIComponent(host.dataset.case)}`), get("/server")]);
    const page = new CasePage(host, record, server.bundles);
    await page.start().catch((error) => page.tell(error));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    host.replaceChildren(h("h1", {}, error.status === 404 ? t("There is no such case") : t("The case cannot be shown")), h("p", {}, error.text), h("p", {}, h("a", { class: "button", href: "/cases" }, t("All cases"))));
  }
}

main();
