/** One try to get the pictures over WebRTC: one `RTCPeerConnection`, from the offer to its end. */

import { ApiError } from "./api.js";

/**
 * How long the offer waits for all candidates when there is no channel for those that come later.
 * This host's are there at once, but on a busy device; STUN and TURN need a round trip or two.
 */
const GATHER_MS = 1500;
const GOODBYE_MS = 500;
const CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/** 1900 to 1970. */
const NTP_TO_UNIX_MS = 2_208_988_800_000;

/** Whether this browser receives H.264 over WebRTC, as far as it says; null if it does not say. */
export function playsH264() {
  if (!globalThis.RTCPeerConnection) return false;
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  return codecs ? codecs.some(({ mimeType }) => /^video\/h264$/i.test(mimeType)) : null;
}

/**
 * Calls `on.answered()`, `on.reached()` when a packet has come through, `on.connected()`,
 * `on.playing()` when there is a track, `on.picture({rtpTimestamp})` for
 * each one shown (where the browser tells of single ones), `on.thinned(fps)` when the server sends
 * only so many because this connection is slow (null: all again), and `on.ended(error)` once.
 */
export class WebRtcLink {
  way = "webrtc";
  transport = "webrtc";
  /** What the server calls this viewer, once it has answered. */
  viewer = "";
  #api;
  #screen;
  #iceServers;
  #replaces;
  #race;
  #on;
  /** @type {RTCPeerConnection|null} */
  #connection = null;
  /** @type {any} */
  #receiver = null;
  /** @type {MediaStream|null} */
  #stream = null;
  #peerId = "";
  /** @type {number|undefined} */
  #frameRequest = 0;
  #isConnected = false;
  #isClosed = false;
  /** @type {(RTCIceCandidate|null)[]} */
  #candidates = [];
  /** @type {number|null} */
  #lastLatencyMs = null;
  #listeners = new AbortController();

  /**
   * `iceServers`: those to use, or a promise of them; `replaces`: the viewer that this page was before;
   * `race`: names the try, where there is another way beside this one.
   */
  constructor({ api, screen, iceServers, replaces = "", race = "", on }) {
    this.#api = api;
    this.#screen = screen;
    this.#iceServers = iceServers;
    this.#replaces = replaces;
    this.#race = race;
    this.#on = on;
  }

