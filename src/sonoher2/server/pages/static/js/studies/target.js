/** What is predicted and by which rule; when, on which patients, with which outlines. */
import { h } from "../dom.js";
import { number, t } from "../i18n.js";
import { ROLES, TIMINGS, lines, select } from "./words.js";

const RULES = { "ASCO/CAP 2018": "ASCO/CAP 2018", "ASCO/CAP 2023": "ASCO/CAP 2023" };
const TASKS = {
  "positive-vs-negative": t("positive or negative"), "low-vs-zero": t("low or zero"),
  "zero-low-positive": t("zero, low or positive"), "low-ultralow-vs-null": t("low and ultralow, or null"),
  "ultralow-vs-null": t("ultralow or null"),
};

const field = (id, label, input, help = "") => h("div", { class: "field" }, h("label", { for: id }, label), input, help ? h("p", { class: "help" }, help) : null);

export function showTarget(place, draft, change) {
  const target = draft.target;
  if (!target) { place.replaceChildren(); return; }
  const fields = target.kind === "her2" ? [
    field("rule", t("Guideline"), select(RULES, target.rule, { id: "rule" }, (rule) => change({ rule }))),
    field("task", t("Task"), select(TASKS, target.task, { id: "task" }, (task) => change({ task }))),
  ] : sides(target, change);
  place.replaceChildren(h("div", { class: "fields" }, fields), told(target, change), counted(target));
}

function sides(target, change) {
  const side = (id, label, values, key) => field(id, label, lines(id, values, (read) => change({ [key]: read })), t("Each value stands in a line of its own."));
  return [side("positive", t("Values that are positive"), target.positive, "positive"), side("negative", t("Values that are negative"), target.negative || [], "negative")];
}

/** What was told of spellings; each can be taken back, also where it stands in no row any more. */
function told(target, change) {
  const entries = Object.entries(target.values).flatMap(([role, own]) => Object.entries(own).map((one) => [role, ...one]));
  if (!entries.length) return "";
  const back = (role, value) => h("button", { type: "button", class: "button small", "aria-label": t("Take back: {value}", { value }), on: { click: () => change({ values: { [role]: { [value]: "" } } }) } }, t("Take back"));
  return h("details", { open: true, id: "told" }, h("summary", {}, t("What you said of spellings")), h("ul", { class: "unread" }, entries.map(([role, value, meaning]) =>
    h("li", {}, role ? `${ROLES[role]}: ` : "", t("{value} means {meaning}", { value, meaning }), " ", back(role, value)))));
}

function counted(target) {
  const list = (title, items, open) => (items.length ? h("details", { open }, h("summary", {}, title),
    h("ul", {}, items.map((one) => h("li", {}, `${one.value}: ${number(one.count)}`)))) : "");
  return h("div", {}, list(t("Patients of each class"), target.classes, true), list(t("Left out"), target.left_out, true), list(t("By branch of the guideline"), target.statuses, false));
}

export function showSettings(place, draft, change) {
  const regions = { given: t("as given by masks"), segment: t("outlined by the shipped network"), "segment-missing": t("outlined where no mask is given") };
  const offered = regions[draft.regions] ? regions : { ...regions, [draft.regions]: t("by a network of the study's own") };
  place.replaceChildren(h("div", { class: "fields" },
    field("title-of", t("Title"), h("input", { id: "title-of", value: draft.title, maxlength: 200, on: { change: (event) => change({ title: event.target.value }) } })),
    field("timing", t("The prediction is made"), select(TIMINGS, draft.timing, { id: "timing" }, (timing) => change({ timing })), t("Variables that are known only later cannot be used.")),
    draft.images.count ? field("regions", t("Lesions"), select(offered, draft.regions, { id: "regions" }, (value) => value in regions && change({ regions: value }))) : null,
    split(draft, change)));
}

function split(draft, change) {
  if (draft.split.kind !== "random") return field("share", t("Patients for the test"), h("input", { id: "share", value: t("as the study file says"), disabled: true }));
  const set = (event) => change({ split: { kind: "random", test_share: Number(event.target.value) / 100 } });
  return field("share", t("Patients for the test, per cent"), h("input", { id: "share", type: "number", min: 5, max: 90, step: 1, value: Math.round(draft.split.test_share * 100), on: { change: set } }),
    t("Drawn at random; a split by date, site or a column is written in the study file."));
}
