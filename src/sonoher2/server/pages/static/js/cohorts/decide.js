/** One image on which readers differ: their outlines over the picture, and a decision. */
import { ApiError, call, get, post } from "../api.js";
import { h, svg } from "../dom.js";
import { OutlineEditor } from "../editor/editor.js";
import { moment, number, t } from "../i18n.js";
import { CompareView, lineOf } from "./compare.js";
import { readerLine } from "./reader.js";
import { readerName, tell } from "./words.js";

class DecidePage {
  constructor(host, record) {
    this.host = host;
    this.record = record;
    this.cohort = `/cohorts/${host.dataset.cohort}`;
    this.path = `${this.cohort}/images/${record.id}`;
  }

  async start() {
    const reader = await readerLine();
    this.notice = h("div", { class: "notices", role: "status" });
    this.viewHost = h("div", {});
    this.side = h("div", { class: "side" });
    this.host.replaceChildren(
      h("div", { class: "case-head" }, h("h1", {}, this.record.patient_id), h("p", { class: "place" }, this.record.name),
        h("span", { class: "actions" }, h("a", { class: "button small", href: `${this.cohort}/agreement` }, t("Agreement")), h("a", { class: "button small", href: this.cohort }, this.host.dataset.title))),
      this.notice,
      h("div", { class: "case" }, h("section", { class: "picture-side", "aria-label": t("Image and outlines") }, this.viewHost), this.side));
    if (this.record.state === "todo") this.#ask(reader);
    else await this.#open(reader);
  }

  /** Who has not read the image decides without reading it: from then on there is no way back. */
  #ask(reader) {
    this.side.replaceChildren(h("section", { class: "card" }, h("h2", {}, t("You have not finished this image")),
      h("p", {}, t("Whoever sees the outlines of others cannot read the image any more. Decide on it without reading it, or read it first.")),
      h("p", { class: "actions" },
        h("button", { type: "button", class: "button primary", on: { click: () => this.#guarded(() => this.#skip(reader)) } }, t("Decide without reading")),
        h("a", { class: "button", href: this.path }, t("Read it first"))), reader));
  }

  /** What the server says of the image; who reads it stays as it is. */
  #took(record) { this.record = { ...record, reader: this.record.reader }; }

  async #skip(reader) {
    this.#took(await call("PUT", `${this.path}/state`, { json: { state: "skip" }, version: this.record.version }));
    await this.#open(reader);
  }

  async #open(reader) {
    const { record } = this;
    const own = record.state === "done" ? [{ name: "", outlined: Boolean(record.mask?.sha256), area_px: record.mask?.area_px ?? 0 }] : [];
    const readers = [...own, ...record.others];
    const picture = new Image();
    picture.src = `/api/v1${this.path}/picture.png`;
    const empty = [record.rows * record.columns];
    const runs = await Promise.all(readers.map((one) => (one.outlined ? get(`${this.path}/mask${one.name ? `?reader=${encodeURIComponent(one.name)}` : ""}`).then((found) => found.runs) : empty)));
    await picture.decode();
    this.readers = readers.map((one, place) => ({ ...one, runs: runs[place], line: lineOf(place), shown: true, title: one.name ? readerName(one.name) : t("you") }));
    this.picture = picture;
    this.#compare();
    this.#card(reader);
  }

