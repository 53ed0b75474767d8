/** One viewer: gets the pictures one way or the other, watches that they come, brings them back. */

import { Attention } from "./attention.js";
import { isCameraDown, needsSocket } from "./camera.js";
import { reasonText } from "./i18n.js";
import { Liveness } from "./liveness.js";
import { afterFailure, retryDelayMs, undecodableDelayMs } from "./retry.js";
import { State } from "./state.js";
import { Watch } from "./watch.js";
import { DIRECT, Ways, transportOf, waysOf } from "./ways.js";
import { WebRtcLink, playsH264 } from "./webrtc.js";

/** Without a connection by then: the other way if there is one, else anew. */
const DIRECT_LIMIT_MS = 6_000;
const CONNECT_LIMIT_MS = 10_000;
/** The states that another try does not change before it has brought something. */
const LASTING = new Set([State.RECONNECTING, State.FULL, State.UNSUPPORTED]);

/**
 * Shows the camera on `screen` and keeps it there until `stop()`. Sends a `change` event whenever
 * `state`, `reason`, `transport` or `retryAt` is another, and `picture` for each one shown, with
 * `detail {rtpTimestamp}` or `{captureUs}`.
 *
 * A try is one link (`webrtc.js`, `socket_link.js`) and its `watch.js`, from beginning to end; whatever
 * comes back late from an earlier one (an answer, health, statistics) is recognised and dropped.
 */
export class Peer extends EventTarget {
  #api;
  #screen;
  #attention;
  #ways;
  #state = State.CLOSED;
  #reason = "";
  #retryAt = null;
  #thinnedTo = null;

  #link = null;
  #watch = null;
  #trial = null;
  /** The viewer that this page was last: its place may have gone to another page. */
  #viewer = "";
  #liveness = new Liveness(0);

  #hasDetections = false;
  #isReachable = false;
  #attempt = 0;
  #rounds = 0;
  #retryTimer = 0;
  #listeners = null;

  /**
   * `transport`: `auto`, `webrtc` or `websocket`; `decoder`: for the latter, `auto`, `webcodecs` or
   * `mse`; `pauseAfterMs`: so long a hidden page goes on, Infinity for ever; `memory`: for `Ways`.
   */
  constructor({ api, screen, transport, decoder, pauseAfterMs = Infinity, memory }) {
    super();
    this.#api = api;
    this.#screen = screen;
    this.#ways = new Ways(waysOf(transport, decoder), { memory });
    if (playsH264() === false) this.#ways.exclude(DIRECT);
    if (!globalThis.VideoDecoder) this.#ways.exclude("webcodecs"); // as in plain http
    this.#attention = new Attention(pauseAfterMs);
    this.#attention.addEventListener("away", () => this.#pause());
    this.#attention.addEventListener("back", () => this.#seen());
  }

  get state() {
    return this.#state;
  }

  /** Pictures a second, where the server sends fewer because this connection is slow; else null. */
  get thinnedTo() {
    return this.#thinnedTo;
  }

