/** Outlines of several readers over one picture, told apart by colour and by the kind of line. Nothing is drawn by hand here. */
import { h } from "../dom.js";
import { Pointers } from "../editor/pointers.js";
import { Stage } from "../editor/stage.js";
import { t } from "../i18n.js";
import { Place } from "../outline/geometry.js";
import { maskOf } from "../outline/runs.js";
import { loopsOf } from "./loops.js";

/** Colours of the palette of Okabe and Ito; the dashes differ as well. */
export const LINES = [
  { colour: "#56b4e9", dash: [] },
  { colour: "#e69f00", dash: [10, 6] },
  { colour: "#f0e442", dash: [2, 5] },
  { colour: "#cc79a7", dash: [12, 4, 2, 4] },
  { colour: "#009e73", dash: [5, 4] },
];
export const lineOf = (place) => LINES[place % LINES.length];

export class CompareView {
  /** @param {HTMLElement} host @param {{rows: number, columns: number}} size */
  constructor(host, { rows, columns }) {
    this.size = { rows, columns };
    this.outlines = [];
    this.place = new Place();
    this.fitted = true;
    // what pointers ask of an editor whose only tool moves the picture
    this.toolName = "move";
    this.tool = { cancel() {}, busy: false };
    const stages = h("div", { class: "stages compare" });
    host.replaceChildren(stages, h("div", { class: "tools no-print" }, h("div", { class: "group", role: "group", "aria-label": t("View") },
      [[t("Smaller"), () => this.zoom(0.8)], [t("Larger"), () => this.zoom(1.25)], [t("Fit"), () => this.fit()]].map(([text, work]) => h("button", { type: "button", class: "button small", on: { click: work } }, text)))));
    this.stage = new Stage(stages, { tabindex: 0, role: "img", "aria-label": t("Picture with the outlines of the readers") });
    this.pointers = new Pointers(this, this.stage.overlay);
    this.stage.overlay.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => (this.fitted ? this.fit() : this.show())).observe(stages);
  }

  /** @param {CanvasImageSource} image */
  setPicture(image) { this.stage.image = image; this.show(); }

  /** @param {{runs: number[], line: {colour: string, dash: number[]}, shown: boolean}[]} outlines */
  setOutlines(outlines) {
    const { rows, columns } = this.size;
    this.outlines = outlines.map((one) => ({ ...one, loops: loopsOf({ rows, columns, pixels: maskOf(one.runs, rows * columns) }) }));
    this.show();
  }

  setShown(place, shown) { this.outlines[place].shown = shown; this.show(); }
  setPlace(place) { this.place = place; this.fitted = false; this.show(); }
  zoom(factor, at = [this.stage.width / 2, this.stage.height / 2]) { this.setPlace(this.place.zoomed(factor, at)); }
  point() {}
  hideCursor() {}

  fit() {
    const { rows, columns } = this.size;
    if (this.stage.width && this.stage.height) this.place = Place.fit([0, 0, columns, rows], this.stage.width, this.stage.height, 8);
    this.fitted = true;
    this.show();
  }

  #key(event) {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (step) this.setPlace(this.place.moved(...step));
    else if (event.key === "+" || event.key === "=") this.zoom(1.25);
    else if (event.key === "-") this.zoom(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  show() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.stage.drawPicture(this.place);
      const context = this.stage.above();
      for (const one of this.outlines) if (one.shown) drawLoops(context, this.place, one.loops, one.line);
    });
  }
}

/** Closed lines, each in one go, so that its dashes are seen; a dark line below them shows on any grey. */
function drawLoops(context, place, loops, { colour, dash }) {
  context.beginPath();
  for (const loop of loops) {
    loop.forEach((corner, i) => context[i ? "lineTo" : "moveTo"](...place.toScreen(corner)));
    context.closePath();
  }
  context.lineJoin = "round";
  for (const [style, width, pattern] of [["rgb(0 0 0 / 55%)", 4, []], [colour, 2, dash]]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.setLineDash(pattern);
    context.stroke();
  }
  context.setLineDash([]);
}
