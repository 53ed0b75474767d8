/** Tries WebRTC beside the picture that is seen, where nobody sees it. */

import { needsSocket } from "./camera.js";
import { Liveness } from "./liveness.js";
import { Watch } from "./watch.js";
import { WebRtcLink } from "./webrtc.js";

export class Trial {
  #api;
  #on;
  /** @type {WebRtcLink|null} */
  #link = null;
  /** @type {Watch|null} */
  #watch;

  /**
   * Says once how it ended, if not by `stop()`: `on.plays(link)` with a link that plays, to be moved
   * to a screen; `on.failed()`; `on.refused()`: it could not be tried.
   */
  constructor({ api, connectLimitMs, on }) {
    this.#api = api;
    this.#on = on;
    const failed = () => this.#end(() => on.failed());
    const nothing = () => {};
    this.#watch = new Watch({
      api,
      liveness: new Liveness(performance.now()),
      connectLimitMs,
      on: {
        live: nothing,
        stalled: nothing,
        steady: () => this.#plays(),
        cameraDown: () => this.#end(() => on.refused()),
        lost: failed,
        failed,
      },
    });
  }

  async start() {
    const health = await this.#api.health().catch(() => ({}));
    if (!this.#watch) return;
    if (needsSocket(health)) return this.#end(() => this.#on.refused());
    const video = document.createElement("video");
    video.muted = true;
    const link = (this.#link = new WebRtcLink({
      api: this.#api,
      screen: { video, use() {} },
      iceServers: this.#api.iceServers(),
      on: {
        connected: () => this.#watch?.connected(),
        playing: () => video.play().catch(() => {}), // decoding does not need it
        picture() {},
        ended: () => this.#end(() => this.#on.failed()),
      },
    }));
    try {
      await link.open();
      this.#watch?.start(link);
    } catch {
      this.#end(() => this.#on.refused());
    }
  }

  stop() {
    this.#watch?.stop();
    this.#watch = null;
    this.#link?.close();
    this.#link = null;
  }

  #plays() {
    const link = this.#link;
    this.#link = null; // it is not ours any more
    this.#end(() => this.#on.plays(link));
  }

  #end(say) {
    if (!this.#watch) return;
    this.stop();
    say();
  }
}
