/** Whether somebody looks: the page is in front, or the picture in a small window. */

/** Sends `back` when somebody looks, and `away` when nobody has for `pauseAfterMs`. */
export class Attention extends EventTarget {
  #pauseAfterMs;
  #timer = 0;

  constructor(pauseAfterMs) {
    super();
    this.#pauseAfterMs = pauseAfterMs;
  }

  get isThere() {
    return !document.hidden || Boolean(document.pictureInPictureElement);
  }

  /** Until `signal` ends it. */
  listen(video, signal) {
    document.addEventListener("visibilitychange", () => this.#changed(), { signal });
    video.addEventListener("leavepictureinpicture", () => this.#changed(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  #changed() {
    clearTimeout(this.#timer);
    if (this.isThere) this.dispatchEvent(new Event("back"));
    else if (this.#pauseAfterMs < Infinity) {
      this.#timer = setTimeout(() => this.#leave(), this.#pauseAfterMs);
    }
  }

  #leave() {
    if (!this.isThere) this.dispatchEvent(new Event("away"));
  }
}
