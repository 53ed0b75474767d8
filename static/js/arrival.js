/** Whether what arrives becomes pictures. Pure: the caller tells the time (ms). */

/** Of the whole pictures that came in this time, if there were this many, … */
const COUNTED_MS = 6_000;
const COUNTED_LEAST = 30;
/** … at least one in this many has to be decoded, or the others are of a kind that never is. */
const DECODED_ONE_IN = 4;

export class Arrival {
  #bytes = 0;
  /** Of the data since the newest picture; null if there is none. */
  #firstAt = null;
  #lastAt = 0;
  /** @type {{received: number, decoded: number, at: number}|null} */
  #counted = null;

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

  /**
   * On this connection `received` whole pictures have come so far, and `decoded` became one. Returns
   * whether most have not lately, as with B pictures over WebRTC.
   */
  isWasted(received, decoded, now) {
    this.#counted ??= { received, decoded, at: now };
    const { received: receivedBefore, decoded: decodedBefore, at } = this.#counted;
    if (now - at < COUNTED_MS) return false;
    this.recount();
    const came = received - receivedBefore;
    return came >= COUNTED_LEAST && (decoded - decodedBefore) * DECODED_ONE_IN < came;
  }

  /** What came until now does not count. */
  recount() {
    this.#counted = null;
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
