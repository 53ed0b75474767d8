/** What the detector sees, over the state's WebSocket. */

import { LiveApi } from "./live_state.js";

/**
 * Fills `sightings` while it is started; calls `onFirst` at the first message: there is a detector.
 * It takes the page's own socket (`api.channel`), where the page has one, else opens one. It costs
 * the server something, so it is stopped wherever nobody looks.
 */
export class DetectionFeed {
  #api;
  #sightings;
  #onFirst;
  #live = null;

  constructor(api, sightings, onFirst) {
    this.#api = api;
    this.#sightings = sightings;
    this.#onFirst = onFirst;
  }

  start() {
    if (this.#live) return;
    this.#live = this.#api.channel ?? new LiveApi(this.#api.base);
    this.#live.addEventListener("detections", this.#take);
    if (this.#live !== this.#api.channel) this.#live.start();
    this.#live.subscribe();
  }

  stop() {
    const live = this.#live;
    this.#live = null;
    live?.removeEventListener("detections", this.#take);
    if (live === this.#api.channel) live?.unsubscribe();
    else live?.stop();
    this.#sightings.clear();
  }

  #take = ({ detail }) => {
    try {
      this.#sightings.add(detail, performance.now() * 1000);
    } catch {
      return; // not one of ours
    }
    this.#onFirst();
  };
}
