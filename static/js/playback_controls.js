/** The buttons of a recording, and its speed. */

import { element, icon } from "./dom.js";
import { duration } from "./format.js";
import { sayLabel, sayText, text } from "./i18n.js";
import { SPEEDS } from "./speeds.js";

/**
 * In the order of the row. Those that are not `isFirst` are behind "more" where there is little
 * room; `key` is that of `playback_keys.js`.
 *
 * @typedef {{ action: string, symbol: string, value?: number, name?: string, key?: string,
 *   isFirst?: boolean, isToggle?: boolean }} Button
 */

/** @type {Button[]} */
const BUTTONS = [
  { action: "previous", symbol: "skip-previous", key: "P", isFirst: true },
  { action: "toggle", symbol: "play", key: "K", isFirst: true },
  { action: "next", symbol: "skip-next", key: "N", isFirst: true },
  { action: "step", value: -1, name: "pictureBack", symbol: "picture-back", key: "," },
  { action: "step", value: 1, name: "pictureOn", symbol: "picture-on", key: "." },
];
/** @type {Button[]} */
const TOOLS = [
  { action: "playOn", symbol: "play-on", isToggle: true },
  { action: "boxes", symbol: "boxes", key: "B", isToggle: true },
  { action: "snapshot", symbol: "snapshot", key: "S" },
  { action: "keys", symbol: "keyboard", key: "?" },
  { action: "cut", symbol: "cut", key: "X", isFirst: true, isToggle: true },
  { action: "full", symbol: "expand", key: "F", isFirst: true },
];

export class PlaybackControls {
  #act;
  #buttons = new Map();
  #time = element("span", { class: "time" });
  #speed = element("select", { class: "speed" });

  /** @param {(action: string, value?: number) => void} act */
  constructor(act) {
    this.#act = act;
    sayLabel(this.#speed, "playback.speed");
    for (const speed of SPEEDS) {
      const value = String(speed);
      this.#speed.append(element("option", { value }, `${value}\u00a0×`));
    }
    this.#speed.addEventListener("change", () => act("setSpeed", Number(this.#speed.value)));
    const more = this.#make({ action: "more", symbol: "more", isToggle: true, isFirst: true });
    more.classList.add("more");
    this.node = element(
      "div",
      { class: "buttons" },
      ...BUTTONS.map((button) => this.#make(button)),
      this.#time,
      ...TOOLS.slice(0, 4).map((button) => this.#make(button)),
      this.#speed,
      ...TOOLS.slice(4).map((button) => this.#make(button)),
      more,
    );
    this.setPressed("more", false);
  }

  showTime(time, whole) {
    const words = `${duration(time)} / ${duration(whole)}`;
    if (this.#time.textContent !== words) this.#time.textContent = words;
  }

  showSpeed(speed) {
    this.#speed.value = String(speed);
  }

  showPlaying(isPlaying, isOver) {
    const button = this.#buttons.get("toggle");
    const name = isPlaying ? "pause" : isOver ? "again" : "play";
    if (button.dataset.symbol === name) return;
    button.dataset.symbol = name;
    button.replaceChildren(icon(name));
    this.#say(button, name, "K");
  }

  setPressed(action, isPressed) {
    this.#buttons.get(action)?.setAttribute("aria-pressed", String(isPressed));
  }

  isPressed(action) {
    return this.#buttons.get(action)?.getAttribute("aria-pressed") === "true";
  }

  setPresent(action, isPresent) {
    const button = this.#buttons.get(action);
    if (button) button.hidden = !isPresent;
  }

  /** Without a neighbour there is nothing to go to; the place stays. */
  setPossible(action, isPossible) {
    this.#buttons.get(action)?.setAttribute("aria-disabled", String(!isPossible));
  }

  /** Says the titles again: they name their keys. */
  speak() {
    for (const button of this.#buttons.values()) this.#say(button, button.dataset.says, button.dataset.key);
  }

  /** @param {Button} button */
  #make({ action, value, name = action, symbol, key = "", isFirst = false, isToggle = false }) {
    const button = element("button", {
      type: "button",
      class: isFirst ? "control" : "control rest",
      "data-action": name,
      "data-symbol": symbol,
      "data-key": key,
      "aria-keyshortcuts": key || null,
      "aria-pressed": isToggle ? "false" : null,
    });
    button.append(icon(symbol));
    this.#say(button, name, key);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") this.#act(action, value);
    });
    this.#buttons.set(name, button);
    return button;
  }

  #say(button, name, key) {
    button.dataset.says = name;
    sayLabel(button, `playback.${name}`);
    const words = text(`playback.${name}`);
    button.title = key ? `${words} (${key})` : words;
  }
}

/** A button with words, which become a title where there is little room. */
export function worded(action, symbol, onClick) {
  const label = element("span");
  sayText(label, action);
  const button = element("button", { type: "button", class: "control worded" }, icon(symbol), label);
  sayLabel(button, action);
  button.addEventListener("click", onClick);
  return button;
}
