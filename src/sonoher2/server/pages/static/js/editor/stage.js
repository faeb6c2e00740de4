/**
 * A picture on the screen, and above it what is drawn. The canvases only show: nothing is ever read back from them.
 * Window and level are a filter of the browser, so that the picture itself stays as it came.
 */
import { h, svg } from "../dom.js";

let filters = 0;

export class Stage {
  /** @param {HTMLElement} host @param {Record<string, string>} attributes Of the canvas that takes the focus. */
  constructor(host, attributes) {
    const name = `levels-${++filters}`;
    this.levels = ["R", "G", "B"].map((channel) => svg(`feFunc${channel}`, { type: "linear", slope: 1, intercept: 0 }));
    const filter = svg("filter", { id: name, "color-interpolation-filters": "sRGB" }, svg("feComponentTransfer", {}, ...this.levels));
    this.picture = h("canvas", { class: "picture", "aria-hidden": "true" });
    this.overlay = h("canvas", { class: "overlay", ...attributes });
    this.box = h("div", { class: "stage" }, svg("svg", { class: "unseen", "aria-hidden": "true" }, filter), this.picture, this.overlay);
    this.filter = `url(#${name})`;
    host.append(this.box);
    this.image = null;
  }

  /** Size in pixels of the screen as CSS counts them. */
  get width() { return this.box.getBoundingClientRect().width; }
  get height() { return this.box.getBoundingClientRect().height; }

  /** @param {number} window Width of the grey values that are shown, of 255. @param {number} level Their middle. */
  setLevels(window, level) {
    const slope = 255 / window;
    for (const part of this.levels) {
      part.setAttribute("slope", slope);
      part.setAttribute("intercept", 0.5 - (level / 255) * slope);
    }
    this.picture.style.filter = window === 255 && level === 127.5 ? "" : this.filter;
  }

  /** Draw the picture where it lies; enlarged pixels keep their edges. */
  drawPicture(place) {
    const context = this.#fresh(this.picture);
    if (!this.image) return;
    context.imageSmoothingEnabled = place.scale < 1;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.image, place.x, place.y, this.image.width * place.scale, this.image.height * place.scale);
  }

  /** An empty context above the picture, in CSS pixels. */
  above() {
    return this.#fresh(this.overlay);
  }

  #fresh(canvas) {
    const ratio = globalThis.devicePixelRatio || 1;
    const shown = this.box.getBoundingClientRect();
    const [width, height] = [Math.max(1, Math.round(shown.width * ratio)), Math.max(1, Math.round(shown.height * ratio))];
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    // a box need not be whole pixels of the screen
    context.setTransform(width / (shown.width || 1), 0, 0, height / (shown.height || 1), 0, 0);
    return context;
  }
}

/** Lines [x0, y0, x1, y1, ...] of the picture, bright within dark so that they are seen on any grey. */
export function drawLines(context, place, lines, { colour = "#5cd6ff", width = 1.5, dash = [] } = {}) {
  context.beginPath();
  for (let i = 0; i < lines.length; i += 4) {
    context.moveTo(...place.toScreen([lines[i], lines[i + 1]]));
    context.lineTo(...place.toScreen([lines[i + 2], lines[i + 3]]));
  }
  context.lineCap = dash.length ? "butt" : "square";
  context.setLineDash(dash);
  context.lineWidth = width + 2;
  context.strokeStyle = "rgb(0 0 0 / 65%)";
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/** A small text on a dark ground. */
export function drawText(context, text, [x, y]) {
  context.font = "14px system-ui, sans-serif";
  const width = context.measureText(text).width;
  context.fillStyle = "rgb(0 0 0 / 75%)";
  context.fillRect(x - 6, y - 20, width + 12, 26);
  context.fillStyle = "#fff";
  context.fillText(text, x, y - 2);
}
