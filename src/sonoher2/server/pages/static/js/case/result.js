/** A prediction on the page: warnings first, the answer, then what it rests on. */
import { h } from "../dom.js";
import { level, moment, number, t } from "../i18n.js";
import { bars, points, scale, signed } from "./charts.js";
import { labelOf, valueName } from "./fields.js";
import { findingText } from "./findings.js";

const FEATURES = 8;

/** The answer that stands on top, with all that belongs to it. @param {any} made A prediction of the case. */
export function lead(made) {
  const { scores, explanation, answers } = made.prediction;
  const own = explanation ? scores.find((score) => score.signature === explanation.signature && score.outcome === explanation.outcome) : null;
  const score = own ?? scores[scores.length - 1];
  const similar = explanation?.similar.find((one) => one.signature === score.signature && one.outcome === score.outcome) ?? null;
  return { score, similar, answer: answers[score.signature] ?? null };
}

/** Name a column or a signature of the image. @param {any[]} fields Of the model. */
function namer(fields) {
  const labels = new Map(fields.map((field) => [field.key, labelOf(field)]));
  return (name) => labels.get(name) ?? name;
}

/** A class in words; a model of something else than the HER2 status says nothing of HER2. @param {any} made @param {string} value */
function className(made, value) {
  return made.her2 === false ? valueName(value) : t("HER2 {class}", { class: valueName(value) });
}

/** The decision in words: a class, or "don't know". @param {any} made */
export function decision(made, { score, answer }) {
  if (!answer) return score.positive ? t("{outcome}: at or above the threshold", { outcome: valueName(score.outcome) }) : t("{outcome}: below the threshold", { outcome: valueName(score.outcome) });
  return answer.classes_left.length === 1 ? className(made, answer.classes_left[0]) : t("Don't know");
}

const reason = ({ answer }) => {
  if (!answer) return "";
  const left = answer.classes_left.map(valueName);
  if (left.length === 1) return t("At the stated error rate no other class remains.");
  return left.length ? t("At the stated error rate these remain possible: {classes}.", { classes: left.join(t(", ")) }) : t("At the stated error rate the scores fit no class.");
};

/**
 * The summary: the last prediction, beside an earlier one where there is one.
 * @param {any[]} all Oldest first. @param {any[]} fields
 */
export function summary(all, fields) {
  const now = all[all.length - 1];
  const before = all[all.length - 2];
  return h("div", { class: "summary" },
    warnings(now, fields),
    h("div", { class: before ? "pair" : null }, before && headline(before, t("Before")), headline(now, before ? t("Now") : "")),
    before && h("p", { class: "soft small" }, changes(before, now)));
}

function warnings(made, fields) {
  const name = namer(fields);
  const filled = [...new Set(made.prediction.scores.flatMap((score) => score.filled))].map(name);
  const care = made.prediction.findings.filter((finding) => finding.severity === "warning").map(findingText);
  const notes = made.prediction.findings.filter((finding) => finding.severity !== "warning").map(findingText);
  if (filled.length) care.push(t("Not given, so counted as learned in training (numbers and grades: the median; yes/no: the commoner; a category: missing, or a rare level where few were missing): {names}.", { names: filled.join(t(", ")) }));
  return [
    made.prediction.synthetic && h("p", { class: "caution" }, h("strong", {}, t("The model was trained on simulated patients.")), " ", t("It shows how the software works and says nothing about a person.")),
    care.length > 0 && h("div", { class: "caution" }, h("h3", {}, t("Read with care")), h("ul", {}, care.map((text) => h("li", {}, text)))),
    notes.length > 0 && h("ul", { class: "soft small" }, notes.map((text) => h("li", {}, text))),
  ];
}

