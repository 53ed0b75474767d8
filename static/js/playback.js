/** Shows one recording above the list; a click on its picture brings it here. */

import { setText } from "./dom.js";
import { clock, day } from "./format.js";
import { text } from "./i18n.js";
import { startOf } from "./recordings.js";

/** Wires `[data-playback]`: a video with the browser's own controls, a title, a way to close it. */
export class Playback {
  #place;
  #video;
  #api;
  #name = "";
  #opener = null;

  constructor(place, api) {
    this.#place = place;
    this.#video = place.querySelector("video");
    this.#api = api;
    place.querySelector("[data-playback-close]").addEventListener("click", () => this.close());
    place.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
    this.#video.addEventListener("error", () => {
      if (this.#name) this.#say(text("playback.failed"));
    });
  }

  play(recording) {
    this.#opener = document.activeElement?.dataset.name ?? null;
    this.#name = recording.name;
    const start = startOf(recording);
    this.#say(start ? `${day(start)}, ${clock(start, { seconds: true })}` : recording.name);
    this.#place.hidden = false;
    this.#video.src = this.#api.recordingUrl(recording.name);
    this.#video.focus();
    this.#place.scrollIntoView({ block: "nearest" });
    this.#video.play().catch(() => {}); // the browser wants a click on its own button
  }

  /** Ends the show; of `name` only, if that is given. */
  close(name = this.#name) {
    if (!this.#name || name !== this.#name) return;
    this.#name = "";
    this.#place.hidden = true;
    this.#video.removeAttribute("src");
    this.#video.load(); // lets go of the connection
    if (this.#opener) document.querySelector(`[data-name="${CSS.escape(this.#opener)}"]`)?.focus();
  }

  #say(words) {
    setText(this.#place.querySelector("[data-playback-title]"), words);
  }
}
