/** The outline of a mask as the edges of its pixels, joined along rows and columns. */

import { boundsOf } from "./shapes.js";

/**
 * Lines [x0, y0, x1, y1, ...] between pixels of the mask and others; the border of the picture closes the outline.
 * @param {import("./shapes.js").Mask} mask
 * @returns {number[]}
 */
export function edgesOf(mask) {
  const { columns, rows, pixels } = mask;
  const [left, top, right, bottom] = boundsOf(mask) ?? [0, 0, 0, 0];
  const lines = [];
  for (let y = top; y <= bottom; y++) {
    const above = (y - 1) * columns;
    const below = y * columns;
    let from = -1;
    for (let x = left; x <= right; x++) {
      const edge = x < right && (y > 0 ? pixels[above + x] : 0) !== (y < rows ? pixels[below + x] : 0);
      if (edge && from < 0) from = x;
      if (!edge && from >= 0) { lines.push(from, y, x, y); from = -1; }
    }
  }
  for (let x = left; x <= right; x++) {
    let from = -1;
    for (let y = top; y <= bottom; y++) {
      const place = y * columns + x;
      const edge = y < bottom && (x > 0 ? pixels[place - 1] : 0) !== (x < columns ? pixels[place] : 0);
      if (edge && from < 0) from = y;
      if (!edge && from >= 0) { lines.push(x, from, x, y); from = -1; }
    }
  }
  return lines;
}
