// Sorting and filtering of tables, and the place in the page marked in the navigation.
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

const links = new Map(Array.from(document.querySelectorAll("nav a"), (a) => [a.hash.slice(1), a]));
const observer = new IntersectionObserver((entries) => {
  entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    links.forEach((a) => a.removeAttribute("aria-current"));
    links.get(entry.target.id)?.setAttribute("aria-current", "true");
  });
}, { rootMargin: "-10% 0px -80% 0px" });
document.querySelectorAll("main section").forEach((section) => observer.observe(section));
