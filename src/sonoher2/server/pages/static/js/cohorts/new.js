/** A new cohort: of a draft of this server, or of a path on this machine. */
import { ApiError, get, post } from "../api.js";
import { h } from "../dom.js";
import { each } from "../errors.js";
import { t } from "../i18n.js";

const form = document.getElementById("new");
const draft = document.getElementById("draft");
const source = document.getElementById("source");
const problem = document.getElementById("problem");
const sourceField = document.getElementById("source-field");

async function showDrafts() {
  const found = await get("/drafts").catch((error) => { if (error instanceof ApiError) return []; throw error; });
  const drafts = Array.isArray(found) ? found : found.items ?? [];
  draft.replaceChildren(h("option", { value: "" }, t("none: a path on this machine")), ...drafts.map((one) => h("option", { value: one.id }, one.title || one.id)));
  document.getElementById("draft-field").hidden = !drafts.length;
  if (drafts.some((one) => one.id === form.dataset.draft)) draft.value = form.dataset.draft;
  showSource();
}

function showSource() { sourceField.hidden = Boolean(draft.value); }

async function begin() {
  problem.replaceChildren();
  source.removeAttribute("aria-invalid");
  const body = { title: form.elements.title.value, start: form.elements.start.value };
  if (draft.value) body.draft = draft.value;
  else body.source = source.value.trim();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  button.textContent = t("Reading …");
  try {
    const made = await post("/cohorts", body);
    location.assign(`/cohorts/${made.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (body.source !== undefined) source.setAttribute("aria-invalid", "true");
    problem.replaceChildren(h("div", { class: "problem", role: "alert" }, each(error) ?? error.text));
    button.disabled = false;
    button.textContent = t("Begin");
  }
}

draft.addEventListener("change", showSource);
form.addEventListener("submit", (event) => { event.preventDefault(); begin(); });
showDrafts();
