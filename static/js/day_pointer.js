/** Mouse, fingers and wheel on the strip of the day, as what they mean there. */

/** A finger that moves less has tapped, px. */
const SLOP = 6;
/** A turn of the wheel (100 px) shows two thirds, or half as much again. */
const WHEEL = 0.004;
/** Two fingers on a touchpad are told as a slower wheel. */
const PINCH_WHEEL = 0.01;
const LINE_PX = 33;

/**
 * What is done; `x` is a place on the strip, from 0 to 1.
 *
 * @typedef {object} Actions
 * @property {() => boolean} isWhole whether all of the day is in view: dragging then points
 * @property {(x: number) => void} point
 * @property {() => void} leave
 * @property {(x: number, isTouch: boolean) => void} choose
 * @property {(by: number) => void} pan by this part of what is in view, later
 * @property {(factor: number, x: number, place?: number) => boolean} zoom whether anything has
 *   changed; what is at `x` stays there, or comes to `place`
 */

export class DayPointer {
  #node;
  #actions;
  /** Where each finger is, px. @type {Map<number, number>} */
  #fingers = new Map();
  /** What they do, until the last has gone. @type {"" | "tap" | "drag" | "pinch"} */
  #gesture = "";
  #beganAt = 0;

  /**
   * @param {HTMLElement} node
   * @param {Actions} actions
   */
  constructor(node, actions) {
    this.#node = node;
    this.#actions = actions;
    node.addEventListener("pointerdown", (event) => this.#down(event));
    node.addEventListener("pointermove", (event) => this.#move(event));
    node.addEventListener("pointerup", (event) => this.#up(event));
    node.addEventListener("pointercancel", ({ pointerId }) => this.#end(pointerId));
    node.addEventListener("pointerleave", () => this.#fingers.size || actions.leave());
    node.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #down({ pointerId, clientX, button }) {
    if (button !== 0 || this.#fingers.size === 2) return;
    this.#node.setPointerCapture(pointerId);
    this.#fingers.set(pointerId, clientX);
    if (this.#gesture) {
      this.#gesture = "pinch";
      this.#actions.leave();
    } else {
      this.#gesture = "tap";
      this.#beganAt = clientX;
      this.#actions.point(this.#place(clientX));
    }
  }

  /** @param {PointerEvent} event */
  #move({ pointerId, clientX, pointerType }) {
    const before = this.#fingers.get(pointerId);
    if (before === undefined) {
      if (pointerType !== "touch") this.#actions.point(this.#place(clientX));
      return;
    }
    const isFar = Math.abs(clientX - this.#beganAt) > SLOP;
    if (this.#gesture === "tap" && isFar) this.#gesture = "drag";
    if (this.#gesture === "pinch") this.#pinch(pointerId, clientX);
    if (this.#gesture !== "drag") return;
    this.#fingers.set(pointerId, clientX);
    if (this.#actions.isWhole()) {
      this.#actions.point(this.#place(clientX));
    } else {
      this.#actions.leave();
      this.#actions.pan((before - clientX) / this.#node.clientWidth);
    }
  }

  /**
   * What is between two fingers stays between them.
   *
   * @param {number} pointerId
   * @param {number} clientX
   */
  #pinch(pointerId, clientX) {
    if (this.#fingers.size < 2) return;
    const [a, b] = this.#fingers.values();
    this.#fingers.set(pointerId, clientX);
    const [c, d] = this.#fingers.values();
    const [apart, now] = [Math.max(1, Math.abs(a - b)), Math.max(1, Math.abs(c - d))];
    this.#actions.zoom(apart / now, this.#place((a + b) / 2), this.#place((c + d) / 2));
  }

  /** @param {PointerEvent} event */
  #up({ pointerId, clientX, pointerType }) {
    if (!this.#fingers.has(pointerId)) return;
    const isScrub = this.#gesture === "drag" && this.#actions.isWhole();
    const isChoice = this.#gesture === "tap" || isScrub;
    this.#end(pointerId);
    if (isChoice) this.#actions.choose(this.#place(clientX), pointerType === "touch");
    if (pointerType === "touch") this.#actions.leave();
  }

  /** @param {number} pointerId */
  #end(pointerId) {
    this.#fingers.delete(pointerId);
    if (this.#fingers.size === 0) this.#gesture = "";
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    const { deltaX, deltaY } = event;
    if (event.shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) {
      if (this.#actions.isWhole()) return;
      this.#actions.pan(((deltaX || deltaY) * unit) / this.#node.clientWidth);
    } else {
      const factor = Math.exp(deltaY * unit * (event.ctrlKey ? PINCH_WHEEL : WHEEL));
      if (!this.#actions.zoom(factor, this.#place(event.clientX))) return; // the page scrolls
    }
    event.preventDefault();
  }

  /** @param {number} clientX */
  #place(clientX) {
    const { left, width } = this.#node.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / width));
  }
}
