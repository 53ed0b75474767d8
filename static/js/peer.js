/** One viewer: gets the pictures one way or the other, watches that they come, brings them back. */

import { isCameraDown, reasonsOf } from "./camera.js";
import { reasonText } from "./i18n.js";
import { Liveness } from "./liveness.js";
import { afterFailure, retryDelayMs } from "./retry.js";
import { WebRtcLink, playsH264 } from "./webrtc.js";

/** Everything that a viewer can be in; exactly one at a time, and each is shown. */
export const State = Object.freeze({
  CONNECTING: "connecting",
  LIVE: "live",
  CAMERA_OFFLINE: "camera-offline",
  RECONNECTING: "reconnecting",
  FULL: "full",
  NOT_ALLOWED: "not-allowed",
  UNSUPPORTED: "unsupported",
  BLOCKED: "blocked",
  PAUSED: "paused",
  CLOSED: "closed",
});

const LOOK_MS = 500;
/** Without a connection by then: the other way if there is one, else anew. */
const DIRECT_LIMIT_MS = 6_000;
const CONNECT_LIMIT_MS = 10_000;
/** WebRTC did not get through: so long it is not tried first. */
const SOCKET_PREFERRED_MS = 300_000;
/** Connected without a picture: from here on the camera is asked after … */
const ASK_AFTER_MS = 1_000;
const ASK_EVERY_MS = 2_000;
const ASK_AFTER_PICTURE_MS = 400;
/** … and if it is well, this connection is given up. */
const PICTURE_LIMIT_MS = 5_000;
/** The camera is back but no picture comes on this connection: after this, a new one. */
const RETURN_LIMIT_MS = 4_000;
/** Pictures for this long end the back-off: a connection that dies at once must not loop. */
const STEADY_MS = 5_000;

/**
 * Shows the camera on `screen` and keeps it there until `stop()`. Sends a `change` event whenever
 * `state`, `reason`, `transport` or `retryAt` is another, and `picture` for each one shown, with
 * `detail {rtpTimestamp}` or `{captureUs}`.
 *
 * A try is one link (`webrtc.js`, `socket_link.js`), from its beginning to its end; whatever comes
 * back late from an earlier one (an answer, health, statistics) is recognised by it and dropped.
 */
export class Peer extends EventTarget {
  #api;
  #screen;
  #options;
  #state = State.CLOSED;
  #reason = "";
  #retryAt = null;

  #link = null;
  #liveness = new Liveness(0);
  #framesDecoded = 0;
  #startedAt = 0;
  #connectedAt = 0;
  #liveAt = 0;
  #cameraBackAt = 0;
  #askedAt = 0;

  #hasDetections = false;
  #socketUntil = 0;
  #attempt = 0;
  #retryTimer = 0;
  #lookTimer = 0;
  #hiddenTimer = 0;
  #listeners = null;

  /**
   * `transport`: `auto`, `webrtc` or `websocket`; `decoder`: for the latter, `auto`, `webcodecs` or
   * `mse`; `pauseAfterMs`: so long a hidden page goes on, Infinity for ever.
   */
  constructor({ api, screen, transport = "auto", decoder = "auto", pauseAfterMs = Infinity }) {
    super();
    this.#api = api;
    this.#screen = screen;
    this.#options = { transport, decoder, pauseAfterMs };
  }

  get state() {
    return this.#state;
  }

  /** A word for why: `server`, `offline`, `closed` (by it), `refused`, `stalled`, `connection`,
   * or the camera's text. */
  get reason() {
    return this.#reason;
  }

  /** When the next try comes, as `performance.now()`; null if none is planned or it runs now. */
  get retryAt() {
    return this.#retryAt;
  }

  /** How the pictures come, or are tried to: `webrtc`, `websocket`; "" without a try. */
  get transport() {
    return this.#link?.transport ?? "";
  }

  /** Whether the server tells what a detector sees; known from the first try on. */
  get hasDetections() {
    return this.#hasDetections;
  }

