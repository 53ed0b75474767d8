/** The buttons over the picture, and their keys: boxes, snapshot, readout, small and full screen. */

import { Awake } from "./awake.js";
import { element, icon } from "./dom.js";
import { sayLabel, text } from "./i18n.js";

/**
 * In the order of the bar; `key` works while the focus is in the player.
 *
 * @typedef {{ name: string, symbol: string, label: string, key?: string, isToggle?: boolean }} Button
 */

/** @type {Button[]} */
const BUTTONS = [
  { name: "whole", symbol: "zoom-out", label: "player.whole" },
  { name: "boxes", symbol: "boxes", label: "player.boxes", key: "b", isToggle: true },
  { name: "snapshot", symbol: "snapshot", label: "player.snapshot", key: "s" },
  { name: "quality", symbol: "quality", label: "player.quality", key: "i", isToggle: true },
  { name: "small", symbol: "small", label: "player.small", key: "p" },
  { name: "full", symbol: "expand", label: "player.fullscreen", key: "f" },
];

/** `actions`: a function for each button's name; a button without one is not there. */
export class Controls {
  #awake;
  #actions;
  #buttons = new Map();

  constructor(frame, actions) {
    // On the element, too: a page shows what it has over the picture at the same time.
    const tell = (isAwake) => frame.getRootNode().host?.toggleAttribute("data-player-awake", isAwake);
    this.#awake = new Awake(frame, tell);
    this.#actions = actions;
    for (const button of BUTTONS) {
      if (actions[button.name]) this.#buttons.set(button.name, this.#make(button));
    }
    this.node = element("div", { class: "controls", part: "controls", role: "group" }, ...this.#buttons.values());
    sayLabel(this.node, "player.controls");
    this.speak();
  }

  /** Says what each button does, in the language of now. */
  speak() {
    for (const { name, label, key } of BUTTONS) {
      const button = this.#buttons.get(name);
      if (!button) continue;
      sayLabel(button, label);
      button.title = key ? `${text(label)} (${key.toUpperCase()})` : text(label);
    }
  }

  setPressed(name, isPressed) {
    this.#buttons.get(name)?.setAttribute("aria-pressed", String(isPressed));
  }

  setPresent(name, isPresent) {
    const button = this.#buttons.get(name);
    if (button) button.hidden = !isPresent;
  }

  /** Shows the bar, or hides it. */
  toggle() {
    this.#awake.toggle();
  }

  /** Whether `key` was one of ours. */
  press(key) {
    const button = BUTTONS.find((other) => other.key === key.toLowerCase());
    const node = button && this.#buttons.get(button.name);
    if (!node || node.hidden) return false;
    this.#actions[button.name]();
    this.#awake.wake();
    return true;
  }

  /** @param {Button} button */
  #make({ name, symbol, key, isToggle }) {
    const attributes = {
      type: "button",
      class: "control",
      "data-control": name,
      "aria-keyshortcuts": key ?? null,
      "aria-pressed": isToggle ? "false" : null,
    };
    const button = element("button", attributes, icon(symbol));
    button.addEventListener("click", () => {
      this.#actions[name]();
      this.#awake.wake();
    });
    return button;
  }
}