  /** Throws ApiError when the server refuses. */
  async open() {
    const iceServers = await this.#iceServers;
    if (this.#isClosed) return;
    const connection = this.#open(iceServers);
    await connection.setLocalDescription();
    await this.#candidatesWanted(connection);
    if (this.#isClosed) return;
    connection.onicecandidate = ({ candidate }) => this.#tell(candidate); // the others are in it
    const sdp = connection.localDescription?.sdp ?? "";
    const answer = await this.#api.offer(sdp, { replaces: this.#replaces, race: this.#race });
    if (this.#isClosed) return void this.#api.sayGoodbye(answer.pc_id);
    this.#on.answered?.();
    if (this.#isClosed) return;
    this.#peerId = this.viewer = answer.pc_id;
    this.#tell();
    this.#follow();
    await connection.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
    const { transport } = this.#receiver;
    // A server that goes says so (DTLS close_notify); the connection's own state tells nothing of it.
    transport?.addEventListener("statechange", () => {
      if (transport.state === "closed") this.#changed("closed");
    });
  }

  /** `isLeaving`: the page is going away, there is no later. */
  close({ isLeaving = false } = {}) {
    this.#isClosed = true;
    this.#listeners.abort();
    this.#screen.video.cancelVideoFrameCallback?.(this.#frameRequest);
    const connection = this.#connection;
    const hasSaidGoodbye = Boolean(this.#peerId);
    if (hasSaidGoodbye) this.#api.sayGoodbye(this.#peerId);
    this.#peerId = "";
    // A connection that ends before the goodbye is there would make it one of a stranger: 404.
    if (hasSaidGoodbye && !isLeaving) setTimeout(() => connection?.close(), GOODBYE_MS);
    else connection?.close();
  }

  /** From now on the pictures are shown on `screen`, and told to `on`; it changes with the first. */
  moveTo(screen, on) {
    this.#screen.video.cancelVideoFrameCallback?.(this.#frameRequest);
    this.#screen.video.srcObject = null;
    this.#screen = screen;
    this.#on = on;
    this.#takeScreen();
  }

  async play() {
    if (this.#screen.video.srcObject) await this.#screen.video.play();
  }

  async stats() {
    const { width, height } = this.#screen;
    const found = { width, height, framesDecoded: 0, way: "WebRTC" };
    if (!this.#connection || this.#isClosed) return found;
    /** @type {number|null} */
    let roundTripMs = null;
    for (const report of (await this.#connection.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "video") Object.assign(found, countsOf(report));
      if (report.type === "candidate-pair" && report.nominated && report.currentRoundTripTime) {
        roundTripMs = report.currentRoundTripTime * 1000;
      }
    }
    const { clockOffsetMs } = this.#api;
    const isKnown = this.#lastLatencyMs !== null && clockOffsetMs !== null;
    found.latencyMs = isKnown ? this.#lastLatencyMs + clockOffsetMs : null;
    return { ...found, roundTripMs };
  }

  #open(iceServers) {
    const connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#connection = connection;
    const transceiver = connection.addTransceiver("video", { direction: "recvonly" });
    this.#receiver = transceiver.receiver;
    askForCaptureTimes(transceiver);
    // Live, not smooth: show each picture as soon as it is there.
    if ("jitterBufferTarget" in this.#receiver) this.#receiver.jitterBufferTarget = 0;
    if ("playoutDelayHint" in this.#receiver) this.#receiver.playoutDelayHint = 0;
    connection.ontrack = ({ track }) => {
      if (this.#isClosed) return;
      this.#stream = new MediaStream([track]);
      this.#takeScreen();
    };
    connection.onconnectionstatechange = () => this.#changed(connection.connectionState);
    connection.oniceconnectionstatechange = () => {
      const isReached = ["connected", "completed"].includes(connection.iceConnectionState);
      if (isReached && !this.#isClosed) this.#on.reached?.();
    };
    return connection;
  }

  /** What is on the canvas stays until there is a picture. */
  #takeScreen() {
    const screen = this.#screen;
    const { signal } = this.#listeners;
    const use = () => this.#isClosed || screen.use?.(screen.video);
    screen.video.addEventListener("loadeddata", use, { once: true, signal });
    this.#screen.video.srcObject = this.#stream;
    this.#on.playing();
    this.#awaitFrame();
  }

  /** Until the offer has all candidates, or enough time, or later ones can be told. */
  async #candidatesWanted(connection) {
    const listeners = new AbortController();
    const { signal } = listeners;
    await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      const check = () => {
        if (connection.iceGatheringState === "complete" || this.#api.socket.takesCandidates) resolve();
      };
      connection.addEventListener("icegatheringstatechange", check, { signal });
      setTimeout(resolve, GATHER_MS);
      check();
    });
    listeners.abort();
  }

  /** Candidates that are found before the answer wait for the name that it brings. */
  #tell(...candidates) {
    this.#candidates.push(...candidates);
    if (!this.#peerId) return;
    for (const candidate of this.#candidates.splice(0)) {
      this.#api.socket.sendCandidate(this.#peerId, candidate);
    }
  }

  #follow() {
    const { socket } = this.#api;
    const { signal } = this.#listeners;
    const told = ({ detail }) => detail.pc_id === this.#peerId && this.#on.thinned?.(detail.fps);
    socket.addEventListener("thinned", told, { signal });
    signal.addEventListener("abort", socket.follow(this.#peerId));
  }

  #changed(state) {
    if (this.#isClosed) return;
    if (state === "connected" && !this.#isConnected) {
      this.#isConnected = true;
      this.#on.connected();
    }
    if (state === "failed" || state === "closed") {
      const wasOpen = this.#isConnected;
      this.close();
      // Closed, and not by us: the server has said goodbye.
      const code = state === "closed" ? "closed" : "";
      this.#on.ended(new ApiError(`connection ${state}`, { code }), wasOpen);
    }
  }

  #awaitFrame() {
    const { video } = this.#screen;
    this.#frameRequest = video.requestVideoFrameCallback?.((now, frame) => {
      if (this.#isClosed) return;
      const wallMs = this.#capturedAt(frame);
      if (wallMs) this.#measure(now, frame, wallMs);
      this.#on.picture({ rtpTimestamp: frame.rtpTimestamp, wallMs });
      this.#awaitFrame();
    });
  }

  /** By the server's clock, ms, as it comes with each key frame; undefined if it is not known. */
  #capturedAt({ rtpTimestamp }) {
    const [source] = this.#receiver.getSynchronizationSources?.() ?? [];
    if (!source?.captureTimestamp || rtpTimestamp === undefined) return undefined;
    const sinceThenMs = ((rtpTimestamp - source.rtpTimestamp) | 0) / 90;
    return source.captureTimestamp - NTP_TO_UNIX_MS + sinceThenMs;
  }

  /** From capture to display. */
  #measure(now, { expectedDisplayTime }, capturedAtMs) {
    this.#lastLatencyMs = performance.timeOrigin + (expectedDisplayTime ?? now) - capturedAtMs;
  }
}

function countsOf(report) {
  return {
    framesDecoded: report.framesDecoded ?? 0,
    framesReceived: report.framesReceived ?? 0,
    bytes: report.bytesReceived,
    packetsLost: report.packetsLost,
    packets: report.packetsReceived + report.packetsLost,
  };
}

/** Asks for the header extension `abs-capture-time`, which no browser offers by itself. */
function askForCaptureTimes(transceiver) {
  try {
    const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
    const wanted = extensions.find(({ uri }) => uri === CAPTURE_TIME);
    if (!wanted) return;
    wanted.direction = "recvonly";
    transceiver.setHeaderExtensionsToNegotiate(extensions);
  } catch {
    // only the readout of the latency would have used it
  }
}
