/** What the detector sees, as server-sent events. */

/**
 * Fills `sightings` while it is started; calls `onFirst` at the first message: there is a detector.
 * A server without one answers 404, and that ends it. Each open feed holds one of the browser's
 * few connections to a host, so it is stopped wherever nobody looks.
 */
export class DetectionFeed {
  #api;
  #sightings;
  #onFirst;
  #source = null;

  constructor(api, sightings, onFirst) {
    this.#api = api;
    this.#sightings = sightings;
    this.#onFirst = onFirst;
  }

  start() {
    if (this.#source || !globalThis.EventSource) return;
    this.#source = this.#api.openDetections();
    this.#source.onmessage = ({ data }) => {
      try {
        this.#sightings.add(JSON.parse(data), performance.now() * 1000);
      } catch {
        return; // not one of ours
      }
      this.#onFirst();
    };
  }

  stop() {
    this.#source?.close();
    this.#source = null;
    this.#sightings.clear();
  }
}
