/** One viewer's WebRTC connection: opens it, watches that pictures come, brings it back. */

import { isCameraDown } from "./camera.js";
import { Liveness } from "./liveness.js";
import { afterFailure, retryDelayMs } from "./retry.js";

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
  CLOSED: "closed",
});

const LOOK_MS = 500;
/** Candidates of this host are there at once; STUN and TURN need a round trip or two. */
const GATHER_MS = 200;
const GATHER_WITH_SERVERS_MS = 1500;
const CONNECT_LIMIT_MS = 10_000;
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
 * Shows the camera in `video` and keeps it there until `stop()`. Sends a `change` event whenever
 * `state`, `reason` or `retryAt` is another.
 *
 * A try is one `RTCPeerConnection`, from the offer to its end; whatever comes back late from an
 * earlier one (an answer, health, statistics) is recognised by it and dropped.
 */
export class Peer extends EventTarget {
  #api;
  #video;
  #state = State.CLOSED;
  #reason = "";
  #retryAt = null;

  #connection = null;
  #peerId = "";
  #liveness = new Liveness(0);
  #framesDecoded = 0;
  #startedAt = 0;
  #connectedAt = 0;
  #liveAt = 0;
  #cameraBackAt = 0;
  #askedAt = 0;

  #attempt = 0;
  #retryTimer = 0;
  #lookTimer = 0;
  #frameRequest = 0;
  #listeners = null;

  constructor({ api, video }) {
    super();
    this.#api = api;
    this.#video = video;
  }

  get state() {
    return this.#state;
  }

  /** A word for why: `server`, `refused`, `stalled`, `connection`, or the camera's own text. */
  get reason() {
    return this.#reason;
  }

  /** When the next try comes, as `performance.now()`; null if none is planned or it runs now. */
  get retryAt() {
    return this.#retryAt;
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
    // A request that set out before the network was there would only run into its time limit.
    const isLost = () => this.#state === State.RECONNECTING;
    addEventListener("online", () => isLost() && this.retryNow(), { signal });
    this.#api.addEventListener("reachable", () => this.#isWaiting() && this.retryNow(), { signal });
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    addEventListener("pagehide", () => this.#drop(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.retryNow(), { signal });
    this.#video.addEventListener("pause", () => this.#play(), { signal });
  }

  #isWaiting() {
    return this.#state === State.RECONNECTING && !this.#connection;
  }

