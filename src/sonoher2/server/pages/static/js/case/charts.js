/** Small charts of a result: a scale of probability, bars of what adds to it. Every number also stands there as text. */
import { h, svg } from "../dom.js";
import { number, percent, t } from "../i18n.js";

/**
 * Probability on a line from 0 to 1, with the threshold and the interval of what was observed in similar training patients.
 * @param {{probability: number, threshold: number, low?: number, high?: number}} values
 */
export function scale({ probability, threshold, low, high }) {
  const at = (value) => 10 + 280 * value;
  const words = low === undefined
    ? t("Probability {p}, threshold {threshold}", { p: number(probability, 2), threshold: number(threshold, 2) })
    : t("Probability {p}; share among similar training patients between {low} and {high}; threshold {threshold}", { p: number(probability, 2), low: number(low, 2), high: number(high, 2), threshold: number(threshold, 2) });
  return svg("svg", { viewBox: "0 0 300 46", class: "scale", role: "img", "aria-label": words },
    svg("line", { x1: 10, x2: 290, y1: 22, y2: 22, class: "rail" }),
    low !== undefined && svg("rect", { x: at(low), y: 16, width: Math.max(1, at(high) - at(low)), height: 12, rx: 3, class: "band" }),
    svg("line", { x1: at(threshold), x2: at(threshold), y1: 10, y2: 34, class: "threshold" }),
    svg("circle", { cx: at(probability), cy: 22, r: 6, class: "dot" }),
    [0, 0.5, 1].map((value) => svg("text", { x: at(value), y: 45, "text-anchor": value === 0 ? "start" : value === 1 ? "end" : "middle" }, percent(value))),
    svg("text", { x: Math.min(282, Math.max(18, at(threshold))), y: 8, "text-anchor": "middle" }, t("threshold")));
}

/**
 * Bars to both sides of a middle.
 * @param {{name: string, value: number, note?: string}[]} rows
 */
export function bars(rows) {
  const most = Math.max(...rows.map((row) => Math.abs(row.value)), 1e-9);
  const bar = (value) => {
    const width = (Math.abs(value) / most) * 48;
    return svg("svg", { viewBox: "0 0 100 16", class: "beam", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { x: value < 0 ? 50 - width : 50, y: 2, width, height: 12, class: value < 0 ? "against" : "for" }),
      svg("line", { x1: 50, x2: 50, y1: 0, y2: 16, class: "middle" }));
  };
  return h("table", { class: "bars" }, h("tbody", {}, rows.map((row) => h("tr", {},
    h("th", { scope: "row" }, row.name, row.note && h("span", { class: "soft" }, " ", row.note)),
    h("td", {}, bar(row.value)),
    h("td", { class: "number" }, signed(row.value, 2))))));
}

/** A number with its sign, a true minus. */
export function signed(value, digits) {
  const text = number(Math.abs(value), digits);
  return value < 0 && Number(Math.abs(value).toFixed(digits)) !== 0 ? `−${text}` : `+${text}`;
}

/** Points of the nomogram as bars from zero. @param {{variable: string, points: number}[]} rows */
export function points(rows, name) {
  const most = Math.max(...rows.map((row) => row.points), 1e-9);
  return h("table", { class: "bars" }, h("tbody", {}, rows.map((row) => h("tr", {},
    h("th", { scope: "row" }, name(row.variable)),
    h("td", {}, svg("svg", { viewBox: "0 0 100 16", class: "beam", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { x: 0, y: 2, width: Math.max(0.5, (Math.max(0, row.points) / most) * 100), height: 12, class: "for" }))),
    h("td", { class: "number" }, number(row.points, 1))))));
}
