/** What is done with a recording in the list: kept, deleted, brought back. */

import { text } from "./i18n.js";

/** @typedef {import("./recording_row.js").RecordingRow} RecordingRow */
/** @typedef {import("./recording.js").Recording} Recording */
/**
 * `isGone`: the server does not list it any more, but its row stays and offers to undo that.
 *
 * @typedef {object} Doing
 * @property {"asking" | "busy" | "deleting" | "deleted"} state
 * @property {boolean} isForGood
 * @property {boolean} isGone
 * @property {Recording} recording
 */

/** A note with its Undo stays for so long, and then while somebody is at it. */
const UNDO_MS = 10_000;
const STILL_THERE_MS = 2_000;

/**
 * Sends `change` when rows are to be shown anew, `said` with a text for the live region, `failed` with
 * one to be shown, too, and `gone` with the name of a recording that was deleted.
 */
export class RecordingActions extends EventTarget {
  /** How long the bin keeps what is deleted, hours; 0: there is none. */
  binHours = 0;
  /** @type {Map<string, Doing>} */
  #doings = new Map();
  #api;
  #refresh;
  #list;

  /**
   * @param {() => import("./api.js").Api} api
   * @param {() => Promise<void>} refresh
   * @param {import("./recording_list.js").RecordingList} list
   */
  constructor(api, refresh, list) {
    super();
    this.#api = api;
    this.#refresh = refresh;
    this.#list = list;
  }

  /** @param {string} name */
  of(name) {
    const { state = "", isForGood = false } = this.#doings.get(name) ?? {};
    return /** @type {const} */ ({ state, isForGood });
  }

  /** Those that the server does not list any more, but whose rows still offer to undo it. */
  get gone() {
    const doings = [...this.#doings.values()].filter(({ isGone }) => isGone);
    return doings.map(({ recording }) => recording);
  }

  /**
   * @param {string} action as `row` tells it
   * @param {Recording} recording
   */
  do(action, recording) {
    switch (action) {
      case "star":
        return this.#star(recording);
      case "delete":
        return recording.starred || !this.binHours ? this.#ask(recording) : this.#delete(recording);
      case "remove":
        return this.#delete(recording);
      case "cancel":
        this.#set(recording, null);
        return this.#focus(recording, ".delete");
      case "undo":
        return this.#undo(recording);
      default:
        return undefined;
    }
  }

  /** @param {Recording} recording */
  async #star(recording) {
    const isStarred = !recording.starred;
    if (await this.#work(recording, "busy", () => this.#api().starRecording(recording.name, isStarred))) {
      await this.#refresh();
    }
    this.#set(recording, null);
  }

  /** @param {Recording} recording */
  #ask(recording) {
    this.#set(recording, "asking");
    this.#focus(recording, ".cancel");
  }

  /** @param {Recording} recording */
  async #delete(recording) {
    const { name, starred } = recording;
    const row = this.#list.row(name);
    if (row?.matches(":focus-within")) row.focus(); // its buttons go
    let isRestorable = false;
    const done = await this.#work(recording, "deleting", async () => {
      isRestorable = await this.#api().deleteRecording(name, { isStarred: starred });
    });
    if (!done) {
      this.#set(recording, null);
      return;
    }
    this.#send("said", text("recordings.deleted"));
    this.#send("gone", name);
    if (isRestorable) {
      this.#set(recording, "deleted");
      if (row?.matches(":focus-within")) this.#focus(recording, ".undo");
      setTimeout(() => this.#leave(recording), UNDO_MS);
    } else {
      this.#leaveNow(recording);
    }
    await this.#refresh();
  }

  /** The note goes, unless somebody is just at its Undo. @param {Recording} recording */
  #leave(recording) {
    if (this.of(recording.name).state !== "deleted") return;
    const row = this.#list.row(recording.name);
    const isWanted = row?.matches(":hover") || row?.querySelector(":focus-visible");
    if (isWanted) setTimeout(() => this.#leave(recording), STILL_THERE_MS);
    else this.#leaveNow(recording);
  }

  /** @param {Recording} recording */
  #leaveNow(recording) {
    const next = this.#list.rowAfter(recording.name);
    const hadFocus = this.#list.row(recording.name)?.matches(":focus-within");
    this.#set(recording, null);
    if (hadFocus) next?.focusOn("button:not(:disabled), a");
  }

  /** @param {Recording} recording */
  async #undo(recording) {
    const { name } = recording;
    const row = this.#list.row(name);
    const hadFocus = row?.matches(":focus-within");
    if (hadFocus) row?.focus(); // its button goes
    const done = await this.#work(recording, "busy", () => this.#api().restoreRecording(name));
    if (!done) {
      this.#leaveNow(recording); // the bin, at the list's end, may still have it
      return;
    }
    await this.#refresh();
    this.#set(recording, null);
    this.#send("said", text("recordings.restored"));
    if (hadFocus) this.#focus(recording, ".delete");
  }

  /**
   * Does `task` while the row shows what is done; tells when it fails.
   *
   * @param {Recording} recording
   * @param {Doing["state"]} state
   * @param {() => Promise<unknown>} task
   */
  async #work(recording, state, task) {
    const before = this.of(recording.name).state;
    if (before === "busy" || before === "deleting") return false;
    this.#set(recording, state);
    try {
      await task();
      this.#send("failed", "");
      return true;
    } catch (error) {
      this.#send("failed", text("record.failed", { reason: error.message }));
      await this.#refresh();
      return false;
    }
  }

  /** @param {Recording} recording @param {Doing["state"] | null} state */
  #set(recording, state) {
    const { name } = recording;
    const isGone = state === "deleted" || (this.#doings.get(name)?.isGone ?? false);
    if (state) this.#doings.set(name, { state, isForGood: !this.binHours, isGone, recording });
    else this.#doings.delete(name);
    this.#send("change");
  }

  /** @param {Recording} recording @param {string} selector */
  #focus({ name }, selector) {
    this.#list.row(name)?.focusOn(selector);
  }

  /** @param {string} type @param {string} [detail] */
  #send(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
