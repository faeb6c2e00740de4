/** Keys of the editor, in one table: what they do, and what the sheet says of them. They work while the editor has the focus. */
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { dialog } from "./dialog.js";

/** Groups of [keys as shown, words]. */
function groups() {
  return [
    [t("Tools"), [
      [["V"], t("Move the picture")],
      [["B"], t("Brush")],
      [["E"], t("Eraser")],
      [["P"], t("Polygon; hold the pointer to draw freely")],
      [["X"], t("Click in the lesion or draw a box around it: outline it again")],
      [["R"], t("Ruler: measure, and set the scale")],
      [["["], ["]"], t("Smaller or larger brush")],
      [["Shift"], t("Held while drawing: brush and polygon take away")],
    ]],
    [t("Without a pointer"), [
      [["←"], ["→"], ["↑"], ["↓"], t("Move the cursor by a pixel; with Shift by ten")],
      [["Space"], t("Put the tool down, and lift it; with the polygon set a corner")],
      [["Enter"], t("Finish")],
      [["Backspace"], t("Take back the last corner")],
      [["Esc"], t("Cancel what is under way")],
    ]],
    [t("Outline"), [
      [["A"], t("Outline automatically")],
      [["G"], t("Grow")],
      [["S"], t("Shrink")],
      [["F"], t("Fill holes")],
      [["L"], t("Keep the largest part")],
      [["Delete"], t("Clear")],
      [["Ctrl Z"], t("Undo")],
      [["Ctrl Y"], t("Redo")],
    ]],
    [t("View"), [
      [["+"], ["−"], t("Zoom; the wheel too, while the picture has the focus")],
      [["0"], t("Fit the whole picture")],
      [["1"], t("One pixel of the picture on one of the screen")],
      [["H"], t("Held: hide the outline")],
      [["O"], t("Original beside it")],
      [["I"], t("Brightness as it was")],
      [[","], ["."], t("Frame before or after")],
      [["K"], t("Play or pause")],
      [["?"], t("This sheet")],
    ]],
  ];
}

/** Show the sheet of keys. */
export function showKeys() {
  const body = groups().map(([title, rows]) => h("section", {}, h("h3", {}, title), h("dl", { class: "keys" }, rows.map((row) => {
    const words = row[row.length - 1];
    return [h("dt", {}, row.slice(0, -1).map(([key]) => h("kbd", {}, key))), h("dd", {}, words)];
  }).flat())));
  dialog(t("Keys"), [h("p", { class: "soft" }, t("They work while the picture or one of its tools has the focus.")), h("div", { class: "sheet" }, body)]);
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const PLAIN = {
  v: (editor) => editor.choose("move"),
  b: (editor) => editor.choose("brush"),
  e: (editor) => editor.choose("eraser"),
  p: (editor) => editor.choose("polygon"),
  x: (editor) => editor.choose("box"),
  r: (editor) => editor.choose("ruler"),
  "[": (editor) => editor.setRadius(editor.radius - (editor.radius > 10 ? 2 : 1)),
  "]": (editor) => editor.setRadius(editor.radius + (editor.radius >= 10 ? 2 : 1)),
  a: (editor) => editor.outlineAgain(),
  g: (editor) => editor.grow(),
  s: (editor) => editor.shrink(),
  f: (editor) => editor.fillHoles(),
  l: (editor) => editor.keepLargest(),
  delete: (editor) => editor.clear(),
  "+": (editor) => editor.zoom(1.25),
  "=": (editor) => editor.zoom(1.25),
  "-": (editor) => editor.zoom(0.8),
  0: (editor) => editor.fit(),
  1: (editor) => editor.zoom(1 / (globalThis.devicePixelRatio || 1) / editor.place.scale),
  o: (editor) => editor.showBeside(!editor.beside),
  i: (editor) => editor.setLevels(255, 127.5),
  ",": (editor) => editor.options.onFrame?.(-1),
  ".": (editor) => editor.options.onFrame?.(1),
  k: (editor) => editor.options.onPlay?.(),
  "?": () => showKeys(),
};

const ON_PICTURE = {
  " ": (editor) => editor.press(),
  enter: (editor) => editor.tool.finish(),
  escape: (editor) => editor.cancel(),
  backspace: (editor) => editor.tool.back(),
};

/** Do what a key asks for. @returns {boolean} Whether it was one of ours. */
export function handleKey(editor, event, onPicture) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") event.shiftKey ? editor.redo() : editor.undo();
    else if (key === "y") editor.redo();
    else return false;
    return true;
  }
  if (event.altKey) return false;
  if (key === "h") { editor.hide(true); return true; }
  if (onPicture && ARROWS[event.key]) { editor.step(ARROWS[event.key], event.shiftKey ? 10 : 1); return true; }
  const work = (onPicture && ON_PICTURE[key]) || PLAIN[key];
  if (!work) return false;
  work(editor);
  return true;
}
