/** Elements without HTML text: what a person typed can only ever be text. */

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] `class`, `data-*`, `aria-*` and others become attributes; `on` holds listeners; true sets an empty attribute, false and null leave it out.
 * @param {...(Node|string|number|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** Make an SVG element, as `h` does. */
export function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Show a message for some seconds; a bad one stays until it is closed. */
export function say(text, { bad = false, close = "×", closeName = "" } = {}) {
  const box = document.getElementById("messages");
  if (!box) return;
  const line = h("p", { class: bad ? "bad" : null }, text);
  if (bad) line.append(h("button", { class: "link", type: "button", "aria-label": closeName || close, on: { click: () => line.remove() } }, close));
  else setTimeout(() => line.remove(), 6000);
  box.replaceChildren(line);
}

/** Call a function when calls have stopped for a while; `flush` calls it now if it waits. */
export function debounced(work, milliseconds) {
  let timer = null;
  const later = () => { clearTimeout(timer); timer = setTimeout(() => { timer = null; work(); }, milliseconds); };
  later.flush = () => { if (timer === null) return; clearTimeout(timer); timer = null; work(); };
  later.waits = () => timer !== null;
  return later;
}
