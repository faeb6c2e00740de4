/** The beginning of a study: a folder by its path, or uploaded file by file. */
import { post, upload } from "../api.js";
import { number, t } from "../i18n.js";
import { tried } from "./words.js";

const FILES_AT_ONCE = 100;
const BYTES_AT_ONCE = 64 * 2 ** 20;
const problem = document.getElementById("problem");

async function begin(asked) {
  problem.replaceChildren();
  const draft = await tried(() => post("/drafts", asked), problem);
  if (draft) location.assign(`/studies/drafts/${draft.id}`);
}

document.getElementById("by-path").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const button = event.target.querySelector("button");
  button.disabled = true;
  await begin({ folder: form.get("folder").trim(), patient_id: form.get("patient").trim() || null });
  button.disabled = false;
});

document.getElementById("by-file").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const asked = { study: form.get("study").trim(), out: form.get("out").trim() || null };
  const button = event.target.querySelector("button");
  // a second click would run the study twice, and open its test set twice
  button.disabled = true;
  const study = await tried(() => post("/studies", asked), problem);
  if (study) location.assign(`/studies/${study.id}`);
  button.disabled = false;
});

/** Parts of an upload that one request takes. */
function batches(files) {
  const found = [];
  let bytes = 0;
  for (const file of files) {
    if (!found.length || found.at(-1).length >= FILES_AT_ONCE || bytes + file.size > BYTES_AT_ONCE) { found.push([]); bytes = 0; }
    found.at(-1).push(file);
    bytes += file.size;
  }
  return found;
}

async function send(files) {
  const bar = document.getElementById("progress");
  const line = document.getElementById("uploaded");
  const all = files.reduce((sum, file) => sum + file.size, 0) || 1;
  let sent = 0;
  let key = "";
  bar.hidden = false;
  for (const batch of batches(files)) {
    const form = new FormData();
    const size = batch.reduce((sum, file) => sum + file.size, 0);
    for (const file of batch) form.append("files", file, file.webkitRelativePath || file.name);
    const done = await tried(() => upload(key ? `/uploads?into=${key}` : "/uploads", form, (part) => { bar.value = (sent + part * size) / all; }), problem);
    if (!done) { bar.hidden = true; return; }
    key = done.id;
    sent += size;
    line.textContent = t("{n} files", { n: number(done.files) });
  }
  await begin({ upload: key });
  bar.hidden = true;
}

for (const id of ["files", "single"]) {
  document.getElementById(id).addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    if (files.length) send(files);
  });
}
