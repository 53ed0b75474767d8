/** Plays faster than a device can decode: by going from picture to picture. */

import { eventOf } from "./picture_steps.js";

const WAIT_MS = 2_000;

/** Moves on a paused `video` at `speed`, as many pictures a second as there is time for. */
export class Skim {
  #video;
  #onEnd;
  #run = 0;

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} onEnd
   */
  constructor(video, onEnd) {
    this.#video = video;
    this.#onEnd = onEnd;
  }

  get isOn() {
    return this.#run > 0;
  }

  async start(speed) {
    const video = this.#video;
    const run = (this.#run = performance.now());
    const from_s = video.currentTime;
    video.pause();
    while (run === this.#run) {
      const time_s = from_s + ((performance.now() - run) / 1000) * speed;
      if (time_s >= video.duration) {
        this.#run = 0;
        video.currentTime = video.duration;
        return this.#onEnd();
      }
      const seeked = eventOf(video, "seeked", WAIT_MS);
      video.currentTime = time_s;
      await seeked;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }

  stop() {
    this.#run = 0;
  }
}