  /** A word for why: `slow` (live, but see `thinnedTo`), `server`, `offline`, `closed` (by it), `refused`, `stalled`, `connection`,
   * `undecodable`, or the camera's text. */
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
    this.#attempt = this.#rounds = 0;
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
    this.#viewer = "";
    return this.#again();
  }

  /** Numbers about this try; null without one. */
  async stats() {
    return (await this.#link?.stats?.().catch(() => null)) ?? null;
  }

  #again() {
    this.#attempt = 0;
    return this.#connect();
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
    this.#api.addEventListener("reachable", () => this.#isWaiting() && this.#again(), { signal });
    addEventListener("pagehide", () => this.#drop({ isLeaving: true }), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.retryNow(), { signal });
    this.#screen.video.addEventListener("pause", () => this.#play(), { signal });
    this.#attention.listen(this.#screen.video, signal);
  }

  #online() {
    this.#ways.forget(); // another network, where the direct way may be open
    // A request that set out before the network was there would only run into its time limit.
    if (this.#state === State.RECONNECTING) this.#again();
  }

  #isWaiting() {
    return this.#state === State.RECONNECTING && !this.#link;
  }

  #seen() {
    this.#liveness.restart(performance.now());
    if (this.#isWaiting() || (this.#state === State.PAUSED && !this.#reason)) this.#again();
  }

  #pause() {
    const { LIVE, CONNECTING, RECONNECTING, CAMERA_OFFLINE } = State;
    if (![LIVE, CONNECTING, RECONNECTING, CAMERA_OFFLINE].includes(this.#state)) return;
    this.#drop();
    this.#become(State.PAUSED);
  }

  // A try

  async #connect() {
    this.#drop();
    const way = this.#ways.next;
    const transport = transportOf(way);
    const isAgain = LASTING.has(this.#state);
    const reason = transport === "websocket" ? transport : "";
    this.#become(isAgain ? this.#state : State.CONNECTING, isAgain ? this.#reason : reason);
    const watch = (this.#watch = this.#makeWatch(way));

    // A placeholder holds the try until the camera is known to be there, and the way to it.
    let link = (this.#link = { way, transport, close() {} });
    const iceServers = way === DIRECT ? this.#api.iceServers() : Promise.resolve([]);
    iceServers.catch(() => {}); // the link will hear of it
    try {
      const [Link, health] = await Promise.all([
        loadLink(transport),
        this.#api.health().catch(() => null),
      ]);
      if (link !== this.#link) return;
      this.#isReachable = health !== null;
      this.#hasDetections = health?.detections !== false;
      if (health && this.#leadsNowhere(way, health)) return void this.#connect();
      if (health) watch.cameraIs(health);
      link = this.#link = this.#make(Link, { way, iceServers });
      await link.open();
      if (link === this.#link) watch.start(link);
    } catch (error) {
      if (link === this.#link) this.#failed(error);
    }
  }

  /** Whether another way has to be taken for what the camera sends now; it is the next one then. */
  #leadsNowhere(way, health) {
    if (way !== DIRECT || !needsSocket(health)) return false;
    this.#ways.postpone(DIRECT);
    return this.#ways.next !== DIRECT;
  }

  #make(Link, { way, iceServers }) {
    const decoders = this.#ways.decodersFrom(way);
    const on = this.#eventsOf(() => link);
    const link = new Link({
      api: this.#api,
      screen: this.#screen,
      iceServers,
      replaces: this.#viewer,
      decoders,
      on,
    });
    return link;
  }

  /** What a link tells, as long as it is the one of this try. */
  #eventsOf(getLink) {
    const ifPresent = (callback) => (argument, other) => {
      if (getLink() === this.#link) callback(argument, other);
    };
    return {
      connected: ifPresent(() => this.#watch.connected()),
      playing: ifPresent(() => this.#play()),
      picture: ifPresent((picture) => this.#pictureShown(picture)),
      camera: ifPresent((status) => this.#cameraIs(status)),
      thinned: ifPresent((fps) => this.#thinned(fps)),
      decoderFailed: ifPresent((way) => this.#ways.hasFailed(way)),
      ended: ifPresent((error, wasOpen) => this.#ended(error, wasOpen)),
    };
  }

  #connectLimitMs(way) {
    return way === DIRECT && this.#ways.haveChoice ? DIRECT_LIMIT_MS : CONNECT_LIMIT_MS;
  }

  #makeWatch(way) {
    return new Watch({
      api: this.#api,
      liveness: this.#liveness,
      connectLimitMs: this.#connectLimitMs(way),
      isUnseen: () => !this.#attention.isThere || this.#state === State.BLOCKED,
      isPaused: () => this.#isPaused,
      on: {
        live: () => this.#live(),
        steady: () => this.#steady(),
        stalled: () => this.#become(State.RECONNECTING, "stalled"),
        cameraDown: (reason) => this.#become(State.CAMERA_OFFLINE, reason),
        lost: (reason) => this.#retry(reason),
        failed: (reason) => this.#otherWay(reason, this.#link.way),
      },
    });
  }

  /** Ends the try, if there is one, and gives the place back. */
  #drop(options) {
    clearTimeout(this.#retryTimer);
    this.#watch?.stop();
    this.#trial?.stop();
    this.#trial = null;
    const link = this.#link;
    this.#link = this.#thinnedTo = null;
    this.#viewer = link?.viewer || this.#viewer;
    link?.close(options);
  }

  #failed(error) {
    const { state, reason, delayMs } = afterFailure(error);
    if (state === State.UNSUPPORTED) {
      this.#ways.exclude(DIRECT);
      if (this.#ways.next !== DIRECT) return this.#connect();
    }
    if (state === State.RECONNECTING) return this.#retry(reason);
    this.#drop();
    return delayMs === null
      ? this.#become(state, reason)
      : this.#connectAfter(delayMs, state, reason);
  }

  /** A link that was there, or nearly, is not any more. */
  #ended(error, wasOpen) {
    const { code, status } = error;
    if (code === "undecodable") return this.#otherWay(code);
    if (status) return this.#failed(error);
    if (!wasOpen && this.#isReachable) {
      this.#ways.hasFailed(...waysOf(this.transport)); // the server answers, but not this way
      if (!this.#ways.haveAllFailed) return this.#connect();
    }
    if (code === "closed") return this.#retry(code);
    if (code) return this.#failed(error);
    return this.#retry(wasOpen || this.transport === "webrtc" ? "connection" : "server");
  }

  /** The way `failed`, if that is known, leads to no picture. */
  #otherWay(because, ...failed) {
    this.#ways.hasFailed(...failed);
    if (!this.#ways.haveAllFailed) return this.#connect();
    if (because !== "undecodable") return this.#retry(because);
    this.#drop();
    return this.#connectAfter(undecodableDelayMs(this.#rounds++), State.UNSUPPORTED, because);
  }

  #retry(because) {
    const reason = navigator.onLine === false ? "offline" : because;
    this.#drop();
    this.#connectAfter(retryDelayMs(this.#attempt++), State.RECONNECTING, reason);
  }

  #connectAfter(delayMs, state, reason) {
    this.#retryTimer = setTimeout(() => {
      if (this.#attention.isThere) return void this.#connect();
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
      if (error.name !== "NotAllowedError") return;
      this.#watch.suspend();
      this.#become(State.BLOCKED);
    }
  }

  /** As with the first picture of a video that may not play. */
  get #isPaused() {
    const { surface, video } = this.#screen;
    return surface === video && video.paused;
  }

  #pictureShown(picture) {
    if (this.#isPaused) return;
    this.dispatchEvent(new CustomEvent("picture", { detail: picture }));
    this.#watch.pictureShown();
  }

  #cameraIs({ camera, reason, reason_code: code }) {
    if (!isCameraDown({ camera: { state: camera } })) return;
    this.#watch.cameraDown(camera === "paused" ? camera : reasonText(code, reason));
  }

  #live() {
    this.#become(State.LIVE, this.#thinnedTo === null ? "" : "slow");
  }

  #thinned(fps) {
    if (fps === this.#thinnedTo) return;
    this.#thinnedTo = fps;
    if (fps !== null) this.#watch.expect(fps);
    if (this.#state !== State.LIVE) return;
    if (this.#reason && fps !== null) this.dispatchEvent(new Event("change")); // of the number
    else this.#live();
  }

  #steady() {
    this.#attempt = this.#rounds = 0;
    this.#ways.plays(this.#link.way);
    if (!this.#trial && this.#ways.isTrialDue(this.#link.way)) this.#tryDirect();
  }

  /** Beside the picture that is seen. */
  async #tryDirect() {
    const link = this.#link;
    const { Trial } = await import("./trial.js").catch(() => ({})); // the next look asks again
    if (!Trial || link !== this.#link || this.#trial) return;
    const ended = (say) => (result) => {
      this.#trial = null;
      say(result);
    };
    this.#trial = new Trial({
      api: this.#api,
      connectLimitMs: DIRECT_LIMIT_MS,
      on: {
        plays: ended((direct) => this.#moveTo(direct)),
        failed: ended(() => this.#ways.hasFailed(DIRECT)),
        refused: ended(() => this.#ways.postpone(DIRECT)),
      },
    });
    this.#trial.start();
  }

  #moveTo(link) {
    this.#screen.hold();
    this.#drop();
    this.#link = link;
    this.#watch = this.#makeWatch(DIRECT);
    this.#watch.adopt(link);
    link.moveTo(this.#screen, this.#eventsOf(() => link));
    this.dispatchEvent(new Event("change")); // of the transport
  }
}

/** The fallback's modules, as those of `Trial`, are fetched only where they are needed. */
async function loadLink(transport) {
  if (transport === "webrtc") return WebRtcLink;
  return (await import("./socket_link.js")).SocketLink;
}
