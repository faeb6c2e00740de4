/** Words for what the server names by codes: states, parts of a study, pieces of work, what columns are. */
import { ApiError } from "../api.js";
import { h, say } from "../dom.js";
import { each } from "../errors.js";
import { number, t } from "../i18n.js";

export const STATES = {
  queued: t("waiting"), running: t("running"), finished: t("finished"), failed: t("failed"), cancelled: t("stopped"),
  interrupted: t("interrupted"),
};

export const STAGES = {
  "image networks": t("Training networks for images"), cohort: t("Reading the cohort"), features: t("Measuring lesions"),
  checks: t("Checking the cohort"), networks: t("Training networks"), models: t("Fitting models"),
  evaluation: t("Scoring patients"), analyses: t("Analysing"), explanations: t("Explaining"),
  results: t("Putting results together"), writing: t("Writing results"), report: t("Drawing the report"),
};

/** By the English label that the engine gives to a piece of work. */
export const LABELS = {
  "Blurring hot pixels": t("Blurring hot pixels"), "Comparing with training images": t("Comparing with training images"),
  "Cutting out lesions": t("Cutting out lesions"), "Drawing heat maps": t("Drawing heat maps"),
  "Embedding lesions": t("Embedding lesions"), "Preparing networks": t("Preparing networks"),
  "Drawing heat maps to show": t("Drawing heat maps to show"), "Fitting signatures": t("Fitting signatures"),
  "Measuring areas": t("Measuring areas"), "Measuring lesions": t("Measuring lesions"),
  "Measuring perturbed lesions": t("Measuring changed lesions"), "Outlining lesions": t("Outlining lesions"),
  "Randomising networks": t("Randomising networks"), "Reading images": t("Reading images"),
  "Reading pixel sizes": t("Reading pixel sizes"), "Repeating the selection": t("Repeating the selection"),
  "Running frozen stages": t("Running frozen stages"), "Training enhancers by folds": t("Training enhancers by folds"),
  "Training networks by folds": t("Training networks by folds"),
  "Training segmenters by folds": t("Training segmenters by folds"), "Null runs": t("Runs on permuted labels"),
  "Planted runs": t("Runs with a planted signal"),
};

export const ROLES = {
  patient: t("patient"), clinical: t("clinical variable"), waiting: t("known, but not used"), ihc: t("HER2: IHC score"),
  ish: t("HER2: ISH result"), ratio: t("HER2: ratio to CEP17"), copies: t("HER2: copies per cell"),
  status: t("HER2: reported status"), recount: t("HER2: second count"), outcome: t("what is predicted"), image: t("image"),
  mask: t("mask"), second_mask: t("mask of a second reader"), lesion_id: t("lesion"), view: t("view"), site: t("site"),
  scanner: t("ultrasound machine"), date: t("date"), frame: t("frame"), mm_per_pixel: t("size of a pixel (mm)"),
  person: t("names a person, never used"), unused: t("not used"),
};

export const KINDS = { number: t("number"), ordered: t("ordered levels"), category: t("category"), "yes/no": t("yes or no") };
/** What a spelling of a HER2 column can mean, besides missing. */
export const MEANINGS = {
  ihc: ["0", "1+", "2+", "3+"],
  ish: ["positive", "negative", "equivocal", "group 1", "group 2", "group 3", "group 4", "group 5"],
  ratio: [], copies: [], status: ["positive", "low", "ultralow", "zero", "negative"],
};
export const TIMINGS = { "pre-biopsy": t("before the biopsy"), biopsy: t("with the biopsy"), "post-op": t("after surgery") };

/** Write a span of seconds. */
export function span(seconds) {
  if (seconds < 90) return t("{n} s", { n: number(Math.max(1, Math.round(seconds))) });
  if (seconds < 5400) return t("{n} min", { n: number(Math.round(seconds / 60)) });
  return t("{n} h", { n: number(seconds / 3600, 1) });
}

/** What a study does now, in one line. */
export function doing(progress) {
  if (progress.state === "queued") return progress.waits_for ? t("{n} before it", { n: number(progress.waits_for) }) : "";
  if (progress.state !== "running") return "";
  const stage = STAGES[progress.stage] || t("Starting");
  return progress.number ? t("{stage} ({n} of {all})", { stage, n: number(progress.number), all: number(progress.stages) }) : stage;
}

/** Share of a study that is done, by its parts; null where nothing is known yet. */
export function share(progress) {
  if (progress.stage === "report") return 0.97;
  if (!progress.stages) return null;
  const inside = progress.total ? progress.done / progress.total : 0;
  return Math.min(0.95, (progress.number - 1 + inside) / progress.stages);
}

/** Do something that may be refused, and say why. */
export async function tried(work, place = null) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (place) place.replaceChildren(refusal(error));
    else say(error.text, { bad: true, closeName: t("Close") });
    return undefined;
  }
}

/** Show why something was refused: each finding of its own, or the whole in one. */
export function refusal(error) {
  return h("div", { class: "problem" }, each(error) ?? error.text);
}

/** Edit values, one in a line: whatever signs a value holds, it stays whole. */
export function lines(id, values, change) {
  // a cell may hold an end of line, and a line of the field must not
  const shown = (value) => value.replace(/\s+/g, " ").trim();
  const before = new Map(values.map((value) => [shown(value), value]));
  const read = (text) => text.split("\n").map(shown).filter(Boolean).map((line) => before.get(line) ?? line);
  return h("textarea", { id, rows: Math.min(12, Math.max(2, values.length + 1)), on: { change: (event) => change(read(event.target.value)) } }, values.map(shown).join("\n"));
}

export function select(options, chosen, properties, change) {
  const items = Object.entries(options).map(([value, name]) => h("option", { value, selected: value === chosen }, name));
  return h("select", { ...properties, on: { change: (event) => change(event.target.value, event.target) } }, items);
}
