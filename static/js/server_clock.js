/** The server's wall clock against this page's, by the answers to pings. */

export class ServerClock {
  /** @type {number | null} The server's minus this one, ms; null as long as it is not known. */
  offsetMs = null;
  #bestRoundTripMs = Infinity;

  /** Another connection, perhaps another way. */
  restart() {
    this.#bestRoundTripMs = Infinity;
  }

  /**
   * The answer to a ping that was sent at `sentAt`: the fastest so far was half as long on its way.
   * Returns whether `offsetMs` is another one now.
   */
  take(sentAt, serverUs) {
    const now = performance.now();
    const roundTripMs = now - sentAt;
    if (!(roundTripMs < this.#bestRoundTripMs) || !Number.isFinite(serverUs)) return false;
    this.#bestRoundTripMs = roundTripMs;
    this.offsetMs = serverUs / 1000 - (performance.timeOrigin + now - roundTripMs / 2);
    return true;
  }
}
