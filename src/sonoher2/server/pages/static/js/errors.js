/** How a page lists what was refused. */
import { sentences } from "./api.js";
import { h } from "./dom.js";

/** The findings of an error as a list, where they are several; else null: its `text` says all. */
export function each(error) {
  return error.findings.length > 1 ? h("ul", {}, error.findings.map((one) => h("li", {}, sentences(one)))) : null;
}
