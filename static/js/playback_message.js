/** Why a recording is not shown, and what can be done: download it, or try again. */

import { element, icon } from "./dom.js";
import { said } from "./i18n.js";

/** What is known to be the reason; anything else is told as a failure. */
const REASONS = ["raw", "running", "format", "gone"];
const DOWNLOADED = ["raw", "format", "failed"];

/** Which reason it is: of an `ApiError`, or a word of ours. Pure. */
export function reasonOf({ code = "", status = 0 }) {
  if (status === 404) return "gone";
  return REASONS.includes(code) ? code : "failed";
}

export class PlaybackMessage {
  node = element("div", { class: "message", hidden: "" });
  #retry;

  /** @param {() => void} retry */
  constructor(retry) {
    this.#retry = retry;
  }

  /**
   * @param {string} reason
   * @param {{ name: string, url: string }} file
   * @returns {string} the words
   */
  show(reason, { name, url }) {
    const words = said("p", `playback.${reason}`);
    const parts = [words];
    if (DOWNLOADED.includes(reason)) {
      const link = element("a", { class: "control worded", href: url, download: name });
      link.append(icon("download"), said("span", "recordings.download"));
      parts.push(link);
    }
    if (reason === "failed") {
      const button = element("button", { type: "button", class: "control worded" });
      button.append(said("span", "player.retry"));
      button.addEventListener("click", () => this.#retry());
      parts.push(button);
    }
    this.node.replaceChildren(...parts);
    this.node.dataset.reason = reason;
    this.node.hidden = false;
    return words.textContent ?? "";
  }

  hide() {
    this.node.hidden = true;
  }
}
