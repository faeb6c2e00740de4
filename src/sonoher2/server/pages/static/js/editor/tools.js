/**
 * The tools. A tool gets points of the picture: `down`, `move` while it is down, `up`; `draw` shows what is under way.
 * The same calls come from a mouse, a pen, a finger and the arrow keys.
 */
import { boxBetween, lengthOf } from "../outline/geometry.js";
import { polygon, stroke } from "../outline/shapes.js";
import { drawLines, drawText } from "./stage.js";

const LEAST_BOX = 8; // pixels of the picture
const NEAR = 12; // pixels of the screen

class Tool {
  constructor(editor) { this.editor = editor; }
  down() {}
  move() {}
  up() {}
  cancel() {}
  finish() {}
  back() {}
  draw() {}
  get busy() { return false; }
  /** Whether something is drawn that is no part of the outline yet. */
  get unfinished() { return false; }
}

/** Looks only: dragging moves the picture. */
export class Move extends Tool {}

export class Brush extends Tool {
  constructor(editor, value) { super(editor); this.value = value; this.last = null; }

  get busy() { return this.last !== null; }

  down(point, { erase = false } = {}) {
    this.editor.begin();
    this.own = erase ? 0 : this.value;
    this.last = this.#at(point);
    this.#to(this.last);
  }

  move(point) { if (this.last !== null) this.#to(this.#at(point)); }

  up() {
    if (this.last === null) return;
    this.last = null;
    this.editor.commit();
  }

  cancel() {
    if (this.last === null) return;
    this.last = null;
    this.editor.rollBack();
  }

  finish() { this.up(); }

  /** A brush of one pixel takes the pixel under it. */
  #at(point) { return this.editor.radius < 1 ? point.map((value) => Math.floor(value) + 0.5) : point; }

  #to(point) {
    stroke(this.editor.mask, this.last, point, this.editor.radius, this.own);
    this.last = point;
    this.editor.changed();
  }

  draw(context, place, pointer) {
    if (!pointer) return;
    context.beginPath();
    context.arc(...place.toScreen(this.#at(pointer)), Math.max(2, this.editor.radius * place.scale), 0, 2 * Math.PI);
    for (const [width, colour] of [[3, "rgb(0 0 0 / 60%)"], [1.2, this.value ? "#fff" : "#ffb0a8"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }
}

export class Polygon extends Tool {
  constructor(editor) { super(editor); this.points = []; this.held = false; }

  get busy() { return this.points.length > 0; }
  get unfinished() { return this.points.length > 2; }

  down(point, { erase = false, keyboard = false } = {}) {
    this.erase = erase;
    const near = (other) => lengthOf(point, other) * this.editor.place.scale < NEAR;
    if (!keyboard && this.points.length > 2 && near(this.points[0])) { this.finish(); return; }
    if (!keyboard && this.points.length > 2 && near(this.points[this.points.length - 1])) { this.finish(); return; }
    this.points.push(point);
    this.held = !keyboard;
    this.editor.show();
  }

  /** A held pointer draws freely. */
  move(point) {
    if (!this.held) return;
    const last = this.points[this.points.length - 1];
    if (last && lengthOf(point, last) * this.editor.place.scale >= 4) { this.points.push(point); this.free = true; }
    this.editor.show();
  }

  up() {
    this.held = false;
    if (this.free && this.points.length > 8) this.finish();
    this.free = false;
  }

  finish() {
    const points = this.points;
    this.points = [];
    this.held = false;
    if (points.length > 2) {
      this.editor.begin();
      polygon(this.editor.mask, points, this.erase ? 0 : 1);
      this.editor.changed();
      this.editor.commit();
    }
    this.editor.show();
  }

  cancel() { this.points = []; this.held = false; this.free = false; this.editor.show(); }

  back() { this.points.pop(); this.editor.show(); }

  draw(context, place, pointer) {
    if (!this.points.length) return;
    const all = pointer ? [...this.points, pointer] : this.points;
    const lines = [];
    for (let i = 0; i + 1 < all.length; i++) lines.push(...all[i], ...all[i + 1]);
    drawLines(context, place, lines, { colour: "#ffd24d" });
    for (const point of this.free ? [] : this.points) {
      const [x, y] = place.toScreen(point);
      context.fillStyle = "#ffd24d";
      context.fillRect(x - 3, y - 3, 6, 6);
    }
  }
}

/** Two ends: a box or a line. */
class TwoEnds extends Tool {
  constructor(editor, done) { super(editor); this.done = done; this.from = null; this.to = null; this.open = false; }

  get busy() { return this.open; }
  down(point) { this.from = this.to = point; this.open = true; this.editor.show(); }
  move(point) { if (this.open) { this.to = point; this.editor.show(); } }
  cancel() { this.from = this.to = null; this.open = false; this.editor.show(); }
  finish() { this.up(); }
  up() {
    if (!this.open) return;
    this.open = false;
    this.done(this.from, this.to);
    this.editor.show();
  }
}

/** Where the lesion is: a click in it, or a box around it. */
export class Box extends TwoEnds {
  constructor(editor, found) {
    super(editor, (from, to) => {
      const { columns, rows } = editor.mask;
      this.cancel();
      // a finger trembles
      const length = lengthOf(from, to);
      if (length < LEAST_BOX || length * editor.place.scale < NEAR) {
        const at = from.map(Math.floor);
        if (at[0] >= 0 && at[1] >= 0 && at[0] < columns && at[1] < rows) found({ at });
        return;
      }
      const box = boxBetween(from, to, columns, rows);
      if (box && box[2] - box[0] >= LEAST_BOX && box[3] - box[1] >= LEAST_BOX) found({ box });
    });
  }

  draw(context, place) {
    if (!this.open) return;
    const [[a, b], [c, d]] = [this.from, this.to];
    drawLines(context, place, [a, b, c, b, c, b, c, d, c, d, a, d, a, d, a, b], { colour: "#ffd24d", dash: [6, 4] });
  }
}

export class Ruler extends TwoEnds {
  draw(context, place) {
    if (!this.from || lengthOf(this.from, this.to) < 0.5) return;
    drawLines(context, place, [...this.from, ...this.to], { colour: "#ffd24d" });
    const [x, y] = place.toScreen(this.to);
    drawText(context, this.editor.lengthText(this.from, this.to), [x + 12, y]);
  }
}
