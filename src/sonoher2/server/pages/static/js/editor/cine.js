/** The bar of a cine: a slider over its frames, and play. */
import { h } from "../dom.js";
import { number, t } from "../i18n.js";
import { icon } from "./icons.js";

const PER_SECOND = 12;

export class Cine {
  /**
   * @param {number} frames @param {number} frame From 1.
   * @param {(frame: number) => Promise<void>} show Shows a frame; play waits for it.
   */
  constructor(frames, frame, show) {
    this.frames = frames;
    this.frame = frame;
    this.shows = show;
    this.timer = null;
    this.slider = h("input", { type: "range", min: 1, max: frames, step: 1, value: frame, "aria-label": t("Frame"), on: { input: () => { this.stop(); this.go(Number(this.slider.value)); } } });
    this.text = h("output", { class: "numbers" });
    this.button = h("button", { type: "button", class: "button small", on: { click: () => this.toggle() } });
    this.element = h("div", { class: "cine no-print" }, this.button, this.slider, this.text);
    this.#write();
  }

  #write() {
    this.slider.value = this.frame;
    this.text.textContent = t("{n} of {all}", { n: number(this.frame), all: number(this.frames) });
    this.button.replaceChildren(icon(this.timer ? "pause" : "play"), this.timer ? t("Pause") : t("Play"));
  }

  async go(frame) {
    this.frame = Math.min(this.frames, Math.max(1, frame));
    this.#write();
    await this.shows(this.frame);
  }

  toggle() { this.timer ? this.stop() : this.play(); }

  play() {
    const next = async () => {
      await this.go((this.frame % this.frames) + 1);
      if (this.timer) this.timer = setTimeout(next, 1000 / PER_SECOND);
    };
    this.timer = setTimeout(next, 0);
    this.#write();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.#write();
  }
}
