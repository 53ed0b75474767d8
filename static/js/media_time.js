/**
 * The times that pictures have in a buffer whose player knows no gaps: capture times, from which
 * what lasts too long is left out. All in µs. Pure.
 *
 * A buffer is told how long a picture lasts before anybody knows when the next one comes. Two of
 * these durations later, browsers drop everything up to the next IDR (W3C MSE, 3.5.8). So the next
 * picture begins no later than the end of this one. Always telling a long duration is no way
 * out: of pictures that last ten intervals, Firefox shows no more than ten of a GOP.
 */

/** A camera of one picture a second goes on without a gap. */
const FIRST_US = 1_000_000;
const INTERVALS = 1.5;
const SHORTEST_US = 200_000;
/** The longest that a picture lasts. */
export const LONGEST_US = 3_000_000;
const MAX_STRETCHES = 100;
/** Browsers tell in seconds what is shown. */
const ROUNDING_US = 500;

/** @typedef {{captureUs: number, time: number, interval: number, duration: number}} Placed */

export class MediaTime {
  /** @type {Placed | null} */
  #newest = null;
  /** Where each stretch without a gap begins, oldest first. @type {Placed[]} */
  #stretches = [];

  /** When the newest picture begins. */
  get newest() {
    return this.#newest?.time ?? 0;
  }

  /** Between the newest two pictures, as captured; 0 before there are two. */
  get interval() {
    return this.#newest?.interval ?? 0;
  }

  /**
   * When the next picture begins, and how long it lasts; null if it is not newer than the one before.
   *
   * @param {number} captureUs
   * @returns {Placed | null}
   */
  next(captureUs) {
    const before = this.#newest;
    if (!before) return this.#begin({ captureUs, time: 0, interval: 0, duration: FIRST_US });
    const interval = captureUs - before.captureUs;
    if (interval <= 0) return null;
    const time = before.time + Math.min(interval, before.duration);
    const longer = Math.round(interval * INTERVALS);
    const duration = Math.min(Math.max(longer, SHORTEST_US), LONGEST_US);
    const picture = { captureUs, time, interval, duration };
    if (interval > before.duration) return this.#begin(picture);
    return (this.#newest = picture);
  }

  /** The capture time of what is shown at `time`, which does not go far back. */
  captureUsAt(time) {
    while (this.#stretches[1]?.time <= time + ROUNDING_US) this.#stretches.shift();
    const [begin] = this.#stretches;
    return begin.captureUs + time - begin.time;
  }

  /** @param {Placed} picture */
  #begin(picture) {
    this.#stretches.push(picture);
    if (this.#stretches.length > MAX_STRETCHES) this.#stretches.shift();
    return (this.#newest = picture);
  }
}
