/**
 * An editor of outlines. The mask is an array of pixels; everything on the screen is drawn from it, and it is never read back from there.
 *
 *     const editor = new OutlineEditor(host, { columns: 640, rows: 480, size: [0.1, 0.1], onChange: (editor) => save(editor.runs()) });
 *     editor.setPicture(image);
 *     editor.setRuns(runs, { forget: true });
 */
import { h } from "../dom.js";
import { figures, number, t } from "../i18n.js";
import { filled, grown, largest, shrunk } from "../outline/algebra.js";
import { edgesOf } from "../outline/edges.js";
import { calibrated, lengthOf, Place } from "../outline/geometry.js";
import { History } from "../outline/history.js";
import { maskOf, runsOf } from "../outline/runs.js";
import { area, emptyMask } from "../outline/shapes.js";
import { dialog } from "./dialog.js";
import { handleKey } from "./keys.js";
import { Pointers } from "./pointers.js";
import { drawLines, Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";
import { Box, Brush, Move, Polygon, Ruler } from "./tools.js";

const MARGIN = 8;

export class OutlineEditor {
  /**
   * @param {HTMLElement} host Is filled with the editor.
   * @param {{columns: number, rows: number, size?: [number, number]|null, region?: number[]|null,
   *   onChange?: (editor: OutlineEditor) => void, onOutline?: (prompt: {box?: number[], at?: number[]}) => void, onCalibrate?: (mm: number) => void,
   *   onFrame?: (step: number) => void, onPlay?: () => void}} options
   *   `size` is [height, width] of a pixel in mm; `region` is the B-mode area [left, top, right, bottom]; `onChange` comes after each
   *   finished step, `onOutline` when an outline is wanted, in a box, at a click or anywhere.
   */
  constructor(host, options) {
    this.options = options;
    this.size = options.size ?? null;
    this.mask = emptyMask(options.columns, options.rows);
    this.history = new History();
    this.place = new Place();
    this.radius = Math.max(3, Math.round(Math.min(options.columns, options.rows) / 60));
    this.window = 255;
    this.level = 127.5;
    this.lines = [];
    this.area = 0;
    this.busy = "";
    this.shown = true;
    this.hidden = false;
    this.beside = false;
    this.pointer = null;
    this.cursor = null;
    this.before = null;
    this.steps = 0; // by hand
    this.makeTools();
    this.#build(host);
    this.choose("move");
    this.fitted = true;
    new ResizeObserver(() => (this.fitted ? this.fit() : this.show())).observe(this.stages);
  }

  makeTools() {
    const { options } = this;
    this.all = { move: new Move(this), brush: new Brush(this, 1), eraser: new Brush(this, 0), polygon: new Polygon(this), ruler: new Ruler(this, (a, b) => this.#measured(a, b)) };
    if (options.onOutline) this.all.box = new Box(this, options.onOutline);
  }

  #build(host) {
    this.toolbar = new Toolbar(this);
    this.stages = h("div", { class: "stages" });
    this.root = h("div", { class: "editor", on: {
      keydown: (event) => this.#key(event),
      keyup: (event) => { if (event.key.toLowerCase() === "h") this.hide(false); },
    } }, this.toolbar.above, this.stages, this.toolbar.below, this.toolbar.status, this.toolbar.spoken);
    host.replaceChildren(this.root);
    this.stage = new Stage(this.stages, { tabindex: 0, role: "application", "aria-label": t("Picture with the outline; press ? for the keys") });
    this.twin = new Stage(this.stages, { role: "img", "aria-label": t("The original picture") });
    this.twin.box.hidden = true;
    this.pointers = new Pointers(this, this.stage.overlay);
    this.stage.overlay.addEventListener("blur", () => this.hide(false));
  }

  // ------------------------------------------------------------------ what is edited

  /** @param {CanvasImageSource} image */
  setPicture(image) {
    this.stage.image = this.twin.image = image;
    this.show();
  }

  /** Lay another mask in. It can be undone unless `forget` says that all before is to be forgotten. @param {ArrayLike<number>|null} runs */
  setRuns(runs, { forget = false } = {}) {
    const { columns, rows } = this.mask;
    const pixels = runs ? maskOf(runs, columns * rows) : new Uint8Array(columns * rows);
    this.tool.cancel();
    if (forget) this.history = new History();
    else this.history.keep(this.mask.pixels, pixels);
    this.mask.pixels = pixels;
    this.changed();
  }

  /**
   * For an outline that is looked for: what lays it in once it is found. Nothing that was drawn meanwhile, or is being drawn, is lost
   * to it: then it lays nothing in and gives false.
   * @returns {(runs: ArrayLike<number>, options?: {forget?: boolean}) => boolean}
   */
  later() {
    const { steps } = this;
    return (runs, options) => {
      if (this.steps !== steps || (this.tool.busy && this.toolName !== "ruler")) return false;
      this.setRuns(runs, options);
      return true;
    };
  }

  /** @returns {number[]} */
  runs() { return runsOf(this.mask.pixels); }

  /** @param {[number, number]|null} size [height, width] of a pixel in mm. */
  setSize(size) { this.size = size; this.show(); }

  /** @param {boolean} shown Whether the outline belongs to the picture that is shown. */
  setShown(shown) { this.shown = shown; this.show(); }

  /** Say what is being waited for; empty for nothing. */
  setBusy(text) {
    this.busy = text;
    if (text) this.say(text);
    this.show();
  }

  // ------------------------------------------------------------------ steps

  begin() { this.before = this.mask.pixels.slice(); }

  /** Pixels have changed: show them. */
  changed() {
    this.stale = true;
    this.show();
  }

  commit() {
    if (this.before && this.history.keep(this.before, this.mask.pixels)) this.#steppedByHand();
    this.before = null;
    this.changed();
    this.say(this.#areaWords());
  }

  rollBack() {
    if (this.before) this.mask.pixels.set(this.before);
    this.before = null;
    this.changed();
  }

  undo() { this.#walk("undo"); }
  redo() { this.#walk("redo"); }

  #walk(way) {
    if (this.tool.busy) { this.tool.cancel(); return; }
    if (!this.history[way](this.mask.pixels)) return;
    this.changed();
    this.#steppedByHand();
    this.say(this.#areaWords());
  }

  #steppedByHand() {
    this.steps += 1;
    this.options.onChange?.(this);
  }

  /** A stroke that is under way is a step of its own, which ends here. */
  #endStroke() { if (this.before) this.tool.finish(); }

  #replace(change) {
    this.#endStroke();
    this.begin();
    this.mask.pixels = change(this.mask);
    this.commit();
  }

  /**
   * Before the outline is used: a stroke ends, and is kept. A polygon that is not closed is no part of the outline yet.
   * @returns {boolean} Whether all that was drawn is in the outline.
   */
  settle() {
    this.#endStroke();
    return !this.tool.unfinished;
  }

  grow() { this.#byDistance(grown); }
  shrink() { this.#byDistance(shrunk); }
  #byDistance(change) {
    const found = this.toolbar.distance();
    if (found) this.#replace((mask) => change(mask, ...found));
  }

  fillHoles() { this.#replace(filled); }
  keepLargest() { this.#replace(largest); }
  clear() { this.#replace((mask) => new Uint8Array(mask.pixels.length)); }
  outlineAgain() { this.options.onOutline?.({}); }

  // ------------------------------------------------------------------ tools

  get tool() { return this.all[this.toolName] ?? this.all.move; }
  has(name) { return name in this.all; }

  choose(name) {
    if (!this.has(name)) return;
    this.tool.cancel();
    this.toolName = name;
    this.stage.overlay.dataset.tool = name;
    this.show();
  }

  setRadius(radius) {
    this.radius = radius < 1 ? 0.5 : Math.min(60, radius);
    this.show();
  }

  point(point) { this.pointer = point; this.show(); }

  /** Put the tool down at the cursor, or lift it. */
  press() {
    if (this.toolName === "move") return;
    if (!this.cursor) this.step([0, 0], 0);
    if (this.tool.busy && this.toolName !== "polygon") { this.tool.up(); return; }
    this.tool.down(this.#cursorPoint(), { keyboard: true });
    this.say(t("Down at column {x}, row {y}", this.#cursorNames()));
  }

  cancel() { this.tool.cancel(); this.hideCursor(); }

  /** Move the cursor, or with the moving tool the picture. */
  step([x, y], pixels) {
    if (this.toolName === "move") { this.setPlace(this.place.moved(-x * 40, -y * 40)); return; }
    const { columns, rows } = this.mask;
    const middle = this.place.toPicture([this.stage.width / 2, this.stage.height / 2]).map(Math.floor);
    const [column, row] = this.cursor ?? middle;
    this.cursor = [Math.min(columns - 1, Math.max(0, column + x * pixels)), Math.min(rows - 1, Math.max(0, row + y * pixels))];
    this.pointer = this.#cursorPoint();
    if (this.tool.busy) this.tool.move(this.pointer);
    this.#keepCursorInView();
    this.show();
    this.say(t("Column {x}, row {y}", this.#cursorNames()));
  }

  hideCursor() {
    if (!this.cursor) return;
    this.cursor = null;
    this.pointer = null;
    this.show();
  }

  #cursorPoint() { return [this.cursor[0] + 0.5, this.cursor[1] + 0.5]; }
  #cursorNames() { return { x: this.cursor[0] + 1, y: this.cursor[1] + 1 }; }
  cursorText() { return this.cursor ? t("Column {x}, row {y}", this.#cursorNames()) : ""; }

  #keepCursorInView() {
    const [x, y] = this.place.toScreen(this.#cursorPoint());
    const beyond = (value, most) => (value < 24 ? 24 - value : value > most - 24 ? most - 24 - value : 0);
    this.place = this.place.moved(beyond(x, this.stage.width), beyond(y, this.stage.height));
  }

  #key(event) {
    if (event.target.closest("input, select, textarea, dialog") && event.target.type !== "range") return;
    if (event.target.type === "range" && event.key.startsWith("Arrow")) return;
    if (handleKey(this, event, event.target === this.stage.overlay)) event.preventDefault();
  }

  focus() { this.stage.overlay.focus({ preventScroll: true }); }

  // ------------------------------------------------------------------ lengths

  /** A length in words: mm where they are known. */
  lengthText(a, b) {
    return this.size ? t("{n} mm", { n: figures(lengthOf(a, b, this.size), 3) }) : t("{n} px", { n: number(lengthOf(a, b), 1) });
  }

  #measured(a, b) {
    const pixels = lengthOf(a, b);
    this.say(this.lengthText(a, b));
    if (pixels < 2 || !this.options.onCalibrate) return;
    const input = h("input", { id: "ruler-length", type: "text", inputmode: "decimal", autocomplete: "off" });
    const wrong = h("p", { class: "wrong", id: "ruler-wrong", role: "alert" });
    const known = this.size ? t("At the present scale this line is {length} long.", { length: this.lengthText(a, b) }) : t("Draw it along a scale whose length you know, such as the depth marks.");
    dialog(t("Set the scale"), [
      h("p", {}, t("The line is {n} pixels long.", { n: number(pixels, 1) }), " ", known),
      this.size && this.size[0] !== this.size[1] && h("p", { class: "help" }, t("The present height and width of a pixel differ; the ruler makes them the same.")),
      h("div", { class: "field" }, h("label", { for: "ruler-length" }, t("Its true length"), " ", h("span", { class: "unit" }, "mm")), input, wrong),
    ], { text: t("Use this scale"), work: () => {
      const side = calibrated(a, b, Number(input.value.trim().replace(",", ".")));
      if (!side) { wrong.textContent = t("Give a length above 0 in mm, such as 10."); input.setAttribute("aria-invalid", "true"); return false; }
      this.options.onCalibrate(side);
      return true;
    } });
    input.focus();
  }

  // ------------------------------------------------------------------ view

  setPlace(place) { this.place = place; this.fitted = false; this.show(); }

  zoom(factor, at = [this.stage.width / 2, this.stage.height / 2]) { this.setPlace(this.place.zoomed(factor, at)); }

  /** Show the whole picture. */
  fit() {
    const { columns, rows } = this.mask;
    if (this.stage.width && this.stage.height) this.place = Place.fit([0, 0, columns, rows], this.stage.width, this.stage.height, MARGIN);
    this.fitted = true;
    this.show();
  }

  hide(hidden) { if (hidden !== this.hidden) { this.hidden = hidden; this.show(); } }

  showBeside(beside) {
    this.beside = beside;
    this.twin.box.hidden = !beside;
    this.stages.classList.toggle("two", beside);
    if (this.fitted) this.fit();
    this.show();
  }

  setLevels(window, level) {
    this.window = window;
    this.level = level;
    this.stage.setLevels(window, level);
    this.twin.setLevels(window, level);
    this.show();
  }

  say(text) { this.toolbar.say(text); }
  #areaWords() { return this.area ? t("Lesion {n} pixels", { n: number(this.area) }) : t("No outline"); }

  /** Draw soon; many calls are one drawing. */
  show() {
    if (this.stale) { this.stale = false; this.freshLines = false; this.area = area(this.mask); }
    this.drawing ??= requestAnimationFrame(() => { this.drawing = null; this.#draw(); });
  }

  #draw() {
    if (!this.freshLines) { this.lines = edgesOf(this.mask); this.freshLines = true; }
    this.stage.drawPicture(this.place);
    if (this.beside) this.twin.drawPicture(this.place);
    const context = this.stage.above();
    const [left, top, right, bottom] = this.options.region ?? [0, 0, this.mask.columns, this.mask.rows];
    if (right - left < this.mask.columns || bottom - top < this.mask.rows) {
      drawLines(context, this.place, [left, top, right, top, right, top, right, bottom, right, bottom, left, bottom, left, bottom, left, top], { colour: "rgb(255 255 255 / 60%)", width: 1, dash: [4, 6] });
    }
    if (this.shown && !this.hidden) {
      drawLines(context, this.place, this.lines);
      this.tool.draw(context, this.place, this.pointer);
      if (this.cursor) this.#drawCursor(context);
    }
    this.toolbar.show();
  }

  #drawCursor(context) {
    const [x, y] = this.#cursorPoint();
    const arm = 12 / this.place.scale;
    drawLines(context, this.place, [x - arm, y, x - arm / 3, y, x + arm / 3, y, x + arm, y, x, y - arm, x, y - arm / 3, x, y + arm / 3, x, y + arm], { colour: "#fff", width: 2 });
  }
}
