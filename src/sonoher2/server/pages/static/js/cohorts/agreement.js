/** How far readers agree: overlap of outlines, missed lesions, and the agreement of measurements. */
import { get } from "../api.js";
import { h, svg } from "../dom.js";
import { number, t } from "../i18n.js";
import { figure, measureName, readerName, tell } from "./words.js";

const DIFFER = 0.8;
const WAIT = 3000;
const FEWEST = 10;
const host = document.getElementById("agreement");
const path = `/cohorts/${host.dataset.cohort}`;

async function show() {
  const found = await get(`${path}/agreement`);
  if (!found.pairs.length) {
    host.replaceChildren(h("p", { class: "empty" }, t("No image has been finished by two readers yet.")));
    return;
  }
  host.replaceChildren(overlap(found), measures(found), images(found));
  if (found.waiting) setTimeout(() => show().catch(tell), WAIT);
}

const names = (...readers) => readers.map(readerName).join(" – ");

function table(head, rows) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": head[0] }, h("table", { class: "list" },
    h("thead", {}, h("tr", {}, head.map((name, place) => h("th", { scope: "col", class: place ? "number" : null }, name)))),
    h("tbody", {}, rows)));
}

const cells = (first, ...rest) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((one) => h("td", { class: "number" }, one)));

function overlap(found) {
  const rows = found.pairs.map((pair) => cells(names(pair.first, pair.second), number(pair.images), number(pair.drawn), figure(pair.dice),
    pair.median === null ? "–" : number(pair.median, 2), pair.lowest === null ? "–" : number(pair.lowest, 2), number(pair.missed_by_first), number(pair.missed_by_second), number(pair.seen_by_neither)));
  return h("section", { class: "part" }, h("h2", {}, t("Overlap of outlines")),
    h("p", {}, t("Dice: twice the common area over the sum of both areas, of images on which both have outlined a lesion; 95 % interval over patients. A lesion that one of the two did not see is counted apart.")),
    table([t("Readers"), t("Images"), t("Both outlined"), t("Mean Dice"), t("Median"), t("Lowest"), t("Missed by the first"), t("Missed by the second"), t("Seen by neither")], rows),
    found.images.some((one) => one.dice !== null) ? strips(found) : null);
}

/** Each image a dot on the line of its pair; a missed lesion is a cross at 0; the mean with its interval above. */
function strips({ pairs, images }) {
  const x = (dice) => 200 + dice * 480;
  const height = 48;
  const lines = pairs.map((pair, place) => {
    const y = 24 + place * height;
    const own = images.filter((one) => one.first === pair.first && one.second === pair.second && one.dice !== null);
    return svg("g", {},
      svg("text", { x: 190, y: y + 4, "text-anchor": "end" }, names(pair.first, pair.second)),
      svg("line", { class: "rail", x1: x(0), x2: x(1), y1: y, y2: y }),
      own.map((one) => (one.missed
        ? svg("path", { class: "missed", d: `M${x(0) - 4} ${y - 4}l8 8m0 -8l-8 8` }, svg("title", {}, t("{patient}: missed by {name}", { patient: one.patient_id, name: readerName(one.missed) })))
        : svg("circle", { class: "dot", cx: x(one.dice), cy: y, r: 5 }, svg("title", {}, `${one.patient_id}: ${number(one.dice, 2)}`)))),
      pair.dice.low === null ? null : svg("line", { class: "interval", x1: x(pair.dice.low), x2: x(pair.dice.high), y1: y + 14, y2: y + 14 }),
      pair.dice.value === null ? null : svg("circle", { class: "mean", cx: x(pair.dice.value), cy: y + 14, r: 5 }));
  });
  const foot = 24 + pairs.length * height;
  return h("figure", { class: "dice" }, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("Dice of each image, by pair of readers") },
    svg("svg", { class: "strips", viewBox: `0 0 700 ${foot + 24}`, role: "img", "aria-label": t("Dice of each image, by pair of readers") }, lines,
      [0, 0.2, 0.4, 0.6, 0.8, 1].map((tick) => svg("text", { class: "soft", x: x(tick), y: foot + 8, "text-anchor": "middle" }, number(tick, 1))))),
    h("figcaption", { class: "soft small" }, t("Dots: images that you may see. Crosses at 0: lesions that one of the two did not see. Ring and bar: mean with 95 % interval.")));
}

function measures(found) {
  const groups = [...new Set(found.measures.map((one) => one.readers.join("\n")))];
  const wanted = [...new Set(found.measures.map((one) => one.measure))];
  const rows = wanted.map((measure) => cells(measureName(measure, found.area_unit), ...groups.map((group) => {
    const one = found.measures.find((row) => row.measure === measure && row.readers.join("\n") === group);
    return one ? figure(one.icc) : "–";
  })));
  const counts = groups.map((group) => found.measures.find((row) => row.readers.join("\n") === group));
  const few = counts.some((one) => one.images < FEWEST);
  return h("section", { class: "part" }, h("h2", {}, t("Agreement of measurements")),
    h("p", {}, t("ICC(2,1): two-way random effects, absolute agreement, one reader (Shrout and Fleiss 1979), of images that all readers of a column have outlined; 95 % interval by drawing patients with all their images. A study keeps features by the same ICC.")),
    found.waiting ? h("p", { class: "note", role: "status" }, t("{n} outlines are still being measured.", { n: number(found.waiting) })) : null,
    few && rows.length ? h("p", { class: "caution" }, t("Fewer than {n} images: the ICC says little yet.", { n: number(FEWEST) })) : null,
    rows.length ? table([t("Measurement"), ...groups.map((group) => names(...group.split("\n")))], [...rows,
      cells(t("Images (patients)"), ...counts.map((one) => t("{n} ({patients})", { n: number(one.images), patients: number(one.patients) })))]) : h("p", { class: "soft" }, t("No image has two measured outlines yet.")));
}

function images(found) {
  const differ = found.images.filter((one) => one.dice !== null && one.dice < DIFFER).sort((a, b) => a.dice - b.dice || a.number - b.number);
  const rows = differ.map((one) => h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `${path}/images/${one.image}/decide` }, one.patient_id), " ", h("span", { class: "soft small" }, one.name)),
    h("td", { class: "number" }, names(one.first, one.second)),
    h("td", { class: "number" }, one.missed ? t("missed by {name}", { name: readerName(one.missed) }) : number(one.dice, 2)),
    h("td", { class: "number" }, one.decided ? t("decided") : t("open"))));
  return h("section", { class: "part" }, h("h2", {}, t("Images on which readers differ")),
    h("p", {}, t("Dice below {n}, or a lesion that one of the two did not see. Images that you have not finished are not listed.", { n: number(DIFFER, 1) })),
    rows.length ? table([t("Image"), t("Readers"), t("Dice"), t("Decision")], rows) : h("p", { class: "empty" }, t("There is none.")));
}

show().catch(tell);
