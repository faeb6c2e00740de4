/** Icons of the tools, drawn as lines on 24 x 24. */
import { svg } from "../dom.js";

const PATHS = {
  move: "M12 3v18M3 12h18M12 3l-3 3M12 3l3 3M12 21l-3-3M12 21l3-3M3 12l3-3M3 12l3 3M21 12l-3-3M21 12l-3 3",
  brush: "M14 4l6 6-8 8H6v-6zM4 21h16",
  eraser: "M9 19l-5-5L14 4l6 6-9 9zM9 9l6 6M7 20h13",
  polygon: "M12 4l8 6-3 9H7l-3-9zM12 4h.01M20 10h.01M17 19h.01M7 19h.01M4 10h.01",
  box: "M5 5h14v14H5zM9 12h6M12 9v6",
  ruler: "M3 16L16 3l5 5L8 21zM7 12l2 2M10 9l2 2M13 6l2 2",
  undo: "M9 6l-5 5 5 5M4 11h10a5 5 0 0 1 0 10h-3",
  redo: "M15 6l5 5-5 5M20 11H10a5 5 0 0 0 0 10h3",
  auto: "M5 19L15 9M17 3v4M15 5h4M20 11v3M18.5 12.5h3M9 3v3M7.5 4.5h3",
  grow: "M12 8a4 4 0 1 0 .01 0M12 1v4M12 19v4M1 12h4M19 12h4",
  shrink: "M12 9.500a2.500 2.500 0 1 0 .01 0M12 1v5l-2-2M12 6l2-2M12 23v-5l-2 2M12 18l2 2M1 12h5l-2-2M6 12l-2 2M23 12h-5l2-2M18 12l2 2",
  fill: "M12 3a9 9 0 1 0 .01 0M12 8a4 4 0 1 0 .01 0M12 9.500v5M9.500 12h5",
  largest: "M9 6a6 6 0 1 0 .01 0M18.500 4l3 3M21.500 4l-3 3M19 15l3 3M22 15l-3 3",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  out: "M10 4a6 6 0 1 0 .01 0M15 15l6 6M7 10h6",
  in: "M10 4a6 6 0 1 0 .01 0M15 15l6 6M7 10h6M10 7v6",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  hide: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6S2 12 2 12zM4 20L20 4",
  beside: "M3 5h8v14H3zM13 5h8v14h-8z",
  light: "M12 8a4 4 0 1 0 .01 0M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  keys: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  play: "M7 4l12 8-12 8z",
  pause: "M8 5v14M16 5v14",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
