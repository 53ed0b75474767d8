/** The one WebSocket over which a server tells this page its state, and what else is asked for there. */

import { healthOf, isThreadless } from "./health_answers.js";
import { NO_SOCKET_DELAY_MS, retryDelayMs } from "./retry.js";
import { ServerClock } from "./server_clock.js";

/** The server says something each second: without a word for this long, nothing gets through. */
const SILENCE_MS = 2_000;
const LATE_MS = 500;
/** The first answers come while the page is busy: some more, soon, tell the time better. */
const PINGS_AFTER_MS = [0, 1_000, 2_000];
/** Then clocks drift only slowly. */
const PING_EVERY_MS = 60_000;
const HIDDEN_LIMIT_MS = 60_000;
/** What a server says when it stops (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;

/**
 * Open while somebody needs it (`need()`) and the page is looked at. What it hears of camera and
 * recorder goes into `known`. Sends `thinned` with `detail {pc_id, fps}` when a viewer that it follows
 * is sent fewer pictures, or all again (null); `lost` with `detail {isGoodbye}` when it is not open any more, `silent` when nothing is heard
 * though the server should speak; `clock` when `clockOffsetMs` is better known.
 */
export class StateSocket extends EventTarget {
  #api;
  #known;
  #needs = 0;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {AbortController | null} */
  #listeners = null;
  #attempt = 0;
  #retryTimer = 0;
  #hiddenTimer = 0;
  #silenceTimer = 0;
  #hasBeat = false;
  #isSilent = false;
  #pingedAt = 0;
  #clock = new ServerClock();
  #unsent = [];
  #followed = new Set();
  /** Of detections: `{take}`. */
  #subscribers = new Set();
  /** @type {EventSource | null} */
  #events = null;
  /** What the server said when it took this page's last socket, and closed it. */
  #refusal = null;

  #isAllowed;

  /** `isAllowed`: false where the server has no thread for it, and says so beforehand. */
  constructor(api, known, isAllowed = true) {
    super();
    this.#api = api;
    this.#known = known;
    this.#isAllowed = isAllowed;
  }

