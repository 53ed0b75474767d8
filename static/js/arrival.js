/** Whether what arrives becomes pictures. Pure: the caller tells the time (ms). */

export class Arrival {
  #bytes = 0;
  /** Of the data since the newest picture; null if there is none. */
  #firstAt = null;
  #lastAt = 0;

  /** `bytes` have arrived on this connection so far. */
  received(bytes, now) {
    if (bytes > this.#bytes) {
      this.#firstAt ??= now;
      this.#lastAt = now;
    }
    this.#bytes = bytes;
  }

  /** A picture was shown, or nobody could have seen one. */
  restart() {
    this.#firstAt = null;
  }

  /** Something came since the newest picture, and less than `limitMs` ago. */
  isArriving(now, limitMs) {
    return this.#firstAt !== null && now - this.#lastAt < limitMs;
  }

  /** For so long data has come of which no picture was made. A camera's silence does not count. */
  get undecodedMs() {
    return this.#firstAt === null ? 0 : this.#lastAt - this.#firstAt;
  }
}
