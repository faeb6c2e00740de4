/**
 * Run lengths. A mask is a Uint8Array of 0 and 1, row by row; its runs are lengths of equal pixels along the rows, beginning with
 * background (that run may be 0 long). A change is the list of stretches whose pixels were turned over: [start, length, ...].
 */

/** @param {Uint8Array} mask @returns {number[]} */
export function runsOf(mask) {
  const runs = [];
  let value = 0;
  let from = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === value) continue;
    runs.push(i - from);
    from = i;
    value = mask[i];
  }
  runs.push(mask.length - from);
  return runs;
}

/** @param {ArrayLike<number>} runs @param {number} size @returns {Uint8Array} */
export function maskOf(runs, size) {
  const mask = new Uint8Array(size);
  let place = 0;
  for (let i = 0; i < runs.length; i++) {
    if (i % 2) mask.fill(1, place, place + runs[i]);
    place += runs[i];
  }
  if (place !== size) throw new RangeError(`runs of ${place} pixels for a mask of ${size}`);
  return mask;
}

/** Stretches where two masks differ. @param {Uint8Array} before @param {Uint8Array} after @returns {Uint32Array} */
export function changeOf(before, after) {
  const stretches = [];
  let from = -1;
  for (let i = 0; i <= before.length; i++) {
    const differs = i < before.length && before[i] !== after[i];
    if (differs && from < 0) from = i;
    if (!differs && from >= 0) {
      stretches.push(from, i - from);
      from = -1;
    }
  }
  return Uint32Array.from(stretches);
}

/** Turn the pixels of a change over; done twice, all is as before. @param {Uint8Array} mask @param {Uint32Array} change */
export function turnOver(mask, change) {
  for (let k = 0; k < change.length; k += 2) {
    for (let i = change[k], end = i + change[k + 1]; i < end; i++) mask[i] ^= 1;
  }
}