  start() {
    if (this.#state !== State.CLOSED) return;
    this.#listen();
    this.#attempt = 0;
    this.#connect();
  }

  /** Ends it for good and gives the place back; `start()` begins anew. */
  stop() {
    if (this.#state === State.CLOSED) return;
    this.#listeners.abort();
    this.#drop();
    this.#become(State.CLOSED);
  }

  /** A person does not want to wait. */
  retryNow() {
    if (this.#state === State.CLOSED) return this.start();
    if (this.#state === State.BLOCKED) return this.#play();
    this.#attempt = 0;
    return this.#connect();
  }

  /** Numbers about this try; null without one. */
  async stats() {
    return (await this.#link?.stats?.().catch(() => null)) ?? null;
  }

  #become(state, reason = "", retryAt = null) {
    if (state === this.#state && reason === this.#reason && retryAt === this.#retryAt) return;
    this.#state = state;
    this.#reason = reason;
    this.#retryAt = retryAt;
    this.dispatchEvent(new Event("change"));
  }

  // The world outside

  #listen() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    addEventListener("online", () => this.#online(), { signal });
    this.#api.addEventListener("reachable", () => this.#isWaiting() && this.retryNow(), { signal });
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    addEventListener("pagehide", () => this.#drop({ isLeaving: true }), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.retryNow(), { signal });
    this.#screen.video.addEventListener("pause", () => this.#play(), { signal });
    this.#screen.video.addEventListener("leavepictureinpicture", () => this.#seen(), { signal });
  }

  #online() {
    this.#socketUntil = 0; // another network, where the direct way may be open
    // A request that set out before the network was there would only run into its time limit.
    if (this.#state === State.RECONNECTING) this.retryNow();
  }

  #isWaiting() {
    return this.#state === State.RECONNECTING && !this.#link;
  }

  #isWatched() {
    return !document.hidden || Boolean(document.pictureInPictureElement);
  }

  #seen() {
    clearTimeout(this.#hiddenTimer);
    const { pauseAfterMs } = this.#options;
    if (!this.#isWatched()) {
      if (pauseAfterMs < Infinity) {
        this.#hiddenTimer = setTimeout(() => this.#pause(), pauseAfterMs);
      }
      return;
    }
    this.#liveness.restart(performance.now());
    if (this.#isWaiting() || this.#state === State.PAUSED) this.retryNow();
  }

  #pause() {
    const { LIVE, CONNECTING, RECONNECTING, CAMERA_OFFLINE } = State;
    if (this.#isWatched()) return;
    if (![LIVE, CONNECTING, RECONNECTING, CAMERA_OFFLINE].includes(this.#state)) return;
    this.#drop();
    this.#become(State.PAUSED);
  }

  // A try

  async #connect() {
    this.#drop();
    const isAgain = this.#state === State.RECONNECTING || this.#state === State.FULL;
    const transport = this.#nextTransport();
    const reason = transport === "websocket" ? transport : "";
    this.#become(isAgain ? this.#state : State.CONNECTING, isAgain ? this.#reason : reason);
    const now = performance.now();
    this.#startedAt = now;
    this.#connectedAt = this.#liveAt = this.#cameraBackAt = this.#askedAt = 0;
    this.#framesDecoded = 0;
    this.#liveness.begin(now);

    // A placeholder holds the try until the camera is known to be there, and the way to it.
    let link = (this.#link = { transport, close() {} });
    const iceServers = transport === "webrtc" ? this.#api.iceServers() : Promise.resolve([]);
    iceServers.catch(() => {}); // the link will hear of it
    try {
      const [Link, health] = await Promise.all([
        loadLink(link.transport),
        this.#api.health().catch(() => ({})),
      ]);
      if (link !== this.#link) return;
      this.#hasDetections = health.detections !== false;
      this.#liveness.expect(health.camera?.fps);
      if (isCameraDown(health)) this.#become(State.CAMERA_OFFLINE, reasonOf(health));
      link = this.#link = this.#make(Link, iceServers);
      await link.open();
      if (link === this.#link) this.#lookTimer = setInterval(() => this.#look(link), LOOK_MS);
    } catch (error) {
      if (link === this.#link) this.#failed(error);
    }
  }

  #nextTransport() {
    const { transport } = this.#options;
    if (transport !== "auto") return transport;
    const isDirect = playsH264() !== false && performance.now() >= this.#socketUntil;
    return isDirect ? "webrtc" : "websocket";
  }

  #make(Link, iceServers) {
    const { decoder } = this.#options;
    let link = null;
    const ifPresent = (callback) => (argument, other) => {
      if (link === this.#link) callback(argument, other);
    };
    const on = {
      connected: ifPresent(() => (this.#connectedAt ||= performance.now())),
      playing: ifPresent(() => this.#play()),
      picture: ifPresent((picture) => this.#pictureShown(picture)),
      camera: ifPresent((status) => this.#cameraIs(status)),
      ended: ifPresent((error, wasOpen) => this.#ended(error, wasOpen)),
    };
    link = new Link({ api: this.#api, screen: this.#screen, iceServers, decoder, on });
    return link;
  }

  /** Ends the try, if there is one, and gives the place back. */
  #drop(options) {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#lookTimer);
    const link = this.#link;
    this.#link = null;
    link?.close(options);
  }

  #failed(error) {
    const { state, reason, delayMs } = afterFailure(error);
    if (state === State.UNSUPPORTED && this.#mayTakeOtherWay("webrtc")) {
      return this.#takeSocket(Infinity);
    }
    if (state === State.RECONNECTING) return this.#retry(reason);
    this.#drop();
    return delayMs === null
      ? this.#become(state, reason)
      : this.#connectAfter(delayMs, state, reason);
  }

  /** A link that was there, or nearly, is not any more. */
  #ended(error, wasOpen) {
    if (!wasOpen && this.#mayTakeOtherWay("webrtc")) return this.#takeSocket();
    if (!wasOpen && this.#mayTakeOtherWay("websocket")) this.#socketUntil = 0;
    if (error.code === "closed") return this.#retry("closed");
    if (error.code || error.status) return this.#failed(error);
    return this.#retry(wasOpen || this.transport === "webrtc" ? "connection" : "server");
  }

  /** This try goes the way `present`, and the other one is free to be chosen. */
  #mayTakeOtherWay(present) {
    return this.#options.transport === "auto" && this.transport === present;
  }

  #takeSocket(forMs = SOCKET_PREFERRED_MS) {
    this.#socketUntil = performance.now() + forMs;
    return this.#connect();
  }

  #retry(because) {
    const reason = navigator.onLine === false ? "offline" : because;
    this.#drop();
    this.#connectAfter(retryDelayMs(this.#attempt++), State.RECONNECTING, reason);
  }

  #connectAfter(delayMs, state, reason) {
    this.#retryTimer = setTimeout(() => {
      if (this.#isWatched()) return void this.#connect();
      this.#become(State.RECONNECTING, reason); // goes on when somebody looks
    }, delayMs);
    this.#become(state, reason, performance.now() + delayMs);
  }

  // Pictures

  async #play() {
    try {
      await this.#link?.play?.();
    } catch (error) {
      // Saving power, some browsers start no video by themselves. Anything else: a newer stream.
      if (error.name === "NotAllowedError") this.#become(State.BLOCKED);
    }
  }

  #pictureShown(picture = null) {
    const { surface, video } = this.#screen;
    if (surface === video && video.paused) return; // the first one of a video that may not play
    if (picture) this.dispatchEvent(new CustomEvent("picture", { detail: picture }));
    const now = performance.now();
    this.#liveness.picture(now);
    if (this.#state === State.LIVE) return;
    if (this.#state !== State.CAMERA_OFFLINE) this.#goLive();
    // What a server keeps of a camera that has stopped is a picture, but not live: ask first.
    else if (now - this.#askedAt > ASK_AFTER_PICTURE_MS) this.#askWhy(this.#link);
  }

  #goLive() {
    this.#liveAt = performance.now();
    this.#become(State.LIVE);
  }

  #cameraIs({ camera, reason, reason_code: code }) {
    if (!isCameraDown({ camera: { state: camera } })) return;
    this.#become(State.CAMERA_OFFLINE, reasonText(code, reason));
  }

  /** Twice a second: do pictures come, and if not, what is to be done? */
  async #look(link) {
    const { framesDecoded = 0 } = (await link.stats().catch(() => null)) ?? {};
    if (link !== this.#link) return;
    // Some browsers do not tell of single frames, or not while the video is out of view.
    if (framesDecoded > this.#framesDecoded) this.#pictureShown();
    this.#framesDecoded = framesDecoded;
    const now = performance.now();
    if (!this.#isWatched() || this.#state === State.BLOCKED) return this.#liveness.restart(now);
    if (this.#state === State.LIVE) {
      if (now - this.#liveAt > STEADY_MS) this.#attempt = 0;
      if (!this.#liveness.isStalled(now)) return;
      this.#become(State.RECONNECTING, "stalled");
      await this.#askWhy(link);
    } else if (!this.#connectedAt) {
      const hasOtherWay = this.#mayTakeOtherWay("webrtc");
      const limitMs = hasOtherWay ? DIRECT_LIMIT_MS : CONNECT_LIMIT_MS;
      if (now - this.#startedAt < limitMs) return;
      if (hasOtherWay) this.#takeSocket();
      else this.#retry("connection");
    } else if (now > Math.max(this.#connectedAt + ASK_AFTER_MS, this.#askedAt + ASK_EVERY_MS)) {
      await this.#askWhy(link);
    }
  }

  /** Connected, but no picture: the camera's fault (then wait for it), or this connection's. */
  async #askWhy(link) {
    this.#askedAt = performance.now();
    let health;
    try {
      health = await this.#api.health();
    } catch {
      if (link === this.#link) this.#retry("server");
      return;
    }
    const now = performance.now();
    if (link !== this.#link || this.#state === State.LIVE) return;
    this.#liveness.expect(health.camera?.fps);
    if (isCameraDown(health)) {
      this.#cameraBackAt = 0;
      this.#become(State.CAMERA_OFFLINE, reasonOf(health));
    } else if (this.#liveness.isFlowing(now)) {
      this.#goLive();
    } else if (this.#state === State.CAMERA_OFFLINE) {
      this.#cameraBackAt ||= now;
      if (now - this.#cameraBackAt > RETURN_LIMIT_MS) this.#retry("stalled");
    } else if (this.#liveAt || now - this.#connectedAt > PICTURE_LIMIT_MS) {
      this.#retry("stalled");
    }
  }
}

/** The fallback's modules are fetched only where they are needed. */
async function loadLink(transport) {
  if (transport === "webrtc") return WebRtcLink;
  return (await import("./socket_link.js")).SocketLink;
}

function reasonOf(health) {
  return reasonsOf(health)[0] ?? "";
}
