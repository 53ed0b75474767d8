/** How a recording is played. */

import { setText } from "./dom.js";
import { moment } from "./format.js";
import { text } from "./i18n.js";

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
    const tells = { loadstart: "loading", waiting: "loading", canplay: "", error: "failed" };
    for (const [type, word] of Object.entries(tells)) {
      this.#video.addEventListener(type, () => this.#tell(word && `playback.${word}`));
    }
  }

  play(recording) {
    this.#opener = document.activeElement;
    this.#name = recording.name;
    const start = new Date(recording.started_at * 1000);
    setText(this.#place.querySelector("[data-playback-title]"), moment(start));
    this.#place.hidden = false;
    this.#video.src = `${this.#api.recordingUrl(recording.name)}#t=${recording.at_s ?? 0}`;
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
    this.#opener?.focus();
  }

  #tell(key) {
    const words = key && this.#name ? text(key) : "";
    setText(this.#place.querySelector("[data-playback-state]"), words);
  }
}
