/** What a folder holds: patients, images and what belongs to them, what must be confirmed. */
import { h } from "../dom.js";
import { number, t } from "../i18n.js";

const PROBLEMS = {
  "": "", no_patient: t("no patient"), unknown_patient: t("a patient that is not in the table"), no_mask: t("no mask"),
};

export function showFound(place, draft) {
  const images = draft.images;
  const without = images.unpaired;
  place.replaceChildren(
    h("ul", { class: "facts" },
      fact(t("patients"), draft.patients), fact(t("images"), images.count), fact(t("with a mask"), images.masks),
      images.count ? fact(t("patients without an image"), without.patients_without_image) : null,
      without.images_without_patient ? fact(t("images without a patient"), without.images_without_patient) : null,
      without.images_of_unknown_patients ? fact(t("images of patients that are not in the table"), without.images_of_unknown_patients) : null),
    notes(draft.notes), pairs(images), skipped(without.files));
}

const fact = (name, value) => h("li", {}, h("strong", {}, number(value)), ` ${name}`);

function notes(questions) {
  if (!questions.length) return "";
  return h("div", { class: "caution" }, h("h3", {}, t("Please confirm")), h("ul", {}, questions.map((one) => h("li", {}, one))));
}

function pairs(images) {
  if (!images.pairs.length) return "";
  const rows = images.pairs.map((one) => h("tr", {},
    h("td", { "data-label": t("Patient") }, one.patient ?? "–"), h("td", { "data-label": t("Image") }, one.image),
    h("td", { "data-label": t("Mask") }, one.masks.join(", ") || "–"), h("td", {}, PROBLEMS[one.problem])));
  const bad = images.pairs.filter((one) => one.problem).length;
  const more = images.count > images.pairs.length ? t("The first {n} of {all} images, those with a problem before the others.", { n: number(images.pairs.length), all: number(images.count) }) : "";
  return h("details", { open: bad > 0 }, h("summary", {}, t("Images and what belongs to them")), more ? h("p", {}, more) : null,
    h("div", { class: "scroll" }, h("table", { class: "list folds" },
      h("thead", {}, h("tr", {}, [t("Patient"), t("Image"), t("Mask"), t("Problem")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows))));
}

function skipped(files) {
  if (!files.length) return "";
  return h("details", {}, h("summary", {}, t("Files that are not used ({n})", { n: number(files.length) })),
    h("ul", { class: "small" }, files.map(([path, reason]) => h("li", {}, `${path}: ${reason}`))));
}
