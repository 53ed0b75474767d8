/** The pause: nobody sees and nothing records. A bar says so; who may, begins and ends it. */

import { setText } from "./dom.js";
import { clock } from "./format.js";
import { onLanguage, text } from "./i18n.js";

/** Wires `[data-pause]`, the bar, and `[data-pause-toggle]` to a server. Sends `announce`. */
export class PauseBar extends EventTarget {
  #bar;
  #button;
  #api;
  #known;
  #isOn = false;
  #isKnown = false;

  constructor(bar, button, { api, known }) {
    super();
    this.#bar = bar;
    this.#button = button;
    this.#api = api;
    this.#known = known;
    button.addEventListener("click", () => this.#toggle());
    known.addEventListener("change", () => this.#show());
    onLanguage(() => this.#show());
    this.#show();
  }

  #show() {
    const { pause } = this.#known.now.health ?? {};
    if (!pause) return;
    const isNews = this.#isKnown && this.#isOn !== pause.paused;
    this.#isOn = pause.paused;
    this.#isKnown = true;
    const words = wordsOf(pause);
    this.#bar.hidden = !this.#isOn;
    setText(this.#bar, words);
    this.#button.setAttribute("aria-pressed", String(this.#isOn));
    setText(this.#button.querySelector("span"), text(this.#isOn ? "pause.end" : "pause.begin"));
    if (isNews) this.#announce(this.#isOn ? words : text("pause.over"));
  }

  async #toggle() {
    try {
      const pause = await (this.#isOn ? this.#api.endPause() : this.#api.beginPause());
      this.#known.take({ type: "pause", pause });
    } catch (error) {
      this.#announce(text("pause.failed", { reason: error.message }));
    }
  }

  #announce(detail) {
    this.dispatchEvent(new CustomEvent("announce", { detail }));
  }
}

/** "Paused …", with its end where one is known. Pure. */
export function wordsOf({ paused, ends_at: endsAt = null }) {
  if (!paused) return "";
  if (endsAt === null) return text("pause.on");
  return text("pause.until", { time: clock(new Date(endsAt)) });
}
