/** Whether the pictures still come. Pure: the caller tells the time (ms, any monotonic clock). */

/** Shown, late and noticed within 2.2 s. */
export const STALL_MS = 1_900;
const INTERVALS_UNTIL_STALL = 4;
/** Where the server is known to be in trouble, a picture counts for no longer than this. */
const INTERVALS_IN_TROUBLE = 1.25;
const MAX_INTERVAL_MS = 10_000;
/** So many of the told intervals long, the server's word counts beside what pictures tell. */
const INTERVALS_TOLD = 10;

export class Liveness {
  #lastAt;
  #intervalMs = 0;
  #expectedMs = 0;
  #expectedUntil = 0;
  #hasPicture = false;

  constructor(now) {
    this.#lastAt = now;
  }

  /** Another try: no picture yet, but what is known of the camera's rate still holds. */
  begin(now) {
    this.#hasPicture = false;
    this.#lastAt = now;
  }

  /** The server's word for the camera's rate: what a page begins with comes at once, not at it. */
  expect(fps, now) {
    if (!(fps > 0)) return;
    this.#expectedMs = Math.min(1000 / fps, MAX_INTERVAL_MS);
    this.#expectedUntil = now + this.#expectedMs * INTERVALS_TOLD;
  }

  /** A picture was shown. */
  picture(now) {
    if (this.#hasPicture) {
      const interval = Math.min(now - this.#lastAt, MAX_INTERVAL_MS);
      const weight = this.#intervalMs ? 1 / 4 : 1;
      this.#intervalMs += (interval - this.#intervalMs) * weight;
    }
    this.#hasPicture = true;
    this.#lastAt = now;
  }

  /** Nobody could have seen a picture until now (hidden tab, sleep): count from here. */
  restart(now) {
    this.#lastAt = now;
  }

  /** How long a picture may be late: STALL_MS, or four picture intervals of a slow camera. */
  limitMs(now) {
    const expectedMs = now < this.#expectedUntil ? this.#expectedMs : 0;
    return Math.max(STALL_MS, INTERVALS_UNTIL_STALL * Math.max(this.#intervalMs, expectedMs));
  }

  /** `soonMs`: less time than usual, since somebody knows that the server is gone. */
  isStalled(now, soonMs = Infinity) {
    return this.leftMs(now, soonMs) < 0;
  }

  /** Until a picture is late. */
  leftMs(now, soonMs = Infinity) {
    const leastMs = Math.max(soonMs, INTERVALS_IN_TROUBLE * this.#intervalMs);
    return this.#lastAt + Math.min(leastMs, this.limitMs(now)) - now;
  }

  isFlowing(now) {
    return this.#hasPicture && !this.isStalled(now);
  }
}
