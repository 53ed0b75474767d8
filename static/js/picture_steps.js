/**
 * One picture back or on, by the pictures' own times.
 *
 * The picture on screen is the last whose time has come. So a moment before its time is the picture
 * before it, whatever the rate; the next one is looked for, from the shortest distance seen on.
 */

const MOMENT_S = 0.001;
const FIRST_GUESS_S = 1 / 60;
const MAX_TRIES = 24;
const WAIT_MS = 1_500;
const MAX_WAITING = 3;
/** After a seek the picture is there at once; it tells its time a little later, or before. */
const SHOW_MS = 60;

/** How far ahead the `n`th look for the next picture is, in shortest distances. Pure. */
export function reach(n) {
  return n < 4 ? n + 1 : 4 * 1.5 ** (n - 3);
}

/** Knows the time of the picture on screen. `video` may be paused or play. */
export class PictureSteps {
  #video;
  #shown_s = NaN;
  #distance_s = Infinity;
  #gaps = [];
  #waiting = 0;
  /** @type {Promise<boolean>} */
  #last = Promise.resolve(true);
  #handle = 0;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    if ("requestVideoFrameCallback" in video) this.#watch();
    video.addEventListener("emptied", () => {
      this.#shown_s = NaN;
      this.#distance_s = Infinity;
    });
  }

  /** @param {{from: number, to: number}[]} gaps where there are no pictures for long */
  set gaps(gaps) {
    this.#gaps = gaps;
  }

  stop() {
    this.#video.cancelVideoFrameCallback?.(this.#handle);
  }

  /**
   * @param {1 | -1} direction
   * @returns {Promise<boolean>} whether there is another picture now
   */
  async step(direction) {
    if (this.#waiting >= MAX_WAITING) return false; // a key that is held down
    this.#waiting += 1;
    const before = this.#last;
    const step = before.then(() => (direction < 0 ? this.#back() : this.#on()));
    this.#last = step.catch(() => false);
    try {
      return await step;
    } finally {
      this.#waiting -= 1;
    }
  }

  get #now_s() {
    return Number.isNaN(this.#shown_s) ? this.#video.currentTime : this.#shown_s;
  }

  get #step_s() {
    return this.#distance_s < 1 ? this.#distance_s : FIRST_GUESS_S;
  }

  async #back() {
    const before_s = this.#now_s;
    if (before_s <= MOMENT_S) return false;
    const hasTimes = !Number.isNaN(this.#shown_s);
    await this.#show(before_s - (hasTimes ? MOMENT_S : 2 * FIRST_GUESS_S));
    return true;
  }

  async #on() {
    const before_s = this.#now_s;
    const gap = this.#gaps.find(({ from, to }) => before_s >= from - 0.1 && before_s < to - MOMENT_S);
    if (gap) {
      await this.#show(gap.to + MOMENT_S);
      return true;
    }
    for (let n = 0; n < MAX_TRIES; n += 1) {
      const target_s = before_s + reach(n) * this.#step_s + MOMENT_S;
      if (target_s >= this.#video.duration) return false;
      await this.#show(target_s);
      if (this.#now_s > before_s + MOMENT_S / 2) return true;
    }
    return false;
  }

  /** Until the picture of `time_s` is on screen. */
  async #show(time_s) {
    const video = this.#video;
    const seeked = eventOf(video, "seeked", WAIT_MS);
    video.currentTime = Math.max(0, time_s);
    await seeked;
    await new Promise((resolve) => {
      setTimeout(resolve, SHOW_MS);
      video.requestVideoFrameCallback?.(resolve);
    });
  }

  #watch() {
    this.#handle = this.#video.requestVideoFrameCallback((_, { mediaTime }) => {
      const distance_s = mediaTime - this.#shown_s;
      if (distance_s > MOMENT_S) this.#distance_s = Math.min(this.#distance_s, distance_s);
      this.#shown_s = mediaTime;
      this.#watch();
    });
  }
}

/** Until `target` has sent an event of this type, or for `most_ms`. */
export function eventOf(target, type, most_ms) {
  return new Promise((resolve) => {
    const limit = new AbortController();
    const end = () => (limit.abort(), clearTimeout(timer), resolve(undefined));
    const timer = setTimeout(end, most_ms);
    target.addEventListener(type, end, { signal: limit.signal });
  });
}
