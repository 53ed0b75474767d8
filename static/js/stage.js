/** The stage: the big frame of the page, its shape, and the whole screen. */

const LOW = "(max-height: 520px) and (orientation: landscape)";

export class Stage {
  #main;
  #recorder;
  #low = matchMedia(LOW);

  /**
   * @param {HTMLElement} main
   * @param {HTMLElement} player
   */
  constructor(main, player) {
    this.#main = main;
    this.#recorder = main.querySelector("[data-record-panel]");
    player.addEventListener("pet-stream:size", ({ detail }) => this.#fit(detail));
    player.addEventListener("pet-stream:fullscreen", (event) => this.#toggleFullScreen(event));
    this.#low.addEventListener("change", () => this.#arrange());
    document.addEventListener("fullscreenchange", () => this.#arrange());
    this.#arrange();
  }

  #fit({ width, height }) {
    document.documentElement.style.setProperty("--ratio", String(width / height));
  }

  #arrange() {
    const isOver = this.#low.matches || document.fullscreenElement === this.#main;
    this.#recorder.toggleAttribute("compact", isOver);
  }

  #toggleFullScreen(event) {
    if (!this.#main.requestFullscreen) return; // an iPhone shows only the video itself
    event.preventDefault();
    if (document.fullscreenElement) document.exitFullscreen();
    else this.#main.requestFullscreen();
  }
}
