/** Signatures of studies side by side, with their intervals. */
import { get } from "../api.js";
import { h, svg } from "../dom.js";
import { number, t } from "../i18n.js";
import { select, tried } from "./words.js";

const FIGURES = {
  auc: t("Area under the ROC curve"), auprc: t("Area under the precision-recall curve"), sensitivity: t("Sensitivity"),
  specificity: t("Specificity"), ppv: t("Positive predictive value"), npv: t("Negative predictive value"), f1: t("F1"),
  accuracy: t("Accuracy"), brier: t("Brier score"), calibration_slope: t("Calibration slope"),
  calibration_intercept: t("Calibration intercept"),
};
const SETS = { train_oof: t("training, out of fold"), test: t("test") };
const OUTSIDE = ["calibration_slope", "calibration_intercept"];
const place = document.getElementById("comparison");
let found = null;
let figure = "auc";

function show() {
  const head = [t("Signature"), t("Set"), t("Outcome")];
  place.replaceChildren(h("table", { class: "list" },
    h("caption", { class: "unseen" }, FIGURES[figure]),
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)),
      found.studies.map((one) => h("th", { scope: "col" }, h("a", { href: `/studies/${one.id}` }, one.title))))),
    h("tbody", {}, found.rows.map((row) => h("tr", {},
      h("th", { scope: "row" }, row.signature), h("td", {}, SETS[row.set] || row.set), h("td", {}, row.outcome),
      row.cells.map((cell) => h("td", { class: "numbers" }, shown(cell))))))));
}

function shown(cell) {
  const value = cell?.[figure];
  if (value === null || value === undefined) return "–";
  const low = cell[`${figure}_low`];
  const high = cell[`${figure}_high`];
  const known = typeof low === "number" && typeof high === "number";
  const text = known ? t("{value} ({low} to {high})", { value: number(value, 3), low: number(low, 3), high: number(high, 3) }) : number(value, 3);
  return [text, known && !OUTSIDE.includes(figure) ? interval(value, low, high) : "",
    h("div", { class: "small soft" }, t("{n} patients, {events} with the outcome", { n: number(cell.n), events: number(cell.events) }))];
}

/** A value between 0 and 1 with its interval. */
function interval(value, low, high) {
  const x = (one) => 4 + 112 * Math.min(1, Math.max(0, one));
  const line = (from, to, name) => svg("line", { x1: x(from), x2: x(to), y1: 6, y2: 6, class: name });
  return svg("svg", { viewBox: "0 0 120 12", class: "interval", "aria-hidden": "true" }, line(0, 1, "axis"), line(low, high, ""), svg("circle", { cx: x(value), cy: 6, r: 3.5 }));
}

const choice = document.getElementById("figure");
choice.replaceWith(select(FIGURES, figure, { id: "figure" }, (chosen) => { figure = chosen; if (found) show(); }));
const keys = new URLSearchParams(location.search).getAll("id");
if (keys.length) {
  found = await tried(() => get(`/studies/compare?${keys.map((one) => `id=${encodeURIComponent(one)}`).join("&")}`), place);
  if (found) show();
} else {
  place.replaceChildren(h("p", { class: "empty" }, t("Choose studies in the list, then compare them.")));
}
