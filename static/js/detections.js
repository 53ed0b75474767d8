/** What the detector sees, over the state's WebSocket. */

import { serverAt } from "./server.js";

/**
 * Fills `sightings` while it is started; calls `onUpdate` with each message.
 * It costs the server something, so it is stopped wherever nobody looks.
 */
export class DetectionFeed {
  #api;
  #sightings;
  #onUpdate;
  /** @type {(() => void) | null} */
  #unsubscribe = null;

  constructor(api, sightings, onUpdate) {
    this.#api = api;
    this.#sightings = sightings;
    this.#onUpdate = onUpdate;
  }

  start() {
    const { base, link } = this.#api;
    this.#unsubscribe ??= serverAt(base, link).socket.subscribe((update) => this.#take(update));
  }

  stop() {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#sightings.clear();
  }

  #take(update) {
    try {
      this.#sightings.add(update, performance.now() * 1000);
    } catch {
      return; // not one of ours
    }
    this.#onUpdate(update);
  }
}
