/** Undo and redo without end: each step keeps only the stretches of pixels that it turned over. */
import { changeOf, turnOver } from "./runs.js";

export class History {
  constructor() {
    this.done = [];
    this.undone = [];
  }

  /** Keep a step. @returns {boolean} Whether anything changed. */
  keep(before, after) {
    const change = changeOf(before, after);
    if (!change.length) return false;
    this.done.push(change);
    this.undone = [];
    return true;
  }

  /** @param {Uint8Array} mask Changed in place. @returns {boolean} */
  undo(mask) {
    return this.#move(this.done, this.undone, mask);
  }

  /** @param {Uint8Array} mask Changed in place. @returns {boolean} */
  redo(mask) {
    return this.#move(this.undone, this.done, mask);
  }

  #move(from, to, mask) {
    const change = from.pop();
    if (!change) return false;
    turnOver(mask, change);
    to.push(change);
    return true;
  }
}
