/** The list of cohorts. */
import { get, remove } from "../api.js";
import { h } from "../dom.js";
import { dialog } from "../editor/dialog.js";
import { moment, number, t } from "../i18n.js";
import { tell } from "./words.js";

const host = document.getElementById("cohorts");

async function show() {
  const { items } = await get("/cohorts");
  host.replaceChildren(items.length ? table(items) : h("p", { class: "empty" }, t("No cohorts yet. Begin one with a study file, a table of images or a folder.")));
}

function table(items) {
  const head = [t("Cohort"), t("Images"), t("You finished"), t("Readers"), t("Begun")];
  return h("table", { class: "list folds" },
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)), h("td", {}))),
    h("tbody", {}, items.map(row)));
}

function row(item) {
  const cell = (label, text) => h("td", { "data-label": label }, text);
  const readers = item.readers.filter((one) => !one.given).map((one) => one.name);
  return h("tr", {},
    h("td", {}, h("a", { href: `/cohorts/${item.id}` }, item.title)),
    cell(t("Images"), number(item.images)),
    cell(t("You finished"), t("{done} of {all}", { done: number(item.mine.done + item.mine.skip), all: number(item.images) })),
    cell(t("Readers"), readers.join(", ") || t("none")),
    cell(t("Begun"), moment(item.created)),
    h("td", {}, h("button", { type: "button", class: "button small", "aria-label": t("Delete {name}", { name: item.title }), on: { click: () => askToDelete(item) } }, t("Delete"))));
}

function askToDelete(item) {
  dialog(t("Delete this cohort?"), [h("p", {}, t("The outlines of all readers of {name} are removed. The images stay where they are. This cannot be undone.", { name: item.title }))],
    { text: t("Delete"), danger: true, work: () => { remove(`/cohorts/${item.id}`).then(show).catch(tell); } });
}

show().catch(tell);
