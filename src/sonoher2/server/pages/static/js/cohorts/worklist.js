/** The worklist of a cohort: doubtful images first, a filter, progress, and the way to agreement and export. */
import { download, get } from "../api.js";
import { debounced, h } from "../dom.js";
import { dialog } from "../editor/dialog.js";
import { number, percent, t } from "../i18n.js";
import { readerLine } from "./reader.js";
import { readerName, reasons, stateMark, tell } from "./words.js";

const LIMIT = 50;

class Worklist {
  constructor(host) {
    this.host = host;
    this.path = `/cohorts/${host.dataset.cohort}`;
    this.offset = 0;
    this.soon = debounced(() => this.#show().catch(tell), 300);
  }

  async start() {
    const [cohort, reader] = await Promise.all([get(this.path), readerLine()]);
    this.cohort = cohort;
    this.#build(reader);
    this.#progress(cohort);
    await this.#show();
    const news = new EventSource(`/api/v1${this.path}/events`);
    news.addEventListener("progress", (event) => this.#outlined(JSON.parse(event.data)));
    news.addEventListener("outline", () => this.soon());
  }

  #build(reader) {
    const again = () => { this.offset = 0; this.soon(); };
    this.mine = h("progress", { id: "mine", max: 1, value: 0 });
    this.mineText = h("label", { for: "mine" });
    this.machine = h("p", { class: "soft small", role: "status" });
    this.next = h("a", { class: "button primary", hidden: true }, t("Start"));
    this.state = h("select", { id: "state", on: { change: again } },
      [["", t("all")], ["todo", t("to do")], ["done", t("finished")], ["skip", t("skipped")]].map(([value, text]) => h("option", { value }, text)));
    this.doubtful = h("input", { id: "doubtful", type: "checkbox", on: { change: again } });
    this.text = h("input", { id: "text", type: "search", autocomplete: "off", on: { input: again } });
    this.table = h("div", {});
    this.host.replaceChildren(...[
      h("div", { class: "overview" },
        h("div", { class: "progress" }, this.mineText, this.mine, this.machine),
        h("div", { class: "actions" }, this.next,
          h("a", { class: "button", href: `${this.path}/agreement` }, t("Agreement")),
          h("button", { type: "button", class: "button", on: { click: () => this.#export() } }, t("Export"))),
        reader),
      this.#others(),
      h("form", { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
        h("div", { class: "field" }, h("label", { for: "state" }, t("Your state")), this.state),
        h("div", { class: "field" }, h("label", { for: "text" }, t("Patient or file")), this.text),
        h("label", { class: "check", for: "doubtful" }, this.doubtful, t("doubtful only"))),
      this.table].filter(Boolean));
  }

  /** How far the others are: numbers, no outlines. */
  #others() {
    const others = this.cohort.readers.filter((one) => one.name !== this.cohort.reader);
    if (!others.length) return null;
    return h("p", { class: "soft small" }, t("Others:"), " ", others.map((one) => t("{name} {n}", { name: readerName(one.name), n: number(one.done) })).join(" · "));
  }

  #progress(cohort) {
    const done = cohort.mine.done + cohort.mine.skip;
    this.mine.max = cohort.images;
    this.mine.value = done;
    this.mineText.textContent = t("You have finished {done} of {all} images", { done: number(done), all: number(cohort.images) });
    this.#outlined(cohort);
  }

  #outlined({ images, looked }) {
    this.machine.textContent = looked < images ? t("The segmenter has looked at {n} of {all} images", { n: number(looked), all: number(images) }) : "";
    if (this.looked !== undefined && looked > this.looked) this.soon();
    this.looked = looked;
  }

  async #show() {
    const query = new URLSearchParams({ offset: this.offset, limit: LIMIT, text: this.text.value.trim() });
    if (this.state.value) query.set("state", this.state.value);
    if (this.doubtful.checked) query.set("doubtful", "true");
    const asked = this.asked = {};
    const [found, todo, cohort] = await Promise.all([get(`${this.path}/images?${query}`), get(`${this.path}/images?state=todo&limit=1`), get(this.path)]);
    // the answer to an older filter
    if (this.asked !== asked) return;
    this.#progress(cohort);
    const first = todo.items.find((one) => !one.problem);
    this.next.hidden = !first;
    if (first) this.next.href = `${this.path}/images/${first.id}`;
    this.next.textContent = cohort.mine.done + cohort.mine.skip ? t("Go on") : t("Start");
    this.table.replaceChildren(found.items.length ? this.#rows(found.items) : h("p", { class: "empty" }, t("No image passes the filter.")));
    if (found.total > LIMIT) this.table.append(this.#pages(found.total));
  }

  #rows(items) {
    const head = [t("Image"), t("In doubt"), t("Confidence"), t("You"), t("Readers"), t("Decision")];
    return h("table", { class: "list folds" },
      h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, items.map((item) => this.#row(item))));
  }

  #row(item) {
    const cell = (label, ...children) => h("td", { "data-label": label }, ...children);
    return h("tr", {},
      h("td", {}, h("a", { href: `${this.path}/images/${item.id}` }, item.patient_id), " ", h("span", { class: "soft small" }, item.name)),
      cell(t("In doubt"), item.looked ? reasons(item.reasons) ?? t("no") : t("not looked at yet")),
      cell(t("Confidence"), item.confidence === null ? "–" : percent(item.confidence)),
      cell(t("You"), stateMark(item.state), item.note ? h("span", { class: "soft small" }, ` ${item.note}`) : null),
      cell(t("Readers"), number(item.readers)),
      cell(t("Decision"), item.decided ? t("decided") : "–"));
  }

  #pages(total) {
    const go = (step) => () => { this.offset += step * LIMIT; this.#show().catch(tell); };
    return h("p", { class: "actions" },
      h("button", { type: "button", class: "button small", disabled: this.offset === 0, on: { click: go(-1) } }, t("Before")),
      t("{from} to {to} of {all}", { from: number(this.offset + 1), to: number(Math.min(total, this.offset + LIMIT)), all: number(total) }),
      h("button", { type: "button", class: "button small", disabled: this.offset + LIMIT >= total, on: { click: go(1) } }, t("After")));
  }

  #export() {
    const readers = this.cohort.readers.map((one) => one.name);
    const choose = (id, label) => {
      const select = h("select", { id }, h("option", { value: "" }, t("by name")), readers.map((name) => h("option", { value: name }, readerName(name))));
      return [select, h("div", { class: "field" }, h("label", { for: id }, label), select)];
    };
    const [first, firstField] = choose("first", t("Main reader"));
    const [second, secondField] = choose("second", t("Second reader"));
    const segmenter = h("input", { id: "with-segmenter", type: "checkbox" });
    dialog(t("Export"), [
      h("p", {}, t("A ZIP with masks and an images table that a study reads as it stands. What was decided counts first, then the main reader; the second reader is for the ICC filter.")),
      h("div", { class: "fields" }, firstField, secondField),
      h("label", { class: "check", for: "with-segmenter" }, segmenter, " ", t("the segmenter's outline where nobody has drawn one")),
    ], { text: t("Download"), work: () => {
      const query = new URLSearchParams();
      for (const name of new Set([first.value, second.value])) if (name) query.append("reader", name);
      if (segmenter.checked) query.set("segmenter", "true");
      download(`${this.path}/export.zip?${query}`).catch(tell);
    } });
  }
}

const page = new Worklist(document.getElementById("worklist"));
page.start().catch(tell);
addEventListener("pageshow", (event) => { if (event.persisted) page.soon(); });
