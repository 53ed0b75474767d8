/** What the page calls itself: the owner's name for the camera, in the language of now. */

import { setText } from "./dom.js";
import { language, followLanguage, onLanguage, text, translate } from "./i18n.js";
import { setServerLanguage } from "./language.js";

/** Follows what owners set, and what is recorded; says again what the document marks. */
export class Naming {
  /** @type {import("./known.js").Known} */
  #known;
  #player;
  #name = document.documentElement.dataset.cameraName ?? "";
  #language = document.documentElement.dataset.language ?? "auto";

  /**
   * @param {import("./known.js").Known} known
   * @param {HTMLElement} player
   */
  constructor(known, player) {
    this.#known = known;
    this.#player = player;
    this.#speak();
    onLanguage(() => this.#speak());
    known.addEventListener("change", () => this.#follow());
  }

  #follow() {
    const health = /** @type {any} */ (this.#known.now.health);
    const { camera_name: name = this.#name, language: tag = this.#language } = health?.page ?? {};
    if (tag !== this.#language) {
      this.#language = tag;
      setServerLanguage(tag);
      followLanguage();
    }
    this.#name = name;
    this.#show();
  }

  #speak() {
    document.documentElement.lang = language();
    translate(document);
    this.#show();
  }

  #show() {
    const name = this.#name || text("page.title");
    const { isCurrent, recording } = /** @type {any} */ (this.#known.now);
    const isRecording = isCurrent && Boolean(recording?.recording);
    const title = isRecording ? `${text("record.title")} – ${name}` : name;
    if (document.title !== title) document.title = title;
    setText(document.querySelector("[data-page-title]"), name);
    const label = this.#name ? text("player.label.of", { name }) : text("player.label");
    if (this.#player.getAttribute("label") !== label) this.#player.setAttribute("label", label);
  }
}
