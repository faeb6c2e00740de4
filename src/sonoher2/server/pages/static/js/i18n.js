/** Strings, numbers and dates in the language of the page. */

const held = document.getElementById("strings");
const strings = held ? JSON.parse(held.textContent) : {};
const language = document.documentElement.lang || "en";

/**
 * Translate a string. Values stand in braces: t("{n} images", {n: 3}).
 * @param {string} text In English, as a literal: a test looks for it in the sources.
 * @param {Record<string, unknown>} [values]
 * @returns {string}
 */
export function t(text, values = {}) {
  return (strings[text] || text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Write a number as readers of the page do.
 * @param {number} value
 * @param {number} [digits] After the point, always shown.
 */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Write a number with at most so many significant digits. */
export function figures(value, digits = 3) {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: digits }).format(value);
}

/** Write a share of 1 as per cent. */
export function percent(value, digits = 0) {
  return new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Write the level of an interval: 99.5 % is not 100 %. */
export function level(share) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 3 }).format(share);
}

/** Write a moment, given as ISO text. */
export function moment(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}
