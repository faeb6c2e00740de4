/**
 * Shapes laid into a mask. Pixel (column, row) covers [column, column + 1) x [row, row + 1); it belongs to a shape when its centre does.
 * Every function changes the mask in place.
 * @typedef {{columns: number, rows: number, pixels: Uint8Array}} Mask
 * @typedef {[number, number]} Point x to the right, y down, in pixels.
 */

/** An empty mask. @returns {Mask} */
export function emptyMask(columns, rows) {
  return { columns, rows, pixels: new Uint8Array(columns * rows) };
}

/**
 * Draw a stroke of a round brush: all pixels whose centre lies within `radius` of the line from `a` to `b`.
 * @param {Mask} mask @param {Point} a @param {Point} b @param {number} radius @param {0|1} value
 */
export function stroke(mask, a, b, radius, value) {
  const top = Math.max(0, Math.floor(Math.min(a[1], b[1]) - radius));
  const bottom = Math.min(mask.rows, Math.ceil(Math.max(a[1], b[1]) + radius) + 1);
  const left = Math.max(0, Math.floor(Math.min(a[0], b[0]) - radius));
  const right = Math.min(mask.columns, Math.ceil(Math.max(a[0], b[0]) + radius) + 1);
  const along = [b[0] - a[0], b[1] - a[1]];
  const length = along[0] ** 2 + along[1] ** 2;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const x = column + 0.5 - a[0];
      const y = row + 0.5 - a[1];
      const share = length ? Math.min(1, Math.max(0, (x * along[0] + y * along[1]) / length)) : 0;
      if ((x - share * along[0]) ** 2 + (y - share * along[1]) ** 2 <= radius ** 2) mask.pixels[row * mask.columns + column] = value;
    }
  }
}

/**
 * Fill a polygon by the even-odd rule.
 * @param {Mask} mask @param {Point[]} points @param {0|1} value
 */
export function polygon(mask, points, value) {
  for (let row = 0; row < mask.rows; row++) {
    const crossings = crossingsAt(points, row + 0.5);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil(crossings[k] - 0.5));
      const to = Math.min(mask.columns, Math.ceil(crossings[k + 1] - 0.5));
      if (to > from) mask.pixels.fill(value, row * mask.columns + from, row * mask.columns + to);
    }
  }
}

function crossingsAt(points, y) {
  const found = [];
  for (let i = 0; i < points.length; i++) {
    const [x0, y0] = points[i];
    const [x1, y1] = points[(i + 1) % points.length];
    if (y0 > y !== y1 > y) found.push(x0 + ((y - y0) * (x1 - x0)) / (y1 - y0));
  }
  return found.sort((one, other) => one - other);
}

/** How many pixels belong to the mask. @param {Mask} mask */
export function area(mask) {
  let count = 0;
  for (let i = 0; i < mask.pixels.length; i++) count += mask.pixels[i];
  return count;
}

/** Smallest box [left, top, right, bottom] around the mask, ends left out; null for an empty one. @param {Mask} mask */
export function boundsOf(mask) {
  let [left, top, right, bottom] = [mask.columns, mask.rows, 0, 0];
  for (let row = 0; row < mask.rows; row++) {
    const from = mask.pixels.indexOf(1, row * mask.columns);
    if (from < 0) break;
    row = Math.floor(from / mask.columns);
    const start = row * mask.columns;
    const to = mask.pixels.lastIndexOf(1, start + mask.columns - 1);
    left = Math.min(left, from - start);
    right = Math.max(right, to - start + 1);
    top = Math.min(top, row);
    bottom = row + 1;
  }
  return right ? [left, top, right, bottom] : null;
}