  #compare() {
    this.view = new CompareView(this.viewHost, this.record);
    this.view.setPicture(this.picture);
    this.view.setOutlines(this.readers);
  }

  #card(reader) {
    const { record } = this;
    this.note = h("textarea", { id: "why", rows: 2, maxlength: 2000 });
    this.note.value = record.decision?.note ?? "";
    const take = (one) => h("button", { type: "button", class: "button", on: { click: () => this.#decide({ reader: one.name || record.reader }) } }, one.name ? t("Take {name}", { name: one.title }) : t("Take yours"));
    const line = record.decision && h("p", { class: "note" }, this.#decided(record.decision));
    this.side.replaceChildren(
      h("section", { class: "card", "aria-labelledby": "legend-title" }, h("h2", { id: "legend-title" }, t("Outlines")),
        h("ul", { class: "legend" }, this.readers.map((one, place) => this.#legend(one, place)))),
      h("section", { class: "card", "aria-labelledby": "decide-title" }, h("h2", { id: "decide-title" }, t("Decide")), line,
        h("div", { class: "field" }, h("label", { for: "why" }, t("Note")), this.note),
        h("p", { class: "actions" }, this.readers.filter((one) => one.outlined).map(take),
          h("button", { type: "button", class: "button", on: { click: () => this.#decide({ no_lesion: true }) } }, t("No lesion")),
          h("button", { type: "button", class: "button", on: { click: () => this.#draw() } }, t("Draw a new one")))),
      h("section", { class: "card" }, reader));
  }

  #decided(decision) {
    const what = decision.reader ? t("outline of {name}", { name: readerName(decision.reader) }) : decision.outlined ? t("a new outline") : t("no lesion");
    return t("{name} decided on {time}: {what}", { name: decision.user, time: moment(decision.changed), what });
  }

  #legend(one, place) {
    const name = `show-${place}`;
    const box = h("input", { id: name, type: "checkbox", checked: true, on: { change: (event) => this.view.setShown(place, event.target.checked) } });
    const sample = svg("svg", { viewBox: "0 0 48 16", "aria-hidden": "true" }, svg("line", { x1: 4, y1: 8, x2: 44, y2: 8, stroke: one.line.colour, "stroke-width": 2, "stroke-dasharray": one.line.dash.join(" ") || null }));
    return h("li", {}, h("label", { for: name }, box, sample, h("span", { class: "name" }, one.title), h("span", { class: "soft small numbers" }, one.outlined ? t("{n} pixels", { n: number(one.area_px) }) : t("no lesion"))));
  }

  /** A new outline, which begins as the first one that there is. */
  #draw() {
    const start = this.readers.find((one) => one.outlined);
    const editor = new OutlineEditor(this.viewHost, { columns: this.record.columns, rows: this.record.rows, size: this.record.mm_per_pixel });
    editor.setPicture(this.picture);
    editor.setRuns(start?.runs ?? null, { forget: true });
    this.viewHost.append(h("p", { class: "actions" },
      h("button", { type: "button", class: "button primary", on: { click: () => this.#decideOn(editor) } }, t("This outline counts")),
      h("button", { type: "button", class: "button", on: { click: () => this.#compare() } }, t("Cancel"))));
    editor.focus();
  }

  #decideOn(editor) {
    if (editor.settle()) return this.#decide({ mask: { rows: this.record.rows, columns: this.record.columns, runs: editor.runs() } });
    this.notice.replaceChildren(h("p", { class: "caution" }, t("A polygon is open: press Enter to close it, or Esc to drop it.")));
    return null;
  }

  #decide(body) {
    return this.#guarded(async () => {
      this.#took(await post(`${this.path}/adjudicate`, { ...body, note: this.note.value }, { version: this.record.decision?.version ?? 0 }));
      this.#compare();
      this.#card(await readerLine());
      const { items } = await get(`${this.cohort}/disagreements`);
      const next = items.find((one) => !one.decided && one.image !== this.record.id);
      this.notice.replaceChildren(h("p", { class: "note" }, this.#decided(this.record.decision), " ",
        next ? h("a", { href: `${this.cohort}/images/${next.image}/decide` }, t("Next image on which readers differ")) : t("There is no other image left on which readers differ.")));
    });
  }

  async #guarded(work) {
    try { await work(); } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.notice.replaceChildren(h("div", { class: "problem", role: "alert" }, error.text));
    }
  }
}

const host = document.getElementById("decide");
try {
  const path = `/cohorts/${host.dataset.cohort}`;
  const [record, cohort] = await Promise.all([get(`${path}/images/${encodeURIComponent(host.dataset.image)}`), get(path)]);
  await new DecidePage(host, { ...record, reader: cohort.reader }).start();
} catch (error) { tell(error); }