  #isWatched() {
    return !document.hidden || Boolean(document.pictureInPictureElement);
  }

  #seen() {
    if (document.hidden) return;
    this.#liveness.restart(performance.now());
    if (this.#isWaiting()) this.retryNow();
  }

  // A try

  async #connect() {
    this.#drop();
    if (!globalThis.RTCPeerConnection) return this.#become(State.UNSUPPORTED, "no_webrtc");
    const isAgain = this.#state === State.RECONNECTING || this.#state === State.FULL;
    this.#become(isAgain ? this.#state : State.CONNECTING, isAgain ? this.#reason : "");
    const now = performance.now();
    this.#startedAt = now;
    this.#connectedAt = this.#liveAt = this.#cameraBackAt = this.#askedAt = 0;
    this.#framesDecoded = 0;
    this.#liveness = new Liveness(now);

    // A placeholder holds the try until ICE servers and camera are known.
    let connection = (this.#connection = { close() {} });
    try {
      const [iceServers, health] = await Promise.all([
        this.#api.iceServers(),
        this.#api.health().catch(() => ({})),
      ]);
      if (connection !== this.#connection) return undefined;
      if (isCameraDown(health)) this.#become(State.CAMERA_OFFLINE, reasonOf(health));
      connection = this.#connection = this.#open(iceServers);
      const sdp = await localDescription(connection, iceServers.length > 0);
      if (connection !== this.#connection) return undefined;
      const answer = await this.#api.offer(sdp);
      if (connection !== this.#connection) return this.#api.sayGoodbye(answer.pc_id);
      this.#peerId = answer.pc_id;
      await connection.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
      if (connection !== this.#connection) return undefined;
      this.#lookTimer = setInterval(() => this.#look(connection), LOOK_MS);
    } catch (error) {
      if (connection === this.#connection) this.#failed(error);
    }
    return undefined;
  }

  #open(iceServers) {
    const connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    const { receiver } = connection.addTransceiver("video", { direction: "recvonly" });
    // Live, not smooth: show each picture as soon as it is there.
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
    connection.ontrack = ({ track }) => {
      this.#video.srcObject = new MediaStream([track]);
      this.#play();
      this.#awaitFrame(connection);
    };
    connection.onconnectionstatechange = () => {
      if (connection !== this.#connection) return;
      const state = connection.connectionState;
      if (state === "connected") this.#connectedAt ||= performance.now();
      if (state === "failed" || state === "closed") this.#retry("connection");
    };
    return connection;
  }

  /** Ends the try, if there is one, and gives the place back. */
  #drop() {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#lookTimer);
    this.#video.cancelVideoFrameCallback?.(this.#frameRequest);
    const connection = this.#connection;
    this.#connection = null;
    if (this.#peerId) this.#api.sayGoodbye(this.#peerId);
    this.#peerId = "";
    connection?.close();
  }

  #failed(error) {
    const { state, reason, delayMs } = afterFailure(error);
    if (state === State.RECONNECTING) return this.#retry(reason);
    this.#drop();
    return delayMs === null
      ? this.#become(state, reason)
      : this.#connectAfter(delayMs, state, reason);
  }

  #retry(reason) {
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
    if (!this.#connection || !this.#video.srcObject) return;
    try {
      await this.#video.play();
    } catch (error) {
      // Saving power, some browsers start no video by themselves. Anything else: a newer stream.
      if (error.name === "NotAllowedError") this.#become(State.BLOCKED);
    }
  }

  #awaitFrame(connection) {
    this.#frameRequest = this.#video.requestVideoFrameCallback?.(() => {
      if (connection !== this.#connection) return;
      this.#pictureShown();
      this.#awaitFrame(connection);
    });
  }

  #pictureShown() {
    if (this.#video.paused) return; // the first picture of a video that may not play
    const now = performance.now();
    this.#liveness.picture(now);
    if (this.#state === State.LIVE) return;
    if (this.#state !== State.CAMERA_OFFLINE) this.#goLive();
    // What a server keeps of a camera that has stopped is a picture, but not live: ask first.
    else if (now - this.#askedAt > ASK_AFTER_PICTURE_MS) this.#askWhy(this.#connection);
  }

  #goLive() {
    this.#liveAt = performance.now();
    this.#become(State.LIVE);
  }

  /** Twice a second: do pictures come, and if not, what is to be done? */
  async #look(connection) {
    const framesDecoded = await decodedFrames(connection).catch(() => 0);
    if (connection !== this.#connection) return;
    // Some browsers do not tell of single frames, or not while the video is out of view.
    if (framesDecoded > this.#framesDecoded) this.#pictureShown();
    this.#framesDecoded = framesDecoded;
    const now = performance.now();
    if (!this.#isWatched() || this.#state === State.BLOCKED) return this.#liveness.restart(now);
    if (this.#state === State.LIVE) {
      if (now - this.#liveAt > STEADY_MS) this.#attempt = 0;
      if (!this.#liveness.isStalled(now)) return;
      this.#become(State.RECONNECTING, "stalled");
      await this.#askWhy(connection);
    } else if (!this.#connectedAt) {
      if (now - this.#startedAt > CONNECT_LIMIT_MS) this.#retry("connection");
    } else if (now > Math.max(this.#connectedAt + ASK_AFTER_MS, this.#askedAt + ASK_EVERY_MS)) {
      await this.#askWhy(connection);
    }
  }

  /** Connected, but no picture: the camera's fault (then wait for it), or this connection's. */
  async #askWhy(connection) {
    this.#askedAt = performance.now();
    let health;
    try {
      health = await this.#api.health();
    } catch {
      if (connection === this.#connection) this.#retry("server");
      return;
    }
    const now = performance.now();
    if (connection !== this.#connection || this.#state === State.LIVE) return;
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

function reasonOf({ reasons = [] }) {
  return reasons[0] ?? "";
}

/** The offer, with the candidates that are there in time; the server learns others by itself. */
async function localDescription(connection, hasIceServers) {
  await connection.setLocalDescription();
  await new Promise((resolve) => {
    const check = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", check);
    setTimeout(resolve, hasIceServers ? GATHER_WITH_SERVERS_MS : GATHER_MS);
    check();
  });
  return connection.localDescription.sdp;
}

async function decodedFrames(connection) {
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "video") return report.framesDecoded ?? 0;
  }
  return 0;
}
