/** The bubble over a place on the strip: its time, what is recorded there, and a picture of it. */

import { element, setText } from "./dom.js";

/** Whoever stays somewhere for so long gets a picture. */
const DWELL_MS = 150;
/** Of one GOP, which the server cuts out in a few milliseconds. */
const PICTURE_S = 0.1;

export class DayBubble {
  node;
  #time = element("strong");
  #words = element("span");
  #video = element("video", { playsinline: "", preload: "auto", hidden: "" });
  #urlOf;
  #timer = 0;
  #url = "";

  /** @param {(name: string, from: number, to: number) => string} urlOf a part of a recording */
  constructor(urlOf) {
    this.#urlOf = urlOf;
    this.#video.muted = true;
    this.#video.addEventListener("loadeddata", () => {
      this.#video.hidden = false;
      this.#video.classList.remove("old");
    });
    this.#video.addEventListener("error", () => (this.#video.hidden = true));
    const says = element("p", {}, this.#time, " ", this.#words);
    this.node = element("div", { class: "bubble", "aria-hidden": "true", hidden: "" }, this.#video, says);
  }

  /**
   * @param {number} place on the strip, from 0 to 1
   * @param {{time: string, words: string}} says
   * @param {import("./day_geometry.js").Goal | null} goal what is shown of it
   */
  show(place, { time, words }, goal) {
    setText(this.#time, time);
    setText(this.#words, words);
    this.node.hidden = false;
    this.node.style.setProperty("--place", String(place));
    const at = Math.floor(goal?.at_s ?? 0);
    const url = goal ? this.#urlOf(goal.name, at, at + PICTURE_S) : "";
    if (url === this.#url) return;
    this.#url = url;
    this.#video.classList.add("old");
    clearTimeout(this.#timer);
    if (url) this.#timer = setTimeout(() => (this.#video.src = url), DWELL_MS);
    else this.#empty();
  }

  hide() {
    this.node.hidden = true;
    this.#url = "";
    clearTimeout(this.#timer);
    this.#empty();
  }

  #empty() {
    this.#video.hidden = true;
    if (!this.#video.hasAttribute("src")) return;
    this.#video.removeAttribute("src");
    this.#video.load(); // lets go of the connection
  }
}
