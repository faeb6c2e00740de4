/** Buttons of the editor. */
import { h } from "../dom.js";
import { figures, number, percent, t } from "../i18n.js";
import { icon } from "./icons.js";
import { showKeys } from "./keys.js";

export class Toolbar {
  /** @param {import("./editor.js").OutlineEditor} editor */
  constructor(editor) {
    this.editor = editor;
    this.tools = {};
    this.above = h("div", { class: "tools no-print" }, this.#drawing(), this.#outline());
    this.below = h("div", { class: "tools view no-print" }, this.#view());
    this.status = h("p", { class: "status numbers" });
    this.spoken = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  }

  #button(name, label, key, work, extra = {}) {
    const title = key ? `${label} (${key})` : label;
    return h("button", { type: "button", class: "tool", title, "aria-keyshortcuts": key || null, ...extra, on: { click: work, ...extra.on } }, icon(name), h("span", {}, label));
  }

  #drawing() {
    const { editor } = this;
    const tools = [
      ["move", t("Move"), "V"], ["brush", t("Brush"), "B"], ["eraser", t("Eraser"), "E"],
      ["polygon", t("Polygon"), "P"], ["box", t("Click or box"), "X"], ["ruler", t("Ruler"), "R"],
    ].filter(([name]) => editor.has(name));
    const buttons = tools.map(([name, label, key]) => (this.tools[name] = this.#button(name, label, key, () => { editor.choose(name); editor.focus(); }, { "aria-pressed": "false" })));
    this.size = h("input", { type: "range", min: 0, max: 60, step: 1, on: { input: () => editor.setRadius(Number(this.size.value) || 0.5) } });
    this.sizeText = h("output", {});
    return [
      h("div", { class: "group", role: "group", "aria-label": t("Tools") }, buttons),
      h("label", { class: "slider" }, h("span", {}, t("Brush size"), " ", this.sizeText), this.size),
    ];
  }

  #outline() {
    const { editor } = this;
    this.undo = this.#button("undo", t("Undo"), "Ctrl+Z", () => editor.undo());
    this.redo = this.#button("redo", t("Redo"), "Ctrl+Y", () => editor.redo());
    this.amount = h("input", { type: "text", inputmode: "decimal", value: "1", class: "text", "aria-label": t("Grow and shrink by") });
    this.unit = h("select", { class: "text", "aria-label": t("Unit") }, h("option", { value: "px" }, t("px")), h("option", { value: "mm" }, t("mm")));
    return [
      h("div", { class: "group", role: "group", "aria-label": t("Outline") },
        editor.options.onOutline && this.#button("auto", t("Automatic"), "A", () => editor.outlineAgain()),
        this.#button("grow", t("Grow"), "G", () => editor.grow()),
        this.#button("shrink", t("Shrink"), "S", () => editor.shrink()),
        h("span", { class: "by" }, this.amount, this.unit),
        this.#button("fill", t("Fill holes"), "F", () => editor.fillHoles()),
        this.#button("largest", t("Largest part"), "L", () => editor.keepLargest()),
        this.#button("clear", t("Clear"), "Delete", () => editor.clear())),
      h("div", { class: "group", role: "group", "aria-label": t("Undo and redo") }, this.undo, this.redo),
    ];
  }

  #view() {
    const { editor } = this;
    const hold = { keydown: (event) => { if (event.key === " ") editor.hide(true); }, keyup: () => editor.hide(false), pointerdown: () => editor.hide(true), pointerup: () => editor.hide(false), pointerleave: () => editor.hide(false), blur: () => editor.hide(false) };
    this.beside = this.#button("beside", t("Original beside"), "O", () => editor.showBeside(!editor.beside), { "aria-pressed": "false" });
    const range = (label, value, least, work) => {
      const input = h("input", { type: "range", min: least, max: 255, step: 1, value, on: { input: () => work(Number(input.value)) } });
      return [input, h("label", { class: "slider" }, h("span", {}, label), input)];
    };
    const [width, widthLabel] = range(t("Window"), 255, 1, (value) => editor.setLevels(value, editor.level));
    const [middle, middleLabel] = range(t("Level"), 128, 0, (value) => editor.setLevels(editor.window, value));
    this.levels = { width, middle };
    return [
      h("div", { class: "group", role: "group", "aria-label": t("View") },
        this.#button("out", t("Smaller"), "-", () => editor.zoom(0.8)),
        this.#button("in", t("Larger"), "+", () => editor.zoom(1.25)),
        this.#button("fit", t("Fit"), "0", () => editor.fit()),
        this.#button("hide", t("Hide (hold)"), "H", () => {}, { on: hold }),
        this.beside),
      h("div", { class: "group levels" }, widthLabel, middleLabel, h("button", { type: "button", class: "button small", on: { click: () => editor.setLevels(255, 127.5) } }, t("Reset"))),
      h("div", { class: "group last" }, this.#button("keys", t("Keys"), "?", showKeys)),
    ];
  }

  /** How far to grow or shrink: [distance, size of a pixel]; null for no number. */
  distance() {
    const value = Number(this.amount.value.trim().replace(",", "."));
    const valid = Number.isFinite(value) && value > 0 && value <= 500;
    this.amount.setAttribute("aria-invalid", String(!valid));
    if (!valid) return null;
    return this.unit.value === "mm" && this.editor.size ? [value, this.editor.size] : [value, [1, 1]];
  }

  /** Show the state of the editor. */
  show() {
    const { editor } = this;
    for (const [name, button] of Object.entries(this.tools)) button.setAttribute("aria-pressed", String(name === editor.toolName));
    this.undo.disabled = !editor.history.done.length;
    this.redo.disabled = !editor.history.undone.length;
    this.size.value = editor.radius < 1 ? 0 : editor.radius;
    this.sizeText.textContent = editor.radius < 1 ? t("1 px") : t("{n} px", { n: number(2 * editor.radius) });
    this.beside.setAttribute("aria-pressed", String(editor.beside));
    this.levels.width.value = editor.window;
    this.levels.middle.value = editor.level;
    this.unit.querySelector('[value="mm"]').disabled = !editor.size;
    if (!editor.size) this.unit.value = "px";
    this.status.textContent = [editor.busy, percent(editor.place.scale), this.#areaText(), editor.cursorText()].filter(Boolean).join(" · ");
  }

  #areaText() {
    const { area, size } = this.editor;
    if (!area) return t("No outline");
    if (!size) return t("Lesion {n} pixels", { n: number(area) });
    return t("Lesion {mm} mm² ({n} pixels)", { mm: figures(area * size[0] * size[1], 3), n: number(area) });
  }

  /** Tell a screen reader. */
  say(text) {
    this.spoken.textContent = text;
  }
}
