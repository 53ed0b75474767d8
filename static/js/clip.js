/** Saving what just happened: the button, and what it says. */

import { element, icon, setText } from "./dom.js";
import { text } from "./i18n.js";

export class ClipButton {
  #api;
  #control;
  #seconds = 0;
  #isBusy = false;
  #label = element("span", { "data-clip-label": "" });

  /**
   * @param {import("./api.js").Api} api
   * @param {import("./recording_control.js").RecordingControl} control says what became of it
   */
  constructor(api, control) {
    this.#api = api;
    this.#control = control;
    const attributes = { type: "button", class: "clip", part: "clip", "data-clip": "" };
    this.node = element("button", attributes, icon("clip"), this.#label);
    this.node.addEventListener("click", () => this.save());
  }

  /** How much is saved; without any there is no button. */
  set seconds(seconds) {
    this.#seconds = Math.max(seconds, 0);
    this.show();
  }

  async save() {
    if (this.#isBusy || !this.#seconds) return;
    this.#isBusy = true;
    this.show();
    try {
      const saved = await this.#api.saveClip(this.#seconds);
      this.#control.saved({ ...saved, ...saved.stats });
    } catch (error) {
      const key = error.code === "nothing_to_save" ? "clip.empty" : "record.failed";
      this.#control.say(() => ({ words: text(key, { reason: error.message }), isBad: true }));
    }
    this.#isBusy = false;
    this.show();
  }

  show() {
    this.node.hidden = !this.#seconds;
    this.node.setAttribute("aria-busy", String(this.#isBusy));
    const label = text(this.#isBusy ? "clip.saving" : "clip.save", { seconds: this.#seconds });
    setText(this.#label, label);
    this.node.title = label;
  }
}
