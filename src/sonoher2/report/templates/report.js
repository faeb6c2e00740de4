// Sorting and filtering of tables, figures as PNG, and the place in the page marked in the navigation.
"use strict";

function sortKey(cell) {
  const text = cell.textContent.trim().replace(/−/g, "-").replace(/,(?=\d{3})/g, "").replace(/^</, "");
  const value = parseFloat(text);
  return Number.isNaN(value) ? null : value;
}

function compare(a, b) {
  const [x, y] = [sortKey(a), sortKey(b)];
  if (x !== null && y !== null && x !== y) return x - y;
  return a.textContent.localeCompare(b.textContent, "en", { numeric: true });
}

function sortBy(table, head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  rows.sort((a, b) => (down ? -1 : 1) * compare(a.cells[head.cellIndex], b.cells[head.cellIndex]));
  body.append(...rows);
}

document.querySelectorAll("table.sortable th").forEach((head) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sortBy(head.closest("table"), head));
});

document.querySelectorAll("input[data-table]").forEach((input) => {
  const figure = input.closest("figure");
  const rows = Array.from(figure.querySelectorAll("tbody tr"));
  const shown = figure.querySelector("output");
  const update = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => { row.hidden = !wanted.every((word) => row.textContent.toLowerCase().includes(word)); });
    shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  };
  input.addEventListener("input", update);
  update();
});

// figures are letters and lines of their own, so that the browser draws what the file would show
async function savePng(figure) {
  const svg = figure.querySelector("svg").cloneNode(true);
  const { width, height } = figure.querySelector("svg").viewBox.baseVal;
  const [across, down] = [width, height].map((points) => Math.round((points / 72) * 300));
  svg.setAttribute("width", across);
  svg.setAttribute("height", down);
  svg.removeAttribute("style");
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: across, height: down });
  const paint = canvas.getContext("2d");
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, across, down);
  paint.drawImage(image, 0, 0);
  const blob = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${figure.id.replace("fig-", "")}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

document.querySelectorAll("figure.drawing").forEach((figure) => {
  const files = figure.querySelector(".files");
  if (files.textContent.includes("PNG")) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "PNG", title: "Save as PNG, 300 dpi" });
  button.addEventListener("click", () => savePng(figure));
  files.append(" ", button);
});

const links = new Map(Array.from(document.querySelectorAll("nav a"), (a) => [a.hash.slice(1), a]));
const observer = new IntersectionObserver((entries) => {
  entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    links.forEach((a) => a.removeAttribute("aria-current"));
    links.get(entry.target.id)?.setAttribute("aria-current", "true");
  });
}, { rootMargin: "-10% 0px -80% 0px" });
document.querySelectorAll("main section").forEach((section) => observer.observe(section));
