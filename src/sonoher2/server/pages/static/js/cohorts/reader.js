/** Who reads: asked once, where one person's machine serves several readers. */
import { call, get, readAs } from "../api.js";
import { h } from "../dom.js";
import { dialog } from "../editor/dialog.js";
import { t } from "../i18n.js";

/** Ask for a name. @param {{name: string, chosen: boolean}} reader */
export function askReader(reader) {
  const input = h("input", { id: "reader-name", type: "text", maxlength: 64, autocomplete: "off", value: reader.chosen ? reader.name : "" });
  const wrong = h("p", { class: "wrong", id: "reader-wrong", role: "alert" });
  dialog(t("Who reads?"), [
    h("p", {}, t("Outlines are kept under this name, and nobody else changes them. It stays in this browser.")),
    h("div", { class: "field" }, h("label", { for: "reader-name" }, t("Name of the reader")), input, wrong),
  ], { text: t("Read under this name"), work: () => {
    call("PUT", "/reader", { json: { name: input.value } }).then(() => location.reload(), (error) => {
      wrong.textContent = error.text;
      input.setAttribute("aria-invalid", "true");
    });
    return false;
  } });
  input.focus();
}

/** Who reads, with a way to change it; asks where nobody has said so yet. @returns {Promise<HTMLElement>} */
export async function readerLine() {
  const reader = await get("/reader");
  readAs(reader.name);
  if (!reader.free) return h("p", {}, t("You read as {name}.", { name: reader.name }));
  if (!reader.chosen) askReader(reader);
  return h("p", { class: "reader" }, t("You read as {name}.", { name: reader.name }), " ",
    h("button", { type: "button", class: "link", on: { click: () => askReader(reader) } }, t("Change reader")));
}
