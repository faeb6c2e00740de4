/** Findings: what is wrong or needs care, and the cells that it speaks of. */
import { h } from "../dom.js";
import { number, t } from "../i18n.js";
import { CHECKS } from "./checks.js";

const LEVELS = { error: t("Error"), warning: t("Warning"), note: t("Note") };
const LOOKS = { error: "problem", warning: "caution", note: "note" };

const SUBJECTS = { patients: t("Patients"), clinical: t("Clinical data"), images: t("Images"), checks: t("Checks"), shortcuts: t("Shortcuts") };
const STATES = { passed: t("passed"), "not checked": t("not checked"), warning: t("warning"), error: t("error") };

export function finding(one) {
  const cell = one.cell;
  const target = cell?.column ? document.querySelector(`[data-column="${CSS.escape(cell.column)}"]`) : null;
  const section = cell?.key ? cell.key.split(".")[0] : "";
  const known = { target: "target", split: "settings", timing: "settings", regions: "settings", images: "found", clinical: "columns" }[section];
  const to = target ? target.id : known;
  const link = to ? h("a", { href: `#${to}` }, t("Show it")) : null;
  const [title, remedy] = CHECKS[one.code] ?? [];
  return h("div", { class: `finding ${LOOKS[one.level]}` },
    h("p", {}, h("strong", {}, `${LEVELS[one.level]}: ${title ? `${one.code} ${title}. ` : ""}`), one.message, ". ", title ? `${remedy} (docs/checks/${one.code}.md)` : one.fix),
    one.where || link ? h("p", { class: "small" }, one.where, " ", link) : null);
}

/** What stands in the way already, without opening an image. */
export function showProblems(place, draft) {
  if (draft.problems.length) place.append(h("h3", {}, t("What the tables say")), ...draft.problems.map(finding));
}

export function showChecked(place, checked) {
  const errors = checked.findings.filter((one) => one.level === "error" && !one.code).length;
  const head = errors ? t("The study cannot run yet: {n} errors.", { n: number(errors) }) : t("The study can run.");
  place.replaceChildren(h("p", {}, h("strong", {}, head)), ...checked.findings.map(finding), rows(checked.rows));
}

function rows(found) {
  if (!found.length) return "";
  return h("div", { class: "scroll" }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, [t("About"), t("What"), t("Value")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, found.map((one) => h("tr", {}, row(one).map((text) => h("td", {}, text)))))));
}

/** About, what and value of a row, in the words of the page's language as far as they are known. */
function row(one) {
  const code = one.what.split(" ")[0];
  const isCheck = one.subject === "checks" && code in CHECKS;
  return [SUBJECTS[one.subject] ?? one.subject, isCheck ? `${code} ${CHECKS[code][0]}` : one.what, isCheck ? STATES[one.value] ?? one.value : one.value];
}