function headline(made, title) {
  const found = lead(made);
  const { score, similar } = found;
  return h("section", { class: "headline" },
    title && h("h3", {}, title, " ", h("span", { class: "soft small" }, t("no. {n}", { n: made.number }))),
    h("p", { class: "decision" }, decision(made, found)),
    h("p", { class: "probability" }, h("span", { class: "value numbers" }, number(score.probability, 2)), " ", h("span", {}, t("probability of {outcome}, {signature}", { outcome: className(made, score.outcome), signature: score.signature }))),
    similar && h("p", { class: "numbers" }, t("Observed in similar training patients: {share}, {level} interval {low} to {high}", { share: number(similar.share, 2), level: level(similar.confidence), low: number(similar.low, 2), high: number(similar.high, 2) })),
    scale({ probability: score.probability, threshold: score.threshold, low: similar?.low, high: similar?.high }),
    h("p", { class: "soft small" }, reason(found)));
}

/**
 * Whether the case does not hold any more what a prediction was made of. What a model does not ask for, it was not made of.
 * @param {any} made @param {any} record The case. @param {any[]} fields That its model asks for.
 */
export function outdated(made, record, fields) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  if (made.bundle !== record.bundle) return true;
  const asked = [...Object.keys(made.clinical), ...fields.map((field) => field.key)];
  if (asked.some((key) => (record.clinical[key] ?? "") !== (made.clinical[key] ?? ""))) return true;
  if (!made.mask_sha256) return false;
  const size = record.image.mm_source === "given" ? record.image.mm_per_pixel : null;
  return made.mask_sha256 !== record.mask?.sha256 || made.frame !== record.frame || !same(made.mm_per_pixel, size);
}

function changes(before, now) {
  const what = [
    before.mask_sha256 !== now.mask_sha256 && t("the outline"),
    JSON.stringify(Object.entries(before.clinical).sort()) !== JSON.stringify(Object.entries(now.clinical).sort()) && t("clinical data"),
    before.frame !== now.frame && t("the frame"),
    JSON.stringify(before.mm_per_pixel) !== JSON.stringify(now.mm_per_pixel) && t("the size of a pixel"),
    before.bundle !== now.bundle && t("the model"),
  ].filter(Boolean);
  const changed = what.length ? t("Changed between them: {what}.", { what: what.join(t(", ")) }) : t("Nothing that is sent to the model changed between them.");
  const [first, second] = [lead(before).score, lead(now).score];
  // two probabilities of different things have no difference
  if (first.outcome !== second.outcome || first.signature !== second.signature) return changed;
  return `${t("Probability {step}.", { step: signed(second.probability - first.probability, 2) })} ${changed}`;
}

/** All that the answer rests on. @param {any} made @param {any[]} all @param {any[]} fields */
export function details(made, all, fields, path) {
  const { explanation } = made.prediction;
  return [
    images(made),
    explanation && rests(made, fields),
    nomogram(made, fields),
    similarCases(made),
    signatures(made),
    all.length > 1 && history(all, path),
  ];
}

function images(made) {
  return made.images.map((one) => h("section", { class: "card" },
    h("h3", {}, t("What the model saw")),
    h("div", { class: "views" },
      h("figure", {}, h("img", { src: one.view, alt: t("The image as it was scored, with the outline"), loading: "lazy" }), h("figcaption", {}, t("Image and outline"))),
      one.heat && h("figure", {}, h("div", { class: "laid" }, h("img", { src: one.view, alt: "" }), h("img", { src: one.heat, alt: t("Heat map: what speaks for {class}", { class: className(made, one.predicted) }) })), h("figcaption", {}, t("Heat map: where the network finds what speaks for {class}", { class: className(made, one.predicted) })))),
    one.heat && h("p", { class: "soft small" }, t("It shows what the network uses, not why a tumour is what it is."))));
}

