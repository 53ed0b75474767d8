/** Zoom and pan by wheel, pinch, drag and keys; tap and double tap. */

import { WHOLE, isZoomed, shifted, zoomed } from "./zoom.js";

const WHEEL_STEP = 0.002;
const PINCH_WHEEL_STEP = 0.01;
const KEY_FACTOR = 1.4;
const KEY_SHIFT = 0.15;
const TAP_SLACK_PX = 10;
const DOUBLE_TAP_MS = 300;
const DOUBLE_TAP_FACTOR = 2.5;

const KEYS = {
  "+": (view) => zoomed(view, KEY_FACTOR),
  "=": (view) => zoomed(view, KEY_FACTOR),
  "-": (view) => zoomed(view, 1 / KEY_FACTOR),
  0: () => WHOLE,
};
const KEYS_WHEN_ZOOMED = {
  ArrowLeft: (view) => shifted(view, KEY_SHIFT, 0),
  ArrowRight: (view) => shifted(view, -KEY_SHIFT, 0),
  ArrowUp: (view) => shifted(view, 0, KEY_SHIFT),
  ArrowDown: (view) => shifted(view, 0, -KEY_SHIFT),
};

/**
 * Changes `view` by what a person does to `frame`. Sends `view` when it is another, and `tap` for
 * a short touch that meant nothing else, `double` for a double click.
 */
export class Gestures extends EventTarget {
  view = WHOLE;
  #frame;
  #pointers = new Map();
  #moved = 0;
  #tap = null;
  #wasTouch = false;

  constructor(frame, isControl) {
    super();
    this.#frame = frame;
    const onPicture = (handle) => (event) => isControl(event) || handle(event);
    frame.addEventListener("wheel", onPicture((event) => this.#wheel(event)), { passive: false });
    frame.addEventListener("pointerdown", onPicture((event) => this.#down(event)));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, (event) => this.#up(event));
    }
    frame.addEventListener("dblclick", onPicture(() => this.#doubleClick()));
    // Two fingers are ours; one scrolls the page as long as nothing is zoomed.
    const keep = (event) => event.touches.length > 1 && event.cancelable && event.preventDefault();
    frame.addEventListener("touchstart", keep, { passive: false });
    frame.addEventListener("touchmove", keep, { passive: false });
  }

  reset() {
    this.#set(WHOLE);
  }

  /** Whether `key` was one of ours. */
  press(key) {
    const change = KEYS[key] ?? (isZoomed(this.view) ? KEYS_WHEN_ZOOMED[key] : undefined);
    if (change) this.#set(change(this.view));
    return Boolean(change);
  }

  #set(view) {
    if (view.scale === this.view.scale && view.x === this.view.x && view.y === this.view.y) return;
    this.view = view;
    this.#frame.toggleAttribute("data-zoomed", isZoomed(view));
    this.dispatchEvent(new Event("view"));
  }

  #wheel(event) {
    const isPinch = event.ctrlKey || event.metaKey;
    // The page's own scrolling comes first, where there is any.
    if (!isPinch && !isZoomed(this.view) && (event.deltaY > 0 || canPageScroll())) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    const step = isPinch ? PINCH_WHEEL_STEP : WHEEL_STEP;
    this.#set(zoomed(this.view, Math.exp(-pixels * step), this.#at(event)));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.#wasTouch = event.pointerType === "touch";
    this.#pointers.set(event.pointerId, this.#at(event));
    if (this.#pointers.size === 1) this.#moved = 0;
    else this.#moved = Infinity;
    if (isZoomed(this.view)) this.#frame.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    this.#moved += Math.hypot(event.movementX ?? 0, event.movementY ?? 0);
    this.#pointers.set(event.pointerId, now);
    if (this.#pointers.size === 1) {
      if (isZoomed(this.view)) this.#set(shifted(this.view, dx, dy));
      return;
    }
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    const factor = this.#distance(now, other) / Math.max(1, this.#distance(before, other));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.#set(shifted(zoomed(this.view, factor, middle), dx / 2, dy / 2));
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId) || this.#pointers.size) return;
    if (event.type !== "pointerup" || event.pointerType !== "touch") return;
    if (this.#moved > TAP_SLACK_PX) return;
    const at = this.#at(event);
    const isDouble = this.#tap !== null && event.timeStamp - this.#tap < DOUBLE_TAP_MS;
    this.#tap = isDouble ? null : event.timeStamp;
    if (!isDouble) this.dispatchEvent(new Event("tap"));
    else this.#set(isZoomed(this.view) ? WHOLE : zoomed(this.view, DOUBLE_TAP_FACTOR, at));
  }

  /** A double tap comes as one, too, and has been seen to already. */
  #doubleClick() {
    if (!this.#wasTouch) this.dispatchEvent(new Event("double"));
  }

  /** Parts of the frame. */
  #at({ clientX, clientY }) {
    const box = this.#frame.getBoundingClientRect();
    return { x: (clientX - box.x) / box.width, y: (clientY - box.y) / box.height };
  }

  /** Pixels. */
  #distance(a, b) {
    const { width, height } = this.#frame.getBoundingClientRect();
    return Math.hypot((a.x - b.x) * width, (a.y - b.y) * height);
  }
}

function canPageScroll() {
  if (document.fullscreenElement) return false;
  const { scrollHeight, clientHeight } = document.scrollingElement ?? document.documentElement;
  return scrollHeight > clientHeight + 1;
}
