/** The list of studies and drafts. */
import { get } from "../api.js";
import { h } from "../dom.js";
import { moment, percent, t } from "../i18n.js";
import { STATES, doing, share, tried } from "./words.js";

const EVERY = 2000;
const chosen = new Set();
const place = document.getElementById("studies");
const compare = document.getElementById("compare");

async function show() {
  const studies = await tried(() => get("/studies"), place);
  if (!studies) return;
  const focused = document.activeElement?.id;
  place.replaceChildren(studies.length ? table(studies) : h("p", { class: "empty" }, t("No studies yet. Begin with a folder.")));
  if (focused) document.getElementById(focused)?.focus();
  if (studies.some((one) => one.state === "running" || one.state === "queued")) setTimeout(show, EVERY);
}

function table(studies) {
  const head = [t("Study"), t("Kind"), t("State"), t("Started"), t("By")];
  return h("table", { class: "list folds" },
    h("thead", {}, h("tr", {}, h("td", {}), head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, studies.map(row)));
}

function row(one) {
  const done = one.state === "running" ? share(one.progress) : null;
  const state = [STATES[one.state], done === null ? "" : percent(done), doing(one.progress)].filter(Boolean).join(", ");
  const box = h("input", {
    type: "checkbox", id: `choose-${one.id}`, checked: chosen.has(one.id), disabled: !one.has_report,
    "aria-label": t("Choose {name} for a comparison", { name: one.title }), on: { change: (event) => choose(one.id, event.target.checked) },
  });
  return h("tr", {},
    h("td", {}, box),
    h("td", {}, h("a", { href: `/studies/${one.id}` }, one.title)),
    h("td", { "data-label": t("Kind") }, one.kind === "validation" ? t("validation") : t("study")),
    h("td", { "data-label": t("State") }, state),
    h("td", { "data-label": t("Started") }, moment(one.created)),
    h("td", { "data-label": t("By") }, one.owner));
}

function choose(id, on) {
  if (on) chosen.add(id); else chosen.delete(id);
  compare.setAttribute("aria-disabled", String(chosen.size < 2));
  compare.href = `/studies/compare?${[...chosen].map((one) => `id=${encodeURIComponent(one)}`).join("&")}`;
}

async function showDrafts() {
  const drafts = await tried(() => get("/drafts"));
  if (!drafts?.length) return;
  const section = document.getElementById("drafts");
  section.hidden = false;
  section.querySelector("div").replaceChildren(h("table", { class: "list folds" },
    h("thead", {}, h("tr", {}, [t("Draft"), t("Changed"), t("By")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, drafts.map((one) => h("tr", {},
      h("td", {}, h("a", { href: `/studies/drafts/${one.id}` }, one.title)),
      h("td", { "data-label": t("Changed") }, moment(one.changed)),
      h("td", { "data-label": t("By") }, one.owner))))));
}

compare.addEventListener("click", (event) => { if (chosen.size < 2) event.preventDefault(); });
show();
showDrafts();
