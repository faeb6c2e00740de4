/** A draft: what was found, what each column is, what is predicted, the file, the check, the run. */
import { ApiError, call, get, patch, post } from "../api.js";
import { h, say } from "../dom.js";
import { t } from "../i18n.js";
import { showColumns } from "./columns.js";
import { showFound } from "./found.js";
import { showChecked, showProblems } from "./findings.js";
import { showSettings, showTarget } from "./target.js";
import { refusal, tried } from "./words.js";

const root = document.getElementById("draft");
const key = root.dataset.draft;
const body = (id) => root.querySelector(`#${id} .body`);
const yaml = document.getElementById("yaml");
const takeBack = document.getElementById("undo-yaml");
let draft = null;
let turn = Promise.resolve(true);
let waiting = 0;

const kept = () => draft.yaml.replace(/\r\n?/g, "\n");
const edited = () => draft !== null && yaml.value !== kept();
const markEdited = () => { takeBack.hidden = !edited(); };

/** Text of the study file that is not saved yet would be lost, or undo a change elsewhere: it is saved or taken back first. */
function refusedByText() {
  if (!edited()) return false;
  const wrong = document.getElementById("wrong");
  wrong.replaceChildren(h("p", { class: "problem" }, t("The text of the study file has changes that are not saved. Save the file, or take the changes back.")));
  wrong.scrollIntoView({ block: "center" });
  return true;
}

/** Send a change when those before it have been answered. @returns {Promise<boolean>} Whether it is kept. */
function change(what) {
  if (what.yaml === undefined && refusedByText()) { show(draft); return Promise.resolve(false); }
  waiting += 1;
  // what a control sends rests on what the page showed then
  const { version } = draft;
  turn = turn.catch(() => false).then(() => send(what, version)).finally(() => { waiting -= 1; });
  return turn;
}

/** Whether the draft is as the page shows it: all that was changed is kept. */
async function settled() {
  if (refusedByText()) return false;
  return waiting === 0 || turn;
}

/** Send a change and show the draft as it is then; what was refused is said above all. */
async function send(what, version) {
  const wrong = document.getElementById("wrong");
  try {
    show(await patch(`/drafts/${key}`, what, version));
    wrong.replaceChildren();
    say(t("Saved"));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    wrong.replaceChildren(refusal(error));
    wrong.scrollIntoView({ block: "center" });
    // what the page shows goes back to what is kept
    if (error.status === 412) show(await get(`/drafts/${key}`), what.yaml); else if (what.yaml === undefined) show(draft);
    return false;
  }
}

/** @param {any} found The draft. @param {string} [text] Of the study file, where another one than the draft's is to stay to be saved. */
function show(found, text = edited() ? yaml.value : undefined) {
  const focused = document.activeElement?.id;
  draft = found;
  document.getElementById("title").textContent = draft.title;
  document.getElementById("folder").textContent = draft.folder;
  showFound(body("found"), draft);
  showProblems(body("found"), draft);
  showColumns(body("columns"), draft, change);
  showTarget(body("target"), draft, change);
  showSettings(body("settings"), draft, change);
  yaml.value = text ?? draft.yaml;
  markEdited();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

document.getElementById("save-yaml").addEventListener("click", () => change({ yaml: yaml.value }));
yaml.addEventListener("input", markEdited);
takeBack.addEventListener("click", () => { show(draft, draft.yaml); document.getElementById("wrong").replaceChildren(); });
addEventListener("beforeunload", (event) => { if (edited()) event.preventDefault(); });

document.getElementById("do-check").addEventListener("click", async (event) => {
  const button = event.target;
  const place = body("check");
  button.disabled = true;
  if (await settled()) {
    place.replaceChildren(h("p", {}, t("Tables and images are read; this may take minutes.")));
    const found = await tried(() => call("POST", `/drafts/${key}/check`), place);
    if (found) showChecked(place, found);
  }
  button.disabled = false;
});

document.getElementById("do-run").addEventListener("click", async (event) => {
  const button = event.target;
  // a second click would run the study twice, and open its test set twice
  button.disabled = true;
  const study = (await settled()) ? await tried(() => post("/studies", { draft: key }), body("check")) : undefined;
  if (study) location.assign(`/studies/${study.id}`);
  button.disabled = false;
});

get(`/drafts/${key}`).then((found) => show(found), (error) => document.getElementById("wrong").replaceChildren(refusal(error)));
