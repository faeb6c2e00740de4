/** The columns of the tables: how each is read, and how to read it otherwise. */
import { h } from "../dom.js";
import { figures, number, t } from "../i18n.js";
import { KINDS, MEANINGS, ROLES, TIMINGS, lines, select } from "./words.js";

const CHOICES = ["patient", "clinical", "ihc", "ish", "ratio", "copies", "status", "outcome", "unused"];
const KEYS = ["site", "scanner", "date", "view", "lesion_id", "frame", "mm_per_pixel", "second_mask", "mask"];

export function showColumns(place, draft, change) {
  const clinical = draft.columns.length ? draft.columns[0].table : "";
  const head = [t("Column"), t("Read as"), t("Values"), t("Filled")];
  place.replaceChildren(h("div", { class: "scroll" }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, draft.columns.map((one, place_) => row(one, place_, one.table === clinical ? clinicalRole : imageRole, change))))));
}

function row(column, place, role, change) {
  return h("tr", { id: `column-${place}`, "data-column": column.name },
    h("td", { class: "wrap" }, h("strong", {}, column.name), h("div", { class: "small soft" }, column.table)),
    h("td", {}, role(column, place, change), column.read_as === "clinical" ? details(column, place, change) : null),
    h("td", { class: "wrap" }, values(column), unread(column, place, change)),
    h("td", { class: "number" }, t("{n} of {all}", { n: number(column.filled), all: number(column.rows) })));
}

function named(column, place, what) {
  return { id: `c${place}-${what}`, "aria-label": t("{what} of {column}", { what, column: column.name }) };
}

function clinicalRole(column, place, change) {
  const offered = [...new Set([...CHOICES, column.read_as])];
  const options = Object.fromEntries(offered.map((role) => [role, ROLES[role]]));
  return select(options, column.read_as, named(column, place, t("role")), (role, field) => {
    if (role === "outcome") return field.after(positives(column, place, change));
    const what = { read_as: role };
    if (role === "clinical") Object.assign(what, asClinical(column));
    return change({ columns: { [column.name]: what } });
  });
}

/** Nothing can be predicted before somebody says which values are positive; nobody guesses it. */
function positives(column, place, change) {
  const id = `c${place}-positive`;
  document.getElementById(id)?.parentElement.remove();
  const send = (positive) => positive.length && change({ columns: { [column.name]: { read_as: "outcome" } }, positive });
  const found = column.examples.length ? h("p", { class: "help" }, column.examples.map((one) => shown(one.value)).join(" · ")) : null;
  return h("label", { class: "positives" }, t("Values that are positive, one in a line"), lines(id, [], send), found);
}

/** A first declaration of a column that was not used: its guess, else what its values look like. */
function asClinical(column) {
  const kind = column.kind || (column.examples.length && column.examples.every((one) => /^-?\d+([.,]\d+)?$/.test(one.value)) ? "number" : "category");
  const what = { kind, timing: column.timing || "pre-biopsy" };
  if (column.key) what.key = column.key;
  if (column.unit) what.unit = column.unit;
  if (kind === "ordered") what.levels = levelsOf(column);
  return what;
}

function levelsOf(column) {
  return column.levels.length ? column.levels : column.examples.map((one) => one.value).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}

function imageRole(column, place, change) {
  if (column.read_as === "patient" || column.read_as === "image" || column.read_as === "person") return ROLES[column.read_as];
  const options = Object.fromEntries([...KEYS, "unused"].map((role) => [role, ROLES[role]]));
  return select(options, column.read_as, named(column, place, t("role")), (role) => {
    const images = column.read_as === "unused" ? {} : { [column.read_as]: null };
    if (role !== "unused") images[role] = column.name;
    change({ images });
  });
}

function details(column, place, change) {
  const send = (what) => change({ columns: { [column.name]: what } });
  const kind = (value) => send(value === "ordered" ? { kind: value, levels: levelsOf(column) } : { kind: value, levels: [] });
  const text = (what, value, done) => h("input", { id: `c${place}-${what}`, value, size: 12, on: { change: (event) => done(event.target.value) } });
  return h("div", { class: "column-details" },
    h("label", {}, t("Kind"), select(KINDS, column.kind, { id: `c${place}-kind` }, kind)),
    h("label", {}, t("Known"), select(TIMINGS, column.timing, { id: `c${place}-timing` }, (timing) => send({ timing }))),
    column.kind === "number" ? h("label", {}, t("Unit"), text("unit", column.unit, (unit) => send({ unit }))) : null,
    column.kind === "number" ? null : h("label", {}, column.kind === "yes/no" ? t("No and yes, one in a line") : t("Levels, one in a line, lowest first"),
      lines(`c${place}-levels`, column.levels, (levels) => send({ levels }))),
    counted(column, send));
}

/** Values that were told to be missing; each can be taken back. */
function counted(column, send) {
  if (!column.missing.length) return null;
  const back = (value) => h("button", { type: "button", class: "button small", "aria-label": t("Take back: {value}", { value }), on: { click: () => send({ missing: column.missing.filter((one) => one !== value) }) } }, t("Take back"));
  return h("div", { class: "unread" }, t("Counted as missing:"), h("ul", {}, column.missing.map((one) => h("li", {}, h("strong", {}, shown(one)), " ", back(one)))));
}

function values(column) {
  if (column.low !== null) return t("{low} to {high}", { low: figures(column.low, 6), high: figures(column.high, 6) });
  if (!column.examples.length) return column.filled ? h("span", { class: "soft" }, t("not shown")) : "";
  return h("ul", { class: "values" }, column.examples.map((one) => h("li", {}, `${shown(one.value)} (${number(one.count)})`)));
}

function unread(column, place, change) {
  if (!column.unread.length) return "";
  const lines = column.unread.map((one, i) => h("li", {}, one.value
    ? [h("strong", { title: one.value }, shown(one.value)), ` (${number(one.count)}) `, meaning(column, one.value, `c${place}-u${i}`, change)]
    : t("{n} cells", { n: number(one.count) })));
  const head = column.read_as === "outcome" ? t("Left out:") : t("Not understood:");
  return h("div", { class: "unread" }, h("span", { class: column.read_as === "outcome" ? null : "wrong" }, head), h("ul", {}, lines));
}

/** The whole value is what is told a meaning, or made a level; here its beginning is enough. */
function shown(value) { return value.length > 60 ? `${value.slice(0, 60)}…` : value; }

function meaning(column, value, id, change) {
  if (column.read_as === "outcome") return "";
  const label = { id, "aria-label": t("Meaning of {value}", { value }) };
  if (column.read_as === "clinical") {
    const count = () => change({ columns: { [column.name]: { missing: [...column.missing, value] } } });
    return h("button", { ...label, type: "button", class: "button small", on: { click: count } }, t("Counts as missing"));
  }
  const options = { "": t("means …"), ...Object.fromEntries(MEANINGS[column.spelled].map((one) => [one, one])), missing: t("missing") };
  return select(options, "", label, (chosen) => chosen && change({ values: { [column.spelled]: { [value]: chosen } } }));
}
