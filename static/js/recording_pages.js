/** The list of recordings as the server tells it, fetched page by page. */

const PAGE = 30;
/** In one answer, so that the server's other threads have their turn. */
const MAX_PAGE = 200;

/** What is known of the list: so many of the newest as somebody has asked for. */
export class RecordingPages {
  /** Newest first. @type {import("./recording.js").Recording[]} */
  rows = [];
  /** What the server said with the newest ones: `{total, total_bytes, disk, repairing, …}`. @type {any} */
  answer = null;
  #api;
  #wanted = PAGE;
  #revision = null;

  constructor(api) {
    this.#api = api;
  }

  get hasMore() {
    return this.rows.length < (this.answer?.total ?? 0);
  }

  /** The next `load` brings another page. */
  wantMore() {
    this.#wanted = this.rows.length + PAGE;
  }

  /**
   * Asks for the newest page, and for the others that are wanted as far as they are not known or
   * the list has changed (`revision`). Throws ApiError; what was known stays then.
   */
  async load() {
    const first = await this.#api.recordings(0, PAGE);
    const isSame = this.#revision !== null && first.revision === this.#revision;
    const rows = new Map();
    const add = (recordings) => {
      for (const one of recordings) rows.set(one.name, one);
    };
    add(first.recordings);
    if (isSame) add(this.rows.slice(first.recordings.length));
    let revision = first.revision;
    while (rows.size < Math.min(this.#wanted, first.total)) {
      const limit = Math.min(MAX_PAGE, this.#wanted - rows.size);
      const next = await this.#api.recordings(rows.size, limit);
      if (next.revision !== revision) revision = null; // it changed meanwhile: all again next time
      if (!next.recordings.length) break;
      add(next.recordings);
    }
    this.#revision = revision;
    this.rows = [...rows.values()];
    this.answer = first;
  }
}
