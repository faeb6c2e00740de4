/** What is known of the image: its file, its size, how large a pixel is. */
import { h } from "../dom.js";
import { figures, number, t } from "../i18n.js";

/** Height and width of a pixel, or its side where they are the same. @param {[number, number]} size In mm. */
export function pixelSize([height, width]) {
  return height === width ? t("{n} mm", { n: figures(height, 4) }) : t("{height} × {width} mm", { height: figures(height, 4), width: figures(width, 4) });
}

export class Facts {
  /** @param {HTMLElement} host @param {{onName: (name: string) => void, onSize: (mm: number|null) => void, onRuler: () => void}} calls */
  constructor(host, calls) {
    this.calls = calls;
    this.name = h("input", { id: "case-name", type: "text", maxlength: 200, autocomplete: "off", on: { input: () => calls.onName(this.name.value) } });
    this.list = h("dl", { class: "facts" });
    this.size = h("div", {});
    const name = h("div", { class: "field" }, h("label", { for: "case-name" }, t("Name of the case")), this.name, h("p", { class: "help" }, t("For you to find it again. A study number is better than a patient's name.")));
    host.classList.add("image-facts");
    host.replaceChildren(this.list, h("div", { class: "fields one" }, name, this.size));
  }

  /** @param {any} record */
  show(record) {
    const { image } = record;
    if (this.name !== document.activeElement) this.name.value = record.name;
    const [left, top, right, bottom] = image.b_mode;
    const whole = right - left === image.columns && bottom - top === image.rows;
    const rows = [
      [t("File"), image.name],
      [t("Picture"), t("{kind}, {columns} × {rows} pixels", { kind: image.kind, columns: number(image.columns), rows: number(image.rows) })],
      image.frames > 1 && [t("Frames"), number(image.frames)],
      [t("B-mode area"), whole ? t("the whole picture") : t("{columns} × {rows} pixels, dashed in the picture", { columns: number(right - left), rows: number(bottom - top) })],
      [t("Size of a pixel"), this.#sizeText(image)],
    ].filter(Boolean);
    this.list.replaceChildren(...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
    this.#showSize(image);
  }

  #sizeText({ mm_per_pixel: size, mm_source: source }) {
    if (!size) return t("unknown: lengths are in pixels");
    const text = pixelSize(size);
    return source === "file" ? t("{size}, from the file", { size: text }) : t("{size}, given by you", { size: text });
  }

  /** A size that the file states stays; any other can be typed or measured. */
  #showSize(image) {
    const stated = image.mm_source === "file" && image.mm_per_pixel;
    if (stated || this.size.contains(document.activeElement)) { if (stated) this.size.replaceChildren(); return; }
    const input = h("input", { id: "pixel-size", type: "text", inputmode: "decimal", autocomplete: "off", value: image.mm_per_pixel ? String(Number(image.mm_per_pixel[0].toPrecision(6))) : "" });
    const wrong = h("p", { class: "wrong", id: "pixel-wrong", role: "alert" });
    input.setAttribute("aria-describedby", "pixel-wrong");
    input.addEventListener("change", () => {
      const text = input.value.trim().replace(",", ".");
      const value = Number(text);
      const bad = text !== "" && !(value > 0 && value < 100);
      wrong.textContent = bad ? t("Give a size above 0 in mm, such as 0.1.") : "";
      input.setAttribute("aria-invalid", String(bad));
      if (!bad) this.calls.onSize(text ? value : null);
    });
    this.size.replaceChildren(h("div", { class: "field" },
      h("label", { for: "pixel-size" }, t("Side of a pixel"), " ", h("span", { class: "unit" }, t("mm"))),
      h("div", { class: "joined" }, input, h("button", { type: "button", class: "button", on: { click: this.calls.onRuler } }, t("Measure with the ruler"))), wrong));
  }
}