function rests(made, fields) {
  const { explanation } = made.prediction;
  const name = namer(fields);
  const parts = [...explanation.parts].sort((one, other) => Math.abs(other.log_odds) - Math.abs(one.log_odds));
  const row = (effect) => ({ name: name(effect.name), value: effect.log_odds, note: effect.value === null ? "" : t("(z {value})", { value: signed(effect.value, 1) }) });
  return h("section", { class: "card" },
    h("h3", {}, t("What adds to the answer")),
    h("p", { class: "soft small" }, t("Added to the log-odds of {outcome}, against the mean training patient. Bars to the right speak for it.", { outcome: className(made, explanation.outcome) })),
    parts.length > 0 && bars(parts.map(row)),
    Object.entries(explanation.features).map(([signature, effects]) => h("details", { open: !parts.length }, h("summary", {}, t("Within {signature}", { signature })), bars(effects.slice(0, FEATURES).map(row)))));
}

function nomogram(made, fields) {
  if (!made.nomogram?.points.length) return null;
  return h("section", { class: "card" },
    h("h3", {}, t("Nomogram")),
    points(made.nomogram.points, namer(fields)),
    made.nomogram.total !== null && h("p", { class: "numbers" }, t("Total {n} points", { n: number(made.nomogram.total, 1) })));
}

function similarCases(made) {
  const { explanation } = made.prediction;
  const { similar } = lead(made);
  if (!explanation?.neighbours.length && !similar) return null;
  return h("section", { class: "card" },
    h("h3", {}, t("Similar training cases")),
    similar && h("p", {}, t("Of the {n} training patients with the most similar score {events} were {outcome}: {share}, {level} interval {low} to {high} (Wilson).", {
      n: number(similar.patients), events: number(similar.events), outcome: className(made, similar.outcome), share: number(similar.share, 2), level: level(similar.confidence), low: number(similar.low, 2), high: number(similar.high, 2),
    }), " ", t("It holds here only as far as this patient is like those.")),
    explanation?.neighbours.length > 0 && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("Similar training cases") }, h("table", { class: "list" },
      h("thead", {}, h("tr", {}, [t("Number"), made.her2 === false ? t("Outcome") : t("HER2"), t("Score"), t("Distance, SD")].map((head, place) => h("th", { scope: "col", class: place === 1 ? null : "number" }, head)))),
      h("tbody", {}, explanation.neighbours.map((one) => h("tr", {}, h("td", { class: "number" }, number(one.case)), h("td", {}, valueName(one.label)), h("td", { class: "number" }, number(one.score, 2)), h("td", { class: "number" }, number(one.distance, 2))))))));
}

function signatures(made) {
  const { scores, answers } = made.prediction;
  return h("section", { class: "card whole" },
    h("h3", {}, t("All signatures")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("All signatures") }, h("table", { class: "list" },
      h("thead", {}, h("tr", {}, [t("Signature"), t("Outcome"), t("Probability"), t("Threshold"), t("Decision")].map((head, place) => h("th", { scope: "col", class: place === 2 || place === 3 ? "number" : null }, head)))),
      h("tbody", {}, scores.map((score) => h("tr", {},
        h("td", {}, score.signature), h("td", {}, valueName(score.outcome)), h("td", { class: "number" }, number(score.probability, 3)), h("td", { class: "number" }, number(score.threshold, 3)),
        h("td", {}, decision(made, { score, answer: answers[score.signature] ?? null }))))))));
}

function history(all, path) {
  return h("section", { class: "card whole" },
    h("h3", {}, t("All predictions of this case")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("All predictions of this case") }, h("table", { class: "list" },
      h("thead", {}, h("tr", {}, [t("Number"), t("Made"), t("Probability"), t("Decision")].map((head, place) => h("th", { scope: "col", class: place === 0 || place === 2 ? "number" : null }, head)), h("td", {}))),
      h("tbody", {}, [...all].reverse().map((one) => h("tr", {},
        h("td", { class: "number" }, number(one.number)), h("td", {}, moment(one.created)), h("td", { class: "number" }, number(lead(one).score.probability, 3)), h("td", {}, decision(one, lead(one))),
        h("td", {}, h("a", { href: `${path}/predictions/${one.number}/page.html`, target: "_blank", rel: "noopener", "aria-label": t("Page of prediction {n}", { n: one.number }) }, t("Page")))))))));
}
