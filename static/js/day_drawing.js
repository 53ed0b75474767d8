/** Draws a day's strip: what was recorded as a few SVG paths, the scale, and what stands at a time. */

import { columns, recorded, scaleOf } from "./day_geometry.js";
import { element, setText } from "./dom.js";
import { clock } from "./format.js";
import { offsetMinutes } from "./zone.js";

/** @typedef {import("./day_geometry.js").Span} Span */
/** @typedef {import("./day_geometry.js").Stretch} Stretch */

const SVG = "http://www.w3.org/2000/svg";
/** What has its own path, from the back to the front: where it begins and how high it is, px. */
const KINDS = /** @type {Record<string, {y: number, height: number, isOf: (span: Span) => any}>} */ ({
  recorded: { y: 12, height: 28, isOf: ({ state, clip }) => state !== "recording" && !clip },
  clip: { y: 22, height: 18, isOf: ({ clip }) => clip },
  running: { y: 12, height: 28, isOf: ({ state }) => state === "recording" },
  starred: { y: 12, height: 3, isOf: ({ starred }) => starred },
});
/** Room for a label, px: for one with seconds, and where there are none. */
const [LONG_LABEL_PX, LABEL_PX] = [88, 60];
const HAS_SECONDS_BELOW_S = 900;
const STAR = "m0-5l1.5 3.2 3.5.4-2.6 2.4.7 3.5-3.1-1.8-3.1 1.8.7-3.5-2.6-2.4 3.5-.4z";
/** Two stars have room beside each other, px. */
const STAR_ROOM = 13;
/** Stripes, since colours alone say nothing to some. */
const STRIPES = "day-strip-stripes";

export class DayDrawing {
  /** @type {HTMLElement} */
  node;
  #svg;
  #scale;
  /** @type {Map<string, SVGPathElement>} */
  #paths = new Map();
  /** @type {Map<string, HTMLElement>} */
  #marks = new Map();

  constructor() {
    this.#svg = document.createElementNS(SVG, "svg");
    this.#svg.append(stripes());
    for (const kind of Object.keys(KINDS)) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", kind);
      if (kind === "running") path.setAttribute("fill", `url(#${STRIPES})`);
      this.#paths.set(kind, path);
      this.#svg.append(path);
    }
    this.#scale = element("div", { class: "scale" });
    this.node = element("div", { class: "drawing", "aria-hidden": "true" }, this.#svg, this.#scale);
  }

  get width() {
    return this.node.clientWidth;
  }

  /**
   * @param {Span[]} spans
   * @param {Stretch} view
   * @param {number} now
   */
  show(spans, view, now) {
    const { width } = this;
    for (const [kind, path] of this.#paths) {
      const { y, height, isOf } = KINDS[kind];
      const boxes = columns(recorded(spans.filter(isOf), now), view, width);
      const outline = boxes.map(
        ([x, wide]) => `M${x.toFixed(1)} ${y}h${wide.toFixed(1)}v${height}h-${wide.toFixed(1)}z`,
      );
      path.setAttribute("d", outline.join("") + (kind === "starred" ? stars(boxes) : ""));
    }
    this.#label(view);
    const future = 1 - (now - view.from) / (view.to - view.from);
    this.node.style.setProperty("--future", `${100 * Math.min(1, Math.max(0, future))}%`);
  }

  /** @param {Stretch} view */
  #label(view) {
    const aheadOf = (/** @type {number} */ at) => offsetMinutes(new Date(at * 1000)) * 60;
    const isClose = view.to - view.from < HAS_SECONDS_BELOW_S;
    const most = Math.max(2, this.width / (isClose ? LONG_LABEL_PX : LABEL_PX));
    const { step, times } = scaleOf(view, most, aheadOf);
    const labels = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.#scale.children);
    while (labels.length > times.length) labels[labels.length - 1].remove();
    while (labels.length < times.length) this.#scale.append(element("span"));
    times.forEach((at, index) => {
      setText(labels[index], clock(new Date(at * 1000), { seconds: step < 60 }));
      place(labels[index], at, view);
    });
  }

  /**
   * Something that stands at a time, such as the playhead; null takes it away.
   *
   * @param {string} name its class
   * @param {number | null} at epoch seconds
   * @param {Stretch} view
   */
  mark(name, at, view) {
    let node = this.#marks.get(name);
    if (!node) {
      node = element("div", { class: name });
      this.#marks.set(name, node);
      this.node.append(node);
    }
    node.hidden = at === null || at < view.from || at > view.to;
    if (at !== null) place(node, at, view);
  }
}

/**
 * Stars above those that are kept, as many as have room.
 *
 * @param {[number, number][]} boxes
 */
function stars(boxes) {
  let last = -Infinity;
  const middles = boxes.map(([x, wide]) => x + wide / 2);
  const shown = middles.filter((x) => x - last >= STAR_ROOM && ((last = x), true));
  return shown.map((x) => `M${x.toFixed(1)} 5.5${STAR}`).join("");
}

function stripes() {
  const pattern = document.createElementNS(SVG, "pattern");
  const values = { id: STRIPES, width: "6", height: "6", patternUnits: "userSpaceOnUse" };
  for (const [name, value] of Object.entries(values)) pattern.setAttribute(name, value);
  pattern.setAttribute("patternTransform", "rotate(45)");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M0 0h4v6h-4z");
  pattern.append(line);
  return pattern;
}

/**
 * @param {HTMLElement} node
 * @param {number} at
 * @param {Stretch} view
 */
function place(node, at, view) {
  node.style.left = `${(100 * (at - view.from)) / (view.to - view.from)}%`;
}
