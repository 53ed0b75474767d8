/** Keeps the list as the server has it now: pushed, or asked for while somebody looks. */

import { linkTrouble } from "./known.js";
import { asOfNow, doubtIn, isRunning } from "./recording.js";
import { RecordingPages } from "./recording_pages.js";

/** @typedef {import("./recording.js").Recording} Recording */

/** How often it asks where nothing is pushed. */
const ASK_MS = 10_000;
const ASK_WHILE_RECORDING_MS = 2_000;

/** Sends `change` when there is something else to show. */
export class RecordingFeed extends EventTarget {
  /** Whether the server does not tell, and nothing is known. */
  isFailed = false;
  #server;
  #signal;
  #pages;
  /** What was known of the server when it was last looked at. */
  #before;
  #isWanted = false;
  /** @type {Promise<void> | null} */
  #asking = null;
  #timer = 0;

  /**
   * @param {import("./server.js").Server} server
   * @param {AbortSignal} signal ends it
   */
  constructor(server, signal) {
    super();
    this.#server = server;
    this.#signal = signal;
    this.#pages = new RecordingPages(server.api);
    this.#before = server.known.now;
    server.known.addEventListener("change", () => this.#heard(), { signal });
    document.addEventListener("visibilitychange", () => this.refresh(), { signal });
    signal.addEventListener("abort", server.hold());
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Newest first. @returns {Recording[]} */
  get rows() {
    return this.#pages.rows.map((one) => asOfNow(one, this.#server.known.now.recording));
  }

  /** What the server said with them; null: nothing yet. */
  get answer() {
    return this.#pages.answer;
  }

  get hasMore() {
    return this.#pages.hasMore;
  }

  /** Asks the server now; settles when it has answered. */
  async refresh() {
    this.#isWanted = true;
    this.#asking ??= this.#ask();
    await this.#asking;
  }

  /** Goes on with older ones. */
  more() {
    this.#pages.wantMore();
    return this.refresh();
  }

  /** Whether a running recording really gets pictures, as far as is known. @param {Recording} recording */
  doubtOf(recording) {
    return isRunning(recording) ? doubtIn(this.#server.known.now) : "";
  }

  async #ask() {
    while (this.#isWanted && !document.hidden && !this.#signal.aborted) {
      this.#isWanted = false;
      await this.#load();
    }
    this.#asking = null;
    this.#askLater();
  }

  async #load() {
    try {
      await this.#pages.load();
      this.isFailed = false;
    } catch {
      this.isFailed = !this.answer; // what is known stays: the files are still there
    }
    if (!this.#signal.aborted) this.#changed();
  }

  /** Where nothing is pushed, it asks as long as somebody looks. */
  #askLater() {
    clearTimeout(this.#timer);
    const { isPushed } = this.#server.known.now.link;
    if (isPushed || document.hidden || this.#signal.aborted) return;
    const waitMs = this.#pages.rows.some(isRunning) ? ASK_WHILE_RECORDING_MS : ASK_MS;
    this.#timer = setTimeout(() => this.refresh(), waitMs);
  }

  /** The store knows something new. */
  #heard() {
    const before = this.#before;
    const { now } = this.#server.known;
    this.#before = now;
    const isBack = Boolean(linkTrouble(before)) && !linkTrouble(now);
    if (now.listAt !== before.listAt || isBack) this.refresh();
    else if (now.link.isPushed !== before.link.isPushed) this.#askLater();
    // the one that runs grows, or nobody knows
    if (this.#pages.rows.some(isRunning)) this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
