/** The one owner of `fetch`: every request to the server, its time limit and its errors. */

import { reasonText, text } from "./i18n.js";

/** Longer than the server's own limits, so that its error is heard. */
const TIMEOUT_MS = 12_000;
const PROBE_TIMEOUT_MS = 3_000;
/** A large file, on a slow card. */
const DELETE_TIMEOUT_MS = 60_000;

/**
 * A request that did not succeed. `status` is 0 when no answer came, `code` the server's word for
 * the error (`full`, `already_recording`, …), `message` its text for a person, in the page's language.
 */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", retryAfterS } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * The server behind `base` (origin and prefix, without the last slash; "" is this page's origin).
 * Sends `reachable` and `unreachable` events when that changes, `channel` for a candidate channel.
 */
export class Api extends EventTarget {
  /** The server's wall clock minus this one, ms; null as long as it is not known. */
  clockOffsetMs = null;
  #candidateChannel = null;
  #base;
  #isReachable = true;

  constructor(base = "") {
    super();
    this.#base = base.replace(/\/+$/, "");
  }

  /** Takes ICE candidates that are found after the offer (`LiveApi`), where the page has one. */
  get candidateChannel() {
    return this.#candidateChannel;
  }

  set candidateChannel(channel) {
    this.#candidateChannel = channel;
    this.dispatchEvent(new Event("channel"));
  }

  get isReachable() {
    return this.#isReachable;
  }

  // WebRTC

  /** The ICE servers to use; none if the server does not say. */
  async iceServers() {
    try {
      return (await this.#get("/api/webrtc/config", PROBE_TIMEOUT_MS)).ice_servers ?? [];
    } catch (error) {
      if (error.status) return [];
      throw error;
    }
  }

  /** `{type, sdp, pc_id}` for an SDP offer. */
  offer(sdp) {
    return this.#post("/api/webrtc/offer", { type: "offer", sdp });
  }

  /** Gives the viewer's place back; also works while the page goes away. */
  sayGoodbye(pcId) {
    navigator.sendBeacon?.(this.#url("/api/webrtc", pcId, "close"));
  }

  // WebSockets and events

  /** The pictures themselves (`stream_messages.js`), for where WebRTC does not work. */
  openStream() {
    return new WebSocket(this.#socketUrl("/api/stream/h264"));
  }

  /** What changes on the server, told at once (`live_state.js`). */
  openState() {
    return new WebSocket(this.#socketUrl("/api/stream/ws"));
  }

  /** What the detector sees (`detections.js`). */
  openDetections() {
    return new EventSource(this.#url("/api/stream/detections"));
  }

  // Camera and recordings

  health() {
    return this.#get("/health", PROBE_TIMEOUT_MS);
  }

  recordingStatus() {
    return this.#get("/api/recording/status", PROBE_TIMEOUT_MS);
  }

  startRecording() {
    return this.#post("/api/recording/start", {});
  }

  stopRecording() {
    return this.#post("/api/recording/stop", {});
  }

  /** Says that the recording shall go on, where it would end without (`heartbeat_s`). */
  keepRecording() {
    return this.#post("/api/recording/heartbeat", {});
  }

  /** Saves the last `seconds` as a recording. */
  saveClip(seconds) {
    return this.#post("/api/recording/clip", { seconds });
  }

  /** `{recordings, total, total_bytes, revision, repairing, disk}`: `limit` of them, newest first. */
  async recordings(offset, limit) {
    const answer = await this.#get(`/api/recordings?offset=${offset}&limit=${limit}`);
    return { recordings: [], total: 0, ...answer };
  }

  starRecording(name, isStarred) {
    return this.#send(isStarred ? "PUT" : "DELETE", this.#recordingPath(name, "star"));
  }

  deleteRecording(name) {
    return this.#send("DELETE", this.#recordingPath(name), DELETE_TIMEOUT_MS);
  }

  recordingUrl(name, { download = false } = {}) {
    return this.#url("/api/recordings", name) + (download ? "?download=1" : "");
  }

  // Requests

  #url(path, ...parts) {
    return [this.#base + path, ...parts.map(encodeURIComponent)].join("/");
  }

  #socketUrl(path) {
    return new URL(this.#url(path), document.baseURI).href.replace(/^http/, "ws");
  }

  #get(path, timeoutMs = TIMEOUT_MS) {
    return this.#request(path, {}, timeoutMs);
  }

  #recordingPath(name, ...parts) {
    return ["/api/recordings", ...[name, ...parts].map(encodeURIComponent)].join("/");
  }

  #send(method, path, timeoutMs = TIMEOUT_MS) {
    return this.#request(path, { method }, timeoutMs);
  }

  #post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return this.#request(path, { method: "POST", headers, body: JSON.stringify(body) }, TIMEOUT_MS);
  }

  async #request(path, options, timeoutMs) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    let response;
    let data;
    try {
      response = await fetch(this.#url(path), {
        cache: "no-store",
        signal: limit.signal,
        ...options,
      });
      data = await response.json().catch(() => ({}));
    } catch {
      this.#reached(false);
      throw new ApiError(text("health.unreachable"));
    } finally {
      clearTimeout(timer);
    }
    this.#reached(true);
    if (response.ok) return data;
    const message = reasonText(data.cause || data.code, data.error || `HTTP ${response.status}`);
    throw new ApiError(message, {
      status: response.status,
      code: data.code,
      retryAfterS: Number(response.headers.get("Retry-After")) || undefined,
    });
  }

  #reached(isReachable) {
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.dispatchEvent(new Event(isReachable ? "reachable" : "unreachable"));
  }
}
