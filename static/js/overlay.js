/** Draws the boxes of what was detected over the picture that is on screen. */

import { hasText, text } from "./i18n.js";
import { placement } from "./zoom.js";

/** Far apart, bright enough for a black label, seen by the colour-blind as different. */
const COLOURS = ["#5ee0c8", "#ffc04d", "#8fc7ff", "#ff9db5", "#c6e86b", "#d9b3ff", "#ff9b6b"];
const FIRST = { cat: 0, dog: 1, person: 2, bird: 3 };
/** Pixels of the screen: on a phone a label must not hide what it names. */
const LABEL_SIZE = 13;
const SMALL_LABEL_SIZE = 10;
const SMALL_WIDTH = 480;

/** Always the same colour for the same class. */
export function colourOf(name) {
  if (name in FIRST) return COLOURS[FIRST[name]];
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return COLOURS[sum % COLOURS.length];
}

export function labelOf({ name, confidence }) {
  const word = hasText(`class.${name}`) ? text(`class.${name}`) : name;
  return Number.isFinite(confidence) ? `${word} ${Math.round(confidence * 100)}\u00a0%` : word;
}

export class Overlay {
  /** The boxes that are drawn now, in pixels of the picture. */
  boxes = [];
  /** How the picture fills its frame, as CSS's `object-fit`. */
  fit = "contain";
  #canvas;
  #context;
  #screen;
  #getView;
  #size = { width: 0, height: 0 };

  constructor(canvas, screen, getView) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#screen = screen;
    this.#getView = getView;
    new ResizeObserver(() => this.#resized()).observe(canvas);
  }

  /** Draws these boxes instead of those before. */
  show(boxes) {
    if (!boxes.length && !this.boxes.length) return;
    this.boxes = boxes;
    this.redraw();
  }

  redraw() {
    const { width, height } = this.#size;
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    if (!this.boxes.length || !this.#screen.width || !width) return;
    const place = placement(this.#size, this.#screen, this.#getView(), this.fit || "contain");
    const labelSize = width < SMALL_WIDTH ? SMALL_LABEL_SIZE : LABEL_SIZE;
    context.font = `600 ${labelSize}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    for (const box of this.boxes) this.#drawBox(box, place);
    for (const box of this.boxes) this.#drawLabel(box, place, labelSize);
  }

  #resized() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const density = Math.min(globalThis.devicePixelRatio || 1, 3);
    this.#size = { width, height };
    this.#canvas.width = Math.round(width * density);
    this.#canvas.height = Math.round(height * density);
    this.#context.setTransform(density, 0, 0, density, 0, 0);
    this.redraw();
  }

  #drawBox(box, { scale, scaleY, x, y }) {
    const context = this.#context;
    const at = [x + box.x * scale, y + box.y * scaleY, box.width * scale, box.height * scaleY];
    context.lineWidth = 4;
    context.strokeStyle = "rgb(0 0 0 / 0.45)";
    context.strokeRect(...at);
    context.lineWidth = 2;
    context.strokeStyle = colourOf(box.name);
    context.strokeRect(...at);
  }

  /** Above its box, inside it where there is no room above, and never off the frame's sides. */
  #drawLabel(box, { scale, scaleY, x, y }, size) {
    const context = this.#context;
    const label = labelOf(box);
    const padding = size / 2;
    const height = Math.round(size * 1.5);
    const width = context.measureText(label).width + 2 * padding;
    const top = y + box.y * scaleY - 1;
    const left = Math.max(0, Math.min(x + box.x * scale - 1, this.#size.width - width));
    const labelTop = top >= height ? top - height : Math.max(0, top);
    context.fillStyle = colourOf(box.name);
    context.fillRect(left, labelTop, width, height);
    context.fillStyle = "#0b1112";
    context.fillText(label, left + padding, labelTop + height / 2 + 0.5);
  }
}
