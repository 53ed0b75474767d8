/** One viewer: what it is in (`viewing.js`), its tries (`attempt.js`), and the world outside. */

import { Attempt } from "./attempt.js";
import { Attention } from "./attention.js";
import { Liveness } from "./liveness.js";
import { Phase, closed, reasonOf, step } from "./viewing.js";
import { DIRECT, Ways, waysOf } from "./ways.js";
import { playsH264 } from "./webrtc.js";

/**
 * Shows the camera on `screen` and keeps it there until `stop()`. Sends a `change` event whenever
 * `state`, `reason`, `transport`, `thinnedTo` or `retryAt` is another, and `picture` for each one
 * shown, with `detail {rtpTimestamp}` or `{captureUs}`.
 */
export class Peer extends EventTarget {
  #source;
  #screen;
  #ways;
  #attention;
  #liveness = new Liveness(0);
  #viewing = closed();
  /** @type {Attempt|null} */
  #attempt = null;
  /** The viewer that this page was last: its place may have gone to another page. */
  #viewer = "";
  #retryTimer = 0;
  #listeners = new AbortController();
  #trouble = "";
  /** @type {object|null} */
  #word = null;

  /**
   * `source`: what to watch; `transport`: `auto`, `webrtc` or `websocket`; `decoder`: for the latter, `auto`, `webcodecs` or
   * `mse`; `pauseAfterMs`: so long a hidden page goes on, Infinity for ever; `memory`: for `Ways`.
   */
  constructor({ source, screen, transport, decoder, pauseAfterMs = Infinity, memory }) {
    super();
    this.#source = source;
    this.#screen = screen;
    this.#ways = new Ways(waysOf(transport, decoder), { memory });
    if (playsH264() === false) this.#ways.exclude(DIRECT);
    if (!globalThis.VideoDecoder) this.#ways.exclude("webcodecs"); // as in plain http
    this.#attention = new Attention(pauseAfterMs);
    this.#attention.addEventListener("away", () => this.#take({ type: "away" }));
    this.#attention.addEventListener("back", () => this.#seen());
  }

  get state() {
    return this.#viewing.state;
  }

  /** Why, as `{code, words}`. The codes: `slow` (live, but see `thinnedTo`), `server`, `offline`,
   * `closed` (by it), `refused`, `stalled`, `connection`, `undecodable`, `held`, or the server's own. */
  get reason() {
    return this.#viewing.reason;
  }

  /** When the next try comes, as `performance.now()`; null if none is planned or it runs now. */
  get retryAt() {
    return this.#viewing.retryAt;
  }

  /** Pictures a second, where the server sends fewer because this connection is slow; else null. */
  get thinnedTo() {
    return this.#viewing.thinnedTo;
  }

  /** How the pictures come, or are tried to: `webrtc`, `websocket`; "" without a try. */
  get transport() {
    return this.#attempt?.transport ?? "";
  }

  start() {
    this.#take({ type: "start" });
  }

  /** Ends it for good and gives the place back; `start()` begins anew. */
  stop() {
    this.#take({ type: "stop" });
  }

  /** A person does not want to wait. */
  retryNow() {
    this.#take({ type: "retry" });
  }

  /** Gives the place back and keeps the last picture, until `resume()`. */
  hold() {
    this.#take({ type: "hold" });
  }

  resume() {
    this.#take({ type: "resume" });
  }

  /** The page's own policy forbids `part`, such as `connect-src http://pi:8080`. */
  forbid(part) {
    if (part.startsWith("style-src")) return; // it can be used all the same
    const isMse = part.startsWith("media-src");
    const hasOther = isMse && this.#ways.exclude("mse");
    if (hasOther) return this.#take({ type: "otherWay" });
    return this.#take({ type: "forbidden", reason: reasonOf("csp", part) });
  }

  /** Numbers about this try; null without one. */
  async stats() {
    return (await this.#attempt?.stats()) ?? null;
  }

  #take(event) {
    const before = this.#viewing;
    const [next, effects] = step(before, event, performance.now());
    this.#viewing = next;
    if (before.phase === Phase.CLOSED && next.phase !== Phase.CLOSED) this.#listen();
    if (next.phase === Phase.CLOSED) this.#listeners.abort();
    for (const effect of effects) this.#do(effect);
    if (!isSame(before, next)) this.dispatchEvent(new Event("change"));
  }

  #do(effect) {
    if (effect.do === "try") this.#try();
    else if (effect.do === "drop") this.#drop();
    else if (effect.do === "leave") this.#drop({ isLeaving: true });
    else if (effect.do === "wait") this.#wait(effect.ms);
    else if (effect.do === "play") this.#attempt?.play();
    else if (effect.do === "still") this.#screen.hold();
    else if (effect.do === "forgetViewer") this.#viewer = "";
    else this.#ways.forget();
  }

  #try() {
    this.#drop();
    const attempt = new Attempt({
      api: this.#source,
      screen: this.#screen,
      ways: this.#ways,
      liveness: this.#liveness,
      viewer: this.#viewer,
      isUnseen: () => !this.#attention.isThere || this.#viewing.phase === Phase.BLOCKED,
      isPaused: () => this.#isPaused,
      on: {
        live: () => this.#take({ type: "live" }),
        steady: () => this.#take({ type: "steady" }),
        stalled: (reason) => this.#take({ type: "stalled", reason }),
        camera: (reason) => this.#take({ type: "camera", reason }),
        thinned: (fps) => this.#take({ type: "thinned", fps }),
        blocked: () => this.#take({ type: "blocked" }),
        over: (event) => this.#take({ ...event, isOffline: navigator.onLine === false }),
        picture: (detail) => this.dispatchEvent(new CustomEvent("picture", { detail })),
        transport: () => this.dispatchEvent(new Event("change")),
      },
    });
    this.#attempt = attempt;
    attempt.start();
  }

  /** Ends the try, if there is one, and gives the place back. */
  #drop(options) {
    clearTimeout(this.#retryTimer);
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.stop(options);
    this.#viewer = attempt?.viewer ?? this.#viewer;
  }

  #wait(ms) {
    const due = () => this.#take({ type: "due", isSeen: this.#attention.isThere });
    this.#retryTimer = setTimeout(due, ms);
  }

  // The world outside

  #listen() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const tell = (type) => () => this.#take({ type });
    addEventListener("online", tell("online"), { signal });
    addEventListener("pagehide", tell("leave"), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#take({ type: "return" }), { signal });
    this.#source.known.addEventListener("change", () => this.#heard(), { signal });
    this.#screen.video.addEventListener("pause", () => this.#attempt?.play(), { signal });
    this.#attention.listen(this.#screen.video, signal);
  }

  /** Something else is known of the server, or of the camera. */
  #heard() {
    const { trouble, word } = this.#source;
    if (trouble !== this.#trouble) {
      this.#trouble = trouble;
      const reason = reasonOf(trouble);
      this.#attempt?.troubled(reason);
      this.#take(trouble ? { type: "troubled", reason } : { type: "reachable" });
    }
    if (word && word !== this.#word) this.#attempt?.cameraSaid(word);
    this.#word = word;
  }

  #seen() {
    this.#liveness.restart(performance.now());
    this.#take({ type: "back" });
  }

  /** As with the first picture of a video that may not play. */
  get #isPaused() {
    const { surface, video } = this.#screen;
    return surface === video && video.paused;
  }
}

function isSame(before, next) {
  return ["state", "reason", "retryAt", "thinnedTo"].every((name) => before[name] === next[name]);
}
