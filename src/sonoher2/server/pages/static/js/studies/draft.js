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
let draft = null;

/** Send a change and show the draft as it is then; what was refused is said above all. */
async function change(what) {
  const wrong = document.getElementById("wrong");
  try {
    show(await patch(`/drafts/${key}`, what, draft.version));
    wrong.replaceChildren();
    say(t("Saved"));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    wrong.replaceChildren(refusal(error));
    wrong.scrollIntoView({ block: "center" });
    // what the page shows goes back to what is kept
    if (error.status === 412) show(await get(`/drafts/${key}`)); else if (what.yaml === undefined) show(draft);
    return false;
  }
}

function show(found) {
  const focused = document.activeElement?.id;
  draft = found;
  document.getElementById("title").textContent = draft.title;
  document.getElementById("folder").textContent = draft.folder;
  showFound(body("found"), draft);
  showProblems(body("found"), draft);
  showColumns(body("columns"), draft, change);
  showTarget(body("target"), draft, change);
  showSettings(body("settings"), draft, change);
  yaml.value = draft.yaml;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

document.getElementById("save-yaml").addEventListener("click", () => change({ yaml: yaml.value }));

document.getElementById("do-check").addEventListener("click", async (event) => {
  const button = event.target;
  const place = body("check");
  button.disabled = true;
  place.replaceChildren(h("p", {}, t("Tables and images are read; this may take minutes.")));
  const found = await tried(() => call("POST", `/drafts/${key}/check`), place);
  if (found) showChecked(place, found);
  button.disabled = false;
});

document.getElementById("do-run").addEventListener("click", async (event) => {
  event.target.disabled = true;
  const study = await tried(() => post("/studies", { draft: key }), body("check"));
  if (study) location.assign(`/studies/${study.id}`);
  event.target.disabled = false;
});

get(`/drafts/${key}`).then(show, (error) => document.getElementById("wrong").replaceChildren(refusal(error)));
