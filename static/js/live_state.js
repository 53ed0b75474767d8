/** The server's state as it changes, pushed over a WebSocket; asked for where that does not work. */

import { Api } from "./api.js";
import { NO_SOCKET_DELAY_MS, retryDelayMs } from "./retry.js";

const PING_MS = 5_000;
/** The first answers come while the page is busy: some more, soon, tell the time better. */
const FIRST_PINGS_MS = [0, 1_000, 2_000];
/** A socket that was answering and is silent for so long leads nowhere any more. */
const SILENCE_LIMIT_MS = 12_000;
const HIDDEN_LIMIT_MS = 60_000;
/** The first state is not asked for while it may be on its way. */
const FIRST_STATE_LIMIT_MS = 1_000;

/**
 * An `Api` that knows how recorder, camera and viewers are without asking, as long as its socket
 * is open: `health()` and `recordingStatus()` then answer from what was pushed last. Sends `state`
 * when something was pushed or the socket was lost, `recordings` when the list is another, and
 * `detections` with what a detector saw, between `subscribe()` and `unsubscribe()`; `thinned` with
 * `detail {pc_id, fps}` when the viewer that it follows is sent fewer pictures, or all again (null).
 */
export class LiveApi extends Api {
  #socket = null;
  #state = null;
  #attempt = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #hiddenTimer = 0;
  #heardAt = 0;
  #unsent = [];
  #listeners = null;
  #isSubscribed = false;
  #followed = "";
  /** What the server said when it took this page's last socket, and closed it. */
  #refusal = null;
  #events = null;
  #answersPings = false;
  #bestRoundTripMs = Infinity;
  #first = null;
  #endFirst = () => {};

