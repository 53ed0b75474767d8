/** One camera of a server, as a viewer of it sees it. */

import { camerasWord, linkTrouble } from "./known.js";
import { healthFor, isInactive } from "./own_camera.js";
import { lastingMemory } from "./ways.js";

export class Source {
  #server;
  #camera;
  #iceServers;
  #memory;

  /**
   * `camera`: `day` or `night`; "": the active one. `iceServers`: those that the page was told; null:
   * the server is asked.
   *
   * @param {import("./server.js").Server} server
   * @param {{camera?: string, iceServers?: RTCIceServer[]|null}} options
   */
  constructor(server, { camera = "", iceServers = null } = {}) {
    this.#server = server;
    this.#camera = camera;
    this.#iceServers = iceServers;
    this.#memory = lastingMemory(`pet-stream.ice ${server.api.url("")}`);
  }

  /** Whether the server is not the one that the page came from. */
  get isForeign() {
    return new URL(this.#server.api.url(""), document.baseURI).origin !== location.origin;
  }

  // What is known

  get known() {
    return this.#server.known;
  }

  /** Why nothing gets through; "" if something does. */
  get trouble() {
    return linkTrouble(this.known.now);
  }

  /** The health to believe now; null if that is not known for sure. */
  get word() {
    return camerasWord(this.known.now, this.#camera);
  }

  /** Whether another camera is the active one, as far as is known. */
  get isInactive() {
    return isInactive(this.#camera, this.known.now.health);
  }

  /** Whether one camera is watched by its name, which may or may not be the active one. */
  get isNamed() {
    return this.#camera !== "";
  }

  /** Whether the server tells what a detector sees, as far as is known. */
  get hasDetections() {
    const { health } = this.known.now;
    return !health || healthFor(this.#camera, health).detections !== false;
  }

  /** The server's wall clock minus this one, ms; null as long as it is not known. */
  get clockOffsetMs() {
    return this.#server.clockOffsetMs;
  }

  /** Throws ApiError. */
  async health() {
    return healthFor(this.#camera, await this.#server.health());
  }

  // What a link needs

  /** Those to use, or a promise of them. What the server said last time does, and is asked for anew. */
  iceServers() {
    if (this.#iceServers) return this.#iceServers;
    const asked = this.#server.api.iceServers().then((servers) => {
      const isSecret = servers.some(({ credential }) => credential !== undefined);
      this.#memory.save(isSecret ? null : servers);
      return servers;
    });
    asked.catch(() => {}); // the link will hear of it, if there still is one
    const kept = this.#memory.load();
    return Array.isArray(kept) ? kept : asked;
  }

  /** `{type, sdp, pc_id}` for an SDP offer; `options` as for `Api.offer`. Throws ApiError. */
  offer(sdp, options) {
    return this.#server.api.offer(sdp, { ...options, camera: this.#camera });
  }

  /** Gives the viewer's place back; also works while the page goes away. */
  sayGoodbye(pcId) {
    this.#server.api.sayGoodbye(pcId);
  }

  /** The pictures over a WebSocket; `race` as for `Api.offer`. */
  openStream(race) {
    return this.#server.api.openStream({ race, camera: this.#camera });
  }

  /** What tells the server of candidates after the offer, and this page of its viewer. */
  get socket() {
    return this.#server.socket;
  }
}
