/** Where the picture lies on the screen, and lengths in it. */

/** Scale and shift from pixels of the picture to those of the screen: screen = picture * scale + shift. */
export class Place {
  constructor(scale = 1, x = 0, y = 0) {
    this.scale = scale;
    this.x = x;
    this.y = y;
  }

  /** The whole box [left, top, right, bottom] of a picture in the middle of a screen. */
  static fit([left, top, right, bottom], width, height, margin = 0) {
    const scale = Math.max(0.01, Math.min((width - 2 * margin) / (right - left), (height - 2 * margin) / (bottom - top)));
    return new Place(scale, (width - (left + right) * scale) / 2, (height - (top + bottom) * scale) / 2);
  }

  toPicture([x, y]) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  toScreen([x, y]) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** Another scale, with one point of the screen held where it is. */
  zoomed(factor, [x, y], least = 0.05, most = 64) {
    const scale = Math.min(most, Math.max(least, this.scale * factor));
    const own = scale / this.scale;
    return new Place(scale, x - (x - this.x) * own, y - (y - this.y) * own);
  }

  moved(x, y) {
    return new Place(this.scale, this.x + x, this.y + y);
  }
}

/** Length between two points. `size` is [height, width] of a pixel. */
export function lengthOf([x0, y0], [x1, y1], size = [1, 1]) {
  return Math.hypot((x1 - x0) * size[1], (y1 - y0) * size[0]);
}

/** Side of a pixel in mm when the line between two points is so many mm long; null for no line. */
export function calibrated(a, b, mm) {
  const pixels = lengthOf(a, b);
  return pixels > 0 && mm > 0 && Number.isFinite(mm) ? mm / pixels : null;
}

/** Whole box [left, top, right, bottom] between two corners, inside the picture; null when nothing is left. */
export function boxBetween([x0, y0], [x1, y1], columns, rows) {
  const left = Math.max(0, Math.floor(Math.min(x0, x1)));
  const top = Math.max(0, Math.floor(Math.min(y0, y1)));
  const right = Math.min(columns, Math.ceil(Math.max(x0, x1)));
  const bottom = Math.min(rows, Math.ceil(Math.max(y0, y1)));
  return right - left >= 1 && bottom - top >= 1 ? [left, top, right, bottom] : null;
}
