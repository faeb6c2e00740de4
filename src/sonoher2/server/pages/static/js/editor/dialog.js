/** A dialog over the page; the browser holds the focus in it. */
import { h } from "../dom.js";
import { t } from "../i18n.js";

let dialogs = 0;

/**
 * Show a dialog.
 * @param {string} title
 * @param {Node[]} body
 * @param {{text: string, work: () => boolean|void, danger?: boolean}} [action] A second button; the dialog stays when `work` gives false.
 * @returns {HTMLDialogElement}
 */
export function dialog(title, body, action = null) {
  const name = `dialog-${++dialogs}`;
  const close = () => { box.close(); box.remove(); };
  const box = h("dialog", { "aria-labelledby": name, on: { close: () => box.remove() } });
  const form = h("form", { method: "dialog", on: { submit: (event) => {
    event.preventDefault();
    if (!action || action.work() !== false) close();
  } } }, h("h2", { id: name }, title), ...body, h("div", { class: "actions" },
    h("button", { class: "button", type: "button", on: { click: close } }, action ? t("Cancel") : t("Close")),
    action && h("button", { class: `button ${action.danger ? "danger" : "primary"}`, type: "submit" }, action.text)));
  box.append(form);
  document.body.append(box);
  box.showModal();
  return box;
}
