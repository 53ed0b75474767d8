/** A server, once for all elements of the page that show something of it. */

import { Api } from "./api.js";
import { withRefusal } from "./health_answers.js";
import { Known } from "./known.js";
import { StateSocket } from "./state_socket.js";

/** How often is asked what nobody pushes, and whether a lost server is back, … */
const ASK_EVERY_MS = 1_000;
/** … give or take this part: all pages lose a server at the same instant, and must not ask in step. */
const ASK_JITTER = 0.25;
const FIRST_STATE_LIMIT_MS = 1_000;
/** A stop that a player saw explains failures for this long. */
const GOODBYE_COUNTS_MS = 10_000;
const LOOPBACK = /^https?:\/\/(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/;

/** What a page has whose server keeps no WebSocket open. */
const ASKED = 'main[data-state="asked"]';

const servers = new Map();

/**
 * The server behind `base` (`requests.js`), to which `link` gives a right. The same for the same.
 * @param {string} [base]
 * @param {string | null} [link]
 * @returns {Server}
 */
export function serverAt(base = "", link = null) {
  const api = new Api(base, link);
  const name = api.url("");
  if (!servers.has(name)) servers.set(name, new Server(api));
  return servers.get(name);
}

/**
 * `known` is what all show. It is told by whatever is heard: answers to requests, what is pushed over
 * `socket`, what players see, the browser's own network. While somebody holds it and nothing is
 * pushed, or while the server is lost and somebody waits for it, it is asked once a second.
 */
export class Server {
  known = new Known();
  #holders = 0;
  #release = () => {};
  #timer = 0;
  #goodbyeAt = -Infinity;
  #isWatching = false;
  #before;

  constructor(api) {
    this.api = api;
    this.#before = this.known.now;
    this.socket = new StateSocket(api, this.known, !document.querySelector(ASKED));
    api.addEventListener("answer", () => this.known.heard());
    api.addEventListener("failure", (/** @type {any} */ { detail }) => this.#failed(detail));
    this.known.addEventListener("change", () => this.#changed());
    this.socket.addEventListener("lost", (/** @type {any} */ { detail }) => {
      this.#gone(detail.isGoodbye);
    });
    this.socket.addEventListener("silent", () => this.#ask());
  }

  /** The server's wall clock minus this one, ms; null as long as it is not known. */
  get clockOffsetMs() {
    return this.socket.clockOffsetMs;
  }

  /** Keeps what is known up to date until what is returned is called. */
  hold() {
    this.#watch();
    if (this.#holders++ === 0) this.#release = this.socket.need();
    this.#askLater();
    let isHeld = true;
    return () => {
      if (isHeld && --this.#holders === 0) this.#release();
      isHeld = false;
      this.#askLater();
    };
  }

  /** What `GET /health` says, or would: what is pushed is known. Throws ApiError. */
  async health() {
    await this.#firstState();
    const { now } = this.known;
    if (now.link.isPushed && now.isCurrent) return now.health;
    const health = withRefusal(await this.api.health(), now.refusal);
    this.known.take({ type: "answer", health });
    return health;
  }

  /** The first state is not asked for while it may be on its way. */
  async #firstState() {
    const { known, socket } = this;
    // Others of the page's elements, which come a moment later, may have it told.
    if (!this.#holders) await new Promise((resolve) => setTimeout(resolve));
    if (known.now.link.isPushed || !socket.takesCandidates) return;
    const over = new AbortController();
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, FIRST_STATE_LIMIT_MS);
      over.signal.addEventListener("abort", () => clearTimeout(timer));
      socket.addEventListener("lost", resolve, over);
      known.addEventListener("change", () => known.now.link.isPushed && resolve(null), over);
    });
    over.abort();
  }

  /** Somebody else is signed in, or has waited long enough. */
  retry() {
    this.socket.reopen();
    this.#ask();
  }

  #watch() {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.known.take({ type: "network", isOnline: globalThis.navigator?.onLine !== false });
    addEventListener("online", () => this.#network(true));
    addEventListener("offline", () => this.#network(false));
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  // What is heard

  #network(isOnline) {
    this.known.take({ type: "network", isOnline });
    // A server on this very machine needs no network.
    if (!isOnline && !LOOPBACK.test(this.api.url(""))) this.#lost("connection");
    else if (isOnline) this.socket.reopen();
    this.#ask();
  }

  #failed(askedAt) {
    if (this.known.heardAt > askedAt) return; // this one failed, and others are answered
    if (this.known.now.link.isPushed && !this.socket.isSilent) return;
    const hasSaidGoodbye = performance.now() - this.#goodbyeAt < GOODBYE_COUNTS_MS;
    this.#lost(hasSaidGoodbye ? "closed" : "server");
  }

  /** The socket's end, or that of a player's connection. Whether the server is gone, an answer tells. */
  #gone(isGoodbye) {
    if (isGoodbye) this.#goodbyeAt = performance.now();
    this.#ask();
  }

  #lost(trouble) {
    this.known.take({ type: "lost", trouble });
  }

  #changed() {
    const { link, players } = this.known.now;
    const before = this.#before;
    this.#before = this.known.now;
    if (before.link.trouble && !link.trouble && this.#isSocketUseless) this.socket.reopen();
    if (players !== before.players) this.#playersChanged(before.players);
    this.#askLater();
  }

  get #isSocketUseless() {
    return !this.socket.isOpen || this.socket.isSilent;
  }

  #playersChanged(before) {
    const { players } = this.known.now;
    if (this.#isWaitedFor) this.#watch();
    for (const [id, { reason }] of Object.entries(players)) {
      if (reason === "closed" && before[id]?.reason !== reason) this.#gone(true);
    }
  }

  // Asking

  get #isWaitedFor() {
    return this.#holders > 0 || Object.keys(this.known.now.players).length > 0;
  }

  get #isToAsk() {
    const { trouble, isPushed } = this.known.now.link;
    if (document.hidden) return false;
    return trouble ? this.#isWaitedFor : this.#holders > 0 && !isPushed;
  }

  #askLater() {
    if (this.#isToAsk) {
      const inMs = ASK_EVERY_MS * (1 + ASK_JITTER * (2 * Math.random() - 1));
      this.#timer ||= setTimeout(() => this.#ask(), inMs);
    } else {
      clearTimeout(this.#timer);
      this.#timer = 0;
    }
  }

  /** Does not wait for the answer to the last question: that may have been lost. */
  async #ask() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#askLater();
    const { isPushed } = this.known.now.link;
    const recording = this.#holders && !isPushed ? this.api.recordingStatus() : undefined;
    const [health, status] = await Promise.all([
      this.api.health().catch(() => null),
      recording?.catch(() => null),
    ]);
    if (this.known.now.link.isPushed) return; // which is newer
    const { refusal } = this.known.now;
    if (status) this.known.take({ type: "answer", recording: status });
    if (health) this.known.take({ type: "answer", health: withRefusal(health, refusal) });
  }

  #seen() {
    const { isPushed } = this.known.now.link;
    if (isPushed) return; // or it was a moment ago, and the socket sees to it
    if (document.hidden) this.known.take({ type: "slept" });
    else if (this.known.now.link.trouble) this.#ask();
    else this.#askLater();
  }
}
