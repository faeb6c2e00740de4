/** The list of cases, and the place where an image is dropped. */
import { ApiError, get, remove, upload } from "./api.js";
import { h, say } from "./dom.js";
import { dialog } from "./editor/dialog.js";
import { moment, number, t } from "./i18n.js";

const list = document.getElementById("cases");
const drop = document.getElementById("drop");
let offset = 0;

async function showList() {
  const limit = Number(list.dataset.limit);
  const found = await get(`/cases?offset=${offset}&limit=${limit}`);
  if (!found.items.length && offset) { offset = Math.max(0, offset - limit); await showList(); return; }
  const short = document.getElementById("recent");
  if (short) short.hidden = !found.items.length;
  list.replaceChildren(found.items.length ? table(found.items) : h("p", { class: "empty" }, t("No cases yet. Choose an image to begin.")));
  if (!short && found.total > limit) list.append(pages(found.total, limit));
}

const nameOf = (item) => item.name || item.image.name;

function table(items) {
  const head = [t("Case"), t("Image"), t("Outline"), t("Predictions"), t("Changed")];
  return h("table", { class: "list folds" },
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)), h("td", {}))),
    h("tbody", {}, items.map(row)));
}

function row(item) {
  const cell = (label, text, extra = {}) => h("td", { "data-label": label, ...extra }, text);
  const outline = item.outlined ? (item.reviewed ? t("reviewed") : t("outlined")) : t("none");
  return h("tr", {},
    h("td", {}, h("a", { href: `/cases/${item.id}` }, nameOf(item))),
    cell(t("Image"), `${item.image.kind}, ${number(item.image.columns)} × ${number(item.image.rows)}`),
    cell(t("Outline"), outline),
    cell(t("Predictions"), number(item.predictions)),
    cell(t("Changed"), moment(item.changed)),
    h("td", {}, h("button", { type: "button", class: "button small", "aria-label": t("Delete {name}", { name: nameOf(item) }), on: { click: () => askToDelete(item) } }, t("Delete"))));
}

function pages(total, limit) {
  const go = (step) => async () => { offset += step * limit; await showList(); };
  return h("p", { class: "actions" },
    h("button", { type: "button", class: "button small", disabled: offset === 0, on: { click: go(-1) } }, t("Newer")),
    t("{from} to {to} of {all}", { from: number(offset + 1), to: number(Math.min(total, offset + limit)), all: number(total) }),
    h("button", { type: "button", class: "button small", disabled: offset + limit >= total, on: { click: go(1) } }, t("Older")));
}

function askToDelete(item) {
  const name = nameOf(item);
  dialog(t("Delete this case?"), [h("p", {}, t("The image, the outline and the predictions of {name} are removed from this server. This cannot be undone.", { name }))],
    { text: t("Delete"), danger: true, work: () => { remove(`/cases/${item.id}`).then(showList).catch(tell); } });
}

function tell(error) {
  if (!(error instanceof ApiError)) throw error;
  say(error.text, { bad: true, closeName: t("Close") });
}

// ------------------------------------------------------------------ a new case

const file = document.getElementById("file");
const model = document.getElementById("model");
const bar = document.getElementById("upload");

async function showModels() {
  const { bundles } = await get("/server");
  model.replaceChildren(...bundles.filter((one) => !one.problem).map((one) => h("option", { value: one.id }, one.title)));
  document.getElementById("model-field").hidden = bundles.length < 2;
}

async function begin(chosen) {
  if (!chosen) return;
  const form = new FormData();
  form.append("image", chosen, chosen.name);
  if (model.value) form.append("bundle", model.value);
  bar.hidden = false;
  drop.classList.add("busy");
  try {
    const made = await upload("/cases", form, (share) => (share < 1 ? (bar.value = share) : bar.removeAttribute("value")));
    location.assign(`/cases/${made.id}`);
  } catch (error) {
    bar.hidden = true;
    file.value = "";
    tell(error);
  }
}

file.addEventListener("change", () => begin(file.files[0]));
drop.addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  begin(event.dataTransfer.files[0]);
});
addEventListener("pageshow", () => { file.value = ""; bar.hidden = true; });

Promise.all([showList(), showModels()]).catch(tell);
