/** Asking again and again while somebody looks at the page. */

/**
 * Calls `task` (async, settles within its own time limit, never throws) every `intervalMs` while
 * the page is visible, and at once when it becomes so. Never two at a time.
 */
export class Poll {
  #task;
  #intervalMs;
  #timer = 0;
  /** @type {Promise<void> | null} */
  #running = null;
  #isWanted = false;

  constructor(task, intervalMs) {
    this.#task = task;
    this.#intervalMs = intervalMs;
  }

  start() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) clearTimeout(this.#timer);
      else this.now();
    });
    this.now();
  }

  /**
   * Asks now; if it is just asking, once more right after, since that answer may be too old. Settles
   * with the answer to a question that was asked after this call.
   */
  async now() {
    clearTimeout(this.#timer);
    this.#isWanted = true;
    this.#running ??= this.#run();
    await this.#running;
  }

  async #run() {
    const startedAt = performance.now();
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#task();
    }
    this.#running = null;
    if (document.hidden) return;
    const waitMs = Math.max(0, this.#intervalMs - (performance.now() - startedAt));
    this.#timer = setTimeout(() => this.now(), waitMs);
  }
}
