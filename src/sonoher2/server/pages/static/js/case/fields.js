/** The clinical form, made from what the model asks for; values are checked as they are typed. */
import { h } from "../dom.js";
import { figures, t } from "../i18n.js";

/** Words of values that many tables share. */
export function valueName(value) {
  const known = { yes: t("yes"), no: t("no"), positive: t("positive"), negative: t("negative"), low: t("low"), zero: t("zero"), ultralow: t("ultralow") };
  return known[value] ?? value;
}

/** Names of clinical columns that the demo and many studies use; others stand as they are. */
export function labelOf(field) {
  const known = {
    age: t("Age"), menopause: t("Menopause"), "symptom weeks": t("Symptoms since"), "size mm": t("Largest diameter"), nodes: t("Clinical nodes"), "family history": t("Family history"), site: t("Site of the images"),
  };
  return known[field.label] ?? field.label;
}

function unitOf(field) {
  const known = { years: t("years"), weeks: t("weeks"), months: t("months"), days: t("days"), mm: t("mm") };
  return known[field.unit] ?? field.unit;
}

export class ClinicalForm {
  /**
   * @param {HTMLElement} host
   * @param {(values: Record<string, string>) => void} onChange Gets all values that are given, each time.
   */
  constructor(host, onChange) {
    this.host = host;
    this.onChange = onChange;
    this.inputs = new Map();
  }

  /** @param {any[]} fields @param {Record<string, string>} values */
  show(fields, values) {
    this.fields = fields;
    this.inputs.clear();
    this.host.replaceChildren(...fields.map((field, place) => this.#field(field, `clinical-${place}`, values[field.key] ?? "")));
    for (const field of fields) this.#check(field, false);
  }

  /** Values from elsewhere, without touching the one that is being typed. */
  update(values) {
    for (const [key, { input }] of this.inputs) if (input !== document.activeElement) input.value = values[key] ?? "";
  }

  values() {
    const given = [...this.inputs].map(([key, { input }]) => [key, input.value.trim()]);
    return Object.fromEntries(given.filter(([, value]) => value));
  }

  /** Whether every value can be read; the first that cannot gets the focus. */
  valid() {
    const bad = this.fields.filter((field) => !this.#check(field, true));
    if (bad.length) this.inputs.get(bad[0].key).input.focus();
    return !bad.length;
  }

  #field(field, id, value) {
    const number = field.kind === "number";
    const listeners = { input: () => { this.#check(field, false); this.onChange(this.values()); }, change: () => this.#check(field, true) };
    const input = number
      ? h("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": `${id}-help ${id}-wrong`, on: listeners })
      : h("select", { id, "aria-describedby": `${id}-wrong`, on: listeners }, h("option", { value: "" }, t("not given")), field.choices.map((choice) => h("option", { value: choice }, valueName(choice))));
    if (!number && value && !field.choices.includes(value)) input.append(h("option", { value }, value));
    input.value = value;
    const wrong = h("p", { class: "wrong", id: `${id}-wrong`, "aria-live": "polite" });
    const help = h("p", { class: "help", id: `${id}-help` }, this.#help(field));
    this.inputs.set(field.key, { input, wrong, help });
    return h("div", { class: "field" },
      h("label", { for: id }, labelOf(field), field.unit && [" ", h("span", { class: "unit" }, unitOf(field))]), input, help.textContent && help, wrong);
  }

  #help(field) {
    if (field.kind !== "number" || field.low === null || field.high === null) return field.kind === "number" ? field.help : "";
    return t("Training patients: {low} to {high}", { low: figures(field.low, 4), high: figures(field.high, 4) });
  }

  /** @returns {boolean} Whether the value can be read. One outside the training patients' range may be given; it is said. */
  #check(field, strict) {
    // a field that goes away may still tell of a last change
    if (!this.inputs.has(field.key)) return true;
    const { input, wrong } = this.inputs.get(field.key);
    const text = input.value.trim().replace(",", ".");
    const readable = field.kind !== "number" || !text || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
    const half = !strict && /^[+-]?\d*\.?$/.test(text);
    const bad = !readable && !half;
    const outside = readable && text && field.kind === "number" && ((field.low !== null && Number(text) < field.low) || (field.high !== null && Number(text) > field.high));
    input.toggleAttribute("aria-invalid", bad);
    if (bad) input.setAttribute("aria-invalid", "true");
    wrong.classList.toggle("mild", !bad);
    wrong.textContent = bad ? t("Give a number, such as 52.") : outside ? t("Outside the range of the training patients.") : "";
    return !bad;
  }
}
