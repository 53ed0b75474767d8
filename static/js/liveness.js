/** Whether the pictures still come. Pure: the caller tells the time (ms, any monotonic clock). */

export const STALL_MS = 2000;
const INTERVALS_UNTIL_STALL = 4;
const MAX_INTERVAL_MS = 2500;

export class Liveness {
  #lastAt;
  #intervalMs = 0;
  #expectedMs = 0;
  #hasPicture = false;

  constructor(now) {
    this.#lastAt = now;
  }

  /** Another try: no picture yet, but what is known of the camera's rate still holds. */
  begin(now) {
    this.#hasPicture = false;
    this.#lastAt = now;
  }

  /** The server's word for the camera's rate, before two pictures have told it. */
  expect(fps) {
    if (fps > 0) this.#expectedMs = Math.min(1000 / fps, MAX_INTERVAL_MS);
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
  get limitMs() {
    return Math.max(STALL_MS, INTERVALS_UNTIL_STALL * Math.max(this.#intervalMs, this.#expectedMs));
  }

  isStalled(now) {
    return now - this.#lastAt > this.limitMs;
  }

  isFlowing(now) {
    return this.#hasPicture && !this.isStalled(now);
  }
}
