/** The bar of a recording: time, what is loaded, where pictures are missing, and the part to cut. */

import { placeOf, placesOf, timeAt } from "./bar.js";
import { element } from "./dom.js";
import { duration } from "./format.js";
import { sayLabel, text } from "./i18n.js";

/** A handle goes so far at a press of an arrow, and ten times as far with Page up and Page down. */
const HANDLE_STEP_S = 0.5;
const HANDLES = ["from", "to"];

/**
 * Sends `seek` with `{time_s, isOver}` while somebody drags on it, and `cut` with `{which, time_s,
 * isOver}` for a handle (`which`: "from" or "to").
 */
export class PlaybackBar extends EventTarget {
  #track = element("div", { class: "track" });
  #loaded = element("div", { class: "loaded" });
  #gaps = element("div", { class: "gaps" });
  #played = element("div", { class: "played" });
  #part = element("div", { class: "part", hidden: "" });
  #thumb = element("div", { class: "thumb" });
  #tip = element("output", { class: "tip", "aria-hidden": "true", hidden: "" });
  #handles = new Map();
  #slider;
  #duration = 0;

  constructor() {
    super();
    this.#slider = element(
      "div",
      { class: "slider", role: "slider", tabindex: "0", "aria-valuemin": "0" },
      this.#track,
      this.#thumb,
    );
    sayLabel(this.#slider, "playback.position");
    this.#track.append(this.#loaded, this.#gaps, this.#part, this.#played);
    for (const which of HANDLES) this.#handles.set(which, this.#makeHandle(which));
    this.node = element("div", { class: "bar" }, this.#slider, ...this.#handles.values(), this.#tip);
    drag(this.#slider, (event, isOver) => this.#send("seek", { time_s: this.#at(event), isOver }));
    this.#slider.addEventListener("pointermove", (event) => this.#showTip(event));
    this.#slider.addEventListener("pointerleave", () => (this.#tip.hidden = true));
  }

  /** @param {{ time: number, duration: number, clock: string }} now */
  showTime({ time, duration: whole, clock }) {
    this.#duration = whole;
    const place = placeOf(time, whole);
    this.node.style.setProperty("--time", String(place));
    this.#slider.setAttribute("aria-valuemax", String(Math.round(whole)));
    this.#slider.setAttribute("aria-valuenow", String(Math.round(time)));
    const words = { time: duration(time), duration: duration(whole), clock };
    this.#slider.setAttribute("aria-valuetext", text("playback.position.value", words));
  }

  /** @param {import("./bar.js").Stretch[]} stretches of time that are loaded */
  showLoaded(stretches) {
    fill(this.#loaded, placesOf(stretches, this.#duration));
  }

  /** @param {import("./bar.js").Stretch[]} stretches of time without pictures */
  showGaps(stretches) {
    fill(this.#gaps, placesOf(stretches, this.#duration));
  }

  /** @param {import("./bar.js").Stretch | null} part what is to be cut out */
  showPart(part) {
    this.#part.hidden = !part;
    this.node.toggleAttribute("data-cutting", Boolean(part));
    for (const which of HANDLES) {
      const handle = this.#handles.get(which);
      handle.hidden = !part;
      if (!part) continue;
      this.node.style.setProperty(`--${which}`, String(placeOf(part[which], this.#duration)));
      handle.setAttribute("aria-valuemax", String(Math.round(this.#duration)));
      handle.setAttribute("aria-valuenow", part[which].toFixed(1));
      handle.setAttribute("aria-valuetext", duration(part[which]));
    }
  }

  focusHandle(which) {
    this.#handles.get(which).focus();
  }

  #makeHandle(which) {
    const handle = element("div", {
      class: `handle ${which}`,
      role: "slider",
      tabindex: "0",
      "aria-valuemin": "0",
      hidden: "",
    });
    sayLabel(handle, `cut.${which}`);
    const send = (time_s, isOver) => this.#send("cut", { which, time_s, isOver });
    drag(handle, (event, isOver) => send(this.#at(event), isOver));
    handle.addEventListener("keydown", (event) => {
      const now_s = Number(handle.getAttribute("aria-valuenow"));
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      const ends = { Home: 0, End: this.#duration };
      const time_s = ends[event.key] ?? now_s + (steps[event.key] ?? NaN) * HANDLE_STEP_S;
      if (Number.isNaN(time_s)) return;
      event.preventDefault();
      event.stopPropagation(); // the stage's keys would go there
      send(time_s, true);
    });
    return handle;
  }

  #at({ clientX }) {
    const { left, width } = this.#track.getBoundingClientRect();
    return timeAt(clientX, left, width, this.#duration);
  }

  #showTip(event) {
    if (event.pointerType === "touch") return;
    const time_s = this.#at(event);
    this.#tip.hidden = !this.#duration;
    this.#tip.textContent = duration(time_s);
    this.node.style.setProperty("--tip", String(placeOf(time_s, this.#duration)));
  }

  #send(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Shows stretches from 0 to 1 as pieces of `node`. */
function fill(node, places) {
  while (node.children.length > places.length) node.lastChild.remove();
  while (node.children.length < places.length) node.append(element("i"));
  places.forEach(({ from, to }, index) => {
    const { style } = node.children[index];
    style.setProperty("--from", String(from));
    style.setProperty("--to", String(to));
  });
}

/** Calls `move` with each event of a pointer that drags `node`, and whether it is the last. */
function drag(node, move) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    move(event, false);
    const end = new AbortController();
    const { signal } = end;
    node.addEventListener("pointermove", (moved) => move(moved, false), { signal });
    for (const type of ["pointerup", "pointercancel"]) {
      node.addEventListener(type, (last) => (end.abort(), move(last, true)), { signal });
    }
  });
}
