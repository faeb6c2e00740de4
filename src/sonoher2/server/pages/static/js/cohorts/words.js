/** Words of outlines: states, reasons of doubt, readers, measurements; and what went wrong. */
import { ApiError } from "../api.js";
import { h, say } from "../dom.js";
import { number, t } from "../i18n.js";

const REASONS = () => ({
  "not readable": t("cannot be opened"),
  "no lesion": t("no lesion found"),
  unsure: t("segmenter unsure"),
  "other than given": t("segmenter and given mask differ"),
  "readers differ": t("readers differ"),
  "mask not readable": t("given mask cannot be read"),
  "small lesion": t("small lesion"),
  "few grey levels": t("few grey levels"),
  white: t("many white pixels"),
  blurred: t("blurred"),
});

/** Why an image is in doubt. @param {string[]} codes */
export function reasons(codes) {
  const words = REASONS();
  return codes.length ? h("span", { class: "reasons" }, codes.map((code) => h("span", { class: "badge" }, words[code] ?? code))) : null;
}

/** @param {"todo"|"done"|"skip"} state */
export function stateWord(state) {
  return { todo: t("to do"), done: t("finished"), skip: t("skipped") }[state];
}

/** @param {"todo"|"done"|"skip"} state */
export const stateMark = (state) => h("span", { class: "state", "data-state": state }, stateWord(state));

/** Who drew an outline: a reader, or the images table. */
export function readerName(name) {
  return { mask: t("mask of the table"), second_mask: t("second mask of the table") }[name] ?? name;
}

const MEASURES = () => ({
  original_shape2D_Sphericity: t("Sphericity"),
  original_shape2D_Elongation: t("Elongation"),
  original_firstorder_Mean: t("Mean grey value"),
  original_firstorder_Entropy: t("Entropy of grey values"),
  original_glcm_Contrast: t("Contrast (GLCM)"),
  original_glcm_Correlation: t("Correlation (GLCM)"),
  original_glrlm_RunLengthNonUniformityNormalized: t("Run length non-uniformity, normalised (GLRLM)"),
});

/** @param {string} name @param {"mm2"|"px"} unit */
export function measureName(name, unit) {
  if (name === "area") return unit === "mm2" ? t("Area, mm²") : t("Area, pixels");
  return MEASURES()[name] ?? name;
}

/** A figure with its interval. */
export function figure({ value, low, high }, digits = 2) {
  if (value === null) return "–";
  // no minus before a zero
  const shown = (one) => number(Math.abs(one) < 0.5 * 10 ** -digits ? 0 : one, digits);
  return low === null ? shown(value) : t("{value} ({low} to {high})", { value: shown(value), low: shown(low), high: shown(high) });
}

/** Tell of an error; anything unforeseen goes on. */
export function tell(error) {
  if (!(error instanceof ApiError)) throw error;
  say(error.text, { bad: true, closeName: t("Close") });
}