  /** Keeps it open, or coming back, until what is returned is called. */
  need() {
    if (this.#needs++ === 0 && this.#isAllowed) this.#start();
    let isNeeded = true;
    return () => {
      if (isNeeded && --this.#needs === 0) this.#stop();
      isNeeded = false;
    };
  }

  /** Tries again at once: the server is back, or somebody else is signed in. */
  reopen() {
    if (!this.#needs || !this.#isAllowed || document.hidden) return;
    this.#attempt = 0;
    this.#open();
  }

  /** @type {number | null} The server's wall clock minus this one, ms; null: not known yet. */
  get clockOffsetMs() {
    return this.#clock.offsetMs;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Whether it has been quiet for longer than a server that speaks each second is. */
  get isSilent() {
    return this.#isSilent;
  }

  // What a page asks for

  /** Whether the server hears of candidates this way: not if the last try to open it failed. */
  get takesCandidates() {
    return this.isOpen || (this.#socket?.readyState === WebSocket.CONNECTING && this.#attempt === 0);
  }

  /** Trickle ICE: one more candidate of a viewer, null after the last. Lost with the socket. */
  sendCandidate(pcId, candidate) {
    if (!this.#socket) return;
    this.#unsent.push({ type: "candidate", pc_id: pcId, candidate });
    this.#flush();
  }

  /** Has `thinned` sent about this WebRTC viewer until what is returned is called. */
  follow(pcId) {
    this.#followed.add(pcId);
    if (this.isOpen) this.#say({ type: "follow", pc_id: pcId });
    return () => this.#followed.delete(pcId);
  }

  /** Calls `take` with what a detector sees until what is returned is called. Opens a way for it. */
  subscribe(take) {
    const release = this.need();
    if (!this.#subscribers.size) this.#askForDetections();
    const subscriber = { take };
    this.#subscribers.add(subscriber);
    return () => {
      if (!this.#subscribers.delete(subscriber)) return;
      if (!this.#subscribers.size) this.#askForNoDetections();
      release();
    };
  }

  #askForDetections() {
    if (this.isOpen) this.#say({ type: "subscribe", to: "detections" });
    else if (this.#attempt) this.#listenToEvents();
  }

  #askForNoDetections() {
    this.#endEvents();
    if (this.isOpen) this.#say({ type: "unsubscribe", to: "detections" });
  }

  // Open and closed

  #start() {
    const { signal } = (this.#listeners = new AbortController());
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    addEventListener("pagehide", () => this.#sleep(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#open(), { signal });
    this.#open();
  }

  #stop() {
    this.#listeners?.abort();
    clearTimeout(this.#hiddenTimer);
    this.#sleep();
  }

  #open() {
    this.#close();
    const socket = (this.#socket = this.#api.openState());
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    socket.onopen = () => {
      this.#flush();
      if (this.#subscribers.size) this.#askForDetections();
      for (const pcId of this.#followed) this.follow(pcId);
      for (const afterMs of PINGS_AFTER_MS) {
        setTimeout(() => socket === this.#socket && this.#ping(), afterMs);
      }
    };
  }

  #close() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) this.#known.take({ type: "unpushed", refusal: this.#refusal });
    this.#unsent = [];
    this.#hasBeat = this.#isSilent = false;
    this.#clock.restart();
    socket?.close();
  }

  #lost(code) {
    this.#close();
    if (document.hidden) this.#known.take({ type: "slept" });
    const isGoodbye = code === GOING_AWAY;
    if (isGoodbye) this.#known.take({ type: "lost", trouble: "closed" });
    const delayMs = isThreadless(this.#refusal) ? NO_SOCKET_DELAY_MS : retryDelayMs(this.#attempt);
    this.#attempt += 1;
    if (!document.hidden) this.#retryTimer = setTimeout(() => this.#open(), delayMs);
    if (this.#subscribers.size) this.#listenToEvents();
    this.dispatchEvent(new CustomEvent("lost", { detail: { isGoodbye } }));
  }

  /** Nobody looks: what is known grows old. */
  #sleep() {
    this.#close();
    this.#known.take({ type: "slept" });
  }

  #seen() {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) this.#hiddenTimer = setTimeout(() => this.#sleep(), HIDDEN_LIMIT_MS);
    else if (!this.#socket) this.#open();
  }

  // What is heard

  #take(message) {
    this.#isSilent = false;
    this.#known.heard();
    if (this.#hasBeat) this.#expectMore();
    if (message.type === "state") this.#takeState(message);
    else if (message.type === "beat") this.#takeBeat();
    else if (message.type === "pong") this.#takeTime(message);
    else if (message.type === "error" && !message.of) this.#refusal = message;
    else if (message.type === "recordings") this.#known.take({ type: "list" });
    else if (message.type === "detections") this.#detected(message);
    else if (message.type === "thinned") {
      this.dispatchEvent(new CustomEvent("thinned", { detail: message }));
    }
  }

  #takeState(state) {
    this.#attempt = 0;
    this.#refusal = null;
    this.#endEvents();
    this.#known.take({ type: "state", health: healthOf(state), recording: state.recording ?? null });
  }

  #takeBeat() {
    if (!this.#hasBeat) this.#expectMore();
    this.#hasBeat = true;
    this.#known.take({ type: "beat" });
    if (performance.now() - this.#pingedAt > PING_EVERY_MS) this.#ping();
  }

  #expectMore() {
    clearTimeout(this.#silenceTimer);
    const dueAt = performance.now() + SILENCE_MS;
    this.#silenceTimer = setTimeout(() => {
      // A timer this late means that the page stood still: what was said meanwhile comes now.
      const isLate = performance.now() - dueAt > LATE_MS;
      if (isLate || document.hidden) return this.#expectMore();
      this.#isSilent = true;
      this.#known.take({ type: "lost", trouble: "connection" });
      this.dispatchEvent(new Event("silent"));
    }, SILENCE_MS);
  }

  /** Some proxies carry events, but no WebSockets. A server without a detector answers 404. */
  #listenToEvents() {
    if (this.#events || !globalThis.EventSource || isThreadless(this.#refusal)) return;
    const events = (this.#events = this.#api.openDetections());
    events.onmessage = ({ data }) => this.#detected(JSON.parse(data));
  }

  #endEvents() {
    this.#events?.close();
    this.#events = null;
  }

  #detected(update) {
    for (const { take } of this.#subscribers) take(update);
  }

  #takeTime({ t: sentAt, server_us: serverUs }) {
    if (this.#clock.take(sentAt, serverUs)) this.dispatchEvent(new Event("clock"));
  }

  // What is said

  #ping() {
    this.#pingedAt = performance.now();
    this.#say({ type: "ping", t: this.#pingedAt });
  }

  #flush() {
    if (!this.isOpen) return;
    for (const message of this.#unsent.splice(0)) this.#say(message);
  }

  #say(message) {
    this.#socket?.send(JSON.stringify(message));
  }
}
