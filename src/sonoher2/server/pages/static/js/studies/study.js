/** One study: how far it is, what it has left, what can be asked next. */
import { call, get, post } from "../api.js";
import { h, say } from "../dom.js";
import { moment, number, percent, t } from "../i18n.js";
import { LABELS, STATES, doing, select, share, span, tried } from "./words.js";

const root = document.getElementById("study");
const key = root.dataset.study;
const at = (id) => document.getElementById(id);
let source = null;

async function load() {
  const study = await tried(() => get(`/studies/${key}`), at("message"));
  if (!study) return;
  show(study);
  if (study.state === "running" || study.state === "queued") listen();
}

function show(study) {
  at("title").textContent = study.title;
  at("about").textContent = study.out;
  showProgress(study.progress);
  at("message").replaceChildren(study.message ? h("pre", { class: "problem" }, study.message) : "");
  at("actions").replaceChildren(...actions(study));
  showResults(study);
  showFurther(study);
  at("jobs").replaceChildren(jobs(study.jobs));
}

function showProgress(progress) {
  const done = share(progress);
  at("state").textContent = STATES[progress.state];
  at("stage").textContent = doing(progress);
  const bar = at("progress");
  bar.hidden = progress.state !== "running";
  if (done === null) bar.removeAttribute("value"); else bar.value = done;
  at("left").textContent = [
    progress.label ? `${LABELS[progress.label] || progress.label}: ${t("{n} of {all}", { n: number(progress.done), all: number(progress.total) })}` : "",
    progress.seconds_left === null ? "" : t("about {time} left in this part", { time: span(progress.seconds_left) }),
    done === null ? "" : percent(done),
    progress.seconds === null ? "" : t("running for {time}", { time: span(progress.seconds) }),
  ].filter(Boolean).join(" · ");
}

/** Follow the study as it goes; the server closes the line when it has ended. */
function listen() {
  source?.close();
  source = new EventSource(`/api/v1/studies/${key}/events`);
  source.addEventListener("progress", (event) => {
    const progress = JSON.parse(event.data);
    showProgress(progress);
    if (progress.state !== "running" && progress.state !== "queued") { source.close(); load(); }
  });
}

const button = (text, work, look = "") => h("button", { type: "button", class: `button ${look}`, on: { click: async (event) => {
  event.target.disabled = true;
  if (await tried(work)) await load(); else event.target.disabled = false;
} } }, text);

function actions(study) {
  if (study.state === "running" || study.state === "queued") return [button(t("Stop"), () => call("POST", `/studies/${key}/cancel`), "danger")];
  if (study.state === "finished") return [];
  return [button(t("Resume"), () => call("POST", `/studies/${key}/resume`), "primary")];
}

function showResults(study) {
  at("results").hidden = !study.has_report;
  if (!study.has_report) return;
  const use = async () => { const used = await call("POST", `/studies/${key}/use`); say(t("Cases may use this model now.")); return used; };
  root.querySelector("#results .body").replaceChildren(h("p", { class: "actions" },
    h("a", { class: "button primary", href: `/api/v1/studies/${key}/report/report.html`, target: "_blank", rel: "noopener" }, t("Open the report")),
    h("a", { class: "button", href: `/studies/compare?id=${key}` }, t("Signatures")),
    study.has_bundle ? h("a", { class: "button", href: `/api/v1/studies/${key}/bundle.zip`, download: true }, t("Download the model")) : null,
    study.has_bundle && !study.used_for_cases ? button(t("Use the model for cases"), use) : null,
    study.used_for_cases ? h("span", { class: "badge" }, t("used for cases")) : null));
}

async function showFurther(study) {
  const open = study.state === "finished" && study.has_bundle;
  at("further").hidden = !open;
  if (!open) return;
  root.querySelector("#further .body").replaceChildren(await validation(study), audits(study));
}

async function validation(study) {
  const drafts = (await tried(() => get("/drafts"))) || [];
  const others = drafts.filter((one) => one.id !== study.draft);
  const options = Object.fromEntries(others.map((one) => [one.id, `${one.title} (${moment(one.changed)})`]));
  let chosen = others[0]?.id;
  const run = async () => {
    const made = await post(`/studies/${key}/validate`, { draft: chosen });
    location.assign(`/studies/${made.id}`);
    return made;
  };
  return h("section", { class: "card" }, h("h3", {}, t("Validate on another cohort")),
    h("p", {}, t("The frozen model meets patients that it has never seen. Make a draft of their folder first.")),
    others.length ? h("div", { class: "field" }, h("label", { for: "cohort" }, t("Draft of the cohort")), select(options, chosen, { id: "cohort" }, (one) => { chosen = one; })) : null,
    h("p", { class: "actions" }, others.length ? button(t("Validate"), run) : h("a", { class: "button", href: "/studies/new" }, t("Make a draft"))));
}

function audits(study) {
  const ask = (kind) => () => post(`/studies/${key}/audits`, { kind });
  const done = (kind) => (study.audits.includes(kind) ? h("span", { class: "badge" }, t("in the report")) : null);
  return h("section", { class: "card" }, h("h3", {}, t("Audit the study")),
    h("p", {}, t("The whole pipeline again on permuted labels, where nothing may be found, or on labels with a planted signal, where something must be. It takes many times as long as the study.")),
    h("p", { class: "actions" }, button(t("Permuted labels"), ask("null")), done("null"), button(t("Planted signal"), ask("planted")), done("planted")));
}

function jobs(found) {
  const when = (iso) => (iso ? moment(iso) : "–");
  return h("table", { class: "list folds" },
    h("thead", {}, h("tr", {}, [t("Command"), t("State"), t("Started"), t("Ended")].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, found.map((one) => h("tr", {},
      h("td", {}, h("code", { class: "typed" }, one.typed)), h("td", { "data-label": t("State") }, STATES[one.state]),
      h("td", { "data-label": t("Started") }, when(one.started)), h("td", { "data-label": t("Ended") }, when(one.ended))))));
}

at("log").addEventListener("toggle", async () => {
  if (!at("log").open) return;
  const log = await tried(() => get(`/studies/${key}/log`));
  if (!log) return;
  const text = at("log").querySelector("pre");
  text.textContent = log.text || t("Nothing yet.");
  text.scrollTop = text.scrollHeight;
});

load();