  start() {
    this.#first = new Promise((resolve) => {
      this.#endFirst = resolve;
      setTimeout(resolve, FIRST_STATE_LIMIT_MS);
    });
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    addEventListener("online", () => this.#open(), { signal });
    addEventListener("pagehide", () => this.#close(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#open(), { signal });
    this.#open();
  }

  /** Ends it for good. */
  stop() {
    this.#listeners.abort();
    clearTimeout(this.#hiddenTimer);
    this.unsubscribe();
    this.#close();
  }

  /** Asks for the socket anew: somebody else may be signed in. */
  reconnect() {
    this.#attempt = 0;
    this.#forget();
    this.#open();
  }

  get isPushed() {
    return this.#state !== null;
  }

  /** Whether the server hears of candidates this way: not if the last try to open it failed. */
  get takesCandidates() {
    const { CONNECTING, OPEN } = WebSocket;
    const state = this.#socket?.readyState;
    return state === OPEN || (state === CONNECTING && this.#attempt === 0);
  }

  /** Trickle ICE: one more candidate of a viewer, null after the last. Lost with the socket. */
  sendCandidate(pcId, candidate) {
    if (!this.#socket) return;
    this.#unsent.push(JSON.stringify({ type: "candidate", pc_id: pcId, candidate }));
    this.#flush();
  }

  /** Has `thinned` sent about this WebRTC viewer, and no other. */
  follow(pcId) {
    this.#followed = pcId;
    if (pcId && this.#socket?.readyState === WebSocket.OPEN) this.#say("follow", { pc_id: pcId });
  }

  /** Has `detections` sent. */
  subscribe() {
    this.#isSubscribed = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#say("subscribe", { to: "detections" });
    else if (this.#attempt) this.#listenToEvents();
  }

  unsubscribe() {
    this.#isSubscribed = false;
    this.#endEvents();
    if (this.#socket?.readyState === WebSocket.OPEN) this.#say("unsubscribe", { to: "detections" });
  }

  async health() {
    await this.#first;
    return this.#state ? healthOf(this.#state) : withRefusal(await super.health(), this.#refusal);
  }

  async recordingStatus() {
    await this.#first;
    return this.#state?.recording ?? super.recordingStatus();
  }

  #open() {
    this.#close();
    const socket = (this.#socket = this.openState());
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(data);
    socket.onclose = () => socket === this.#socket && this.#lost();
    socket.onopen = () => {
      this.#heardAt = performance.now();
      this.#flush();
      if (this.#isSubscribed) this.subscribe();
      this.follow(this.#followed);
      this.#pingTimer = setInterval(() => this.#ping(), PING_MS);
      for (const afterMs of FIRST_PINGS_MS) {
        setTimeout(() => socket === this.#socket && this.#ping(), afterMs);
      }
    };
  }

  #close() {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    const socket = this.#socket;
    this.#socket = null;
    this.#unsent = [];
    this.#answersPings = false;
    this.#bestRoundTripMs = Infinity;
    socket?.close();
  }

  #lost() {
    this.#endFirst();
    this.#close();
    this.#forget();
    if (document.hidden) return; // goes on when somebody looks
    const delayMs = isThreadless(this.#refusal) ? NO_SOCKET_DELAY_MS : retryDelayMs(this.#attempt);
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => this.#open(), delayMs);
    if (this.#isSubscribed) this.#listenToEvents();
  }

  /** Some proxies carry events, but no WebSockets. A server without a detector answers 404. */
  #listenToEvents() {
    if (this.#events || !globalThis.EventSource || isThreadless(this.#refusal)) return;
    this.#events = this.openDetections();
    this.#events.onmessage = ({ data }) => this.#detected(JSON.parse(data));
  }

  #endEvents() {
    this.#events?.close();
    this.#events = null;
  }

  #detected(detail) {
    this.dispatchEvent(new CustomEvent("detections", { detail }));
  }

  #flush() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const text of this.#unsent.splice(0)) this.#socket.send(text);
  }

  #forget() {
    if (!this.#state) return;
    this.#state = null;
    this.dispatchEvent(new Event("state"));
  }

  #take(data) {
    this.#heardAt = performance.now();
    const message = JSON.parse(data);
    if (message.type === "state") {
      this.#attempt = 0;
      this.#refusal = null;
      this.#state = message;
      this.#endEvents();
      this.#endFirst();
      this.dispatchEvent(new Event("state"));
    } else if (message.type === "recordings") {
      this.dispatchEvent(new Event("recordings"));
    } else if (message.type === "detections") {
      this.#detected(message);
    } else if (message.type === "thinned") {
      this.dispatchEvent(new CustomEvent("thinned", { detail: message }));
    } else if (message.type === "error" && !message.of) {
      this.#refusal = message;
    } else if (message.type === "pong") {
      this.#answersPings = true;
      this.#takeTime(message);
    }
  }

  #ping() {
    const now = performance.now();
    if (this.#answersPings && now - this.#heardAt > SILENCE_LIMIT_MS) return this.#lost();
    return this.#say("ping", { t: now });
  }

  #say(type, message) {
    this.#socket.send(JSON.stringify({ type, ...message }));
  }

  /** Whose clock is ahead, by the fastest answer so far: it was half as long on its way. */
  #takeTime({ t: sentAt, server_us: serverUs }) {
    const now = performance.now();
    const roundTripMs = now - sentAt;
    if (!(roundTripMs < this.#bestRoundTripMs) || !Number.isFinite(serverUs)) return;
    this.#bestRoundTripMs = roundTripMs;
    const here = performance.timeOrigin + now - roundTripMs / 2;
    this.clockOffsetMs = serverUs / 1000 - here;
    this.dispatchEvent(new Event("clock"));
  }

  #seen() {
    clearTimeout(this.#hiddenTimer);
    if (!document.hidden && !this.#socket) this.#open();
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => {
        this.#close();
        this.#forget();
      }, HIDDEN_LIMIT_MS);
    }
  }
}

/** The answer that `/health` would give, from a pushed state. Pure. */
export function healthOf(state) {
  const { health = {}, camera = {}, pause, viewers, disk = null } = state;
  const { notices = [], notice_codes, warnings } = state;
  return { ...health, camera, pause, webrtc_clients: viewers, disk, notices, notice_codes, warnings };
}

function isThreadless(refusal) {
  return refusal?.code === "too_few_threads";
}

/** A health answer that says, too, why this page has to ask for it. Pure. */
export function withRefusal(health, refusal) {
  const { reasons = [], reason_codes: codes = [] } = health;
  if (!isThreadless(refusal) || codes.includes(refusal.code)) return health;
  const status = health.status === "ok" ? "degraded" : health.status;
  return {
    ...health,
    status,
    reasons: [...reasons, refusal.error],
    reason_codes: [...codes, refusal.code],
  };
}
