/** Whether the pictures still come. Pure: the caller tells the time (ms, any monotonic clock). */

export const STALL_MS = 2000;
const INTERVALS_UNTIL_STALL = 4;
/** Where the server is known to be in trouble, a picture counts for less. */
const TROUBLED_MS = 500;
const TROUBLED_INTERVALS = 1.25;
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

  /** How long a picture may be late: 2 s, or four picture intervals of a slow camera. */
  limitMs(now) {
    const expectedMs = now < this.#expectedUntil ? this.#expectedMs : 0;
    return Math.max(STALL_MS, INTERVALS_UNTIL_STALL * Math.max(this.#intervalMs, expectedMs));
  }

  /** `isTroubled`: somebody else knows that the server is gone. */
  isStalled(now, isTroubled = false) {
    return this.leftMs(now, isTroubled) < 0;
  }

  /** Until a picture is late. */
  leftMs(now, isTroubled = false) {
    const limitMs = this.limitMs(now);
    const soonMs = Math.max(TROUBLED_MS, TROUBLED_INTERVALS * this.#intervalMs);
    return this.#lastAt + (isTroubled ? Math.min(soonMs, limitMs) : limitMs) - now;
  }

  isFlowing(now) {
    return this.#hasPicture && !this.isStalled(now);
  }
}
