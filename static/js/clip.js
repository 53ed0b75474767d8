/** The button that saves what just happened. */

import { setText } from "./dom.js";
import { bytes, duration } from "./format.js";
import { text } from "./i18n.js";

/**
 * Wires `[data-clip]`, whose value is how many seconds are saved. Sends `change` when there is a
 * new recording, and `said` with `{message, isError}`.
 */
export class ClipButton extends EventTarget {
  #button;
  #api;
  #seconds;

  constructor(button, api) {
    super();
    this.#button = button;
    this.#api = api;
    this.#seconds = Number(button.dataset.clip);
    this.#show(false);
    button.hidden = !(this.#seconds > 0);
    button.addEventListener("click", () => this.#save());
  }

  async #save() {
    if (this.#button.getAttribute("aria-busy") === "true") return;
    this.#show(true);
    try {
      const { filename, duration_ms: ms, bytes_written: size } = await this.#api.saveClip(
        this.#seconds,
      );
      const values = { name: filename, duration: duration(ms / 1000), size: bytes(size) };
      this.#say(text("record.saved", values), false);
      this.dispatchEvent(new Event("change"));
    } catch (error) {
      const isEmpty = error.code === "nothing_to_save";
      const reason = error.message;
      this.#say(isEmpty ? text("clip.empty") : text("record.failed", { reason }), true);
    }
    this.#show(false);
  }

  #show(isBusy) {
    this.#button.setAttribute("aria-busy", String(isBusy));
    const label = isBusy ? text("clip.saving") : text("clip.save", { seconds: this.#seconds });
    setText(this.#button.querySelector("[data-clip-label]"), label);
  }

  #say(message, isError) {
    this.dispatchEvent(new CustomEvent("said", { detail: { message, isError } }));
  }
}
