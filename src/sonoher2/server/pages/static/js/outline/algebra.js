/** Changes of a whole mask: grow, shrink, holes, the largest part. Each gives new pixels back. */

import { boundsOf } from "./shapes.js";

/** @typedef {import("./shapes.js").Mask} Mask */

const TIE = 1 + 1e-9; // a distance that is reached exactly counts, whatever its last digit

/**
 * Add all pixels within a distance of the mask. What lies outside the picture counts as neither.
 * @param {Mask} mask
 * @param {number} distance In pixels, or in the unit of `size`.
 * @param {[number, number]} [size] Of a pixel: [height, width].
 * @returns {Uint8Array}
 */
export function grown(mask, distance, size = [1, 1]) {
  return inWindow(mask, [Math.ceil(distance / size[0]), Math.ceil(distance / size[1])], (part) => near(part, distance, size));
}

/** Take all pixels away that lie within a distance of the background; the edge of the picture takes nothing away. */
export function shrunk(mask, distance, size = [1, 1]) {
  // the nearest background of a pixel of the mask lies at most one pixel outside the mask's bounds
  return inWindow(mask, [1, 1], (part) => near({ ...part, pixels: turned(part.pixels) }, distance, size).map((pixel) => pixel ^ 1));
}

const turned = (pixels) => pixels.map((pixel) => pixel ^ 1);

/** Work on a window around the mask, [rows, columns] wider on each side, and lay what it gives into an empty picture. */
function inWindow(mask, [rows, columns], work) {
  const found = new Uint8Array(mask.pixels.length);
  const bounds = boundsOf(mask);
  if (!bounds) return found;
  const [left, top] = [Math.max(0, bounds[0] - columns), Math.max(0, bounds[1] - rows)];
  const [right, bottom] = [Math.min(mask.columns, bounds[2] + columns), Math.min(mask.rows, bounds[3] + rows)];
  const width = right - left;
  const part = { columns: width, rows: bottom - top, pixels: new Uint8Array(width * (bottom - top)) };
  for (let row = top; row < bottom; row++) part.pixels.set(mask.pixels.subarray(row * mask.columns + left, row * mask.columns + right), (row - top) * width);
  const changed = work(part);
  for (let row = top; row < bottom; row++) found.set(changed.subarray((row - top) * width, (row - top + 1) * width), row * mask.columns + left);
  return found;
}

function near(mask, distance, size) {
  const limit = distance ** 2 * TIE;
  return Uint8Array.from(squaredDistances(mask, size), (square) => (square <= limit ? 1 : 0));
}

/**
 * Squared distance of each pixel to the nearest one of the mask, exact in both directions, one after the other
 * (Felzenszwalb and Huttenlocher, Theory of Computing 2012, 8:415, doi 10.4086/toc.2012.v008a019).
 */
function squaredDistances({ columns, rows, pixels }, [height, width]) {
  const squares = Float64Array.from(pixels, (pixel) => (pixel ? 0 : Infinity));
  for (let column = 0; column < columns; column++) lowerHull(squares, column, columns, rows, height);
  for (let row = 0; row < rows; row++) lowerHull(squares, row * columns, 1, columns, width);
  return squares;
}

/** Replace a line's values f(p) by min over q of f(q) + (unit * (p - q))^2: the lower hull of parabolas. */
function lowerHull(values, start, step, count, unit) {
  const square = unit ** 2;
  const tops = [];
  const ends = [];
  for (let q = 0; q < count; q++) {
    const value = values[start + q * step];
    if (value === Infinity) continue;
    let from = -Infinity;
    while (tops.length) {
      const last = tops[tops.length - 1];
      from = (value - last.value + square * (q * q - last.place ** 2)) / (2 * square * (q - last.place));
      if (from > ends[ends.length - 1]) break;
      tops.pop();
      ends.pop();
      from = -Infinity;
    }
    tops.push({ place: q, value });
    ends.push(from);
  }
  if (!tops.length) return;
  for (let p = 0, k = 0; p < count; p++) {
    while (k + 1 < tops.length && ends[k + 1] < p) k++;
    values[start + p * step] = tops[k].value + square * (p - tops[k].place) ** 2;
  }
}

/** Fill all background that no way over edges of pixels joins to the border of the picture. @param {Mask} mask */
export function filled({ columns, rows, pixels }) {
  const outside = new Uint8Array(pixels.length);
  const waiting = [];
  const reach = (place) => {
    if (pixels[place] || outside[place]) return;
    outside[place] = 1;
    waiting.push(place);
  };
  for (let column = 0; column < columns; column++) { reach(column); reach((rows - 1) * columns + column); }
  for (let row = 0; row < rows; row++) { reach(row * columns); reach(row * columns + columns - 1); }
  while (waiting.length) {
    const place = waiting.pop();
    const column = place % columns;
    if (column > 0) reach(place - 1);
    if (column < columns - 1) reach(place + 1);
    if (place >= columns) reach(place - columns);
    if (place < columns * (rows - 1)) reach(place + columns);
  }
  return outside.map((pixel) => pixel ^ 1);
}

/** Keep the largest part whose pixels touch, corners included; the first of equals. @param {Mask} mask */
export function largest({ columns, rows, pixels }) {
  const seen = new Uint8Array(pixels.length);
  let best = [];
  for (let i = 0; i < pixels.length; i++) {
    if (!pixels[i] || seen[i]) continue;
    const part = partAt(i, columns, rows, pixels, seen);
    if (part.length > best.length) best = part;
  }
  const kept = new Uint8Array(pixels.length);
  for (const place of best) kept[place] = 1;
  return kept;
}

function partAt(start, columns, rows, pixels, seen) {
  const part = [start];
  seen[start] = 1;
  for (let k = 0; k < part.length; k++) {
    const row = Math.floor(part[k] / columns);
    const column = part[k] % columns;
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
        const place = y * columns + x;
        if (pixels[place] && !seen[place]) { seen[place] = 1; part.push(place); }
      }
    }
  }
  return part;
}
