/** The outline of a mask as closed lines: the edges of its pixels, joined end to end. */
import { edgesOf } from "../outline/edges.js";

/**
 * Closed lines, each a list of corners [x, y]; the last one leads back to the first.
 * @param {import("../outline/shapes.js").Mask} mask
 * @returns {[number, number][][]}
 */
export function loopsOf(mask) {
  const lines = edgesOf(mask);
  const at = new Map();
  const meet = (x, y, line) => { const key = `${x},${y}`; if (!at.has(key)) at.set(key, []); at.get(key).push(line); };
  for (let i = 0; i < lines.length; i += 4) { meet(lines[i], lines[i + 1], i); meet(lines[i + 2], lines[i + 3], i); }
  const left = new Set(Array.from({ length: lines.length / 4 }, (_, i) => 4 * i));
  const loops = [];
  while (left.size) {
    let [line] = left;
    let [x, y] = [lines[line], lines[line + 1]];
    const loop = [];
    while (line !== undefined) {
      left.delete(line);
      loop.push([x, y]);
      // the other end of the line
      [x, y] = lines[line] === x && lines[line + 1] === y ? [lines[line + 2], lines[line + 3]] : [lines[line], lines[line + 1]];
      line = at.get(`${x},${y}`).find((one) => left.has(one));
    }
    loops.push(loop);
  }
  return loops;
}
