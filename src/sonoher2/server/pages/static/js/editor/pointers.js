/** Mouse, pen and fingers on the picture. Two fingers zoom and move it; once a pen was seen, one finger moves it too. */
export class Pointers {
  /** @param {import("./editor.js").OutlineEditor} editor @param {HTMLElement} canvas */
  constructor(editor, canvas) {
    this.editor = editor;
    this.canvas = canvas;
    this.fingers = new Map();
    this.pen = false;
    this.draws = null; // the pen
    this.mode = null; // "draw", "move" or null
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event, false));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, true));
    canvas.addEventListener("pointerleave", () => { if (!this.mode) editor.point(null); });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    const { editor } = this;
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    const at = this.#at(event);
    const isPen = event.pointerType === "pen";
    this.pen ||= isPen;
    // the hand that holds the pen rests on the picture: it ends no stroke, and keeps none from beginning
    if (isPen) { this.fingers.clear(); this.draws = event.pointerId; } else if (this.fingers.has(this.draws)) return;
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size >= 2) {
      editor.tool.cancel();
      this.mode = "move";
      return;
    }
    const moves = editor.toolName === "move" || event.button === 1 || event.button === 2 || (this.pen && event.pointerType === "touch");
    this.mode = moves ? "move" : "draw";
    editor.hideCursor();
    if (this.mode === "draw") {
      const point = editor.place.toPicture(at);
      editor.point(point);
      editor.tool.down(point, { erase: event.shiftKey || Boolean(event.buttons & 32) });
    }
  }

  #move(event) {
    const { editor } = this;
    const at = this.#at(event);
    const before = this.fingers.get(event.pointerId);
    if (!before && event.pointerType === "touch") return;
    if (!before) { editor.point(editor.place.toPicture(at)); return; }
    if (this.mode === "draw") {
      // events that the browser held back between two frames belong to the line as well
      for (const one of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) editor.tool.move(editor.place.toPicture(this.#at(one)));
      editor.point(editor.place.toPicture(at));
    } else if (this.mode === "move") this.#shift(event.pointerId, before, at);
    this.fingers.set(event.pointerId, at);
  }

  #shift(id, before, at) {
    const { editor } = this;
    const other = [...this.fingers].find(([name]) => name !== id)?.[1];
    if (!other) { editor.setPlace(editor.place.moved(at[0] - before[0], at[1] - before[1])); return; }
    const middle = (point) => [(point[0] + other[0]) / 2, (point[1] + other[1]) / 2];
    const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
    const [from, to] = [middle(before), middle(at)];
    editor.setPlace(editor.place.moved(to[0] - from[0], to[1] - from[1]).zoomed(apart(at) / apart(before), to));
  }

  #up(event, cancelled) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (this.mode === "draw") cancelled ? this.editor.tool.cancel() : this.editor.tool.up();
    if (!this.fingers.size) this.mode = null;
    if (event.pointerType !== "mouse") this.editor.point(null);
  }

  /** The wheel zooms while the picture has the focus, or with Ctrl (a pinch on a touchpad); else it scrolls the page. */
  #wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    const step = event.deltaMode === 1 ? 16 : 1;
    this.editor.zoom(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.01 : 0.002)), this.#at(event));
  }
}
